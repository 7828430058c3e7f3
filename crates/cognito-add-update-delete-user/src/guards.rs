//! What is checked while the lock is held. It stays true until the lock is released, unless Cognito is changed in another
//! way than through this API.

use weir_aws::people::{Account, MAX_PAGE, PoolError};
use weir_core::domain::access::Role;
use weir_core::domain::people::Person;
use weir_core::domain::people::guard::{Guarded, can_replace_admin, is_active_admin};
use weir_core::id::Username;
use weir_core::wire::person::PersonJson;
use weir_http::{ApiError, Caller, Made, PersonTag, Preconditions};

use super::{Mfa, Parts};

impl Parts {
    /// Refuses a caller who is an admin only according to the token. The token stays valid for up to 15 minutes after the
    /// caller was demoted, disabled or deleted, and must not be used to undo that. Where one-time codes are required, also
    /// refuses an admin who has none: the user pool asks for them only at the next sign-in.
    pub(super) async fn require_active_admin(&self, caller: &Caller) -> Result<(), ApiError> {
        let username = caller.username.parse::<Username>().ok();
        let found = match &username {
            Some(username) => self.pool.find_with_mfa(username).await?,
            None => None,
        };
        match found {
            Some((person, has_mfa)) if person.sub.as_str() == caller.sub && is_active_admin(&person) => {
                if has_mfa || self.mfa == Mfa::Optional { Ok(()) } else { Err(ApiError::mfa_required()) }
            }
            Some(_) | None => Err(ApiError::forbidden("you are no longer an admin, although your token says so")),
        }
    }

    /// The person, if its entity tag is what the caller expects.
    pub(super) async fn person(&self, username: &Username, conditions: &Preconditions) -> Result<Person, ApiError> {
        let person = self.pool.find(username).await?.ok_or_else(ApiError::not_found)?;
        let tag = PersonTag::of(&PersonJson::of(&person));
        conditions.check_tag(|given| tag.admits(given, Made::default()))?;
        Ok(person)
    }

    /// Refuses to remove this admin when no other admin can replace them.
    pub(super) async fn require_another_admin(&self, admin: &Person) -> Result<(), ApiError> {
        if self.has_another_admin(admin).await? { Ok(()) } else { Err(Guarded::LastAdmin.into()) }
    }

    /// Whether there is another admin who can replace this one. The list of a group may lag behind changes, so each member
    /// is read again.
    async fn has_another_admin(&self, admin: &Person) -> Result<bool, PoolError> {
        let mut next = None;
        loop {
            let (members, further) = self.pool.members(Role::Admin, MAX_PAGE, next).await?;
            for Account { person, creating, .. } in members {
                let candidate = person.enabled && creating.is_none() && person.username != admin.username;
                if candidate && self.pool.find(&person.username).await?.is_some_and(|person| can_replace_admin(&person))
                {
                    return Ok(true);
                }
            }
            next = further;
            if next.is_none() {
                return Ok(false);
            }
        }
    }
}
