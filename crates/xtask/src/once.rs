//! `cargo xtask up --once`: a bounded run, and the account of its messages.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use fleet_sim::account::compare::differences;
use fleet_sim::account::ledger::Ledger;
use fleet_sim::account::observed::Observed;
use fleet_sim::account::summary::page;
use fleet_sim::crew::Crew;
use fleet_sim::fleet::Fleet;
use fleet_sim::simulate::Message;
use fleet_sim::simulate::story::{Names, waves};
use tooling::place::Place;
use tooling::prepare::LocalCloud;
use tooling::progress::Progress;
use tooling::stack::Stack;
use tooling::tables::Tables;

use crate::{board, commands, firmware, notices, runs};

/// Timeout for the effects of a wave after its last message.
const PATIENCE: Duration = Duration::from_secs(90);
/// Time between two reads of the tables.
const LOOK: Duration = Duration::from_millis(250);
/// A limit of oxygen, in mg/L, that the waves of messages stay far above.
const LIMIT: f64 = 3.0;
/// Maximum number of differences that are printed.
const SHOWN: usize = 20;

/// The options of the run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seed of the noise, the order, and the choice of repeated messages.
    pub seed: u64,
    /// Maximum messages per second.
    pub rate: f64,
    /// Expect one wrong value, to see that the comparison notices.
    pub falsify: bool,
}

/// Sends the waves of messages, waits until every message has had its effect, and prints the account. Succeeds only if it balances.
///
/// # Errors
/// When the local cloud stops answering.
pub async fn run(
    cloud: &mut LocalCloud,
    place: &Place,
    fleet: &Fleet,
    options: &Options,
    progress: &Progress,
) -> Result<ExitCode> {
    let tables = Tables::of(&cloud.stack)?;
    let mut crew = Crew::assemble(&cloud.stack, fleet, progress).await?;
    let dispenser = crew.dispenser(&cloud.stack, progress).await?;
    let names = names(&cloud.stack)?;
    let now = jiff::Timestamp::now().as_millisecond();
    let mut ledger = Ledger { events: crew.events(fleet), ..Ledger::default() };
    let started = Instant::now();
    for (index, wave) in waves(fleet, &names, options.seed, now).iter().enumerate() {
        let step = progress.counted(&format!("messages, wave {}", index + 1), wave.len() as u64);
        send(&mut crew, wave, &mut ledger, options.rate, |message| step.advance(&message.topic)).await?;
        step.note("waiting until each has been handled");
        handled(&cloud.stack, &ledger).await?;
        step.done(&format!("{} published and handled", wave.len()));
        cloud.emulator.expect_running()?;
    }
    let mut dispenser = commands::Running::start(dispenser);
    let commands = commands::run(&cloud.stack, &crew, &mut dispenser, options.falsify, progress).await?;
    let firmware = firmware::run(&cloud.stack, &crew, &mut dispenser, progress).await?;
    if options.falsify {
        ledger.readings.values_mut().take(1).for_each(|reading| reading.value += 0.01);
    }
    let step = progress.step("account");
    step.note("comparing every row");
    let (observed, mut differences) = settle(&cloud.stack, &tables, fleet, &ledger).await?;
    step.done(&format!("seed {}, {:.1} s since the first message", options.seed, started.elapsed().as_secs_f64()));
    println!("\n{}{}", page(&ledger, &observed), commands.page() + &firmware.page());
    differences.extend(commands.differences);
    differences.extend(firmware.differences);
    let step = progress.step("notices");
    step.note("oxygen falls and rises, and somebody is told");
    let receiver = notices::arrange(&cloud.stack, place, fleet, &crew, LIMIT).await?;
    let untold = notices::account(&cloud.stack, fleet, &mut crew, &receiver).await?;
    step.done("of an alert, by e-mail and by webhook");
    differences.extend(untold);
    // After the account of messages, because it publishes more.
    let life = board::run(&cloud.stack, crew.admin(), progress).await?;
    println!("\n{}", life.page());
    differences.extend(life.differences());
    Ok(report(&observed, &differences))
}

/// Names from the stack that the messages contain.
///
/// # Errors
/// When the template has no such outputs.
pub fn names(stack: &Stack) -> Result<Names> {
    Ok(Names {
        level_topic: "kloaka_from_device".to_owned(),
        reading_rule: stack.output("ReadingRuleName")?.to_owned(),
        readings_rule: stack.output("ReadingsRuleName")?.to_owned(),
    })
}

async fn send(
    crew: &mut Crew,
    wave: &[Message],
    ledger: &mut Ledger,
    rate: f64,
    mut sent: impl FnMut(&Message),
) -> Result<()> {
    let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    for message in wave {
        pace.tick().await;
        let from = jiff::Timestamp::now().as_millisecond();
        crew.publish(message).await?;
        ledger.enter(message, from, jiff::Timestamp::now().as_millisecond());
        sent(message);
    }
    Ok(())
}

/// Waits until the functions have run as often as messages were sent. The account shows what is missing at the deadline.
async fn handled(stack: &Stack, ledger: &Ledger) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut missing = false;
        for (function, expected) in &ledger.runs {
            missing |= runs::ended(stack, function).await? < *expected;
        }
        if !missing || Instant::now() > deadline {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Reads the tables until they are as expected, or until the deadline.
async fn settle(stack: &Stack, tables: &Tables, fleet: &Fleet, ledger: &Ledger) -> Result<(Observed, Vec<String>)> {
    let pairs = fleet.pairs();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let observed = Observed::read(tables).await?;
        let mut found = differences(ledger, &pairs, &observed);
        for (function, expected) in &ledger.runs {
            let ended = runs::ended(stack, function).await?;
            if ended != *expected {
                found.push(format!("{function} ran {ended} times for {expected} messages"));
            }
        }
        if found.is_empty() || Instant::now() > deadline {
            return Ok((observed, found));
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn report(observed: &Observed, differences: &[String]) -> ExitCode {
    let open = observed.problems.iter().filter(|row| row.problem_status != "RESOLVED").count();
    println!("{} levels, {} problems of which {open} open", observed.levels.len(), observed.problems.len());
    if differences.is_empty() {
        println!("Every message and every command is accounted for, and every row is as expected.");
        return ExitCode::SUCCESS;
    }
    println!("\nThe account does not balance, {} differences:", differences.len());
    for difference in differences.iter().take(SHOWN) {
        println!("  {difference}");
    }
    if differences.len() > SHOWN {
        println!("  … and {} more", differences.len() - SHOWN);
    }
    ExitCode::FAILURE
}
