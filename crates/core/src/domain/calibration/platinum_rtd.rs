//! `platinum_rtd`: a platinum resistance thermometer's ohm → °C.
//!
//! The forward equation is Callendar–Van Dusen's as IEC 60751:2022, 5.2 has it, for −200…850 °C:
//! R(t) = R₀·(1 + A·t + B·t²) from 0 °C on, and R(t) = R₀·(1 + A·t + B·t² + C·(t − 100)·t³) below. It is inverted
//! exactly: by the quadratic formula from R₀ on, by Newton's method below.

use super::{FieldError, finite};
use crate::domain::{Reason, Refusal};

/// The span of the equation, in °C.
const COLDEST: f64 = -200.0;
const HOTTEST: f64 = 850.0;
/// Tables print hundredths of an ohm for 100 Ω, so that the last value of one may lie half of that beyond the end.
const HALF_A_DIGIT: f64 = 0.5e-4;
/// Newton's method squares the error at each step; from the quadratic's root, off by 2.5 °C at most, it needs four.
const STEPS: usize = 12;

/// A platinum thermometer: its resistance at 0 °C and the coefficients of its equation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlatinumRtd {
    r0: f64,
    a: f64,
    b: f64,
    c: f64,
}

impl PlatinumRtd {
    /// The coefficients A, B and C of IEC 60751.
    pub const IEC_60751: [f64; 3] = [3.9083e-3, -5.775e-7, -4.183e-12];

    /// The thermometer with `r0` ohm at 0 °C; coefficients left out are those of IEC 60751.
    ///
    /// # Errors
    /// A number that is not finite, `r0` not above 0, or coefficients with which the resistance does not rise with the
    /// temperature all the way from −200 to 850 °C, so that it could not be told from it.
    pub fn new(r0: f64, a: Option<f64>, b: Option<f64>, c: Option<f64>) -> Result<Self, FieldError> {
        let [iec_a, iec_b, iec_c] = Self::IEC_60751;
        let model = Self {
            r0: finite("/r0", r0)?,
            a: finite("/a", a.unwrap_or(iec_a))?,
            b: finite("/b", b.unwrap_or(iec_b))?,
            c: finite("/c", c.unwrap_or(iec_c))?,
        };
        if r0 <= 0.0 {
            return Err(FieldError::new("/r0", "the resistance at 0 °C must be above 0"));
        }
        let rises = (COLDEST as i32..=HOTTEST as i32).all(|celsius| model.slope(f64::from(celsius)) > 0.0);
        if !rises || model.ratio(COLDEST) <= 0.0 {
            let detail = "with these coefficients the resistance does not rise all the way from −200 to 850 °C";
            return Err(FieldError::new("/a", detail));
        }
        Ok(model)
    }

    /// The resistance at 0 °C in ohm.
    pub fn r0(&self) -> f64 {
        self.r0
    }

    /// The coefficients A, B and C.
    pub fn coefficients(&self) -> [f64; 3] {
        [self.a, self.b, self.c]
    }

    pub(super) fn value(&self, raw: f64) -> Result<f64, Refusal> {
        let ratio = raw / self.r0;
        let (least, most) = (self.ratio(COLDEST), self.ratio(HOTTEST));
        if ratio < least - HALF_A_DIGIT || ratio > most + HALF_A_DIGIT {
            let (least, most) = (self.r0 * least, self.r0 * most);
            let detail = format!("{raw} ohm lies outside {least:.2} to {most:.2} ohm, which is −200 to 850 °C");
            return Err(Refusal::new(Reason::OutsideCalibration, detail));
        }
        // The quadratic's root in the form that neither divides by B, which may be 0, nor takes a difference.
        let over = ratio - 1.0;
        let mut celsius = 2.0 * over / (self.a + (self.a * self.a + 4.0 * self.b * over).max(0.0).sqrt());
        if over < 0.0 {
            for _ in 0..STEPS {
                let step = (self.ratio(celsius) - ratio) / self.slope(celsius);
                celsius = (celsius - step).clamp(COLDEST - 1.0, 0.0);
                if step.abs() < 1e-9 {
                    break;
                }
            }
        }
        Ok(celsius.clamp(COLDEST, HOTTEST))
    }

    /// R(t)/R₀.
    fn ratio(&self, t: f64) -> f64 {
        let below = if t < 0.0 { self.c * (t - 100.0) * t * t * t } else { 0.0 };
        1.0 + t * (self.a + self.b * t) + below
    }

