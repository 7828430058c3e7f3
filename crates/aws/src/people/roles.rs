//! The roles of users. Cognito returns the groups of one user, or the members of one group; for a page of users the way with
//! fewer requests is taken.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::error::failed;
use super::{Account, MAX_PAGE, Pool, PoolError, account};
use weir_core::domain::access::Role;
use weir_core::domain::people::Person;
use weir_core::id::Username;

/// Maximum number of concurrent requests.
const CONCURRENCY: usize = 8;

impl Pool {
    /// The user's role: one request, or more when the user is in more groups than Cognito returns at once.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn role(&self, username: &Username) -> Result<Option<Role>, PoolError> {
        let (mut groups, mut next): (Vec<String>, _) = (Vec::new(), None);
        loop {
            let request = self.client.admin_list_groups_for_user().user_pool_id(&self.id).username(username.as_str());
            let page = request.set_next_token(next).send().await;
            let page = page.map_err(|error| failed("AdminListGroupsForUser", error))?;
            groups.extend(page.groups.unwrap_or_default().into_iter().filter_map(|group| group.group_name));
            next = page.next_token;
            if next.is_none() {
                return Ok(Role::from_groups(groups.iter().map(String::as_str)));
            }
        }
    }

    /// The roles of these users; users without a role are left out. With `a` admins and `u` members of the group `user` it
    /// takes ⌈a/60⌉ requests, and for the users who are not admins either one request each or ⌈u/60⌉, whichever is fewer.
    pub(super) async fn roles(&self, people: &[Person]) -> Result<BTreeMap<Username, Role>, PoolError> {
        let mut open: BTreeSet<&Username> = people.iter().map(|person| &person.username).collect();
        let mut roles = BTreeMap::new();
        if open.is_empty() {
            return Ok(roles);
        }
        for username in self.admins().await? {
            open.remove(&username);
            roles.insert(username, Role::Admin);
        }
        let mut next = None;
        let mut pages_left: Option<usize> = None;
        loop {
            // For one user the number of requests is the same, and certain.
            if open.len() <= 1 || pages_left.is_some_and(|left| left > open.len()) {
                roles.extend(self.one_by_one(open).await?);
                return Ok(roles);
            }
            let (members, further) = self.members(Role::User, MAX_PAGE, next).await?;
            for Account { person, .. } in members {
                open.remove(&person.username);
                roles.entry(person.username).or_insert(Role::User);
            }
            next = further;
            if next.is_none() || open.is_empty() {
                return Ok(roles);
            }
            pages_left = match pages_left {
                Some(left) => Some(left.saturating_sub(1)),
                None => Some(self.size().await?.div_ceil(MAX_PAGE).saturating_sub(1)),
            };
        }
    }

    /// All members of the group `admin`.
    pub(super) async fn admins(&self) -> Result<BTreeSet<Username>, PoolError> {
        let (mut admins, mut next) = (BTreeSet::new(), None);
        loop {
            let (some, further) = self.members(Role::Admin, MAX_PAGE, next).await?;
            admins.extend(some.into_iter().map(|member| member.person.username));
            next = further;
            if next.is_none() {
                return Ok(admins);
            }
        }
    }

    /// Lists at most `limit` (up to [`MAX_PAGE`]) members of the role's group, from Cognito's pagination token `after`. The
    /// second value is the token of the next page. The list may lag behind changes.
    ///
    /// # Errors
    /// When Cognito does not answer, or the token is invalid or has expired.
    pub async fn members(
        &self,
        role: Role,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Account>, Option<String>), PoolError> {
        let request = self.client.list_users_in_group().user_pool_id(&self.id).group_name(role.name());
        let request = request.limit(i32::try_from(limit).unwrap_or(i32::MAX)).set_next_token(after);
        let page = request.send().await.map_err(|error| failed("ListUsersInGroup", error))?;
        let members = page.users().iter().map(account).collect::<Result<_, _>>()?;
        Ok((members, page.next_token))
    }

    async fn one_by_one(&self, people: BTreeSet<&Username>) -> Result<Vec<(Username, Role)>, PoolError> {
        let requests: Vec<_> = people.into_iter().map(|username| self.one(username)).collect();
        let roles: Vec<_> = stream::iter(requests).buffer_unordered(CONCURRENCY).try_collect().await?;
        Ok(roles.into_iter().flatten().collect())
    }

    async fn one(&self, username: &Username) -> Result<Option<(Username, Role)>, PoolError> {
        match self.role(username).await {
            Ok(role) => Ok(role.map(|role| (username.clone(), role))),
            // Deleted since the list was made.
            Err(PoolError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The approximate number of users.
    async fn size(&self) -> Result<usize, PoolError> {
        let answer = self.client.describe_user_pool().user_pool_id(&self.id).send().await;
        let pool = answer.map_err(|error| failed("DescribeUserPool", error))?.user_pool;
        Ok(pool.map_or(0, |pool| usize::try_from(pool.estimated_number_of_users).unwrap_or(0)))
    }
}
