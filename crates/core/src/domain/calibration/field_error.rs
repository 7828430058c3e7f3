//! Why a calibration is refused when it is written.

use crate::domain::number::storable;

/// A field that is refused, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct FieldError {
    /// JSON pointer to the field, relative to the model.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl FieldError {
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

pub(super) fn finite(pointer: &str, number: f64) -> Result<f64, FieldError> {
    if !number.is_finite() {
        return Err(FieldError::new(pointer, "must be a finite number"));
    }
    // What no store can hold would otherwise be found out by DynamoDB, long after anybody could be told which field.
    storable(number).map_err(|refusal| FieldError::new(pointer, refusal.detail))
}