    /// The derivative of R(t)/R₀.
    fn slope(&self, t: f64) -> f64 {
        let below = if t < 0.0 { self.c * t * t * (4.0 * t - 300.0) } else { 0.0 };
        self.a + 2.0 * self.b * t + below
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pt100() -> PlatinumRtd {
        PlatinumRtd::new(100.0, None, None, None).unwrap()
    }

    /// IEC 60751:2022, table 1: Pt100, ohm to two digits. Half a digit is 0.013 °C at 0 °C and 0.017 °C at 850 °C.
    #[test]
    fn the_standards_table_comes_out() {
        for (celsius, ohm) in [
            (-200.0, 18.52),
            (-150.0, 39.72),
            (-100.0, 60.26),
            (-50.0, 80.31),
            (-10.0, 96.09),
            (0.0, 100.00),
            (10.0, 103.90),
            (50.0, 119.40),
            (100.0, 138.51),
            (200.0, 175.86),
            (300.0, 212.05),
            (400.0, 247.09),
            (500.0, 280.98),
            (600.0, 313.71),
            (700.0, 345.28),
            (800.0, 375.70),
            (850.0, 390.48),
        ] {
            let value = pt100().value(ohm).unwrap();
            assert!((value - celsius).abs() < 0.018, "{ohm} ohm: {value} instead of {celsius}");
            let pt1000 = PlatinumRtd::new(1000.0, None, None, None).unwrap().value(10.0 * ohm).unwrap();
            assert!((value - pt1000).abs() < 1e-9, "{ohm} ohm");
        }
    }

    #[test]
    fn resistances_beyond_the_span_are_refused_and_a_tables_last_value_is_not() {
        for raw in [-1.0, 0.0, 18.51, 390.49, 1e9] {
            assert_eq!(pt100().value(raw).unwrap_err().reason, Reason::OutsideCalibration, "{raw}");
        }
        assert_eq!(pt100().value(18.52), Ok(-200.0));
        assert!((pt100().value(390.48).unwrap() - 850.0).abs() < 0.01);
    }

    /// The coefficients of US industrial thermometers (ASTM E1137 has the IEC's; these are the older α = 0.003911).
    #[test]
    fn coefficients_of_ones_own_are_used() {
        let american = PlatinumRtd::new(100.0, Some(3.9692e-3), Some(-5.8495e-7), Some(-4.2325e-12)).unwrap();
        assert!((american.value(139.107_05).unwrap() - 100.0).abs() < 1e-6);
        let straight = PlatinumRtd::new(100.0, Some(4e-3), Some(0.0), Some(0.0)).unwrap();
        assert!((straight.value(140.0).unwrap() - 100.0).abs() < 1e-9);
        assert!((straight.value(60.0).unwrap() + 100.0).abs() < 1e-9);
    }

    #[test]
    fn thermometers_that_cannot_be_inverted_are_refused_by_field() {
        for (r0, a, b, c, pointer) in [
            (0.0, None, None, None, "/r0"),
            (-100.0, None, None, None, "/r0"),
            (f64::NAN, None, None, None, "/r0"),
            (100.0, Some(f64::INFINITY), None, None, "/a"),
            (100.0, None, Some(f64::NAN), None, "/b"),
            (100.0, None, None, Some(f64::NAN), "/c"),
            (100.0, Some(-3.9e-3), None, None, "/a"),
            (100.0, None, Some(-5e-6), None, "/a"),
            (100.0, None, None, Some(1e-8), "/a"),
            (100.0, Some(6e-3), Some(0.0), Some(0.0), "/a"),
        ] {
            assert_eq!(PlatinumRtd::new(r0, a, b, c).unwrap_err().pointer, pointer, "{r0} {a:?} {b:?} {c:?}");
        }
    }

    proptest! {
        #[test]
        fn the_inverse_is_exact_to_a_thousandth_of_a_degree(t in -200.0f64..=850.0, r0 in 10.0f64..2000.0) {
            let model = PlatinumRtd::new(r0, None, None, None).unwrap();
            let value = model.value(r0 * model.ratio(t)).unwrap();
            prop_assert!((value - t).abs() < 1e-6, "{t}: {value}");
        }

        /// Other coefficients within what real platinum has: the same promise holds.
        #[test]
        fn the_inverse_is_exact_for_other_platinum_too(
            t in -200.0f64..=850.0, a in 3.8e-3f64..4.0e-3, b in -6.2e-7f64..-5.5e-7, c in -6e-12f64..0.0,
        ) {
            let model = PlatinumRtd::new(100.0, Some(a), Some(b), Some(c)).unwrap();
            prop_assert!((model.value(100.0 * model.ratio(t)).unwrap() - t).abs() < 1e-3);
        }

        #[test]
        fn more_ohm_is_never_colder(a in 18.52f64..390.48, b in 18.52f64..390.48) {
            prop_assert!(pt100().value(a.min(b)).unwrap() <= pt100().value(a.max(b)).unwrap() + 1e-9);
        }
    }
}
