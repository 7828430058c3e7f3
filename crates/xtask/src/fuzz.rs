//! `cargo xtask fuzz` runs libFuzzer on everything that parses bytes from outside, starting from the recorded events.
//!
//! Only this command needs a nightly compiler, a C++ compiler, and `cargo install cargo-fuzz`; `.github/workflows/fuzz.yml` runs it each
//! night. The step `fuzz` of `cargo xtask test` runs the same targets with seeded mutations, without these tools.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use tooling::place::Place;
use tooling::process::{Running, cargo};

/// The folder of the targets, relative to the root.
const FOLDER: &str = "tests/fuzz";
/// The targets, in the order in which they run.
const TARGETS: [&str; 4] = ["message", "record", "request", "formula"];

/// The options of the command.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Only this target: message, record, request or formula; can be given more than once.
    #[arg(value_name = "TARGET", value_parser = TARGETS)]
    pub targets: Vec<String>,
    /// Running time of each target.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub seconds: u32,
    /// Memory limit in megabytes; exceeding it is a finding.
    #[arg(long, value_name = "MEGABYTES", default_value_t = 512)]
    pub memory: u32,
}

/// Runs the targets one after the other; failing inputs stay under `tests/fuzz/artifacts`.
///
/// # Errors
/// When the tools are missing, or a target has found a failing input.
pub async fn run(options: &Options) -> Result<ExitCode> {
    let place = Place::of_run("fuzz")?;
    let seeds = place.run("corpus");
    // A test writes the first inputs, because only tests know how events become inputs.
    let mut write = cargo();
    write.current_dir(place.root()).env("FUZZ_CORPUS", &seeds).env("FOREIGN_ROUNDS", "0");
    write.args(["test", "--workspace", "--test", "it", "--", "foreign::no_bytes_make_a_target_of_the_fuzzer_fail"]);
    ensure!(Running::start("cargo test", write)?.wait().await?.success(), "the first inputs cannot be written");
    for target in TARGETS {
        if !options.targets.is_empty() && options.targets.iter().all(|name| name != target) {
            continue;
        }
        let found = place.root().join(FOLDER).join("corpus").join(target);
        std::fs::create_dir_all(&found)?;
        let mut fuzz = cargo();
        // The variable takes precedence over rust-toolchain.toml, which names the compiler of everything else.
        fuzz.current_dir(place.root()).env("RUSTUP_TOOLCHAIN", "nightly");
        fuzz.args(["fuzz", "run", "--fuzz-dir", FOLDER, "--sanitizer", "none", "--target-dir"]);
        fuzz.arg(place.root().join("target/fuzz")).arg(target).arg(&found).arg(seeds.join(target));
        let [seconds, memory] =
            [format!("-max_total_time={}", options.seconds), format!("-rss_limit_mb={}", options.memory)];
        fuzz.args(["--", &seconds, &memory, "-timeout=10", "-max_len=65536", "-print_final_stats=1"]);
        // Numbers at limits, duplicate keys, byte-order marks, odd instants and tags.
        fuzz.arg(format!("-dict={}", seeds.join("dictionary").display()));
        let ended = Running::start("cargo fuzz", fuzz)?.wait().await?;
        ensure!(
            ended.success(),
            "{target}: either something was found (see above, and {FOLDER}/artifacts/{target}), or the tools are missing: \
             rustup toolchain install nightly; cargo install cargo-fuzz"
        );
    }
    Ok(ExitCode::SUCCESS)
}
