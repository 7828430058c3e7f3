//! The account of a run: what every message sent has to have come to, and whether the tables say the same.

pub mod compare;
pub mod episodes;
pub mod ledger;
pub mod observed;
pub mod summary;
