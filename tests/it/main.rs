//! x

mod contract;
