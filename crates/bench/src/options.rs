//! The options of `cargo xtask bench`. Both programs contain them, so that `xtask` shows the help without building the benchmark.

use std::path::PathBuf;

/// The options of the command.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Measures only this function, beside hello; may be given several times.
    #[arg(long)]
    pub function: Vec<String>,
    /// Events per case.
    #[arg(long, default_value_t = 1000)]
    pub events: u64,
    /// Starts per function.
    #[arg(long, default_value_t = 40)]
    pub starts: usize,
    /// Writes all figures to this file as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Counts instructions per event too; needs valgrind.
    #[arg(long)]
    pub instructions: bool,
    /// Measures only what does not depend on the machine, and fails when a figure exceeds its limit in budget.toml.
    #[arg(long)]
    pub check: bool,
    /// Measures the binaries that the local cloud runs instead of those for AWS: only requests and units, which are the same in both.
    #[arg(long, requires = "check")]
    pub debug: bool,
    /// Measures memory once more after this number of events of each function's first case.
    #[arg(long, value_name = "EVENTS", value_parser = clap::value_parser!(i64).range(1..=10_000_000))]
    pub long: Option<i64>,
    /// Draws a chart of the starts into this SVG file.
    #[arg(long)]
    pub chart: Option<PathBuf>,
    /// Measures only a recalculation of this number of stored readings.
    #[arg(long, value_name = "READINGS", value_parser = clap::value_parser!(i64).range(1..=10_000_000))]
    pub recalculate: Option<i64>,
}
