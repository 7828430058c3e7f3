//! Simulated devices, and the account of what they sent.
//!
//! In reading order: the devices as data and their registration, the messages they send, the devices as they live in a local cloud,
//! and the comparison of what was sent with what the tables hold.

pub mod fleet;

pub mod arithmetic;
pub mod simulate;

pub mod board;
pub mod crew;
pub mod dispenser;
pub mod updates;

pub mod account;
