//! How long a function needs from being started to asking for its first event.

use crate::endpoint::Endpoint;
use crate::process::Program;
use crate::runtime_api::RuntimeApi;
use anyhow::Result;
use std::rc::Rc;
use std::time::Duration;

/// Start times of one program.
pub struct Starts {
    /// Without waiting for the processor while others had it; AWS answers at once. Ascending.
    pub own: Vec<Duration>,
    /// As they were; ascending.
    pub whole: Vec<Duration>,
    /// Processor time; ascending.
    pub cpu: Vec<Duration>,
}

/// Starts every program `rounds` times, one after the other in turn, so that a noisy second hits all of them.
pub fn measure(
    api: &Rc<RuntimeApi>,
    endpoint: &Endpoint,
    programs: &[Program],
    variables: &[(String, String)],
    rounds: usize,
) -> Result<Vec<Starts>> {
    let mut all: Vec<Starts> =
        programs.iter().map(|_| Starts { own: Vec::new(), whole: Vec::new(), cpu: Vec::new() }).collect();
    // The first round brings the binaries into the page cache, and shows the endpoint what to answer.
    for round in 0..=rounds {
        endpoint.replay(round > 0);
        for (program, starts) in programs.iter().zip(&mut all) {
            let function = api.run(program, variables)?;
            if round > 0 {
                let scheduled = function.process().scheduled()?;
                starts.own.push(function.start.saturating_sub(scheduled.waited));
                starts.whole.push(function.start);
                starts.cpu.push(scheduled.used);
            }
        }
    }
    endpoint.replay(false);
    for starts in &mut all {
        [&mut starts.own, &mut starts.whole, &mut starts.cpu].into_iter().for_each(|times| times.sort());
    }
    Ok(all)
}
