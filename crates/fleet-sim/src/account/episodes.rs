//! The expected problems, computed from the levels that were sent, in one pass over the reports of both sensors in order of their
//! timestamps. Deliberately independent of the functions' code.

use crate::simulate::Level;

/// The expected problem of a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// `OBSTRUCTION` or `PROBLEM`.
    pub kind: &'static str,
    /// When the newest episode began, in seconds since the epoch.
    pub began: i64,
    /// Whether it is resolved.
    pub resolved: bool,
    /// Number of episodes.
    pub episodes: u32,
    /// The levels of both sensors when the episode last changed.
    pub levels: (f64, f64),
}

/// The expected problem of a pair; `None` if there was none. Silence is not considered, because all simulated sensors report.
pub fn problem(current: &[Level], following: &[Level]) -> Option<Problem> {
    let mut reports: Vec<(i64, bool, f64)> = Vec::new();
    reports.extend(current.iter().map(|level| (level.at, true, level.filling)));
    reports.extend(following.iter().map(|level| (level.at, false, level.filling)));
    reports.sort_by_key(|(at, _, _)| *at);
    let mut problem: Option<Problem> = None;
    let (mut here, mut there) = (None, None);
    for (index, (at, is_current, filling)) in reports.iter().enumerate() {
        if *is_current {
            here = Some(*filling)
        } else {
            there = Some(*filling)
        }
        // Two reports with the same timestamp are one step.
        let more = reports.get(index + 1).is_some_and(|(next, _, _)| next == at);
        if let (Some(here), Some(there), false) = (here, there, more) {
            problem = step(problem, at.div_euclid(1000), here, there);
        }
    }
    problem
}

fn step(problem: Option<Problem>, at: i64, here: f64, there: f64) -> Option<Problem> {
    let kind = if there < here {
        "OBSTRUCTION"
    } else if there > here {
        "PROBLEM"
    } else {
        return problem.map(|problem| {
            if problem.resolved { problem } else { Problem { resolved: true, levels: (here, there), ..problem } }
        });
    };
    match problem {
        Some(open) if !open.resolved => Some(Problem { kind, levels: (here, there), ..open }),
        before => {
            let episodes = before.map_or(0, |before| before.episodes) + 1;
            Some(Problem { kind, began: at, resolved: false, episodes, levels: (here, there) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(entries: &[(i64, f64)]) -> Vec<Level> {
        entries.iter().map(|(at, filling)| Level { id: String::new(), at: at * 1000, filling: *filling }).collect()
    }

    #[test]
    fn an_obstruction_opens_changes_closes_and_comes_again() {
        let current = levels(&[(0, 100.0), (20, 0.0), (40, 100.0)]);
        assert_eq!(problem(&current, &levels(&[(0, 100.0)])).unwrap().episodes, 1);
        let following = levels(&[(0, 100.0), (10, 50.0), (30, 0.0), (50, 0.0), (60, 100.0)]);
        let found = problem(&current, &following).unwrap();
        assert_eq!(
            found,
            Problem { kind: "OBSTRUCTION", began: 40, resolved: true, episodes: 2, levels: (100.0, 100.0) }
        );
        assert_eq!(problem(&levels(&[(0, 100.0)]), &levels(&[(0, 100.0), (5, 100.0)])), None);
    }

    #[test]
    fn a_problem_that_turns_stays_one_episode() {
        let found = problem(&levels(&[(0, 50.0)]), &levels(&[(0, 0.0), (10, 100.0)])).unwrap();
        assert_eq!((found.kind, found.began, found.episodes, found.resolved), ("PROBLEM", 0, 1, false));
    }
}
