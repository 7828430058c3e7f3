//! How routes answer a list: open the cursor, query, and name the next page.

use std::fmt::Display;

use form_urlencoded::Serializer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ApiError, Cursor, Page};

/// The name of a list with its filters. A cursor is sealed with it, so it is valid neither for another list nor for the same list
/// with other filters.
///
/// ```
/// use weir_http::ListName;
///
/// let name = ListName::new("devices").filter("enabled", Some(true)).filter("tube", None::<&str>);
/// assert_eq!(name.as_str(), "devices?enabled=true");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListName(String);

impl ListName {
    /// The list called `list`, without filters. The name must not contain a `?`.
    pub fn new(list: impl Into<String>) -> Self {
        Self(list.into())
    }

    /// Adds a filter; one that is absent leaves the name as it is. The value is percent-encoded, so that no value can look
    /// like another filter.
    #[must_use]
    pub fn filter(self, filter: &str, value: Option<impl Display>) -> Self {
        let Some(value) = value else { return self };
        let start = self.0.find('?').map(|place| place + 1);
        let (name, start) = match start {
            Some(start) => (self.0, start),
            None => (format!("{}?", self.0), self.0.len() + 1),
        };
        Self(Serializer::for_suffix(name, start).append_pair(filter, &value.to_string()).finish())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that the caller's cursor holds: where the page begins. `None` on the first page.
    ///
    /// # Errors
    /// 400 (`bad_page`) when the cursor does not come from this list with these filters.
    pub fn open<K: DeserializeOwned>(&self, cursor: Option<Cursor>) -> Result<Option<K>, ApiError> {
        cursor.map(|cursor| cursor.open(self.as_str())).transpose()
    }

    /// The cursor of the page after `key`. `None` after the last page.
    ///
    /// # Errors
    /// 500 when the key has no JSON form.
    pub fn next(&self, key: Option<impl Serialize>) -> Result<Option<Cursor>, ApiError> {
        key.map(|key| Cursor::new(self.as_str(), &key)).transpose()
    }
}

/// Answers one page of the list `name`: opens the cursor `next`, calls `query` with the limit and the key to start after, and
/// makes a page of the items and the last key that `query` returns. `query` returns no key when there are no more items.
///
/// # Errors
/// 400 when `next` is not a cursor of this list with these filters, and the errors of `query`.
pub async fn list<T, K, E>(
    name: &ListName,
    limit: usize,
    next: Option<Cursor>,
    query: impl AsyncFnOnce(usize, Option<K>) -> Result<(Vec<T>, Option<K>), E>,
) -> Result<Page<T>, ApiError>
where
    K: Serialize + DeserializeOwned,
    ApiError: From<E>,
{
    let after = name.open(next)?;
    let (items, last) = query(limit, after).await?;
    Ok(Page { items, next: name.next(last)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers after `after` up to 5.
    async fn numbers(limit: usize, after: Option<u32>) -> Result<(Vec<u32>, Option<u32>), ApiError> {
        let items: Vec<u32> = (after.unwrap_or(0) + 1..=5).take(limit).collect();
        let last = items.last().copied().filter(|last| *last < 5);
        Ok((items, last))
    }

    #[tokio::test]
    async fn pages_follow_each_other_until_the_list_ends() {
        let name = ListName::new("numbers");
        let (mut next, mut pages) = (None, Vec::new());
        loop {
            let page = list(&name, 2, next, numbers).await.unwrap();
            pages.push(page.items);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(pages, [vec![1, 2], vec![3, 4], vec![5]]);
    }

    #[tokio::test]
    async fn a_cursor_of_another_list_is_refused_before_anything_is_queried() {
        let name = ListName::new("numbers");
        let page = list(&name, 2, None, numbers).await.unwrap();
        for other in [ListName::new("letters"), name.filter("odd", Some(true))] {
            let never = async |_, _: Option<u32>| -> Result<(Vec<u32>, Option<u32>), ApiError> { unreachable!() };
            assert_eq!(list(&other, 2, page.next.clone(), never).await.unwrap_err(), ApiError::bad_page());
        }
    }

    #[test]
    fn no_value_of_a_filter_looks_like_another_filter() {
        let list = || ListName::new("quarantine");
        let one = list().filter("device", Some("x&reason=late"));
        assert_ne!(one, list().filter("device", Some("x")).filter("reason", Some("late")));
        assert_ne!(list().filter("device", Some("x?y")), list().filter("device", Some("x")).filter("y", Some("")));
        assert_ne!(list().filter("device", Some("")), list().filter("device", None::<&str>));
        assert_ne!(list().filter("a", Some(1)), list().filter("b", Some(1)));
    }
}
