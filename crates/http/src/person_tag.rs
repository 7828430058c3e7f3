//! The entity tag of a person, e.g. `"5f0c…d1-9f86d081884c7d65"`: a digest of each field that can be changed, and one of the whole.
//!
//! The user pool has no transactions, so a change may be interrupted when some fields have their new values. It can be repeated with
//! the tag that it began with, because the tag is compared field by field. The digest of the whole also changes with what people do
//! themselves, such as setting their password; in the preconditions of a write it does not count.

use std::fmt;

use axum::http::HeaderValue;
use axum::http::header::ETAG;
use axum::response::{IntoResponseParts, ResponseParts};
use serde::Serialize;
use weir_core::wire::person::PersonJson;

use super::etag::version_of;

/// Digits of the digest of a field.
const FIELD: usize = 8;

/// Which fields of a person already have the values that a request gives them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is another field")]
pub struct Made {
    /// The e-mail address.
    pub email: bool,
    /// Whether the person can sign in.
    pub enabled: bool,
    /// The role.
    pub role: bool,
    /// The device scope.
    pub devices: bool,
}

/// The entity tag of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonTag {
    /// Who it is, then the fields.
    fields: [String; 5],
    whole: u64,
}

impl PersonTag {
    /// The tag of this person.
    pub fn of(person: &PersonJson) -> Self {
        let PersonJson { sub, email, email_verified, enabled, role, devices, created_at, .. } = person;
        let who = digest(&(sub.as_str(), created_at.millis()));
        let fields = [who, digest(&(email, email_verified)), digest(enabled), digest(role), digest(devices)];
        Self { fields, whole: version_of(person) }
    }

    /// Whether a request with the tag `given` may change this person: every field is as its sender has read it, or has been `made`
    /// already.
    pub fn admits(&self, given: &str, made: Made) -> bool {
        let Some((fields, whole)) = given.split_once('-') else { return false };
        let made = [false, made.email, made.enabled, made.role, made.devices];
        let same = |(place, (field, made)): (usize, (&String, bool))| {
            fields.get(place * FIELD..(place + 1) * FIELD).is_some_and(|given| made || given == field)
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let shape = fields.len() == self.fields.len() * FIELD && digits(fields) && whole.len() == 16 && digits(whole);
        shape && self.fields.iter().zip(made).enumerate().all(same)
    }
}

/// The characters between the quotation marks.
impl fmt::Display for PersonTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.fields.concat(), self.whole)
    }
}

impl IntoResponseParts for PersonTag {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        // Digits and a hyphen between quotation marks are a valid header value.
        if let Ok(value) = HeaderValue::from_str(&format!("\"{self}\"")) {
            parts.headers_mut().insert(ETAG, value);
        }
        Ok(parts)
    }
}

fn digest(field: &impl Serialize) -> String {
    format!("{:08x}", version_of(field) >> 32)
}

#[cfg(test)]
mod tests {
    use weir_core::domain::Timestamp;
    use weir_core::domain::access::Role;

    use super::*;

    fn person() -> PersonJson {
        PersonJson {
            username: "bob".parse().unwrap(),
            sub: "5f1e0000-0000-4000-8000-000000000002".parse().unwrap(),
            email: Some("bob@example.com".into()),
            email_verified: true,
            enabled: true,
            status: "confirmed".into(),
            role: Some(Role::User),
            devices: "buoy-01".into(),
            created_at: Timestamp::from_millis(1),
            updated_at: Timestamp::from_millis(2),
        }
    }

    #[test]
    fn a_tag_admits_a_write_while_every_field_is_as_it_was_or_as_it_is_asked_for() {
        let read = PersonTag::of(&person()).to_string();
        let nothing = Made::default();
        let other = [
            (PersonJson { sub: "5f1e0000-0000-4000-8000-000000000003".parse().unwrap(), ..person() }, None),
            (PersonJson { created_at: Timestamp::from_millis(9), ..person() }, None),
            (PersonJson { email: None, ..person() }, Some(Made { email: true, ..nothing })),
            (PersonJson { email_verified: false, ..person() }, Some(Made { email: true, ..nothing })),
            (PersonJson { enabled: false, ..person() }, Some(Made { enabled: true, ..nothing })),
            (PersonJson { role: Some(Role::Admin), ..person() }, Some(Made { role: true, ..nothing })),
            (PersonJson { role: None, ..person() }, Some(Made { role: true, ..nothing })),
            (PersonJson { devices: "*".into(), ..person() }, Some(Made { devices: true, ..nothing })),
        ];
        for (now, made) in other {
            let tag = PersonTag::of(&now);
            assert!(!tag.admits(&read, nothing), "{now:?}");
            let all = Made { email: true, enabled: true, role: true, devices: true };
            assert_eq!(tag.admits(&read, made.unwrap_or(all)), made.is_some(), "{now:?}");
            for wrong in [Made { email: true, ..nothing }, Made { devices: true, ..nothing }] {
                assert_eq!(tag.admits(&read, wrong), Some(wrong) == made, "{now:?}");
            }
        }
    }

    #[test]
    fn what_people_do_themselves_is_another_tag_and_no_hindrance_for_a_write() {
        let (read, now) = (PersonTag::of(&person()).to_string(), person());
        let now = PersonTag::of(&PersonJson {
            status: "force_change_password".into(),
            updated_at: Timestamp::from_millis(3),
            ..now
        });
        assert_ne!(read, now.to_string());
        assert!(now.admits(&read, Made::default()));
    }

    #[test]
    fn what_is_no_tag_of_a_person_admits_nothing() {
        let tag = PersonTag::of(&person());
        let text = tag.to_string();
        let all = Made { email: true, enabled: true, role: true, devices: true };
        assert!(tag.admits(&text, all));
        let (fields, whole) = text.split_once('-').unwrap();
        for bad in [
            "3",
            "",
            "-",
            fields,
            &format!("{fields}-"),
            &format!("{fields}0-{whole}"),
            &format!("{text}0"),
            &text.replace('-', ""),
            &format!("{}é-{whole}", &fields[..38]),
        ] {
            assert!(!tag.admits(bad, all), "{bad}");
        }
    }
}
