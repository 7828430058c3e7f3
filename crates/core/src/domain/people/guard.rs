//! What even an admin may not do, so that nobody can lock everybody out.

use super::Person;
use crate::domain::access::Role;

/// Why a change of a person is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarded {
    /// Nobody deletes themself.
    Oneself,
    /// Nobody would be left who could let anyone in again.
    LastAdmin,
}

/// Whether the person is one of those who can let others in: an admin who can sign in.
pub fn rules(person: &Person) -> bool {
    person.role == Role::Admin && person.enabled
}

/// Cognito's word for whoever has a temporary password still.
const INVITED: &str = "force_change_password";

/// Whether the person can stand in for an admin who goes. Who has never chosen a password cannot: the invitation may never
/// have arrived, and it runs out. So of admins who all are freshly invited none can be taken away; but one who was given a
/// temporary password is still protected as an admin.
pub fn stands_in(person: &Person) -> bool {
    rules(person) && person.status != INVITED
}

/// Whether the change takes away one who rules. `None` leaves the role, or whether they are enabled, as it is.
pub fn dethrones(person: &Person, role: Option<Role>, enabled: Option<bool>) -> bool {
    rules(person) && (role.is_some_and(|role| role != Role::Admin) || enabled == Some(false))
}

/// Whether the caller with this id may delete the person.
///
/// # Errors
/// When it is themself.
pub fn may_delete(person: &Person, caller: &str) -> Result<(), Guarded> {
    if person.sub.as_str() == caller { Err(Guarded::Oneself) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn person(role: Role, enabled: bool) -> Person {
        Person {
            username: "ann".parse().unwrap(),
            sub: "s-1".parse().unwrap(),
            email: None,
            email_verified: false,
            enabled,
            status: "CONFIRMED".into(),
            role,
            devices: String::new(),
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn only_who_rules_can_be_dethroned() {
        let (admin, user) = (Some(Role::Admin), Some(Role::User));
        for (person, role, enabled, expected) in [
            (person(Role::Admin, true), user, None, true),
            (person(Role::Admin, true), None, Some(false), true),
            (person(Role::Admin, true), admin, Some(false), true),
            (person(Role::Admin, true), user, Some(true), true),
            (person(Role::Admin, true), Some(Role::None), None, true),
            (person(Role::Admin, true), admin, Some(true), false),
            (person(Role::Admin, true), None, None, false),
            (person(Role::Admin, false), user, None, false),
            (person(Role::Admin, false), None, Some(false), false),
            (person(Role::User, true), user, Some(false), false),
            (person(Role::None, true), None, Some(false), false),
        ] {
            assert_eq!(dethrones(&person, role, enabled), expected, "{person:?} {role:?} {enabled:?}");
        }
    }

    #[test]
    fn who_has_never_chosen_a_password_is_protected_and_stands_in_for_nobody() {
        let invited = Person { status: INVITED.into(), ..person(Role::Admin, true) };
        assert!(!stands_in(&invited) && dethrones(&invited, Some(Role::User), None));
        assert!(stands_in(&person(Role::Admin, true)));
        assert!(!stands_in(&person(Role::Admin, false)) && !stands_in(&person(Role::User, true)));
    }

    #[test]
    fn nobody_may_delete_themself() {
        assert_eq!(may_delete(&person(Role::Admin, true), "s-1"), Err(Guarded::Oneself));
        assert_eq!(may_delete(&person(Role::Admin, true), "s-2"), Ok(()));
    }
}
