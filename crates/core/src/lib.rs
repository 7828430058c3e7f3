//! What every function of Weir shares. In reading order: the ids, the rules (pure functions of values), the JSON shapes,
//! and the adapters to AWS.

pub mod id;

pub mod domain;

pub mod wire;

pub mod aws;

pub mod clock;
pub mod telemetry;
