//! Commands: what a device is asked to do, and what it answers.
//!
//! A command begins `QUEUED`, is `SENT` when AWS IoT has it, `ACCEPTED` when the device says so, and ends in exactly one of
//! `SUCCEEDED`, `FAILED`, `EXPIRED` and `CANCELLED`. Of the open commands of a device the first one is in flight ([`Queue`]).
//! Every change goes forward, so an answer that comes twice, late or out of order changes nothing.

use super::settings::{Group, Setting};
use super::{FieldError, Timestamp};
use crate::id::{CommandId, CommandName, DeviceId};

mod event;
mod queue;
#[cfg(test)]
mod tests;

pub use event::{ignored, unreadable};
pub use queue::{Full, MOST_WAITING, Place, Queue, is_orphaned};

/// Maximum size of the arguments as compact JSON, in bytes.
pub const MOST_ARGS: usize = 2_048;
/// Maximum size of a result as compact JSON, in bytes.
pub const MOST_RESULT: usize = 1_024;
/// Maximum length of the detail of an answer, in characters; a longer one is cut.
pub const MOST_DETAIL: usize = 200;
/// The range of `expires_in`, in seconds: up to a day.
pub const EXPIRES_IN: std::ops::RangeInclusive<i64> = 1..=86_400;
/// `expires_in` of a command that does not say, in seconds.
pub const EXPIRES_IN_DEFAULT: i64 = 60;
/// Maximum size of a shadow's desired and reported state together, in bytes (AWS IoT Core quotas).
pub const MOST_SHADOW: usize = 8_192;
/// What is kept free in a shadow for the answer: a result, a detail of 4 bytes a character, and the fields around them.
pub const ANSWER_ROOM: usize = MOST_RESULT + 4 * MOST_DETAIL + 100;

/// The state of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// It waits for the commands before it, or until AWS IoT has accepted it.
    Queued,
    /// AWS IoT has it and delivers it to the device.
    Sent,
    /// The device has begun.
    Accepted,
    /// The device has done it.
    Succeeded,
    /// The device could not do it.
    Failed,
    /// The device did not finish it in time.
    Expired,
    /// A person cancelled it before the device answered.
    Cancelled,
}

impl State {
    /// All states.
    pub const ALL: [Self; 7] =
        [Self::Queued, Self::Sent, Self::Accepted, Self::Succeeded, Self::Failed, Self::Expired, Self::Cancelled];

    /// The code, as stored and shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Sent => "SENT",
            Self::Accepted => "ACCEPTED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The state with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether the command is still to be done.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Sent | Self::Accepted)
    }
}

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The device.
    pub device: DeviceId,
    /// Its id, unique within the device.
    pub id: CommandId,
    /// What to do.
    pub name: CommandName,
    /// Its arguments.
    pub args: Group,
    /// Who asked for it.
    pub by: String,
    /// When it was entered.
    pub created_at: Timestamp,
    /// The time by which the device must have finished it.
    pub expires_at: Timestamp,
    /// The state.
    pub state: State,
    /// When AWS IoT confirmed that it has the command.
    pub sent_at: Option<Timestamp>,
    /// When the device first answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// An explanation of how it ended, from the device or from Weir.
    pub detail: Option<String>,
    /// What the device returned.
    pub result: Option<Setting>,
    /// The versions of the shadow whose answers changed the command: at most two.
    pub applied: Vec<u64>,
}

/// What a device says about a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It has begun.
    Accepted,
    /// It has done it.
    Succeeded,
    /// It could not do it.
    Failed,
}

impl Status {
    /// The state of a command after this answer.
    pub const fn state(self) -> State {
        match self {
            Self::Accepted => State::Accepted,
            Self::Succeeded => State::Succeeded,
            Self::Failed => State::Failed,
        }
    }

    /// The status with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::Accepted, Self::Succeeded, Self::Failed].into_iter().find(|status| status.state().code() == code)
    }
}

/// An answer of a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The command.
    pub id: CommandId,
    /// What the device says about it.
    pub status: Status,
    /// An explanation, at most [`MOST_DETAIL`] characters.
    pub detail: Option<String>,
    /// What it returns.
    pub result: Option<Setting>,
    /// When AWS IoT received it.
    pub at: Timestamp,
    /// The version of the shadow with the answer, which distinguishes a redelivery from a second answer.
    pub version: u64,
}

/// The effect of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The command after it.
    Changed(Box<Command>),
    /// The same answer was applied before; its message was delivered twice.
    Redelivered,
    /// Nothing.
    Ignored(Ignored),
}

/// Why an answer changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ignored {
    /// The device has no command with this id.
    Unknown,
    /// The command has not been sent yet, so the device cannot know it.
    Waiting,
    /// The device has answered this already.
    Repeated,
    /// The command has ended with another answer.
    Ended,
    /// The command has expired.
    Expired,
    /// The command was cancelled.
    Cancelled,
}

