//! The components that pages consist of.

pub mod admin_only;
pub mod banner;
pub mod chart;
pub mod clock;
pub mod confirm;
pub mod devices;
pub mod download;
pub mod field;
pub mod focus;
pub mod gate;
pub mod heading;
pub mod history;
pub mod judged;
pub mod legend;
pub mod load;
pub mod more;
pub mod span;
pub mod states;
pub mod status;
pub mod told;
pub mod words;
pub mod xy;
pub mod zone;
