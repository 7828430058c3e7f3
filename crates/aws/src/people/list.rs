//! Lists of people, in pages that Cognito marks off itself.

use super::error::failed;
use super::{AT_ONCE, Account, Pool, PoolError, account};
use weir_core::domain::access::Role;
use weir_core::domain::people::{Person, Status, filter};

/// So many requests a page takes at most, roles apart. A filter that Cognito does not know leaves gaps; a page with gaps
/// is shorter, and the next one goes on behind them.
const REQUESTS: usize = 8;

/// Which people a list is of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Only those whose address begins so, in lower case.
    pub email: Option<String>,
    /// Only those of this role.
    pub role: Option<Role>,
    /// Only those who have come so far.
    pub status: Option<Status>,
}

impl Listing {
    /// Cognito filters by one attribute, and a group not at all.
    fn filter(&self) -> Option<String> {
        let by_email = self.email.as_ref().map(|beginning| filter::begins("email", beginning));
        by_email.or_else(|| self.status.map(Status::filter))
    }

    /// Whether the person belongs to the list, as far as can be told without the role.
    fn has(&self, Account { person, adding }: &Account) -> bool {
        let address = person.email.as_deref().unwrap_or_default().to_ascii_lowercase();
        adding.is_none()
            && self.email.as_ref().is_none_or(|beginning| address.starts_with(beginning.as_str()))
            && self.status.is_none_or(|status| status.is_of(person))
    }
}

impl Pool {
    /// At most `limit` people after the place `after`, with their roles, and the place where the next page begins.
    /// ⌈limit/60⌉ requests for the people when nothing has to be left out here, and those of their roles.
    ///
    /// # Errors
    /// When Cognito does not answer, or the place is too old.
    pub async fn list(
        &self,
        listing: &Listing,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Person>, Option<String>), PoolError> {
        // Who is in both groups is an admin, so a list of users has to know the admins.
        let admins = if listing.role == Some(Role::User) { Some(self.admins().await?) } else { None };
        let wanted = |account: &Account| {
            listing.has(account) && !admins.as_ref().is_some_and(|admins| admins.contains(&account.person.username))
        };
        let (mut people, mut next) = (Vec::new(), after);
        for _ in 0..REQUESTS {
            let fetch = limit.saturating_sub(people.len()).min(AT_ONCE);
            let (some, further) = match listing.role {
                Some(role) => self.members(role, fetch, next).await?,
                None => self.everyone(listing.filter(), fetch, next).await?,
            };
            let gaps = some.iter().any(|account| !wanted(account));
            people.extend(some.into_iter().filter(wanted).map(|account| account.person));
            next = further;
            // Filling the last gaps one by one would cost a request each.
            if next.is_none() || people.len() >= limit || gaps && people.len() * 2 >= limit {
                break;
            }
        }
        match listing.role {
            Some(role) => people.iter_mut().for_each(|person| person.role = role),
            None => {
                let roles = self.roles(&people).await?;
                for person in &mut people {
                    person.role = roles.get(&person.username).copied().unwrap_or(Role::None);
                }
            }
        }
        Ok((people, next))
    }

    async fn everyone(
        &self,
        filter: Option<String>,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Account>, Option<String>), PoolError> {
        let request = self.client.list_users().user_pool_id(&self.id).set_filter(filter);
        let request = request.limit(i32::try_from(limit).unwrap_or(i32::MAX)).set_pagination_token(after);
        let page = request.send().await.map_err(|error| failed("ListUsers", error))?;
        Ok((page.users().iter().map(account).collect::<Result<_, _>>()?, page.pagination_token))
    }
}
