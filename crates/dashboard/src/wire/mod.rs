//! Answers of the API and messages of the live feed, as the page reads them. Types that `weir-core` can deserialize are used directly; the
//! others are defined here, and a test checks each against the API's document.

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

/// The configuration of the stack: `GET /app/config.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The id of the user pool's client.
    pub client_id: String,
    /// The domain of the user pool, where people sign in and tokens are exchanged; without a trailing slash.
    pub sign_in: String,
    /// The address of the identity service, which renews and revokes tokens.
    pub identity: String,
    /// The address of the live feed.
    pub live: String,
    /// The tiles below the map; `None` for a plain map.
    #[serde(default)]
    pub tiles: Option<Tiles>,
}

/// The tiles below the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiles {
    /// Their address, with `{z}`, `{x}` and `{y}` for their zoom and place.
    pub address: String,
    /// Who made them; may be empty.
    pub attribution: String,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; absent on the last one.
    #[serde(default = "none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Appends the page of `cursor`, without items that are already listed. If the list no longer continues at that cursor (it was read
    /// again, perhaps with another filter, or the same page was requested twice), it stays unchanged. `key` returns the key of an item.
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
    /// The ticket, for the action `renew`.
    pub ticket: String,
    /// The address that opens one connection, within 30 seconds.
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
        // The same page was requested twice.
        listed.append("a", page(&[2, 3], Some("b")), |item| *item);
        assert_eq!(listed, page(&[1, 2, 3], Some("b")));
        // The list was read again during the request of its next page.
        let mut other = page(&[7], None);
        other.append("b", page(&[4], None), |item| *item);
        assert_eq!(other, page(&[7], None));
    }
}
