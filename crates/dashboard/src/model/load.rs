//! A value that is read from the API: its state, which of several requests counts, and which changes an answer may lack.

use std::rc::Rc;

use crate::problem::ApiError;

/// The state of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Loaded<T> {
    /// The first request has no answer yet.
    Loading,
    /// It is loaded.
    Here(T),
    /// The request failed, and there is no earlier value.
    Failed(ApiError),
}

impl<T> Loaded<T> {
    /// Whether reading again after a while makes sense: the value may be outdated, and a failure may be over.
    pub const fn may_change(&self) -> bool {
        match self {
            Self::Loading => false,
            Self::Here(_) => true,
            Self::Failed(error) => error.is_passing(),
        }
    }
}

/// A change of the value that a message of the live feed reports. It may be made twice.
pub type Change<T> = Rc<dyn Fn(&mut T)>;

/// The requests under way. Of several the newest counts, unless it began before a write. An answer may be older than a change that was
/// reported during the request, so such changes are kept until it is there.
#[derive(Debug)]
pub struct Turns<C> {
    newest: u32,
    ended: u32,
    /// The changes since the first of the requests under way began, in their order.
    reported: Vec<C>,
}

impl<C> Default for Turns<C> {
    fn default() -> Self {
        Self { newest: 0, ended: 0, reported: Vec::new() }
    }
}

impl<C> Turns<C> {
    const fn is_reading(&self) -> bool {
        self.ended != self.newest
    }

    /// Begins a request, and returns its number.
    pub const fn begin(&mut self) -> u32 {
        self.newest = self.newest.wrapping_add(1);
        self.newest
    }

    /// Keeps a change for the answer of the request under way, if there is one.
    pub fn report(&mut self, change: C) {
        if self.is_reading() {
            self.reported.push(change);
        }
    }

    /// Ends a request. If it counts, returns the changes that its answer may lack.
    pub fn end(&mut self, turn: u32) -> Option<Vec<C>> {
        if turn != self.newest {
            return None;
        }
        self.ended = turn;
        Some(std::mem::take(&mut self.reported))
    }

    /// Invalidates the request under way, and returns whether there was one.
    pub fn invalidate(&mut self) -> bool {
        let is_reading = self.is_reading();
        if is_reading {
            self.newest = self.newest.wrapping_add(1);
            self.ended = self.newest;
            // The next request begins after these changes.
            self.reported.clear();
        }
        is_reading
    }
}

/// The value with these changes.
pub fn with<T>(mut value: T, changes: &[Change<T>]) -> T {
    changes.iter().for_each(|change| change(&mut value));
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    #[test]
    fn of_two_readings_under_way_only_the_later_one_counts() {
        let mut turns = Turns::<()>::default();
        let (first, second) = (turns.begin(), turns.begin());
        assert!(turns.end(second).is_some() && turns.end(first).is_none());
    }

    #[test]
    fn a_change_during_a_reading_is_not_undone_by_an_older_answer() {
        let mut turns = Turns::<Change<Vec<u8>>>::default();
        let change = |number: u8| -> Change<Vec<u8>> { Rc::new(move |numbers| numbers.push(number)) };
        // Nothing is read: the value has the change, and the next answer too.
        turns.report(change(1));
        let first = turns.begin();
        turns.report(change(2));
        // This answer counts, but it may lack what was reported since the first request began.
        let second = turns.begin();
        turns.report(change(3));
        assert!(turns.end(first).is_none());
        let reported = turns.end(second).unwrap();
        assert_eq!(with(vec![0], &reported), [0, 2, 3]);
        // They are made once to each answer.
        let third = turns.begin();
        assert!(turns.end(third).unwrap().is_empty());
    }

    #[test]
    fn a_reading_that_began_before_a_write_does_not_undo_it() {
        let mut turns = Turns::default();
        let before = turns.begin();
        turns.report(1);
        assert!(turns.invalidate());
        assert!(turns.end(before).is_none());
        let after = turns.begin();
        assert_eq!(turns.end(after), Some(Vec::new()));
        // No request is under way, so nothing has to be read again.
        assert!(!turns.invalidate() && !Turns::<u8>::default().invalidate());
    }

    #[test]
    fn a_failure_that_may_be_over_is_asked_about_again() {
        let failed = |status| Loaded::<()>::Failed(ApiError::Refused(Problem::read(status, "", None)));
        assert!(Loaded::Here(()).may_change() && failed(503).may_change());
        assert!(!failed(404).may_change() && !Loaded::<()>::Loading.may_change());
    }
}
