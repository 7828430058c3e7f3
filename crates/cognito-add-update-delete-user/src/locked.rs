//! What is read behind the lock, and holds until it is given back, as far as this API goes.

use weir_core::domain::people::Person;
use weir_core::domain::people::guard::Guarded;
use weir_core::http::{IfMatch, Problem, version_of};
use weir_core::id::Username;
use weir_core::wire::person::PersonJson;

use super::Parts;

impl Parts {
    /// The person, in the version that the caller expects.
    pub(super) async fn person(&self, username: &Username, expected: IfMatch) -> Result<Person, Problem> {
        let person = self.pool.find(username).await?.ok_or_else(Problem::not_found)?;
        expected.check(version_of(&PersonJson::of(&person)))?;
        Ok(person)
    }

    /// Lets an admin be taken away when there is another.
    pub(super) async fn may_go(&self, admin: &Person) -> Result<(), Problem> {
        if self.pool.another_admin(admin).await? { Ok(()) } else { Err(Guarded::LastAdmin.into()) }
    }
}
