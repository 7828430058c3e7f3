//! What one subscription was told about one problem, and what it is told next.
//!
//! The decision depends on the problem as it is stored now and on what was told, never on the change that happened to arrive. So the
//! order and number of arriving changes do not matter: `resolved` follows `opened`, and nothing is told twice.

use super::Transition;
use super::hold::Window;
use super::subscription::Subscription;
use crate::domain::Timestamp;
use crate::domain::alert::Severity;
use crate::domain::problem::{Episode, Kind, Problem, Status};

/// After so many seconds an episode that is over, and of which nothing was told, is history.
const HISTORY: i64 = 24 * 3_600;

/// What a subscription was told about a problem.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thread {
    /// The number of episodes that were told.
    pub episodes: u32,
    /// The last of them.
    pub last: Option<Told>,
    /// When to remind, if the problem is still open and not acknowledged then.
    pub remind_at: Option<Timestamp>,
    /// The notices that were sent at once.
    pub window: Window,
    /// The time of the digest that holds the last notice that was held back.
    pub held_until: Option<Timestamp>,
}

/// An episode as it was told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// Its beginning, as it was when `opened` was told.
    pub began: Timestamp,
    /// Whether `resolved` has not been told.
    pub open: bool,
    /// Episodes that ended before this time are no longer told.
    pub until: Timestamp,
    /// Its kind, as it was told last.
    pub kind: Kind,
    /// Its severity, as it was told last.
    pub severity: Option<Severity>,
    /// How many changes and reminders were told.
    pub changes: u32,
}

/// A transition to tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// What has happened.
    pub transition: Transition,
    /// The number of the episode in this thread, from 1.
    pub episode: u32,
    /// The beginning of the episode as it was when `opened` was told.
    pub began: Timestamp,
    /// The number of the change or reminder, from 1; 0 for the other transitions.
    pub number: u32,
    /// The kind to tell.
    pub kind: Kind,
    /// The severity to tell.
    pub severity: Option<Severity>,
    /// The beginning of the episode in the stored problem; `None` when the problem no longer has the episode.
    pub of: Option<Timestamp>,
}

/// The severity of one episode.
fn severity(episode: &Episode) -> Option<Severity> {
    use crate::domain::problem::Evidence;
    match &episode.evidence {
        Evidence::Breach(breach) => Some(breach.severity),
        Evidence::None => Some(Severity::Warning),
        Evidence::Levels { .. } => None,
    }
}

