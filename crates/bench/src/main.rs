//! Measures the release binaries of the functions: it serves Lambda's Runtime API and an AWS endpoint on loopback, sends events to the
//! functions, and prints their costs with the limits of budget.toml. `cargo xtask bench` builds and runs it.

use anyhow::{Context, Result, bail};
use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

mod budget;
mod cases;
mod chart;
mod endpoint;
mod events;
mod figures;
mod first;
mod http;
mod instructions;
mod options;
mod pin;
mod pool;
mod process;
mod recalculation;
mod report;
mod requests;
mod runtime_api;
mod secure;
mod size;
mod start;
mod steady;
mod tally;
mod world;

use options::Options;
use process::Program;

/// The program that others are compared with; it is always measured.
const HELLO: &str = "hello";

/// The limits of figures that do not depend on the machine, relative to the root of the repository.
const BUDGET: &str = "crates/bench/budget.toml";

#[derive(Parser)]
#[command(name = "cargo xtask bench")]
struct Command {
    #[command(flatten)]
    options: Options,
    /// The functions that were built.
    #[arg(long, hide = true, value_delimiter = ',')]
    built: Vec<String>,
    /// The folder of the binaries.
    #[arg(long, hide = true)]
    binaries: PathBuf,
    /// The folder of functions that prepare the measurement of others.
    #[arg(long, hide = true)]
    helpers: PathBuf,
    /// The root of the repository.
    #[arg(long, hide = true)]
    root: PathBuf,
    /// The folder of the dashboard's files, each with its compressed copies.
    #[arg(long, hide = true)]
    page: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let mut command = Command::parse();
    let options = &mut command.options;
    if options.check {
        // Requests, units and sizes are the same after few events as after many.
        (options.starts, options.events) = (0, 60);
        options.instructions = !options.debug && instructions::possible();
        if !options.instructions && !options.debug {
            eprintln!("without valgrind instructions are not counted");
        }
    }
    let cpu = pin::to_one_cpu();
    let mut rows = measure(&command)?;
    if let Some(page) = &command.page {
        rows.extend(figures::page(size::page(page)?));
    }
    let options = &command.options;
    if options.check {
        let scope =
            budget::Scope { functions: &options.function, release: !options.debug, instructions: options.instructions };
        rows = budget::apply(&command.root.join(BUDGET), rows, scope)?;
    }
    println!("{}", report::text(&rows).trim_start());
    println!("all on {cpu}");
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&report::json(&rows, &cpu))?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &options.chart {
        chart::draw(path, &rows)?;
    }
    let missed = options.check && rows.iter().any(report::Row::missed);
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn measure(command: &Command) -> Result<Vec<report::Row>> {
    let Command { options, built, binaries, helpers, root, .. } = command;
    let folder = std::path::absolute(binaries)?;
    let programs = programs(&options.function, built, &folder)?;
    let endpoint = endpoint::Endpoint::start()?;
    world::create_tables(&endpoint)?;
    world::register_buoy(&endpoint)?;
    let api = runtime_api::RuntimeApi::start()?;
    // The events of a case are a second apart, and each event is used in two runs. The span is only as long as needed, so that no event is
    // late: a reading in an hour that ended long ago costs more.
    let span = 1_000 * i64::try_from(2 * options.events + 1000)?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let stage = events::Stage { root, endpoint: &endpoint, helpers, begin: now - span };

    if let Some(readings) = options.recalculate {
        let recalculation = programs.iter().find(|program| program.name == recalculation::NAME);
        return recalculation::measure(&api, &stage, recalculation.context("recalculation was not built")?, readings);
    }
    let limited = if options.check { budget::counted(&root.join(BUDGET))? } else { Vec::new() };
    eprintln!("starting {} functions {} times each", programs.len(), options.starts);
    let variables = world::variables(&endpoint, &[]);
    let starts = start::measure(&api, &endpoint, &programs, &variables, options.starts)?;
    let hello = starts.first().and_then(|hello| hello.own.get(hello.own.len() / 2)).copied().unwrap_or_default();
    let mut rows = Vec::new();
    for (program, starts) in programs.iter().zip(&starts) {
        if !options.debug {
            rows.extend(figures::binary(&program.name, starts, hello, size::measure(&program.path)?));
        }
        for case in cases::all().iter().filter(|case| case.function == program.name) {
            let events = (options.events / case.share).max(20);
            eprintln!("{}: {}, {events} events", case.function, case.name);
            let seen = steady::measure(&api, &stage, program, case, events)
                .with_context(|| format!("{}: {}", case.function, case.name))?;
            rows.extend(figures::events(case, &seen));
            let named = limited.iter().any(|(function, name)| *function == case.function && *name == case.name);
            if options.instructions && (named || !options.check) {
                let after = 2 * options.events + 200;
                rows.push(figures::instructions(case, instructions::measure(&api, &stage, program, case, after)?));
            }
        }
        let all = cases::all();
        let usual = all.iter().find(|case| case.function == program.name);
        if let (Some(events), Some(case)) = (options.long, usual) {
            eprintln!("{}: {}, {events} events in the long run", case.function, case.name);
            // A second apart as well, ending now.
            let stage = events::Stage { begin: now - 1_000 * (events + 1_000), ..stage };
            let events = events.unsigned_abs();
            rows.push(figures::long(case, &steady::long(&api, &stage, program, case, events)?, events));
        }
        if let (true, Some(case)) = (options.starts > 1, usual) {
            eprintln!("{}: first event over TLS, {} starts", program.name, options.starts / 2);
            rows.extend(figures::first(
                &program.name,
                &first::measure(&api, &stage, &endpoint, program, case, options.starts / 2, 2 * options.events + 500)?,
            ));
        }
    }
    Ok(rows)
}

fn programs(wanted: &[String], built: &[String], folder: &Path) -> Result<Vec<Program>> {
    if let Some(unknown) = wanted.iter().find(|name| !built.contains(name)) {
        bail!("there is no function {unknown}; there are {}", built.join(", "));
    }
    let chosen = if wanted.is_empty() { built } else { wanted };
    let program = |name: &str| {
        let path = folder.join(name);
        if !path.is_file() {
            bail!("{} does not exist; cargo xtask bench builds it", path.display());
        }
        Ok(Program { name: name.to_owned(), path, tool: Vec::new() })
    };
    std::iter::once(HELLO).chain(chosen.iter().map(String::as_str)).map(program).collect()
}