impl Ignored {
    /// The code, as stored and shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Waiting => "waiting",
            Self::Repeated => "repeated",
            Self::Ended => "ended",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The command cannot be cancelled: the device has answered, or the command has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered(pub State);

/// What a person asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// What to do.
    pub name: CommandName,
    /// Its arguments.
    pub args: Group,
    /// The time until it expires, in seconds.
    pub expires_in: i64,
}

impl Order {
    /// The order, if it is within the limits. `bytes` is the size of the arguments as compact JSON.
    ///
    /// # Errors
    /// The fields that are wrong.
    pub fn checked(name: CommandName, args: Group, bytes: usize, expires_in: i64) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        if bytes > MOST_ARGS {
            let detail = format!("takes {bytes} bytes as JSON, and at most {MOST_ARGS} are allowed");
            errors.push(FieldError::new("/args", detail));
        }
        if !EXPIRES_IN.contains(&expires_in) {
            let detail = format!("must be {} to {} seconds", EXPIRES_IN.start(), EXPIRES_IN.end());
            errors.push(FieldError::new("/expires_in", detail));
        }
        if errors.is_empty() { Ok(Self { name, args, expires_in }) } else { Err(errors) }
    }

    /// When a command that is entered now expires.
    pub const fn expires_at(&self, now: Timestamp) -> Timestamp {
        now.plus_seconds(self.expires_in)
    }
}

impl Command {
    /// A new command, `QUEUED`.
    pub fn new(device: DeviceId, id: CommandId, order: Order, by: String, now: Timestamp) -> Self {
        Self {
            device,
            id,
            expires_at: order.expires_at(now),
            name: order.name,
            args: order.args,
            by,
            created_at: now,
            state: State::Queued,
            sent_at: None,
            answered_at: None,
            ended_at: None,
            detail: None,
            result: None,
            applied: Vec::new(),
        }
    }

    /// The command as sent, once AWS IoT has it; `None` when it was sent already or has ended.
    pub fn sent(&self, now: Timestamp) -> Option<Self> {
        (self.state == State::Queued).then(|| Self { state: State::Sent, sent_at: Some(now), ..self.clone() })
    }

    /// The effect of an answer. `in_flight`: whether this command is the one in flight. An answer received exactly at `expires_at`
    /// is in time.
    pub fn answer(&self, answer: &Answer, in_flight: bool) -> Effect {
        if self.applied.contains(&answer.version) {
            return Effect::Redelivered;
        }
        let next = answer.status.state();
        let ignored = match self.state {
            State::Expired => Some(Ignored::Expired),
            State::Cancelled => Some(Ignored::Cancelled),
            same if same == next => Some(Ignored::Repeated),
            State::Succeeded | State::Failed => Some(Ignored::Ended),
            _ if !in_flight => Some(Ignored::Waiting),
            _ if answer.at > self.expires_at => Some(Ignored::Expired),
            State::Queued | State::Sent | State::Accepted => None,
        };
        if let Some(why) = ignored {
            return Effect::Ignored(why);
        }
        let mut applied = self.applied.clone();
        applied.push(answer.version);
        Effect::Changed(Box::new(Self {
            state: next,
            // It came, so it was sent, even if AWS IoT did not confirm it.
            sent_at: self.sent_at.or(Some(answer.at)),
            answered_at: self.answered_at.or(Some(answer.at)),
            ended_at: (!next.is_open()).then_some(answer.at),
            detail: answer.detail.clone(),
            result: answer.result.clone(),
            applied,
            ..self.clone()
        }))
    }

    /// The command as expired; `None` when it has not expired yet or has ended already.
    pub fn expired(&self, now: Timestamp) -> Option<Self> {
        let over = self.state.is_open() && now > self.expires_at;
        over.then(|| Self { state: State::Expired, ended_at: Some(now), ..self.clone() })
    }

    /// The command as cancelled by a person. A cancelled one stays as it is.
    ///
    /// # Errors
    /// When the device has answered, or the command has ended in another way.
    pub fn cancelled(&self, now: Timestamp) -> Result<Self, Answered> {
        match self.state {
            State::Cancelled => Ok(self.clone()),
            State::Queued | State::Sent => Ok(Self { state: State::Cancelled, ended_at: Some(now), ..self.clone() }),
            other => Err(Answered(other)),
        }
    }

    /// Whether the command is open although it has expired or its device was deleted; `registered` is when the device with its
    /// id was registered.
    pub fn is_over(&self, registered: Option<Timestamp>, now: Timestamp) -> bool {
        self.state.is_open() && (now > self.expires_at || is_orphaned(&self.id, registered))
    }

    /// The command as `CANCELLED` because its device was deleted; `None` when it has ended already.
    pub fn orphaned(&self, now: Timestamp) -> Option<Self> {
        self.state.is_open().then(|| self.unsent(State::Cancelled, "the device was deleted", now))
    }

    /// The command as ended in `state` because it cannot be sent; `why` becomes its detail.
    pub fn unsent(&self, state: State, why: &str, now: Timestamp) -> Self {
        Self { state, ended_at: Some(now), detail: Some(why.to_owned()), ..self.clone() }
    }
}
