//! Measures the cost of events in a warm function: requests to AWS, memory, processor time, elapsed time.

use crate::cases::Case;
use crate::events::{Events, Stage};
use crate::process::{Memory, Program, Scheduled};
use crate::runtime_api::{Function, RuntimeApi};
use crate::tally::Tally;
use crate::world;
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;

/// Events before averaging begins: by then caches are filled and connections are open.
const WARM_UP: u64 = 100;
/// Events per reading of the processor time. The median of these chunks is not affected by short disturbances.
const CHUNK: u64 = 20;

/// The measurements of one case.
pub struct Seen {
    /// With the real engine: the requests to AWS.
    pub asked: Asked,
    /// Resident memory after these events.
    pub memory: Memory,
    /// Bytes of log per event.
    pub logged: u64,
    /// With immediate answers: the cost of the function itself.
    pub cost: Cost,
}

/// The requests to AWS during a run of events.
pub struct Asked {
    /// Number of events.
    pub events: u64,
    /// All requests.
    pub tally: Tally,
    /// The requests of the 1st, 10th, 100th and 1,000th event of the process.
    pub marks: Vec<(u64, Tally)>,
    /// Median processor time per event, with caches emptied by the engine.
    pub cpu: Duration,
}

/// The cost of events.
pub struct Cost {
    /// Processor time per event, by chunk, in ascending order.
    pub cpu: Vec<Duration>,
    /// Elapsed time per event, without waiting for AWS, and for the processor while others had it; in ascending order.
    pub own: Vec<Duration>,
}

/// The result of one event.
struct Given {
    took: Duration,
    asked: Tally,
    scheduled: Scheduled,
}

/// A run of a function with the events of a case. All answers have to be right, since otherwise the cost of a failure would be taken for
/// that of the event.
struct Run<'a> {
    stage: &'a Stage<'a>,
    case: &'a Case,
    function: Function,
    events: Events,
    given: u64,
}

/// Measures one case, first with the engine, then with repeated answers.
pub fn measure(api: &Rc<RuntimeApi>, stage: &Stage<'_>, program: &Program, case: &Case, events: u64) -> Result<Seen> {
    stage.endpoint.replay(false);
    let made = (case.events)(stage)?;
    let function = api.run(program, &world::variables(stage.endpoint, case.variables))?;
    let mut run = Run { stage, case, function, events: made, given: 0 };
    let asked = run.on_engine(events)?;
    let memory = run.function.process().memory()?;
    let logged = run.function.process().logged() / run.given;
    stage.endpoint.replay(true);
    let cost = run.repeated(events);
    stage.endpoint.replay(false);
    Ok(Seen { asked, memory, logged, cost: cost? })
}

/// Memory after so many events of a case, when everything that grows with events has grown. The first events use the engine, the others are
/// sent as fast as they are answered.
pub fn long(api: &Rc<RuntimeApi>, stage: &Stage<'_>, program: &Program, case: &Case, events: u64) -> Result<Memory> {
    stage.endpoint.replay(false);
    let made = (case.events)(stage)?;
    let function = api.run(program, &world::variables(stage.endpoint, case.variables))?;
    let mut run = Run { stage, case, function, events: made, given: 0 };
    let given = (0..events).try_for_each(|number| {
        stage.endpoint.replay(number >= WARM_UP);
        run.give().map(drop)
    });
    stage.endpoint.replay(false);
    given?;
    run.function.process().memory()
}

impl Run<'_> {
    fn on_engine(&mut self, events: u64) -> Result<Asked> {
        let (mut tally, mut marks, mut cpu) = (Tally::default(), Vec::new(), Vec::new());
        // An event that is the work of many warms up accordingly; and the engine becomes slow with tens of thousands of rows of a sensor.
        let warm_up = WARM_UP / self.case.share;
        for number in 1..=warm_up + events {
            let Given { asked, scheduled, .. } = self.give()?;
            if [1, 10, 100, 1000].contains(&number) {
                marks.push((number, asked.clone()));
            }
            if number > warm_up {
                cpu.push(scheduled.used);
                tally.add(&asked);
            }
        }
        cpu.sort();
        let cpu = cpu.get(cpu.len() / 2).copied().unwrap_or_default();
        Ok(Asked { events, tally, marks, cpu })
    }

    fn repeated(&mut self, events: u64) -> Result<Cost> {
        let (mut cpu, mut own) = (Vec::new(), Vec::new());
        for _ in 0..CHUNK {
            self.give()?;
        }
        let mut chunk = Duration::ZERO;
        for number in 1..=events {
            let Given { took, asked, scheduled } = self.give()?;
            // While the endpoint occupies the processor, both waits overlap: the difference may be too small, but the time is never less
            // than the processor time.
            own.push(took.saturating_sub(asked.busy + scheduled.waited).max(scheduled.used));
            chunk += scheduled.used;
            if number.is_multiple_of(CHUNK) {
                cpu.push(std::mem::take(&mut chunk) / CHUNK as u32);
            }
        }
        [&mut cpu, &mut own].into_iter().for_each(|times| times.sort());
        Ok(Cost { cpu, own })
    }

    /// Sends the next event.
    fn give(&mut self) -> Result<Given> {
        self.given += 1;
        let number = self.given;
        let event = (self.events)(number)?;
        self.stage.endpoint.take();
        let before = self.function.process().scheduled()?;
        let outcome = self.function.invoke(event)?;
        let scheduled = self.function.process().scheduled()?.since(before);
        let asked = self.stage.endpoint.take();
        let answer = outcome.answer.map_err(|error| anyhow!("event {number} failed: {error}"))?;
        let read: Value = serde_json::from_str(&answer).with_context(|| format!("event {number}: {answer}"))?;
        ensure!((self.case.well)(&read), "event {number} was answered with {answer}");
        Ok(Given { took: outcome.took, asked, scheduled })
    }
}
