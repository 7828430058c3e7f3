//! Which role people have. Cognito tells the groups of one user at a time, or the members of one group; for a page of
//! people whichever needs fewer requests is asked.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::error::failed;
use super::{AT_ONCE, Account, Pool, PoolError, account};
use weir_core::domain::access::Role;
use weir_core::domain::people::{Person, guard};
use weir_core::id::Username;

/// So many people are asked about at the same time.
const TOGETHER: usize = 8;

impl Pool {
    /// The person's role: one request, unless they are in more groups than Cognito names at once.
    ///
    /// # Errors
    /// When there is no such person, or Cognito does not answer.
    pub async fn role(&self, username: &Username) -> Result<Role, PoolError> {
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

    /// Whether there is an admin beside the person who can sign in with a password of their own. The list of a group may lag behind, so whoever it
    /// names is asked about once more.
    ///
    /// # Errors
    /// When Cognito does not answer.
    pub async fn another_admin(&self, than: &Person) -> Result<bool, PoolError> {
        let mut next = None;
        loop {
            let (some, further) = self.members(Role::Admin, AT_ONCE, next).await?;
            for Account { person, adding } in some {
                let candidate = person.enabled && adding.is_none() && person.username != than.username;
                if candidate && self.find(&person.username).await?.is_some_and(|person| guard::stands_in(&person)) {
                    return Ok(true);
                }
            }
            next = further;
            if next.is_none() {
                return Ok(false);
            }
        }
    }

    /// The roles of these people; who is in no group is not named. With `p` people, `a` admins and `u` in the group
    /// `user`: ⌈a/60⌉ requests, and for those who are no admins the fewer of one each and ⌈u/60⌉.
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
            // Of one person it costs the same, and needs no luck.
            if open.len() <= 1 || pages_left.is_some_and(|left| left > open.len()) {
                roles.extend(self.one_by_one(open).await?);
                return Ok(roles);
            }
            let (members, further) = self.members(Role::User, AT_ONCE, next).await?;
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
                None => Some(self.size().await?.div_ceil(AT_ONCE).saturating_sub(1)),
            };
        }
    }

    /// Everyone in the group `admin`.
    pub(super) async fn admins(&self) -> Result<BTreeSet<Username>, PoolError> {
        let (mut admins, mut next) = (BTreeSet::new(), None);
        loop {
            let (some, further) = self.members(Role::Admin, AT_ONCE, next).await?;
            admins.extend(some.into_iter().map(|member| member.person.username));
            next = further;
            if next.is_none() {
                return Ok(admins);
            }
        }
    }

    /// A page of the members of the role's group.
    pub(super) async fn members(
        &self,
        role: Role,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Account>, Option<String>), PoolError> {
        let request = self.client.list_users_in_group().user_pool_id(&self.id).group_name(role.name().unwrap_or("-"));
        let request = request.limit(i32::try_from(limit).unwrap_or(i32::MAX)).set_next_token(after);
        let page = request.send().await.map_err(|error| failed("ListUsersInGroup", error))?;
        let members = page.users().iter().map(account).collect::<Result<_, _>>()?;
        Ok((members, page.next_token))
    }

    async fn one_by_one(&self, people: BTreeSet<&Username>) -> Result<Vec<(Username, Role)>, PoolError> {
        let asked: Vec<_> = people.into_iter().map(|username| self.one(username)).collect();
        stream::iter(asked).buffer_unordered(TOGETHER).try_collect().await
    }

    async fn one(&self, username: &Username) -> Result<(Username, Role), PoolError> {
        match self.role(username).await {
            Ok(role) => Ok((username.clone(), role)),
            // Deleted since the list was made.
            Err(PoolError::NotFound) => Ok((username.clone(), Role::None)),
            Err(error) => Err(error),
        }
    }

    /// About how many people there are.
    async fn size(&self) -> Result<usize, PoolError> {
        let answer = self.client.describe_user_pool().user_pool_id(&self.id).send().await;
        let pool = answer.map_err(|error| failed("DescribeUserPool", error))?.user_pool;
        Ok(pool.map_or(0, |pool| usize::try_from(pool.estimated_number_of_users).unwrap_or(0)))
    }
}
