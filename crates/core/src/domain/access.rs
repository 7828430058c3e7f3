//! Access: a person's role, which Cognito's groups give, and the devices that the person may see.

use std::collections::BTreeSet;

use crate::id::DeviceId;

/// A person's role. Cognito's groups of these names give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May do everything.
    Admin,
    /// Works with the devices in scope.
    User,
    /// In neither group: no access to devices.
    None,
}

impl Role {
    /// The role of a member of `groups`: the highest one. Other groups are ignored.
    pub fn from_groups<'a>(groups: impl IntoIterator<Item = &'a str>) -> Self {
        groups.into_iter().fold(Self::None, |role, group| match (role, group) {
            (Self::Admin, _) | (_, "admin") => Self::Admin,
            (Self::User, _) | (_, "user") => Self::User,
            (Self::None, _) => Self::None,
        })
    }

    /// The group's name, as shown and as stored.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Admin => Some("admin"),
            Self::User => Some("user"),
            Self::None => None,
        }
    }
}

/// The devices a person may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every device, those registered later too.
    All,
    /// Only these, in the order of their ids.
    Devices(BTreeSet<DeviceId>),
}

impl Scope {
    /// No device.
    pub const NOTHING: Self = Self::Devices(BTreeSet::new());

    /// The scope in the attribute `custom:devices`: space-separated device ids, or `*` for every device. Words that are not
    /// device ids are ignored.
    ///
    /// ```
    /// use weir_core::domain::access::Scope;
    ///
    /// let scope = Scope::parse("buoy-01 buoy-02");
    /// assert!(scope.sees(&"buoy-01".parse()?) && !scope.sees(&"buoy-03".parse()?));
    /// // A star is no pattern.
    /// assert!(!Scope::parse("buoy-*").sees(&"buoy-01".parse()?));
    /// # Ok::<(), weir_core::id::BadId>(())
    /// ```
    pub fn parse(text: &str) -> Self {
        if text.split_whitespace().any(|word| word == "*") {
            return Self::All;
        }
        Self::Devices(text.split_whitespace().filter_map(|word| word.parse().ok()).collect())
    }

    /// The scope of a person with this role and this attribute. It applies to users only: admins see every device, and without
    /// a role one sees none.
    pub fn of(role: Role, devices: &str) -> Self {
        match role {
            Role::Admin => Self::All,
            Role::User => Self::parse(devices),
            Role::None => Self::NOTHING,
        }
    }

    /// Whether the device is among them.
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
    fn the_highest_group_gives_the_role() {
        for (groups, role) in [
            (vec!["admin"], Role::Admin),
            (vec!["user"], Role::User),
            (vec!["user", "admin"], Role::Admin),
            (vec!["admin", "user"], Role::Admin),
            (vec!["viewers", "user"], Role::User),
            (vec!["Admin", "admins", "administrator", " admin", "admin]", ""], Role::None),
            (vec![], Role::None),
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
        // A star inside a word is no pattern.
        assert!(!Scope::parse("buoy-*").sees(&id("buoy-01")));
    }

    #[test]
    fn the_role_decides_whether_the_attribute_counts() {
        assert_eq!(Scope::of(Role::Admin, ""), Scope::All);
        assert_eq!(Scope::of(Role::User, "a"), Scope::Devices([id("a")].into()));
        assert_eq!(Scope::of(Role::None, "*"), Scope::NOTHING);
    }
}
