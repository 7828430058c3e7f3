//! The trial of an alert on stored readings: `POST /devices/{id}/sensors/{code}/alerts/try`.

use serde::Deserialize;

/// The episodes that the alert would have had.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Trial {
    /// The start of the span.
    pub from: String,
    /// The end of the judged span; it is not included.
    pub to: String,
    /// Whether the whole span was judged.
    pub complete: bool,
    /// Number of readings that were read.
    pub readings: u64,
    /// The episodes, ascending.
    pub episodes: Vec<Episode>,
}

/// An episode.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Episode {
    /// The instant of its first reading.
    pub began: String,
    /// The instant of the reading that opened it.
    pub opened: String,
    /// The instant of the reading that ended it; absent while it is open.
    #[serde(default)]
    pub ended: Option<String>,
    /// The value that opened it or, if it has ended, that ended it.
    pub value: f64,
    /// The limit that was breached.
    pub limit: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::document::holds;

    #[test]
    fn trials_are_read_as_the_document_says() {
        holds::<Trial>("AlertTrial");
        holds::<Episode>("AlertEpisode");
    }
}
