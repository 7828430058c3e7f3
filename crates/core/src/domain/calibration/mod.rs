//! Calibration: raw number → physical quantity. One file per model; the options that any model takes stand here.

use super::number::{round, storable};
use super::{Reason, Refusal, Timestamp};

mod history;
mod linear;
mod piecewise;
mod two_point;

pub use history::in_force;
pub use linear::Linear;
pub use piecewise::{Outside, Piecewise};
pub use two_point::TwoPoint;

/// How a raw number becomes a physical one. All arithmetic in f64.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// The device already sends the physical quantity.
    Identity,
    /// See [`Linear`].
    Linear(Linear),
    /// See [`TwoPoint`].
    TwoPoint(TwoPoint),
    /// See [`Piecewise`].
    Piecewise(Piecewise),
}

impl Model {
    /// The physical quantity for `raw`, before any option.
    ///
    /// # Errors
    /// `outside_calibration` where the model says nothing about `raw`.
    pub fn value(&self, raw: f64) -> Result<f64, Refusal> {
        match self {
            Model::Identity => Ok(raw),
            Model::Linear(model) => Ok(model.value(raw)),
            Model::TwoPoint(model) => Ok(model.value(raw)),
            Model::Piecewise(model) => model.value(raw),
        }
    }
}

/// A closed interval of finite numbers, `min ≤ max`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    min: f64,
    max: f64,
}

impl Interval {
    /// The interval from `min` to `max`, both included.
    ///
    /// # Errors
    /// When a bound is not finite or `max` is below `min`; pointers are relative, `/0` and `/1`.
    pub fn new(min: f64, max: f64) -> Result<Self, Invalid> {
        finite("/0", min)?;
        finite("/1", max)?;
        if max < min {
            return Err(Invalid::new("/1", format!("the upper bound {max} lies below the lower bound {min}")));
        }
        Ok(Self { min, max })
    }

    /// The lower bound.
    pub fn min(self) -> f64 {
        self.min
    }

    /// The upper bound.
    pub fn max(self) -> f64 {
        self.max
    }

    /// Whether `value` lies inside, bounds included.
    pub fn contains(self, value: f64) -> bool {
        self.min <= value && value <= self.max
    }
}

/// What any model can be followed by, in this order: round, clamp, and the check of validity.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Options {
    /// Digits after the point, half away from zero; at most 15, as a double has no more.
    pub round: Option<u8>,
    /// The result is brought into this interval.
    pub clamp: Option<Interval>,
    /// A result outside is kept and marked `out_of_range`.
    pub valid: Option<Interval>,
}

/// One version of the calibration of one sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// 1, 2, 3 … in the order they were written.
    pub version: u32,
    /// The first instant this version is for.
    pub valid_from: Timestamp,
    /// The model.
    pub model: Model,
    /// The options.
    pub options: Options,
}

/// A calibrated number and whether it lies within the calibration's `valid` interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated {
    /// The physical quantity.
    pub value: f64,
    /// False when the result lies outside `valid`.
    pub valid: bool,
}

impl Calibration {
    /// The physical quantity for `raw`.
    ///
    /// # Errors
    /// `outside_calibration` where the model says nothing about `raw`; `not_finite` when the result is not a number
    /// that can be stored.
    pub fn apply(&self, raw: f64) -> Result<Calibrated, Refusal> {
        let mut value = self.model.value(raw)?;
        if let Some(digits) = self.options.round {
            value = round(value, digits);
        }
        if let Some(clamp) = self.options.clamp {
            value = value.clamp(clamp.min, clamp.max);
        }
        let value = storable(value).map_err(|_| {
            Refusal::new(Reason::NotFinite, format!("calibration {} makes {value:e} of {raw}", self.version))
        })?;
        Ok(Calibrated { value, valid: self.options.valid.is_none_or(|valid| valid.contains(value)) })
    }
}

/// Why a calibration is refused when it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct Invalid {
    /// JSON pointer to the field, relative to the model.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Invalid {
    /// A refusal of the field at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    /// The same refusal seen from the parent at `prefix`.
    pub fn under(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}

fn finite(pointer: &str, number: f64) -> Result<f64, Invalid> {
    if !number.is_finite() {
        return Err(Invalid::new(pointer, "must be a finite number"));
    }
    // What no store can hold would otherwise be found out by DynamoDB, long after anybody could be told which field.
    storable(number).map_err(|refusal| Invalid::new(pointer, refusal.detail))
}

/// The straight line through (`r1`, `p1`) and (`r2`, `p2`) at `raw`. One formula for every model made of straight
/// lines, so that they agree to the last bit.
fn line((r1, p1): (f64, f64), (r2, p2): (f64, f64), raw: f64) -> f64 {
    (p2 - p1) / (r2 - r1) * (raw - r1) + p1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(model: Model, options: Options) -> Calibration {
        Calibration { version: 1, valid_from: Timestamp::from_millis(0), model, options }
    }

    #[test]
    fn options_apply_in_the_order_round_clamp_valid() {
        let interval = |min, max| Some(Interval::new(min, max).unwrap());
        let options = Options { round: Some(0), clamp: interval(0.0, 10.0), valid: interval(0.0, 9.0) };
        let calibration = with(Model::Identity, options);
        assert_eq!(calibration.apply(2.5).unwrap(), Calibrated { value: 3.0, valid: true });
        assert_eq!(calibration.apply(99.0).unwrap(), Calibrated { value: 10.0, valid: false });
        assert_eq!(calibration.apply(-4.0).unwrap(), Calibrated { value: 0.0, valid: true });
    }

    #[test]
    fn a_result_that_is_no_number_is_refused_and_never_good() {
        let model = Model::Linear(Linear::new(1e100, 0.0).unwrap());
        assert_eq!(with(model, Options::default()).apply(1e100).unwrap_err().reason, Reason::NotFinite);
    }

    #[test]
    fn an_interval_is_finite_and_ascending() {
        assert_eq!(Interval::new(f64::NAN, 1.0).unwrap_err().pointer, "/0");
        assert_eq!(Interval::new(0.0, f64::INFINITY).unwrap_err().pointer, "/1");
        assert_eq!(Interval::new(2.0, 1.0).unwrap_err().under("/clamp").pointer, "/clamp/1");
    }
}
