//! Measures the time from the start of a function to its request for the first event.

use crate::endpoint::Endpoint;
use crate::process::Program;
use crate::runtime_api::RuntimeApi;
use anyhow::Result;
use std::rc::Rc;
use std::time::Duration;

/// Start times of one program.
pub struct Starts {
    /// Time without waiting for the processor while others had it, in ascending order. AWS answers at once.
    pub own: Vec<Duration>,
    /// Elapsed time, in ascending order.
    pub whole: Vec<Duration>,
    /// Processor time, in ascending order.
    pub cpu: Vec<Duration>,
}

/// Starts every program `rounds` times, in turn, so that a disturbance affects all of them.
pub fn measure(
    api: &Rc<RuntimeApi>,
    endpoint: &Endpoint,
    programs: &[Program],
    variables: &[(String, String)],
    rounds: usize,
) -> Result<Vec<Starts>> {
    let mut all: Vec<Starts> =
        programs.iter().map(|_| Starts { own: Vec::new(), whole: Vec::new(), cpu: Vec::new() }).collect();
    // In the first round the binaries get into the page cache, and the endpoint learns the answers.
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
