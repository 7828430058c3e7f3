//! What is read behind the lock, and holds until it is given back, as far as this API goes.

use weir_core::domain::people::Person;
use weir_core::domain::people::guard::{Guarded, rules};
use weir_core::id::Username;
use weir_core::wire::person::PersonJson;
use weir_http::{ApiError, Caller, IfMatch, version_of};

use super::Parts;

impl Parts {
    /// Refuses a caller who is an admin by their token alone. It outlives by 15 minutes that they were demoted, disabled or
    /// deleted, which they could undo with it.
    pub(super) async fn still_rules(&self, caller: &Caller) -> Result<(), ApiError> {
        let username = caller.username.parse::<Username>().ok();
        let found = match &username {
            Some(username) => self.pool.find(username).await?,
            None => None,
        };
        match found {
            Some(person) if person.sub.as_str() == caller.sub && rules(&person) => Ok(()),
            Some(_) | None => Err(ApiError::forbidden("you are no admin any more, whatever your token says")),
        }
    }

    /// The person, in the version that the caller expects.
    pub(super) async fn person(&self, username: &Username, expected: IfMatch) -> Result<Person, ApiError> {
        let person = self.pool.find(username).await?.ok_or_else(ApiError::not_found)?;
        expected.check(version_of(&PersonJson::of(&person)))?;
        Ok(person)
    }

    /// Lets an admin be taken away when there is another.
    pub(super) async fn may_go(&self, admin: &Person) -> Result<(), ApiError> {
        if self.pool.another_admin(admin).await? { Ok(()) } else { Err(Guarded::LastAdmin.into()) }
    }
}
