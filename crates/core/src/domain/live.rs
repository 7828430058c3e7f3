//! The live feed: what can be watched, who may watch it, and how long a connection lasts.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::Timestamp;
use super::access::Role;
use super::problem::Subject;
use crate::id::{DeviceId, LevelId, Tube};

/// Maximum topics that a connection watches.
pub const MOST_TOPICS: usize = 50;
/// Maximum connections that a person has open.
pub const MOST_CONNECTIONS: usize = 20;
/// Maximum bytes of a message, in both directions: API Gateway's limit for a frame, and what it counts as one message.
pub const MOST_BYTES: usize = 32 * 1024;
/// How long a ticket is valid, in seconds.
pub const TICKET_SECONDS: i64 = 30;
/// How long a connection lasts at most, in seconds: API Gateway closes it then.
pub const CONNECTION_SECONDS: i64 = 2 * 60 * 60;
/// How long the watchers of a topic may be cached, in milliseconds.
pub const REMEMBERED_MS: i64 = 1_000;

/// Something that can be watched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// `device/{id}`: the readings of a device.
    Device(DeviceId),
    /// `tube/{tube}`: the levels of the flow sensors on a tube.
    Tube(Tube),
    /// `problems`: problems of flow sensors.
    Problems,
    /// `quarantine`: new quarantine entries.
    Quarantine,
}

/// The text names no topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a topic is `device/{{id}}`, `tube/{{tube}}`, `problems` or `quarantine`")]
pub struct NoTopic;

impl FromStr for Topic {
    type Err = NoTopic;

    fn from_str(text: &str) -> Result<Self, NoTopic> {
        match text.split_once('/') {
            Some(("device", id)) => id.parse().map(Self::Device).map_err(|_| NoTopic),
            Some(("tube", tube)) => tube.parse().map(Self::Tube).map_err(|_| NoTopic),
            None if text == "problems" => Ok(Self::Problems),
            None if text == "quarantine" => Ok(Self::Quarantine),
            _ => Err(NoTopic),
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(id) => write!(f, "device/{id}"),
            Self::Tube(tube) => write!(f, "tube/{tube}"),
            Self::Problems => f.write_str("problems"),
            Self::Quarantine => f.write_str("quarantine"),
        }
    }
}

/// Which levels a watcher sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All of them.
    All,
    /// Only these.
    Levels(BTreeSet<LevelId>),
}

impl Visible {
    /// Whether the watcher sees something that concerns these levels. One visible level suffices, as for a problem of two sensors;
    /// something that concerns no level is visible to every watcher of its topic.
    pub fn sees<'a>(&self, levels: impl IntoIterator<Item = &'a LevelId>) -> bool {
        match self {
            Self::All => true,
            Self::Levels(seen) => {
                let mut levels = levels.into_iter().peekable();
                levels.peek().is_none() || levels.any(|level| seen.contains(level))
            }
        }
    }

    /// Whether a change that concerns these levels, or a device without a level, is shown. The devices in a watcher's scope are not
    /// stored with the connection, so problems of devices are shown only to watchers who see everything.
    pub fn is_shown<'a>(&self, levels: impl IntoIterator<Item = &'a LevelId>, of_device: bool) -> bool {
        if of_device { *self == Self::All } else { self.sees(levels) }
    }

    /// Whether this problem is shown.
    pub fn sees_problem(&self, subject: &Subject) -> bool {
        self.is_shown(subject.levels(), subject.device().is_some())
    }

    /// Whether nothing is ever visible.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Levels(seen) if seen.is_empty())
    }
}

/// The person's token behind a ticket or connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Cognito's id of the person.
    pub sub: String,
    /// The person's role.
    pub role: Role,
    /// The attribute `custom:devices` as the token has it.
    pub devices: String,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When the token expires.
    pub expires_at: Timestamp,
}

impl Session {
    /// Whether the token has expired.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// Whether the person was signed out after the token was issued. Tokens tell the second, so a token of the same second
    /// counts as older.
    pub fn is_stopped(&self, stopped_at: Option<Timestamp>) -> bool {
        stopped_at.is_some_and(|stopped| self.issued_at <= stopped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_read_as_it_is_written_and_nothing_else_is_one() {
        for text in ["device/buoy-01", "tube/0", "tube/Z", "problems", "quarantine"] {
            assert_eq!(text.parse::<Topic>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "device",
            "device/",
            "device/a/b",
            "device/*",
            "tube/00",
            "tube/",
            "problems/",
            "problems/01",
            "Problems",
            "events",
        ] {
            assert_eq!(bad.parse::<Topic>(), Err(NoTopic), "{bad}");
        }
    }

    #[test]
    fn one_of_the_levels_of_a_problem_is_enough_to_see_it() {
        let id = |text: &str| text.parse::<LevelId>().unwrap();
        let some = Visible::Levels([id("01"), id("02")].into());
        assert!(some.sees([&id("02"), &id("03")]) && some.sees([&id("01")]) && some.sees([]));
        assert!(!some.sees([&id("03"), &id("04")]) && !some.is_nothing());
        assert!(Visible::All.sees([&id("03")]) && !Visible::All.is_nothing());
        assert!(Visible::Levels(BTreeSet::new()).is_nothing() && !Visible::Levels(BTreeSet::new()).sees([&id("01")]));
    }

    #[test]
    fn a_session_ends_with_its_token_and_when_the_person_is_signed_out_after_it() {
        let at = Timestamp::from_millis;
        let (role, devices) = (Role::User, String::new());
        let session = Session { sub: "s".into(), role, devices, issued_at: at(5_000), expires_at: at(9_000) };
        assert!(!session.is_over(at(8_999)) && session.is_over(at(9_000)));
        assert!(!session.is_stopped(None) && !session.is_stopped(Some(at(4_999))));
        assert!(session.is_stopped(Some(at(5_000))) && session.is_stopped(Some(at(6_000))));
    }
}
