//! The mark of a person who is being added. It is written with them, in the same call, so a half-made one is always
//! known; it is taken off by the last step, so one without it is whole.

use crate::domain::Timestamp;

/// How long whoever adds a person has for it: longer than a function may run (30 s), so that nobody is still at work on
/// a half-made person whom somebody else clears away.
const SECONDS: i64 = 45;

/// Who is adding a person, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    token: String,
    until: Timestamp,
}

impl Mark {
    /// The mark of one who begins now; nobody else has this token.
    pub fn new(token: String, now: Timestamp) -> Self {
        Self { token, until: now.plus_seconds(SECONDS) }
    }

    /// The mark that the attribute says; none when the attribute is not there or empty. A mark that cannot be read has
    /// run out.
    pub fn parse(text: &str) -> Option<Self> {
        let (token, until) = text.split_once(' ').unwrap_or((text, ""));
        let until = Timestamp::from_millis(until.parse().unwrap_or(0));
        (!text.is_empty()).then(|| Self { token: token.to_owned(), until })
    }

    /// As the attribute says it.
    pub fn text(&self) -> String {
        format!("{} {}", self.token, self.until.millis())
    }

    /// Whether it is of the same adding.
    pub fn is(&self, other: &Self) -> bool {
        self.token == other.token
    }

    /// Whether whoever made it cannot be at work any more.
    pub fn ran_out(&self, now: Timestamp) -> bool {
        self.until < now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_runs_out() {
        let now = Timestamp::from_millis(1_000);
        let mark = Mark::new("t".into(), now);
        let read = Mark::parse(&mark.text()).unwrap();
        assert_eq!(read, mark);
        assert!(!read.ran_out(now.plus_seconds(45)) && read.ran_out(now.plus_seconds(46)));
        assert!(read.is(&mark) && !read.is(&Mark::new("u".into(), now)));
    }

    #[test]
    fn no_text_is_no_mark_and_an_odd_one_has_run_out() {
        assert_eq!(Mark::parse(""), None);
        assert!(Mark::parse("x").unwrap().ran_out(Timestamp::from_millis(1)));
    }
}
