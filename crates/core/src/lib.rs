//! What every function of Weir shares. In reading order: the ids, the rules (pure functions of values), the JSON shapes,
//! the adapters to AWS, and the way HTTP is spoken.

pub mod id;

pub mod domain;

pub mod wire;

pub mod aws;

#[cfg(feature = "http")]
pub mod http;

pub mod clock;
pub mod telemetry;
