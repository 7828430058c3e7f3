//! What events cost a function that is warm: processor time, time, memory, and what it asks of AWS.

use crate::cases::Case;
use crate::events::Stage;
use crate::process::{Memory, Program};
use crate::runtime_api::RuntimeApi;
use crate::tally::Tally;
use crate::world;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;

/// Events before anything is measured: caches are filled and connections are open by then.
const WARM_UP: u64 = 100;
/// Processor time is read after so many events. The median of these chunks forgets what others did to the machine.
const CHUNK: u64 = 20;

/// What was seen.
pub struct Seen {
    /// How many events were measured.
    pub events: u64,
    /// Processor time per event, chunk by chunk, ascending.
    pub cpu: Vec<Duration>,
    /// Time per event less what AWS took of it, ascending.
    pub own: Vec<Duration>,
    /// Time per event, ascending.
    pub whole: Vec<Duration>,
    /// All that was asked of AWS.
    pub tally: Tally,
    /// The same for the 1st, 10th, 100th and 1,000th event of the function's life.
    pub marks: Vec<(u64, Tally)>,
    /// Resident memory at the end.
    pub memory: Memory,
    /// Bytes of log per event.
    pub logged: u64,
}

/// Runs one case. Every answer must be the expected one, else a failure's cost would be taken for the event's.
pub fn measure(api: &Rc<RuntimeApi>, stage: &Stage<'_>, program: &Program, case: &Case, events: u64) -> Result<Seen> {
    let endpoint = stage.endpoint;
    let mut next = (case.events)(stage)?;
    let mut function = api.run(program, &world::variables(endpoint, case.variables))?;
    let (mut cpu, mut own, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    let (mut tally, mut marks) = (Tally::default(), Vec::new());
    let (mut since, mut logged) = (Duration::ZERO, 0);
    for number in 1..=WARM_UP + events {
        let event = next(number)?;
        endpoint.take();
        let outcome = function.invoke(event)?;
        let asked = endpoint.take();
        let answer = outcome.answer.map_err(|error| anyhow::anyhow!("event {number} failed: {error}"))?;
        let read: Value =
            serde_json::from_str(&answer).with_context(|| format!("answer to event {number}: {answer}"))?;
        ensure!((case.well)(&read), "event {number} was answered with {answer}");
        if [1, 10, 100, 1000].contains(&number) {
            marks.push((number, asked.clone()));
        }
        if number == WARM_UP {
            (since, logged) = (function.process().cpu()?, function.process().logged());
        }
        if number > WARM_UP {
            own.push(outcome.took.saturating_sub(asked.busy));
            whole.push(outcome.took);
            tally.add(&asked);
            if (number - WARM_UP).is_multiple_of(CHUNK) {
                let now = function.process().cpu()?;
                cpu.push(now.saturating_sub(since) / CHUNK as u32);
                since = now;
            }
        }
    }
    [&mut cpu, &mut own, &mut whole].into_iter().for_each(|times| times.sort());
    let (memory, all_logged) = (function.process().memory()?, function.process().logged());
    Ok(Seen { events, cpu, own, whole, tally, marks, memory, logged: (all_logged - logged) / events.max(1) })
}
