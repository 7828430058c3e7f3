//! How long it takes from being started to having answered the first event, with AWS behind TLS and some way off.

use crate::cases::Case;
use crate::endpoint::Endpoint;
use crate::events::Stage;
use crate::process::Program;
use crate::runtime_api::RuntimeApi;
use crate::secure::Secure;
use crate::world;
use anyhow::{Result, anyhow};
use std::rc::Rc;
use std::time::Duration;

/// Every answer of AWS comes after so long. 20 ms is far for DynamoDB in the same region: the way of the requests shows
/// in the figure, and with it whether they go one after the other.
pub const PAUSES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(20)];

/// Times of one program, ascending: from making the process to its first answer, without waiting for the processor while
/// others had it. One list for each of [`PAUSES`].
pub type Firsts = [Vec<Duration>; 2];

/// Starts the program of `case` `rounds` times for each pause and gives it one event each time: those from number `after`
/// on, since an event that was given before would be a duplicate.
pub fn measure(
    api: &Rc<RuntimeApi>,
    stage: &Stage<'_>,
    endpoint: &Endpoint,
    program: &Program,
    case: &Case,
    rounds: usize,
    after: u64,
) -> Result<Firsts> {
    let mut firsts = Firsts::default();
    for (pause, times) in PAUSES.into_iter().zip(&mut firsts) {
        let secure = Secure::start(endpoint, pause)?;
        let variables = secure.variables(&world::variables(endpoint, case.variables));
        let mut events = (case.events)(stage)?;
        // The first round shows the endpoint what to answer.
        for round in 0..=rounds {
            endpoint.replay(round > 0);
            let mut function = api.run(program, &variables)?;
            let outcome = function.invoke(events(after + round as u64)?)?;
            outcome.answer.map_err(|error| anyhow!("{}: {error}", program.name))?;
            if round > 0 {
                let waited = function.process().scheduled()?.waited;
                times.push((function.start + outcome.took).saturating_sub(waited));
            }
        }
        endpoint.replay(false);
        times.sort();
    }
    Ok(firsts)
}
