//! How long an effect may take to show.

use std::time::Duration;

/// By default: on a computer that has other things to do, and in AWS, where a function may have to start first.
const USUAL: Duration = Duration::from_secs(60);

/// How long to wait for an effect. `WEIR_PATIENCE` says otherwise, in seconds: where an effect is not expected, nobody wants to wait.
#[must_use]
pub fn patience() -> Duration {
    let told = std::env::var("WEIR_PATIENCE").ok().and_then(|seconds| seconds.parse().ok());
    told.map_or(USUAL, Duration::from_secs)
}
