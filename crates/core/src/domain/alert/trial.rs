//! The episodes that an alert would have had in stored readings.

use super::{Alert, Point, Rule, judge_alert};
use crate::domain::problem::{Episode, Problem, Verdict};

/// Points that are judged together. A problem keeps only its newest episodes, so finished ones are taken out after each step.
const TOGETHER: usize = 16;

/// The episodes that the alert, enabled or not, would have had in this timeline, which is ascending and
/// begins without an open one.
pub fn episodes(alert: &Alert, unit: &str, timeline: &[Point]) -> Vec<Episode> {
    let rule = Rule { alert, unit };
    let (mut done, mut problem) = (Vec::new(), None::<Problem>);
    for (place, chunk) in timeline.chunks(TOGETHER).enumerate() {
        let Some(first) = chunk.first() else { continue };
        let end = place.saturating_mul(TOGETHER).saturating_add(chunk.len());
        let known = timeline.get(end.saturating_sub(chunk.len() + super::context(alert))..end).unwrap_or(chunk);
        match judge_alert(problem.as_ref(), &rule, known, first.at) {
            Verdict::Write(next) => problem = Some(next),
            Verdict::Withdraw => problem = None,
            Verdict::Unchanged => {}
        }
        // All but the last one are over: nothing that follows can change them.
        if let Some(known) = problem.as_mut() {
            let over = known.episodes.len().saturating_sub(1);
            done.extend(known.episodes.drain(..over));
        }
    }
    done.extend(problem.into_iter().flat_map(|problem| problem.episodes));
    done
}
