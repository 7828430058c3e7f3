//! `chain`: one model after another, each step's result the next one's raw; for instance counts → ohm → °C.

use super::nested::{Nested, bounded};
use super::{Calibrated, FieldError, Inputs};
use crate::domain::Refusal;

const MOST_STEPS: usize = 8;

/// Models one after another.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    steps: Vec<Nested>,
}

impl Chain {
    /// The chain of `steps`.
    ///
    /// # Errors
    /// No step, more than 8, or models nested too deeply or too large in all.
    pub fn new(steps: Vec<Nested>) -> Result<Self, FieldError> {
        if steps.is_empty() {
            return Err(FieldError::new("/steps", "needs at least one step"));
        }
        if steps.len() > MOST_STEPS {
            return Err(FieldError::new("/steps", format!("has more than {MOST_STEPS} steps")));
        }
        bounded("/steps", steps.iter())?;
        Ok(Self { steps })
    }

    /// The steps, in their order.
    pub fn steps(&self) -> &[Nested] {
        &self.steps
    }

    pub(super) fn apply(&self, raw: f64, inputs: Inputs<'_>) -> Result<Calibrated, Refusal> {
        self.steps.iter().try_fold(Calibrated::from(raw), |before, step| {
            let made = step.apply(before.value, inputs)?;
            Ok(Calibrated { valid: before.valid && made.valid, ..made })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Interval, Linear, Model, Options, PlatinumRtd, SteinhartHart};
    use super::*;
    use crate::domain::Reason;

    fn step(model: Model) -> Nested {
        Nested { model, options: Options::default() }
    }

    fn linear(slope: f64, intercept: f64) -> Nested {
        step(Model::Linear(Linear::new(slope, intercept).unwrap()))
    }

    fn chain(steps: Vec<Nested>) -> Chain {
        Chain::new(steps).unwrap()
    }

    /// A 15-bit converter as in Maxim's MAX31865 (data sheet 19-6478, "RTD data": ohm = code · 400 / 32768) before a
    /// Pt100; code 8192 is 100 Ω.
    #[test]
    fn counts_become_ohm_and_ohm_become_degrees() {
        let pt100 = Model::PlatinumRtd(PlatinumRtd::new(100.0, None, None, None).unwrap());
        let max31865 = chain(vec![linear(400.0 / 32768.0, 0.0), step(pt100)]);
        for (code, celsius) in [(8192.0, 0.0), (11_346.7, 100.0), (4936.4, -100.0)] {
            let value = max31865.apply(code, Inputs::NONE).unwrap().value;
            assert!((value - celsius).abs() < 0.02, "{code}: {value}");
        }
    }

    #[test]
    fn steps_run_in_their_order_with_their_own_options() {
        let mut first = linear(2.0, 0.0);
        first.options.valid = Some(Interval::new(0.0, 10.0).unwrap());
        let both = chain(vec![first, linear(1.0, 3.0)]);
        assert_eq!(both.apply(4.0, Inputs::NONE).unwrap(), Calibrated { value: 11.0, valid: true });
        assert_eq!(both.apply(6.0, Inputs::NONE).unwrap(), Calibrated { value: 15.0, valid: false });
    }

    #[test]
    fn a_step_that_refuses_or_overflows_ends_the_chain() {
        let thermistor = Model::SteinhartHart(SteinhartHart::new(1.4051e-3, 2.369e-4, 1.019e-7).unwrap());
        let refused = chain(vec![linear(-1.0, 0.0), step(thermistor)]).apply(5.0, Inputs::NONE).unwrap_err();
        assert_eq!(refused.reason, Reason::OutsideCalibration);
        let overflow = chain(vec![linear(1e100, 0.0); 4]).apply(1e100, Inputs::NONE).unwrap_err();
        assert_eq!(overflow.reason, Reason::NotFinite);
    }

    #[test]
    fn chains_are_bounded_in_length_depth_and_size() {
        assert_eq!(Chain::new(vec![]).unwrap_err().pointer, "/steps");
        assert_eq!(Chain::new(vec![linear(1.0, 0.0); 9]).unwrap_err().pointer, "/steps");
        let mut nested = linear(1.0, 0.0);
        for _ in 0..3 {
            nested = step(Model::Chain(chain(vec![nested])));
        }
        assert_eq!(Chain::new(vec![linear(1.0, 0.0), nested]).unwrap_err().pointer, "/steps/1");
        let points = (0..60).map(|raw| (f64::from(raw), 0.0)).collect();
        let pieces = super::super::Piecewise::new(points, super::super::Outside::Clamp).unwrap();
        let heavy = Chain::new(vec![step(Model::Piecewise(pieces)); 4]).unwrap_err();
        assert!(heavy.detail.contains("400 numbers"), "{heavy}");
    }
}
