//! The only home of the AWS SDK: configuration, and one adapter per noun.

pub mod config;
pub mod delivery;
pub mod device;
#[cfg(feature = "invoke")]
pub mod invoke;
pub mod iot;
pub mod level;
#[cfg(feature = "people")]
pub mod people;
pub mod problem;
pub mod profile;
pub mod quarantine;
pub mod recalculation;
pub mod registry;
pub mod time_series;

mod batch;
mod calibration;
mod error;
mod row;
mod size;

pub use calibration::{CalibrationTable, Since};
pub use error::AwsError;

/// Waits before a further attempt at a row that others were ahead at: 10 ms, doubling to 320 ms, a little different for
/// everyone so that those who met once do not meet again. The first attempt, 0, does not wait.
pub async fn wait_turn(attempt: u32) {
    if let Some(before) = attempt.checked_sub(1) {
        let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), attempt) % 10;
        tokio::time::sleep(std::time::Duration::from_millis((10 + random) << before.min(5))).await;
    }
}

/// How long to wait before the next try, in a loop that the SDK's own retries do not cover: 20 ms, doubling to 640 ms.
fn pause(attempt: usize) -> std::time::Duration {
    std::time::Duration::from_millis(20 << attempt.min(5))
}
