//! The events of a device: `GET /devices/{id}/events`, and the message `event` of the live feed.

use serde::Deserialize;
use weir_core::wire::event::ChangeJson;

/// An event.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Event {
    /// Unique within its device and instant.
    pub id: String,
    /// The kind: `connected`, `settings`, …, or one of later versions.
    pub kind: String,
    /// When.
    pub at: String,
    /// Who caused it; absent if it was not a person.
    #[serde(default)]
    pub by: Option<String>,
    /// The object that it concerns.
    #[serde(default)]
    pub target: Option<String>,
    /// Further details.
    #[serde(default)]
    pub detail: Option<String>,
    /// The values that it changed.
    #[serde(default)]
    pub changes: Vec<ChangeJson>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::document::holds;

    #[test]
    fn events_are_read_as_the_document_says() {
        holds::<Event>("Event");
    }
}
