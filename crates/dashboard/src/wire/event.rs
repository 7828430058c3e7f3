//! What happened to a device: `GET /devices/{id}/events`, and the message `event` of the live feed.

use serde::Deserialize;
use weir_core::wire::event::ChangeJson;

/// An event.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Event {
    /// Unique within its device and instant.
    pub id: String,
    /// What happened: `connected`, `settings`, … There may be others.
    pub kind: String,
    /// When.
    pub at: String,
    /// Who did it; absent where it was no person.
    #[serde(default)]
    pub by: Option<String>,
    /// What it was done to.
    #[serde(default)]
    pub target: Option<String>,
    /// More about it.
    #[serde(default)]
    pub detail: Option<String>,
    /// What it changed.
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
