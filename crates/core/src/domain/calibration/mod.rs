//! Calibration: a raw number becomes a [`Reading`]. Each model has its own file; the options that any model can have are in
//! `options.rs`.

use super::device::Sensor;
use super::number::storable;
use super::reading::{Quality, RawReading, Reading, Series};
use super::{FieldError, Reason, Refusal, Timestamp};
use crate::id::DeviceId;

mod chain;
mod expression;
mod history;
mod inputs;
mod linear;
mod nested;
mod options;
mod piecewise;
mod platinum_rtd;
mod polynomial;
mod ranges;
mod steinhart_hart;
mod together;
mod two_point;

pub use chain::Chain;
pub use expression::Expression;
pub use history::{CalibrationEntry, SensorCalibrations, in_force};
pub use inputs::{Inputs, check_inputs};
pub use linear::Linear;
pub use nested::Nested;
pub use options::{Interval, Options};
pub use piecewise::{Outside, Piecewise};
pub use platinum_rtd::PlatinumRtd;
pub use polynomial::Polynomial;
#[cfg(feature = "fit")]
pub(super) use polynomial::horner;
pub use ranges::{Range, Ranges};
#[cfg(feature = "fit")]
pub(crate) use steinhart_hart::ICE_POINT;
pub use steinhart_hart::SteinhartHart;
pub use together::{Given, together};
pub use two_point::TwoPoint;

/// How a raw number becomes a physical quantity. All arithmetic is in f64.
#[derive(Debug, Clone, PartialEq, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(ModelKind),
    doc = "Which model it is. As text, the name in the field `model` of its JSON.",
    derive(strum::EnumString, strum::IntoStaticStr, strum::VariantNames, strum::EnumIter),
    strum(serialize_all = "snake_case")
)]
pub enum Model {
    /// The device already sends the physical quantity.
    Identity,
    /// See [`Linear`].
    Linear(Linear),
    /// See [`TwoPoint`].
    TwoPoint(TwoPoint),
    /// See [`Piecewise`].
    Piecewise(Piecewise),
    /// See [`Polynomial`].
    Polynomial(Polynomial),
    /// See [`Ranges`].
    Ranges(Ranges),
    /// See [`SteinhartHart`].
    SteinhartHart(SteinhartHart),
    /// See [`PlatinumRtd`].
    PlatinumRtd(PlatinumRtd),
    /// See [`Expression`].
    Expression(Expression),
    /// See [`Chain`].
    Chain(Chain),
}

/// A calibrated number, and whether it is within the calibration's `valid` interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated {
    /// The physical quantity.
    pub value: f64,
    /// False when a result is outside `valid`.
    pub valid: bool,
}

impl From<f64> for Calibrated {
    fn from(value: f64) -> Self {
        Self { value, valid: true }
    }
}

impl Model {
    /// The physical quantity for `raw`, before any option.
    ///
    /// # Errors
    /// `outside_calibration` when the model is not defined for `raw`, `missing_input` when it needs the value of another sensor
    /// that is missing, `not_finite` when an intermediate result is not a finite number.
    pub fn apply(&self, raw: f64, inputs: Inputs<'_>) -> Result<Calibrated, Refusal> {
        match self {
            Model::Identity => Ok(raw.into()),
            Model::Linear(model) => Ok(model.value(raw).into()),
            Model::TwoPoint(model) => Ok(model.value(raw).into()),
            Model::Piecewise(model) => model.value(raw).map(Calibrated::from),
            Model::Polynomial(model) => Ok(model.value(raw).into()),
            Model::Ranges(model) => model.apply(raw, inputs),
            Model::SteinhartHart(model) => model.value(raw).map(Calibrated::from),
            Model::PlatinumRtd(model) => model.value(raw).map(Calibrated::from),
            Model::Expression(model) => model.value(raw, inputs).map(Calibrated::from),
            Model::Chain(model) => model.apply(raw, inputs),
        }
    }
}

/// One version of the calibration of one sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// 1, 2, 3 … in the order they were written.
    pub version: u32,
    /// The first instant this version applies to.
    pub valid_from: Timestamp,
    /// The model.
    pub model: Model,
    /// The options.
    pub options: Options,
}

