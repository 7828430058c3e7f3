//! The open commands of a device, in their order.

use crate::domain::Timestamp;
use crate::id::CommandId;

/// Maximum commands of a device that wait for the one in flight.
pub const MOST_WAITING: usize = 20;

/// An open command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The command.
    pub id: CommandId,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The open commands of a device. The first one is in flight: the device is asked to do it, and no other one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    /// The open commands, in the order in which they were entered.
    pub places: Vec<Place>,
    /// The id that was given last.
    pub last: Option<CommandId>,
}

/// There is no room for another command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// Whether a command was meant for a device that was deleted since, although another one may have its id; `registered` is when the
/// device with this id was registered.
pub fn is_orphaned(id: &CommandId, registered: Option<Timestamp>) -> bool {
    registered.is_none_or(|registered| id.millis() < registered.millis())
}

impl Queue {
    /// The command in flight.
    pub fn first(&self) -> Option<&CommandId> {
        self.places.first().map(|place| &place.id)
    }

    /// Whether this command is the one in flight.
    pub fn is_first(&self, id: &CommandId) -> bool {
        self.first() == Some(id)
    }

    /// The queue with another command at its end, and the id of the new command.
    ///
    /// # Errors
    /// When [`MOST_WAITING`] commands wait already.
    pub fn entered(&self, now: Timestamp, expires_at: Timestamp) -> Result<(Self, CommandId), Full> {
        if self.places.len() > MOST_WAITING {
            return Err(Full);
        }
        let id = CommandId::after(self.last.as_ref(), now.millis());
        let mut places = self.places.clone();
        places.push(Place { id: id.clone(), expires_at });
        Ok((Self { places, last: Some(id.clone()) }, id))
    }

    /// The queue without commands that have ended.
    #[must_use]
    pub fn without(&self, ended: &[&CommandId]) -> Self {
        let open = |place: &&Place| !ended.contains(&&place.id);
        Self { places: self.places.iter().filter(open).cloned().collect(), last: self.last.clone() }
    }

    /// The commands that have expired, in flight or waiting.
    pub fn expired(&self, now: Timestamp) -> Vec<CommandId> {
        let over = self.places.iter().filter(|place| now > place.expires_at);
        over.map(|place| place.id.clone()).collect()
    }

    /// The commands that were entered before the device was registered, at `registered`: they were meant for the device that had this
    /// id before. All of them if no device has it.
    pub fn orphaned(&self, registered: Option<Timestamp>) -> Vec<CommandId> {
        let orphaned = self.places.iter().filter(|place| is_orphaned(&place.id, registered));
        orphaned.map(|place| place.id.clone()).collect()
    }

    /// When the first of them expires.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.places.iter().map(|place| place.expires_at).min()
    }
}
