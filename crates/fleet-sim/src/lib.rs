//! Simulated devices, and the account of their messages.
//!
//! In reading order: the devices as data and their registration, their messages, the devices connected to a local cloud, and the comparison
//! of what was sent with the rows of the tables.

pub mod fleet;

pub mod arithmetic;
pub mod simulate;

pub mod board;
pub mod crew;
pub mod dispenser;
pub mod updates;

pub mod account;
