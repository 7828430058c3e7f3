//! Changes that even an admin may not make, so that an admin who can sign in always remains.

use super::Person;
use crate::domain::access::Role;

/// Why a change of a person is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarded {
    /// Users cannot delete themselves.
    SelfDelete,
    /// No other admin with a password of their own would remain.
    LastAdmin,
}

/// Whether the person is an admin who can sign in.
pub fn is_active_admin(person: &Person) -> bool {
    person.role == Some(Role::Admin) && person.enabled
}

/// Cognito's `UserStatus`, in lower case, of a user with a temporary password.
const INVITED: &str = "force_change_password";

/// Whether the person can replace an admin who is removed: an active admin with a password of their own. An invited admin
/// cannot, because the invitation may never have arrived, and it expires.
pub fn can_replace_admin(person: &Person) -> bool {
    is_active_admin(person) && person.status != INVITED
}

/// Whether the change removes an active admin. `None` leaves the role, or whether the person is enabled, as it is.
pub fn removes_admin(person: &Person, role: Option<Role>, enabled: Option<bool>) -> bool {
    is_active_admin(person) && (role == Some(Role::User) || enabled == Some(false))
}

/// Checks that the caller, whose user id is `caller`, may delete the person.
///
/// # Errors
/// When the person is the caller.
pub fn check_delete(person: &Person, caller: &str) -> Result<(), Guarded> {
    if person.sub.as_str() == caller { Err(Guarded::SelfDelete) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    const ADMIN: Option<Role> = Some(Role::Admin);
    const USER: Option<Role> = Some(Role::User);

    fn person(role: Option<Role>, enabled: bool) -> Person {
        Person {
            username: "ann".parse().unwrap(),
            sub: "s-1".parse().unwrap(),
            email: None,
            email_verified: false,
            enabled,
            status: "confirmed".into(),
            role,
            devices: String::new(),
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn only_demoting_or_disabling_an_active_admin_removes_one() {
        for (person, role, enabled, expected) in [
            (person(ADMIN, true), USER, None, true),
            (person(ADMIN, true), None, Some(false), true),
            (person(ADMIN, true), ADMIN, Some(false), true),
            (person(ADMIN, true), USER, Some(true), true),
            (person(ADMIN, true), ADMIN, Some(true), false),
            (person(ADMIN, true), None, None, false),
            (person(ADMIN, false), USER, None, false),
            (person(ADMIN, false), None, Some(false), false),
            (person(USER, true), USER, Some(false), false),
            (person(None, true), None, Some(false), false),
        ] {
            assert_eq!(removes_admin(&person, role, enabled), expected, "{person:?} {role:?} {enabled:?}");
        }
    }

    #[test]
    fn an_invited_admin_is_protected_and_cannot_replace_another() {
        let invited = Person { status: INVITED.into(), ..person(ADMIN, true) };
        assert!(!can_replace_admin(&invited) && removes_admin(&invited, USER, None));
        assert!(can_replace_admin(&person(ADMIN, true)));
        assert!(!can_replace_admin(&person(ADMIN, false)) && !can_replace_admin(&person(USER, true)));
    }

    #[test]
    fn users_cannot_delete_themselves() {
        assert_eq!(check_delete(&person(ADMIN, true), "s-1"), Err(Guarded::SelfDelete));
        assert_eq!(check_delete(&person(ADMIN, true), "s-2"), Ok(()));
    }
}
