//! A large fleet, and what its writes do to each partition of each table and index.
//!
//! Every key comes from the function with which `weir-aws` writes it; who writes how often is the assumption, and options
//! change it. Time goes by the second, because DynamoDB's limit for a partition is one for each second. The same options give
//! the same figures.
//!
//! In reading order: what is counted (`store`), who writes what (`traffic`), one second after the other (`run`), and the
//! figures as a table (`table`).

pub mod fleet;
pub mod run;
pub mod store;
pub mod table;
pub mod traffic;

pub use fleet::Fleet;
pub use run::{Figures, simulate};
pub use store::Store;
