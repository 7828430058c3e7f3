//! The pages, one file or folder each.

pub mod alerts;
pub mod calibration;
pub mod device;
pub mod fleet;
pub mod flow;
pub mod not_found;
pub mod overview;
pub mod people;
pub mod problem;
pub mod problems;
pub mod quarantine;
pub mod subscriptions;
pub mod system;
