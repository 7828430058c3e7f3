//! The rules: pure functions of values, with no clock, no network, no environment and no logging.

pub mod access;
pub mod aggregate;
pub mod alert;
pub mod bounds;
pub mod calibration;
pub mod certificate;
pub mod device;
pub mod every;
#[cfg(feature = "fit")]
pub mod fit;
pub mod level;
pub mod live;
pub mod notice;
pub mod number;
pub mod people;
pub mod problem;
pub mod reading;
pub mod recalculation;
pub mod refusal;
pub mod rollup;
pub mod settings;
pub mod text;
pub mod topology;

mod field_error;
mod timestamp;

pub use field_error::FieldError;
pub use refusal::{Quarantined, Reason, Refusal};
pub use timestamp::Timestamp;
