//! Support for the tests of more than one crate: a DynamoDB in the process with the template's tables, the functions using it, the stream
//! that invokes the detector, and all faults of requests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says where"
)]

pub mod breaking;
pub mod delivery;
pub mod deployed;
pub mod direct;
pub mod document;
pub mod ends;
pub mod engine;
pub mod events;
pub mod faults;
pub mod fleet;
pub mod functions;
pub mod fuzz;
pub mod iot;
pub mod lambda;
pub mod lives;
pub mod local;
pub mod mailbox;
pub mod meter;
pub mod mutate;
pub mod own_pool;
pub mod pool;
pub mod probe;
pub mod pump;
pub mod receiver;
pub mod rows;
pub mod slow;
pub mod sockets;
pub mod template;
pub mod timestream;
pub mod timestream_query;
pub mod wire;

/// The root of the repository.
pub fn root() -> std::path::PathBuf {
    tooling::place::root().expect("the tests live in the repository")
}
