//! The adapters to AWS: one module per noun, and the configuration of the SDK. No other crate of a function uses the SDK.

#[cfg(feature = "firmware")]
pub mod bucket;
#[cfg(feature = "certificates")]
pub mod certificates;
pub mod command;
pub mod config;
pub mod device;
pub mod event;
#[cfg(feature = "invoke")]
pub mod invoke;
pub mod iot;
#[cfg(feature = "firmware")]
pub mod iot_jobs;
pub mod job;
pub mod keys;
pub mod lease;
pub mod level;
pub mod live;
#[cfg(feature = "mail")]
pub mod mail;
pub mod notice;
#[cfg(feature = "people")]
pub mod people;
pub mod problem;
pub mod profile;
pub mod quarantine;
pub mod recalculation;
pub mod registry;
pub mod serial;
#[cfg(feature = "sockets")]
pub mod sockets;
pub mod subscription;
pub mod time_series;

mod attempts;
mod batch;
mod calibration;
mod due;
mod error;
mod list;
mod row;
mod size;
mod statements;
mod transaction;

pub use attempts::{Attempts, WriteOutcome};
pub use calibration::{CalibrationTable, Since};
pub use device::token;
pub use error::AwsError;
