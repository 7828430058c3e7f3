//! The pages, one file each.

pub mod alerts;
pub mod calibration;
pub mod device;
pub mod flow;
pub mod not_found;
pub mod overview;
pub mod problem;
pub mod problems;
pub mod system;
pub mod subscriptions;
