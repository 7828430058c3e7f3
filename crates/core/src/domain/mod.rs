//! The rules: pure functions of values, with no clock, no network, no environment and no logging.

pub mod access;
pub mod aggregate;
pub mod alert;
pub mod bounds;
pub mod calibration;
pub mod certificate;
pub mod claim;
pub mod command;
pub mod device;
pub mod event;
pub mod every;
pub mod firmware;
#[cfg(feature = "fit")]
pub mod fit;
pub mod job;
pub mod level;
pub mod live;
pub mod notice;
pub mod number;
pub mod people;
pub mod presence;
pub mod problem;
pub mod reading;
pub mod recalculation;
pub mod refusal;
pub mod rollup;
pub mod rotation;
pub mod serial;
pub mod settings;
pub mod system;
pub mod text;
pub mod topology;

pub(crate) mod same;

mod field_error;
mod timestamp;

pub use field_error::FieldError;
pub use refusal::{Quarantined, Reason, Refusal};
pub use timestamp::Timestamp;