/// What a subscription has to be told of a problem as it is stored (`None`: it does not exist) after it was told `thread`: the
/// transitions in order, and the thread once they are told. `since` is the time from which the subscription applies to the problem: it
/// was made or last changed, or its owner was given the device.
///
/// An episode from before that time is told only while it is open and nobody has acknowledged it. One that ended more than a
/// day ago is history that nobody has to be told. Episodes that late readings reveal before the one that was told last are not told.
pub fn follow(
    thread: &Thread,
    problem: Option<&Problem>,
    subscription: &Subscription,
    since: Timestamp,
    now: Timestamp,
) -> (Vec<Step>, Thread) {
    let mut next = thread.clone();
    let mut steps = Vec::new();
    let episodes = problem.map(|problem| problem.episodes.as_slice()).unwrap_or_default();
    let same = thread.last.and_then(|told| episodes.iter().position(|episode| is_told(episode, &told)));
    // A thread that ended goes on when its episode turns out not to be over.
    let mut fresh: Vec<&Episode> = match (thread.last, same) {
        (Some(told), Some(place)) => {
            let episode = episodes.get(place);
            let reopened = episode.filter(|episode| !told.open && episode.end.is_none());
            reopened.into_iter().chain(episodes.iter().skip(place + 1)).collect()
        }
        (Some(told), None) => episodes.iter().filter(|episode| episode.began > told.until).collect(),
        (None, _) => episodes.iter().collect(),
    };
    if let Some(mut told) = thread.last.filter(|told| told.open) {
        match same.and_then(|place| episodes.get(place)) {
            Some(episode) if episode.end.is_none() => {
                told.until = told.until.max(episode.began);
                if (told.kind, told.severity) != (episode.kind, severity(episode)) {
                    told.changes = told.changes.saturating_add(1);
                    (told.kind, told.severity) = (episode.kind, severity(episode));
                    steps.push(step(&next, &told, Transition::Changed, told.changes, Some(episode.began)));
                }
                next.last = Some(told);
            }
            over => {
                told.open = false;
                told.until =
                    over.and_then(|episode| episode.end.as_ref()).map_or(told.until, |end| end.at.max(told.until));
                steps.push(step(&next, &told, Transition::Resolved, 0, over.map(|episode| episode.began)));
                next.last = Some(told);
            }
        }
    }
    let acknowledged = problem.is_some_and(|problem| problem.status() == Status::Acknowledged);
    fresh.retain(|episode| {
        let wanted = subscription.filter.matches(episode.kind, severity(episode));
        wanted
            && match &episode.end {
                Some(end) => episode.began >= since && end.at.plus_seconds(HISTORY) > now,
                None => episode.began >= since || !acknowledged,
            }
    });
    for episode in fresh {
        next.episodes = next.episodes.saturating_add(1);
        let mut told = Told {
            began: episode.began,
            open: true,
            until: episode.began,
            kind: episode.kind,
            severity: severity(episode),
            changes: 0,
        };
        steps.push(step(&next, &told, Transition::Opened, 0, Some(episode.began)));
        if let Some(end) = &episode.end {
            told.open = false;
            told.until = end.at.max(episode.began);
            steps.push(step(&next, &told, Transition::Resolved, 0, Some(episode.began)));
        }
        next.last = Some(told);
    }
    next.remind_at = remind_at(thread, &next, &steps, acknowledged, subscription, now);
    (steps, next)
}

/// The reminder that is due at `now`, and the thread after it. Only for a thread that [`follow`] has brought up to date.
pub fn remind(
    thread: &Thread,
    problem: Option<&Problem>,
    subscription: &Subscription,
    now: Timestamp,
) -> (Option<Step>, Thread) {
    let mut next = thread.clone();
    next.remind_at = None;
    let open = problem.filter(|problem| problem.status() == Status::Unresolved);
    let (Some(mut told), Some(problem)) = (thread.last.filter(|told| told.open), open) else { return (None, next) };
    if subscription.remind_hours == 0 || thread.remind_at.is_none_or(|at| at > now) {
        next.remind_at = thread.remind_at.filter(|_| subscription.remind_hours > 0);
        return (None, next);
    }
    told.changes = told.changes.saturating_add(1);
    next.last = Some(told);
    next.remind_at = Some(now.plus_seconds(i64::from(subscription.remind_hours) * 3_600));
    let of = problem.last().map(|episode| episode.began);
    (Some(step(&next, &told, Transition::Reminder, told.changes, of)), next)
}

fn step(thread: &Thread, told: &Told, transition: Transition, number: u32, of: Option<Timestamp>) -> Step {
    let Told { began, kind, severity, .. } = *told;
    Step { transition, episode: thread.episodes, began, number, kind, severity, of }
}

/// Whether this is the episode that was told: late readings may have moved its beginning and its end.
fn is_told(episode: &Episode, told: &Told) -> bool {
    let within = |at: Timestamp| episode.began <= at && episode.end.as_ref().is_none_or(|end| end.at >= at);
    episode.began == told.began || within(told.began)
}

fn remind_at(
    before: &Thread,
    after: &Thread,
    steps: &[Step],
    acknowledged: bool,
    subscription: &Subscription,
    now: Timestamp,
) -> Option<Timestamp> {
    if subscription.remind_hours == 0 || acknowledged || !after.last.is_some_and(|told| told.open) {
        return None;
    }
    let later = now.plus_seconds(i64::from(subscription.remind_hours) * 3_600);
    if steps.is_empty() { Some(before.remind_at.unwrap_or(later)) } else { Some(later) }
}
