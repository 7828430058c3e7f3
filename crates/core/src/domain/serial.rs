//! The allow list: which boards may become devices, by serial number.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::device::DeviceDetails;
use crate::id::{CertificateId, DeviceId, Serial};

/// Maximum lines of an upload.
pub const MOST_LINES: usize = 5_000;
/// Maximum size of a template, in bytes of its JSON: a page of the list has to fit into an answer of 6 MB.
pub const MOST_TEMPLATE_BYTES: usize = 16 * 1024;

/// The state of a serial number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumString, strum::EnumIter,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SerialState {
    /// The board may be provisioned, once.
    Expected,
    /// A board was provisioned; another one with this number is refused.
    Provisioned,
    /// Boards with this number are refused.
    Blocked,
}

impl SerialState {
    /// The state as it is stored and shown.
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// The state with this code.
    pub fn of(code: &str) -> Option<Self> {
        code.parse().ok()
    }

    /// Every state.
    pub fn all() -> impl Iterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }
}

/// A serial number in the allow list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedSerial {
    /// The number.
    pub serial: Serial,
    /// The device that the board becomes.
    pub device: DeviceId,
    /// The details that the device is registered with.
    pub template: DeviceDetails,
    /// Its state.
    pub state: SerialState,
    /// The certificate that the board was last provisioned with.
    pub certificate: Option<CertificateId>,
    /// When the board was last provisioned. It stays when the number is reset.
    pub provisioned_at: Option<Timestamp>,
    /// The SHA-256 of the code with which a person claims the device, in hexadecimal digits; once the
    /// board is provisioned, the device has it.
    pub claim_code: Option<String>,
    /// Counts the changes, from 1.
    pub version: u64,
    /// When it was listed.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// By whom it was last changed; empty when a board did it.
    pub updated_by: String,
}

/// What the registry says about the device that a board becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// It is not registered.
    No,
    /// It was deleted. Only a person may register it again, because they decide about its earlier calibrations.
    Deleted,
    /// It is registered, and enabled.
    Enabled,
    /// It is registered, and disabled.
    Disabled,
}

/// How a board is provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provisioning {
    /// The device is registered, from the template.
    Register,
    /// The device exists; it gets another certificate.
    Renew,
    /// The board was provisioned with this certificate already, but did not receive the answer.
    Repeat,
}

/// Why a board is not provisioned. The board is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Denied {
    /// The number is blocked.
    Blocked,
    /// A board with this number was provisioned before, and the number was not reset.
    AlreadyProvisioned,
    /// The certificate belongs to a board with another number.
    ForeignCertificate,
    /// The device is registered, but not through this number.
    DeviceExists,
    /// The device is disabled.
    DeviceDisabled,
    /// The device was deleted.
    DeviceDeleted,
}

impl Denied {
    /// The code of the reason, as events have it.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// Decides whether the board with this listed number may be provisioned with this certificate. `owner` is the number that the
/// certificate was provisioned for before, if any.
///
/// # Errors
/// Why it may not.
pub fn decide(
    listed: &ListedSerial,
    certificate: &CertificateId,
    owner: Option<&Serial>,
    registered: Registered,
) -> Result<Provisioning, Denied> {
    if owner.is_some_and(|owner| *owner != listed.serial) {
        return Err(Denied::ForeignCertificate);
    }
    match (listed.state, registered) {
        (SerialState::Blocked, _) => Err(Denied::Blocked),
        (_, Registered::Disabled) => Err(Denied::DeviceDisabled),
        (_, Registered::Deleted) => Err(Denied::DeviceDeleted),
        (SerialState::Provisioned, Registered::Enabled) if listed.certificate.as_ref() == Some(certificate) => {
            Ok(Provisioning::Repeat)
        }
        (SerialState::Provisioned, _) => Err(Denied::AlreadyProvisioned),
        // A certificate of before the reset, whose key is lost.
        (SerialState::Expected, _) if owner.is_some() => Err(Denied::AlreadyProvisioned),
        (SerialState::Expected, Registered::No) => Ok(Provisioning::Register),
        (SerialState::Expected, Registered::Enabled) if listed.provisioned_at.is_some() => Ok(Provisioning::Renew),
        (SerialState::Expected, Registered::Enabled) => Err(Denied::DeviceExists),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);

    fn id(letter: char) -> CertificateId {
        letter.to_string().repeat(64).parse().unwrap()
    }

    fn listed(state: SerialState, certificate: Option<char>) -> ListedSerial {
        ListedSerial {
            serial: "SN-1".parse().unwrap(),
            device: "board-1".parse().unwrap(),
            template: DeviceDetails::default(),
            state,
            certificate: certificate.map(id),
            provisioned_at: certificate.map(|_| NOW),
            claim_code: None,
            version: 1,
            created_at: NOW,
            created_by: "ann".into(),
            updated_at: NOW,
            updated_by: "ann".into(),
        }
    }

    #[test]
    fn a_board_is_provisioned_once_until_its_number_is_reset() {
        use Registered::{Deleted, Disabled, Enabled, No};
        use SerialState::{Blocked, Expected, Provisioned};
        let own: Serial = "SN-1".parse().unwrap();
        let other: Serial = "SN-2".parse().unwrap();
        for (state, before, with, owner, registered, expected) in [
            (Expected, None, 'a', None, No, Ok(Provisioning::Register)),
            (Expected, None, 'a', None, Enabled, Err(Denied::DeviceExists)),
            (Expected, None, 'a', None, Disabled, Err(Denied::DeviceDisabled)),
            (Expected, None, 'a', None, Deleted, Err(Denied::DeviceDeleted)),
            (Expected, None, 'a', Some(&other), No, Err(Denied::ForeignCertificate)),
            (Provisioned, Some('a'), 'a', Some(&own), Enabled, Ok(Provisioning::Repeat)),
            (Provisioned, Some('a'), 'a', Some(&own), Disabled, Err(Denied::DeviceDisabled)),
            (Provisioned, Some('a'), 'a', Some(&own), No, Err(Denied::AlreadyProvisioned)),
            (Provisioned, Some('a'), 'b', None, Enabled, Err(Denied::AlreadyProvisioned)),
            (Provisioned, Some('a'), 'b', Some(&other), Enabled, Err(Denied::ForeignCertificate)),
            // After a reset.
            (Expected, Some('a'), 'b', None, Enabled, Ok(Provisioning::Renew)),
            (Expected, Some('a'), 'a', Some(&own), Enabled, Err(Denied::AlreadyProvisioned)),
            (Expected, Some('a'), 'b', None, No, Ok(Provisioning::Register)),
            (Expected, Some('a'), 'b', None, Disabled, Err(Denied::DeviceDisabled)),
            (Blocked, None, 'a', None, No, Err(Denied::Blocked)),
            (Blocked, Some('a'), 'a', Some(&own), Enabled, Err(Denied::Blocked)),
        ] {
            let decided = decide(&listed(state, before), &id(with), owner, registered);
            assert_eq!(decided, expected, "{state:?} {before:?} {with} {owner:?} {registered:?}");
        }
    }

    #[test]
    fn states_and_reasons_have_codes() {
        assert!(SerialState::all().all(|state| SerialState::of(state.code()) == Some(state)));
        assert_eq!((SerialState::Expected.code(), Denied::DeviceExists.code()), ("EXPECTED", "device_exists"));
    }
}
