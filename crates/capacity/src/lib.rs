//! Simulates the writes of a large fleet to each partition of each table and index.
//!
//! Every key comes from the function with which `weir-aws` writes it; how often each is written is an assumption, which the options change.
//! The simulation advances second by second, because DynamoDB limits each partition per second. The same options give the same figures.
//!
//! In reading order: the counters (`store`), the writes of each event (`traffic`), the simulation (`run`), and the report (`table`).

pub mod fleet;
pub mod run;
pub mod store;
pub mod table;
pub mod traffic;

pub use fleet::Fleet;
pub use run::{Figures, simulate};
pub use store::Store;
