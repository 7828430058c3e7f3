//! What the API and the live feed answer, as the page reads it. Where `weir-core` reads its own types, the page uses those; the rest is
//! mirrored here, and a test holds each mirror together with the API's document.

use serde::{Deserialize, Serialize};

pub mod board;
pub mod certificate;
#[cfg(test)]
pub mod document;
pub mod event;
pub mod feed;
pub mod overview;
pub mod person;
pub mod quarantine;
pub mod reading;
pub mod subscription;
pub mod trial;

/// What the page has to know about its stack: `GET /app/config.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The client of the user pool.
    pub client_id: String,
    /// Where people sign in and tokens are exchanged: the domain of the user pool, without a slash at its end.
    pub sign_in: String,
    /// The service that ends a session (RevokeToken).
    pub identity: String,
    /// The live feed.
    pub live: String,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Asks for the next page; absent on the last one.
    #[serde(default = "none")]
    pub next: Option<String>,
}

const fn none<T>() -> Option<T> {
    None
}

/// A ticket for the live feed: `POST /live/tickets`.
#[derive(Debug, Clone, Deserialize)]
pub struct Ticket {
    /// The ticket itself, for `renew`.
    pub ticket: String,
    /// Opens one connection, within 30 seconds.
    pub url: String,
}

#[cfg(test)]
mod tests {
    use weir_core::wire::device::DeviceJson;

    use super::document::holds;
    use super::{Page, Ticket};

    #[test]
    fn what_the_page_reads_is_what_the_document_says() {
        holds::<Ticket>("LiveTicket");
        holds::<Page<DeviceJson>>("Page_DeviceJson");
    }
}
