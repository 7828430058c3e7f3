//! The pages, one file each.

pub mod calibration;
pub mod device;
pub mod fleet;
pub mod flow;
pub mod not_found;
pub mod overview;
pub mod people;
pub mod problems;
pub mod quarantine;
