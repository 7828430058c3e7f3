//! `cargo xtask …`: the commands for developers of Weir.

use std::process::ExitCode;

use clap::Parser;
use tooling::stop::or_stopped;
use xtask::command::Command;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    or_stopped(Command::parse().run()).await
}
