//! The pure part of Weir: ids, the rules (functions of values), and the wire formats.
//!
//! No AWS SDK, no async runtime, no clock, no environment. It builds for `wasm32-unknown-unknown` as well, so a browser
//! computes a calibration with the code that will apply it.

pub mod domain;
pub mod id;
pub mod wire;
