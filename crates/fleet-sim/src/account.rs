//! The account of a run: the expected effects of all messages, compared with the rows of the tables.

pub mod compare;
pub mod episodes;
pub mod ledger;
pub mod observed;
pub mod summary;
