//! An error of one field of a parsed body.

/// A wrong field, and what is wrong with it.
///
/// ```
/// use weir_core::domain::FieldError;
///
/// // Found in a sensor, reported for the device.
/// let error = FieldError::new("/limits/max", "is missing").under("/sensors/1");
/// assert_eq!(error.to_string(), "/sensors/1/limits/max: is missing");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field, relative to what was checked.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl FieldError {
    /// An error of the field at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    /// The same error with a pointer relative to the parent, in which the field's object is at `prefix`.
    pub fn under(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}
