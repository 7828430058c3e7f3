//! The verdict: what has to be written after judging.

use super::{End, Episode, Problem};

/// What has to be written after judging a subject.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing.
    Unchanged,
    /// This problem.
    Write(Problem),
    /// The problem has to be deleted: a late report showed that nothing was ever wrong, and no person has changed it.
    Withdraw,
}

impl Verdict {
    /// The verdict when judging has found `problem`, and `stored` is what is stored. A problem that turned out never to have existed
    /// is withdrawn; but if a person has acknowledged, resolved or noted it, it stays as resolved.
    pub(in crate::domain) fn of(stored: Option<&Problem>, mut problem: Problem) -> Self {
        if problem.episodes.is_empty() {
            match stored.and_then(|stored| stored.changed_by_person().then(|| stored.last().cloned()).flatten()) {
                Some(last) => {
                    let end = last.end.clone().unwrap_or(End { at: last.changed_at, by: None });
                    problem.episodes.push(Episode { end: Some(end), ..last });
                }
                None => return if stored.is_some() { Verdict::Withdraw } else { Verdict::Unchanged },
            }
        }
        if stored == Some(&problem) { Verdict::Unchanged } else { Verdict::Write(problem) }
    }
}
