//! JSON shapes that more than one crate reads or writes, such as messages, devices, calibrations and problems.

pub mod alert;
pub mod calibration;
pub mod certificate;
pub mod command;
pub mod device;
pub mod device_body;
pub mod device_event;
pub mod event;
#[cfg(feature = "fit")]
pub mod fit;
pub mod job;
pub mod live;
pub mod lossy;
pub mod notice;
pub mod person;
pub mod problem;
pub mod profile;
pub mod reading;
pub mod replay;
pub mod rotation;
pub mod serial;
pub mod settings;
pub mod subscription;
pub mod system;
pub mod time;
pub mod twin;
pub mod whole;
#[cfg(feature = "x509")]
pub mod x509;

mod envelope;
mod fields;
mod id;
mod json;
mod model;
mod reason;
mod scalar;
#[cfg(feature = "schema")]
pub mod schema;

pub use envelope::Envelope;
pub use json::{Json, JsonError, Object};
pub use model::ModelJson;
pub use scalar::{instant, number, sent_at, without_nul};
