//! Alerts: limits on the calibrated values of a sensor. [`judge_alert`] turns breaches into problems.

use super::FieldError;
use super::reading::Quality;
use super::text::{Lines, unfit};
use crate::id::AlertId;

mod judge;
mod trial;

pub use judge::{Breach, Point, Rule, concerns, context, judge_alert, starts_at};
pub use trial::episodes;

/// Maximum alerts of a sensor.
pub const MAX_ALERTS: usize = 8;
/// Maximum consecutive readings that an alert waits for.
pub const MAX_COUNT: u32 = 24;
/// Maximum length of an alert's note, in characters.
const MAX_NOTE: usize = 200;

/// The limit of an alert. A value breaches it when it is strictly beyond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Greater values breach it.
    Above(f64),
    /// Smaller values breach it.
    Below(f64),
    /// Values outside the range breach it.
    Outside {
        /// The smallest value inside the range.
        low: f64,
        /// The greatest value inside the range.
        high: f64,
    },
}

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Somebody should look.
    #[default]
    Warning,
    /// Somebody has to act.
    Critical,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The code, as stored and as shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.code() == code)
    }
}

/// A limit on the readings of a sensor, and how many breaches open a problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Its id, unique within the sensor.
    pub id: AlertId,
    /// The limit.
    pub limit: Limit,
    /// The value at which the problem ends (hysteresis); for [`Limit::Outside`] how far inside the range a value has to be. `None`: the
    /// limit itself.
    pub clear: Option<f64>,
    /// Consecutive readings that must breach the limit before a problem opens, 1 to 24.
    pub count: u32,
    /// How urgent it is.
    pub severity: Severity,
    /// What to do, for people; may be empty.
    pub note: String,
    /// A disabled alert opens no problems.
    pub enabled: bool,
}

impl Alert {
    /// The limit that a value breaches, if it breaches one.
    ///
    /// ```
    /// use weir_core::domain::alert::{Alert, Limit};
    ///
    /// let alert = Alert::new("low-oxygen".parse()?, Limit::Below(4.0));
    /// assert_eq!((alert.breach(3.9), alert.breach(4.0)), (Some(4.0), None));
    /// # Ok::<(), weir_core::id::BadId>(())
    /// ```
    pub fn breach(&self, value: f64) -> Option<f64> {
        match self.limit {
            Limit::Above(limit) => (value > limit).then_some(limit),
            Limit::Below(limit) => (value < limit).then_some(limit),
            Limit::Outside { low, .. } if value < low => Some(low),
            Limit::Outside { high, .. } => (value > high).then_some(high),
        }
    }

    /// Whether a value ends the problem.
    pub fn clears(&self, value: f64) -> bool {
        match self.limit {
            Limit::Above(limit) => value <= self.clear.unwrap_or(limit),
            Limit::Below(limit) => value >= self.clear.unwrap_or(limit),
            Limit::Outside { low, high } => {
                let margin = self.clear.unwrap_or(0.0);
                low + margin <= value && value <= high - margin
            }
        }
    }

    /// An enabled alert that opens with the first breach and ends at the limit itself.
    pub fn new(id: AlertId, limit: Limit) -> Self {
        let (severity, note) = (Severity::default(), String::new());
        Self { id, limit, clear: None, count: 1, severity, note, enabled: true }
    }

    /// Every rule that the alert violates, with pointers relative to the alert.
    pub fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut refuse = |at: &str, detail: String| errors.push(FieldError::new(at, detail));
        match (self.limit, self.clear) {
            (Limit::Outside { low, high }, _) if low >= high => {
                refuse("/outside/1", format!("must be greater than {low}"));
            }
            (Limit::Outside { low, high }, Some(margin)) if margin < 0.0 || low + margin > high - margin => {
                refuse(
                    "/clear",
                    "is how far within the range a value has to be: at least 0, at most half the range".into(),
                );
            }
            (Limit::Above(limit), Some(clear)) if clear > limit => {
                refuse("/clear", format!("must not be above the limit {limit}"));
            }
            (Limit::Below(limit), Some(clear)) if clear < limit => {
                refuse("/clear", format!("must not be below the limit {limit}"));
            }
            _ => {}
        }
        if !(1..=MAX_COUNT).contains(&self.count) {
            refuse("/for", format!("must be 1 to {MAX_COUNT} readings"));
        }
        if let Some(detail) = unfit(&self.note, MAX_NOTE, Lines::One) {
            refuse("/note", detail);
        }
        errors
    }
}

/// Whether alerts consider a reading of this quality. `uncalibrated` readings count only while the sensor has no calibration
/// (`calibrated` is false); `out_of_range` readings never count.
pub fn counts(quality: Quality, calibrated: bool) -> bool {
    match quality {
        Quality::Good => true,
        Quality::Uncalibrated => !calibrated,
        Quality::OutOfRange => false,
    }
}

#[cfg(test)]
mod tests;
