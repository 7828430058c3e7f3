//! JSON shapes that more than one crate reads or writes: what a message looks like and how a calibration is written.

mod envelope;
mod model;
mod scalar;

pub use envelope::Envelope;
pub use model::ModelJson;
pub use scalar::{instant, number};
