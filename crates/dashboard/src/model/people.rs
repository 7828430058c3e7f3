//! People: filtering, changing, inviting, and temporary passwords.

use serde_json::{Map, Value, json};
use weir_core::domain::access::Role;
use weir_core::domain::people::scope::scope;
use weir_core::id::DeviceId;

use super::address::Query;
use crate::messages as m;
use crate::text::{Language, fill, t};
use crate::wire::person::PersonJson;

/// The 64 characters of temporary passwords, without those that look like others.
const LETTERS: &[u8; 64] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!#%+-=?";

/// The roles, with their names in the address and the API.
pub const ROLES: [(&str, Role); 2] = [("admin", Role::Admin), ("user", Role::User)];

/// The role with this name.
pub fn role(name: &str) -> Option<Role> {
    ROLES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
}

/// The filter of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only people whose address begins like this.
    pub email: String,
    /// Only people with this role.
    pub role: Option<Role>,
}

impl Filter {
    /// The filter in the address.
    pub fn of(query: &Query) -> Self {
        Self { email: query.get("email").unwrap_or_default().to_owned(), role: query.get("role").and_then(role) }
    }

    /// The query with this filter.
    #[must_use]
    pub fn into_query(&self, query: Query) -> Query {
        query.with("email", Some(self.email.trim())).with("role", self.role.map(Role::name))
    }

    /// The path of the request for a page of the list; `next` is its cursor.
    pub fn path(&self, next: Option<&str>) -> String {
        let query = self.into_query(Query::default()).with("limit", Some("50"));
        query.with("next", next).address("/cognito/users")
    }
}

/// The status of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Can sign in.
    Active,
    /// Has to set a new password at the next sign-in.
    Invited,
    /// Cannot sign in.
    Disabled,
}

/// The status of this person.
pub fn standing(person: &PersonJson) -> Standing {
    match (person.enabled, person.status.as_str()) {
        (false, _) => Standing::Disabled,
        (true, "force_change_password" | "reset_required") => Standing::Invited,
        (true, _) => Standing::Active,
    }
}

/// A person to be invited, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The e-mail address.
    pub email: String,
    /// The full name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The ids of the devices, or `*`.
    pub devices: String,
    /// The language of e-mails.
    pub language: Language,
}

impl Invitation {
    /// The body of the request. An administrator sees all devices anyway.
    pub fn body(&self) -> Value {
        let devices = if self.role == Role::Admin { String::new() } else { typed(&self.devices) };
        let profile = json!({"name": self.name.trim(), "preferences": {"language": self.language.tag()}});
        json!({"email": self.email.trim(), "role": self.role, "devices": devices, "profile": profile})
    }
}

