//! Lists of users, in the pages that Cognito returns.

use super::error::failed;
use super::{Account, MAX_PAGE, Pool, PoolError, account};
use weir_core::domain::access::Role;
use weir_core::domain::people::{Person, Status, filter};

/// Maximum number of requests for one page, without those for the roles. Users that Cognito cannot filter out leave gaps; a
/// page with gaps is shorter, and the next page begins after it.
const MAX_REQUESTS: usize = 8;

/// Which users to list; `None` selects all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// The beginning of the e-mail address, in lower case.
    pub email: Option<String>,
    /// The role.
    pub role: Option<Role>,
    /// The status.
    pub status: Option<Status>,
}

impl UserFilter {
    /// The filter for Cognito, which filters by one attribute, and not at all within a group.
    fn for_cognito(&self) -> Option<String> {
        let by_email = self.email.as_ref().map(|beginning| filter::begins("email", beginning));
        by_email.or_else(|| self.status.map(Status::filter))
    }

    /// Whether the user is selected, apart from the role.
    fn selects(&self, Account { person, creating, .. }: &Account) -> bool {
        let address = person.email.as_deref().unwrap_or_default().to_ascii_lowercase();
        creating.is_none()
            && self.email.as_ref().is_none_or(|beginning| address.starts_with(beginning.as_str()))
            && self.status.is_none_or(|status| status.is_of(person))
    }
}

impl Pool {
    /// Lists at most `limit` users with their roles, from Cognito's pagination token `after`. The second value is the token of
    /// the next page. Takes ⌈limit/60⌉ requests when Cognito does all the filtering, and those for the roles.
    ///
    /// # Errors
    /// When Cognito does not answer, or the token is invalid or has expired.
    pub async fn list(
        &self,
        filter: &UserFilter,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Person>, Option<String>), PoolError> {
        // Members of both groups are admins, so a list of the role `user` has to leave out the admins.
        let admins = if filter.role == Some(Role::User) { Some(self.admins().await?) } else { None };
        let wanted = |account: &Account| {
            filter.selects(account) && !admins.as_ref().is_some_and(|admins| admins.contains(&account.person.username))
        };
        let (mut people, mut next) = (Vec::new(), after);
        for _ in 0..MAX_REQUESTS {
            let fetch = limit.saturating_sub(people.len()).min(MAX_PAGE);
            let (some, further) = match filter.role {
                Some(role) => self.members(role, fetch, next).await?,
                None => self.users(filter.for_cognito(), fetch, next).await?,
            };
            let gaps = some.iter().any(|account| !wanted(account));
            people.extend(some.into_iter().filter(wanted).map(|account| account.person));
            next = further;
            // Filling the last gaps would cost one request for each.
            if next.is_none() || people.len() >= limit || gaps && people.len() * 2 >= limit {
                break;
            }
        }
        match filter.role {
            Some(role) => people.iter_mut().for_each(|person| person.role = Some(role)),
            None => {
                let roles = self.roles(&people).await?;
                for person in &mut people {
                    person.role = roles.get(&person.username).copied();
                }
            }
        }
        Ok((people, next))
    }

    async fn users(
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
