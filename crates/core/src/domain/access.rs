//! What a person may do: the role that Cognito's groups give, and the devices the person may see.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::DeviceId;

/// A person's role: the Cognito group of the same name. A person in neither group has no role and may do nothing with
/// devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Role {
    /// May do everything.
    Admin,
    /// Works with the devices in scope.
    User,
}

impl Role {
    /// The role of a member of `groups`: `admin` wins over `user`, and all other groups are ignored.
    pub fn from_groups<'a>(groups: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        groups.into_iter().fold(None, |role, group| match (role, group) {
            (Some(Self::Admin), _) | (_, "admin") => Some(Self::Admin),
            (_, "user") => Some(Self::User),
            (role, _) => role,
        })
    }

    /// The name of the group.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The devices a person may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every device, including those registered later.
    All,
    /// Only these, in the order of their ids.
    Devices(BTreeSet<DeviceId>),
}

impl Scope {
    /// No device.
    pub const NOTHING: Self = Self::Devices(BTreeSet::new());

    /// Reads the attribute `custom:devices`: space-separated device ids, or `*` for every device. Words that are not device
    /// ids are ignored.
    ///
    /// ```
    /// use weir_core::domain::access::Scope;
    ///
    /// let scope = Scope::parse("buoy-01 buoy-02");
    /// assert!(scope.sees(&"buoy-01".parse()?) && !scope.sees(&"buoy-03".parse()?));
    /// // A star inside a word is not a pattern.
    /// assert!(!Scope::parse("buoy-*").sees(&"buoy-01".parse()?));
    /// # Ok::<(), weir_core::id::BadId>(())
    /// ```
    pub fn parse(text: &str) -> Self {
        if text.split_whitespace().any(|word| word == "*") {
            return Self::All;
        }
        Self::Devices(text.split_whitespace().filter_map(|word| word.parse().ok()).collect())
    }

    /// The scope of a person with this role and this attribute `custom:devices`: every device for an admin, whatever the
    /// attribute says, and none without a role.
    pub fn of(role: Option<Role>, devices: &str) -> Self {
        match role {
            Some(Role::Admin) => Self::All,
            Some(Role::User) => Self::parse(devices),
            None => Self::NOTHING,
        }
    }

    /// Whether the device is in the scope.
    pub fn sees(&self, device: &DeviceId) -> bool {
        match self {
            Self::All => true,
            Self::Devices(devices) => devices.contains(device),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> DeviceId {
        text.parse().unwrap()
    }

    #[test]
    fn admin_wins_over_user_and_other_groups_are_ignored() {
        for (groups, role) in [
            (vec!["admin"], Some(Role::Admin)),
            (vec!["user"], Some(Role::User)),
            (vec!["user", "admin"], Some(Role::Admin)),
            (vec!["admin", "user"], Some(Role::Admin)),
            (vec!["viewers", "user"], Some(Role::User)),
            (vec!["Admin", "admins", "administrator", " admin", "admin]", ""], None),
            (vec![], None),
        ] {
            assert_eq!(Role::from_groups(groups.iter().copied()), role, "{groups:?}");
        }
    }

    #[test]
    fn a_scope_is_space_separated_ids() {
        let scope = Scope::parse("  buoy-02 buoy-01\tbuoy-01 ../x ");
        assert!(scope.sees(&id("buoy-01")) && scope.sees(&id("buoy-02")));
        assert!(!scope.sees(&id("buoy-0")) && !scope.sees(&id("BUOY-01")) && !scope.sees(&id("x")));
        assert_eq!(scope, Scope::Devices([id("buoy-01"), id("buoy-02")].into()));
        assert_eq!(Scope::parse(" "), Scope::NOTHING);
    }

    #[test]
    fn a_star_alone_or_among_ids_is_every_device() {
        assert_eq!(Scope::parse("*"), Scope::All);
        assert_eq!(Scope::parse("buoy-01 *"), Scope::All);
        // A star inside a word is not a pattern.
        assert!(!Scope::parse("buoy-*").sees(&id("buoy-01")));
    }

    #[test]
    fn the_role_decides_whether_the_attribute_counts() {
        assert_eq!(Scope::of(Some(Role::Admin), ""), Scope::All);
        assert_eq!(Scope::of(Some(Role::User), "a"), Scope::Devices([id("a")].into()));
        assert_eq!(Scope::of(None, "*"), Scope::NOTHING);
    }
}
