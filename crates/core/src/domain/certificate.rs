//! What becomes of a device's certificates when the device is disabled, enabled or deleted.

/// The state that the registry wants for the certificates of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The device is enabled: it may connect.
    Active,
    /// The device is disabled: it must not connect.
    Inactive,
    /// The device is deleted: nothing of it is left in AWS IoT.
    Gone,
}

/// The status of a certificate in AWS IoT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// Whoever has it may connect.
    Active,
    /// It is deactivated: nobody can connect with it.
    Inactive,
    /// It is revoked for good.
    Revoked,
    /// Registered, but not yet activated, or being transferred to another account.
    Pending,
}

impl Status {
    /// The status as the API writes it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A change of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is activated.
    Activate,
    /// It is deactivated.
    Deactivate,
}

/// What has to be done with a certificate. Enabling a device activates only what disabling it has deactivated
/// (`by_disabling`): a certificate that a person has deactivated or revoked stays so.
pub fn change(wanted: Wanted, status: Status, by_disabling: bool) -> Option<Change> {
    match (wanted, status) {
        (Wanted::Inactive | Wanted::Gone, Status::Active) => Some(Change::Deactivate),
        (Wanted::Active, Status::Inactive) if by_disabling => Some(Change::Activate),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enabling_activates_only_what_disabling_has_deactivated() {
        use Status::{Active, Inactive, Pending, Revoked};
        for (wanted, status, by_disabling, expected) in [
            (Wanted::Inactive, Active, false, Some(Change::Deactivate)),
            (Wanted::Inactive, Active, true, Some(Change::Deactivate)),
            (Wanted::Inactive, Inactive, true, None),
            (Wanted::Inactive, Revoked, false, None),
            (Wanted::Inactive, Pending, false, None),
            (Wanted::Active, Inactive, true, Some(Change::Activate)),
            (Wanted::Active, Inactive, false, None),
            (Wanted::Active, Revoked, true, None),
            (Wanted::Active, Pending, true, None),
            (Wanted::Active, Active, true, None),
            (Wanted::Gone, Active, false, Some(Change::Deactivate)),
            (Wanted::Gone, Inactive, true, None),
            (Wanted::Gone, Revoked, false, None),
        ] {
            assert_eq!(change(wanted, status, by_disabling), expected, "{wanted:?} {status:?} {by_disabling}");
        }
    }

    #[test]
    fn a_status_is_written_in_lower_case() {
        assert_eq!([Status::Active, Status::Pending].map(Status::name), ["active", "pending"]);
    }
}