/// The devices as the API expects them. People also separate them with commas.
fn typed(devices: &str) -> String {
    let words: Vec<&str> = devices.split([',', ';', ' ', '\n', '\t']).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The body of a change of a person, from what is typed; `None` if nothing is changed.
///
/// # Errors
/// When what is typed is not a list of devices; the message is in the language of the page.
pub fn change(person: &PersonJson, role: Option<Role>, devices: &str) -> Result<Option<Value>, String> {
    let devices = typed(devices);
    let devices = scope("/devices", &devices).map_err(|_| no_scope(&devices))?;
    let mut fields = Map::new();
    if let Some(role) = role.filter(|role| Some(*role) != person.role) {
        fields.insert("role".to_owned(), json!(role));
    }
    if devices != person.devices {
        fields.insert("devices".to_owned(), devices.into());
    }
    Ok(Some(Value::Object(fields)).filter(|fields| fields.as_object().is_some_and(|fields| !fields.is_empty())))
}

/// Why this is not a list of devices: a word that is not an id; otherwise it is too long, or has ids besides the `*`.
fn no_scope(devices: &str) -> String {
    let bad = devices.split(' ').find(|word| *word != "*" && word.parse::<DeviceId>().is_err());
    match bad {
        Some(word) => fill(m::JOB_WRONG_DEVICE, &[("id", &word.chars().take(40).collect::<String>())]),
        None => t(m::DEVICES_WRONG).to_owned(),
    }
}

/// A temporary password from these random bytes, with an entropy of 96 bits; `None` if it lacks a kind of character that a password needs,
/// and others have to be drawn.
pub fn password(random: [u8; 16]) -> Option<String> {
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 64)).copied().map(char::from);
    let text: String = random.into_iter().filter_map(letter).collect();
    let kinds: [fn(char) -> bool; 4] = [
        |letter| letter.is_ascii_uppercase(),
        |letter| letter.is_ascii_lowercase(),
        |letter| letter.is_ascii_digit(),
        |letter| letter.is_ascii_punctuation(),
    ];
    kinds.iter().all(|is_kind| text.chars().any(is_kind)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(role: Value, devices: &str, enabled: bool, status: &str) -> PersonJson {
        serde_json::from_value(
            json!({"username": "u", "sub": "s", "email": "ann@weir.example", "enabled": enabled, "status": status,
            "role": role, "devices": devices, "created_at": "2026-11-20T06:24:44Z"}),
        )
        .unwrap()
    }

    #[test]
    fn the_filter_is_in_the_address() {
        let query = Query::parse("email=ann%2Bx&role=admin");
        let filter = Filter::of(&query);
        assert_eq!(filter.into_query(Query::default()), query);
        assert_eq!(filter.path(Some("n")), "/cognito/users?email=ann%2Bx&role=admin&limit=50&next=n");
        assert_eq!(Filter::of(&Query::parse("role=boss")), Filter::default());
    }

    #[test]
    fn only_what_differs_is_changed() {
        let ann = person(json!("user"), "buoy-01 buoy-02", true, "confirmed");
        assert_eq!(change(&ann, Some(Role::User), "buoy-02, buoy-01 "), Ok(None));
        assert_eq!(change(&ann, Some(Role::Admin), "buoy-01 buoy-02"), Ok(Some(json!({"role": "admin"}))));
        assert_eq!(change(&ann, None, ""), Ok(Some(json!({"devices": ""}))));
        let wrong = |devices: &str| change(&ann, None, devices).unwrap_err();
        assert_eq!(wrong("a *"), t(m::DEVICES_WRONG));
        assert_eq!(wrong("a, buoy-*"), "buoy-* is no id of a device.");
        let many = (0..300).map(|number| format!("buoy-{number:03}")).collect::<Vec<_>>().join(" ");
        assert_eq!(wrong(&many), t(m::DEVICES_WRONG));
        let nobody = person(Value::Null, "", true, "confirmed");
        assert_eq!(change(&nobody, Some(Role::User), "*"), Ok(Some(json!({"role": "user", "devices": "*"}))));
    }

    #[test]
    fn an_invitation_has_what_the_api_takes() {
        let (email, name, devices) = (" ann@weir.example ".into(), "Ann".into(), "a;b".into());
        let mut ann = Invitation { email, name, role: Role::User, devices, language: Language::German };
        let profile = json!({"name": "Ann", "preferences": {"language": "de"}});
        let body = json!({"email": "ann@weir.example", "role": "user", "devices": "a b", "profile": profile});
        assert_eq!(ann.body(), body);
        ann.role = Role::Admin;
        assert_eq!(ann.body()["devices"], "");
    }

    #[test]
    fn who_is_disabled_is_that_before_anything_else() {
        let of = |enabled, status| standing(&person(json!("user"), "", enabled, status));
        assert_eq!(of(false, "force_change_password"), Standing::Disabled);
        assert_eq!(of(true, "force_change_password"), Standing::Invited);
        assert_eq!(of(true, "confirmed"), Standing::Active);
    }

    #[test]
    fn a_password_has_every_kind_of_letter_or_is_drawn_again() {
        assert_eq!(LETTERS.iter().collect::<std::collections::BTreeSet<_>>().len(), 64);
        let mut random = [0; 16];
        assert_eq!(password(random), None);
        random[1..4].copy_from_slice(&[24, 49, 63]);
        let drawn = password(random).unwrap();
        assert_eq!((drawn.len(), &drawn[..4]), (16, "Aa2?"));
        assert_eq!(weir_core::domain::people::password::syntax_error(&drawn), None);
    }
}