impl Calibration {
    /// The physical quantity for `raw`, after the options.
    ///
    /// # Errors
    /// The ones of [`Model::apply`], and `not_finite` when the result is not a number that can be stored.
    ///
    /// ```
    /// use weir_core::domain::Timestamp;
    /// use weir_core::domain::calibration::{Calibration, Inputs, Interval, Linear, Model, Options};
    ///
    /// let calibration = Calibration {
    ///     version: 1,
    ///     valid_from: Timestamp::from_millis(0),
    ///     model: Model::Linear(Linear::new(0.5, 1.0)?),
    ///     options: Options { round: Some(1), clamp: None, valid: Some(Interval::new(0.0, 14.0)?) },
    /// };
    /// let made = calibration.apply(40.0, Inputs::NONE).unwrap();
    /// // Outside `valid` it is still a value.
    /// assert_eq!((made.value, made.valid), (21.0, false));
    /// # Ok::<(), weir_core::domain::FieldError>(())
    /// ```
    pub fn apply(&self, raw: f64, inputs: Inputs<'_>) -> Result<Calibrated, Refusal> {
        let no_number = |value: f64| {
            Refusal::new(Reason::NotFinite, format!("calibration {} turns {raw} into {value:e}", self.version))
        };
        if !raw.is_finite() {
            return Err(no_number(raw));
        }
        let made = self.options.follow(self.model.apply(raw, inputs)?)?;
        let value = storable(made.value).map_err(|_| no_number(made.value))?;
        Ok(Calibrated { value, ..made })
    }
}

impl Reading {
    /// Calibrates `raw`. Without a calibration the value is the raw number, with quality `uncalibrated`. `inputs` are
    /// the values of the device's other sensors at the same instant.
    ///
    /// # Errors
    /// The same as [`Calibration::apply`].
    pub fn of(
        device: &DeviceId,
        sensor: &Sensor,
        calibration: Option<&Calibration>,
        raw: &RawReading,
        received_at: Timestamp,
        inputs: Inputs<'_>,
    ) -> Result<Self, Refusal> {
        let (value, version, quality) = match calibration {
            None => (raw.raw, 0, Quality::Uncalibrated),
            Some(calibration) => {
                let calibrated = calibration.apply(raw.raw, inputs)?;
                let within = sensor.limits.is_none_or(|limits| limits.contains(calibrated.value));
                let quality = if calibrated.valid && within { Quality::Good } else { Quality::OutOfRange };
                (calibrated.value, calibration.version, quality)
            }
        };
        Ok(Self {
            series: Series { device: device.clone(), sensor: sensor.code.clone() },
            at: raw.at,
            received_at,
            raw: raw.raw,
            value,
            unit: sensor.unit.clone(),
            calibration: version,
            quality,
            judge: sensor.active_alerts().next().is_some(),
        })
    }
}

/// The straight line through (`r1`, `p1`) and (`r2`, `p2`) at `raw`. One formula for every model made of straight
/// lines, so that they agree to the last bit.
///
/// Rounding never carries a value to the wrong side of the second point's, so that lines joined at their points stay
/// monotone exactly, not only nearly.
fn line(a: (f64, f64), b: (f64, f64), raw: f64) -> f64 {
    let ((r1, p1), (r2, p2)) = if a.0 < b.0 { (a, b) } else { (b, a) };
    let value = (p2 - p1) / (r2 - r1) * (raw - r1) + p1;
    if raw == r2 {
        p2
    } else if (raw < r2) == (p1 <= p2) {
        value.min(p2)
    } else {
        value.max(p2)
    }
}

/// Checks that a number of a model can be stored.
fn finite(pointer: &str, number: f64) -> Result<f64, FieldError> {
    if !number.is_finite() {
        return Err(FieldError::new(pointer, "must be a finite number"));
    }
    // Otherwise DynamoDB would reject it when it is stored, without naming the field.
    storable(number).map_err(|refusal| FieldError::new(pointer, refusal.detail))
}

#[cfg(test)]
mod tests;
