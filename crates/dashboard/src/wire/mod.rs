//! What the API and the live feed answer, as the page reads it. Where `weir-core` reads its own types, the page uses those; the rest is
//! mirrored here, and a test holds each mirror together with the API's document.

use std::collections::BTreeSet;

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

impl<T> Page<T> {
    /// Adds what `cursor` has asked for, without what is listed already. If the list goes on elsewhere by now, since it was read again,
    /// with another filter perhaps, or since the same was asked twice, it stays as it is. `key` names an item.
    pub fn append<K: Ord>(&mut self, cursor: &str, further: Self, key: impl Fn(&T) -> K) {
        if self.next.as_deref() != Some(cursor) {
            return;
        }
        let known: BTreeSet<K> = self.items.iter().map(&key).collect();
        self.items.extend(further.items.into_iter().filter(|item| !known.contains(&key(item))));
        self.next = further.next;
    }
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

    #[test]
    fn a_list_goes_on_only_from_where_it_ends() {
        let page = |items: &[u8], next: Option<&str>| Page { items: items.to_vec(), next: next.map(str::to_owned) };
        let mut listed = page(&[1, 2], Some("a"));
        listed.append("a", page(&[2, 3], Some("b")), |item| *item);
        assert_eq!(listed, page(&[1, 2, 3], Some("b")));
        // The same was asked twice.
        listed.append("a", page(&[2, 3], Some("b")), |item| *item);
        assert_eq!(listed, page(&[1, 2, 3], Some("b")));
        // The list was read again while more of it was on its way.
        let mut other = page(&[7], None);
        other.append("b", page(&[4], None), |item| *item);
        assert_eq!(other, page(&[7], None));
    }
}
