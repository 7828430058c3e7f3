//! What pages are made of.

pub mod admin_only;
pub mod banner;
pub mod chart;
pub mod clock;
pub mod confirm;
pub mod download;
pub mod gate;
pub mod heading;
pub mod load;
pub mod states;
pub mod status;
pub mod told;
pub mod words;
pub mod xy;
pub mod zone;
