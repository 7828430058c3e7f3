//! Measures the time from the start to the answer of the first event, with AWS behind TLS and at some distance.

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

/// Delays of the answers of AWS. 20 ms is a large distance for DynamoDB in the same region: it shows the number of sequential requests in
/// the figure.
pub const PAUSES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(20)];

/// Times of one program, in ascending order: from the creation of the process to its first answer, without the time in which other
/// processes had the processor. One list for each of [`PAUSES`].
pub type Firsts = [Vec<Duration>; 2];

/// Starts the program of `case` `rounds` times for each pause, with one event each time. The events begin after number `after`, since
/// repeated events would be duplicates.
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
        // In the first round the endpoint learns the answers.
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
