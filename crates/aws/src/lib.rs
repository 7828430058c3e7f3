//! The adapters to AWS: one module per table or service, and the configuration of the SDK. No other crate of a function uses the SDK.

#[cfg(feature = "health")]
pub mod alarms;
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
#[cfg(feature = "health")]
pub mod queues;
pub mod recalculation;
pub mod registry;
pub mod serial;
#[cfg(feature = "sockets")]
pub mod sockets;
pub mod subscription;
#[cfg(feature = "health")]
pub mod table_sizes;
pub mod time_series;
#[cfg(feature = "health")]
pub mod waiting;

mod attempts;
mod batch;
mod calibration;
mod due;
mod error;
mod list;
mod row;
#[cfg(any(feature = "firmware", feature = "health"))]
mod signature;
mod size;
mod statements;
mod transaction;

pub use attempts::{Attempts, WriteOutcome};
pub use calibration::{CalibrationTable, Since};
pub use device::token;
pub use error::AwsError;
