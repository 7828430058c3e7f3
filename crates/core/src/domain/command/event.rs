//! The events of commands: one for every change of a command, and one for every answer that changes nothing.

use serde_json::json;

use super::{Answer, Command, Ignored, State};
use crate::domain::Timestamp;
use crate::domain::event::{Event, FieldChange, Kind};
use crate::id::DeviceId;

impl Command {
    /// The event of the change from `before` to this command; `by` is the person who made it, if any. A new command has no `before`.
    pub fn event(&self, before: Option<&Self>, by: Option<&str>) -> Event {
        let (state, at) = (self.state.code(), self.state.since(self));
        let mut changes = vec![FieldChange {
            pointer: "/state".to_owned(),
            before: before.map(|before| json!(before.state.code())),
            after: Some(json!(state)),
        }];
        if before.is_none() {
            let name = Some(json!(self.name.as_str()));
            changes.push(FieldChange { pointer: "/name".to_owned(), before: None, after: name });
        }
        // Of two changes in one millisecond the later one has the greater key.
        let key = format!("{}-{}-{state}", self.id, self.state.step());
        let event = Event::new(Some(self.device.clone()), Kind::Command, &key, at).target(&self.id).changes(changes);
        let event = match &self.detail {
            Some(detail) => event.detail(detail.clone()),
            None => event,
        };
        match by {
            Some(by) => event.by(by),
            None => event,
        }
    }
}

/// The event of an answer that changes nothing. It has no changes, and its detail says why.
pub fn ignored(device: &DeviceId, answer: &Answer, why: Ignored) -> Event {
    let status = answer.status.state().code();
    let detail = match why {
        Ignored::Unknown => "the device has no command with this id",
        Ignored::Waiting => "the command waits for its turn",
        Ignored::Repeated => "the device has answered this already",
        Ignored::Ended => "the command has ended with another answer",
        Ignored::Expired => "the command has expired",
        Ignored::Cancelled => "the command was cancelled",
    };
    let key = format!("{}-ignored-{}-{status}-{}", answer.id, why.code(), answer.version);
    let event = Event::new(Some(device.clone()), Kind::Command, &key, answer.at);
    event.target(&answer.id).detail(format!("answer {status} ignored: {detail}"))
}

/// The event of an answer that cannot be read.
pub fn unreadable(device: &DeviceId, why: &str, at: Timestamp) -> Event {
    let event = Event::new(Some(device.clone()), Kind::Command, &"ignored-unreadable", at);
    event.detail(format!("answer ignored: {why}"))
}

impl State {
    /// The position of the state in the life of a command.
    const fn step(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Sent => 1,
            Self::Accepted => 2,
            Self::Succeeded | Self::Failed | Self::Expired | Self::Cancelled => 3,
        }
    }

    /// When the command entered this state.
    fn since(self, command: &Command) -> Timestamp {
        let at = match self {
            Self::Queued => Some(command.created_at),
            Self::Sent => command.sent_at,
            Self::Accepted => command.answered_at,
            Self::Succeeded | Self::Failed | Self::Expired | Self::Cancelled => command.ended_at,
        };
        at.unwrap_or(command.created_at)
    }
}
