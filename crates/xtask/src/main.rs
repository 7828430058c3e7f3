//! `cargo xtask …`: reads what was typed and does it.

use std::process::ExitCode;

use clap::Parser;
use xtask::command::Command;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    match Command::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
