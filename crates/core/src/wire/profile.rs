//! A profile as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::settings::{group_json, preferences};
use crate::domain::Timestamp;
use crate::domain::calibration::FieldError;
use crate::domain::people::profile::{Profile, Record};
use crate::id::Sub;

/// What people say about themselves, as they write it.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProfileBody {
    /// What they are called, at most 100 characters.
    #[serde(default)]
    pub name: String,
    /// Where they can be called, E.164 (`+431234567`), or empty.
    #[serde(default)]
    pub phone: String,
    /// For whom they work, at most 100 characters.
    #[serde(default)]
    pub organisation: String,
    /// What they prefer, at most 4,000 bytes; what it means is the apps' business.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub preferences: Map<String, Value>,
}

impl ProfileBody {
    /// The profile.
    ///
    /// # Errors
    /// Every rule that is broken, with its pointer.
    pub fn profile(self) -> Result<Profile, Vec<FieldError>> {
        let mut refused = Vec::new();
        let preferences = preferences(&self.preferences).unwrap_or_else(|wrong| {
            refused.extend(wrong.into_iter().map(|invalid| invalid.under("/preferences")));
            Default::default()
        });
        let said = Profile { name: self.name, phone: self.phone, organisation: self.organisation, preferences };
        match said.checked() {
            Ok(profile) if refused.is_empty() => Ok(profile),
            Ok(_) => Err(refused),
            Err(wrong) => Err(wrong.into_iter().chain(refused).collect()),
        }
    }
}

/// A profile.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProfileJson {
    /// Whose it is.
    pub sub: Sub,
    /// What they are called.
    pub name: String,
    /// Where they can be called; empty when they do not say.
    pub phone: String,
    /// For whom they work.
    pub organisation: String,
    /// What they prefer.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub preferences: Value,
    /// Counts the changes; 0 of a profile that was never written.
    pub version: u64,
    /// When it was first written.
    #[serde(with = "super::time::option", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(with = "super::time::option", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Who changed it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
}

impl ProfileJson {
    /// The record as shown.
    pub fn of(record: &Record) -> Self {
        Self {
            version: record.version,
            created_at: Some(record.created_at),
            updated_at: Some(record.updated_at),
            updated_by: Some(record.updated_by.clone()),
            ..Self::said(&record.sub, &record.profile)
        }
    }

    /// The profile of a person who never wrote one.
    pub fn empty(sub: &Sub) -> Self {
        Self::said(sub, &Profile::default())
    }

    fn said(sub: &Sub, profile: &Profile) -> Self {
        Self {
            sub: sub.clone(),
            name: profile.name.clone(),
            phone: profile.phone.clone(),
            organisation: profile.organisation.clone(),
            preferences: group_json(&profile.preferences),
            version: 0,
            created_at: None,
            updated_at: None,
            updated_by: None,
        }
    }
}

/// The body that a merge patch (RFC 7396) makes of a profile.
pub fn patched(profile: &Profile, patch: Map<String, Value>) -> Value {
    let Profile { name, phone, organisation, preferences } = profile;
    let preferences = group_json(preferences);
    let mut body = json!({"name": name, "phone": phone, "organisation": organisation, "preferences": preferences});
    json_patch::merge(&mut body, &Value::Object(patch));
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<Profile, Vec<FieldError>> {
        serde_json::from_value::<ProfileBody>(body).unwrap().profile()
    }

    #[test]
    fn a_patch_changes_what_it_names_and_null_empties() {
        let profile = read(json!({"name": "Ann", "phone": "+431", "preferences": {"a": 1, "b": {"c": 2}}})).unwrap();
        assert_eq!(profile, Profile { name: "Ann".into(), ..profile.clone() });
        let patch = json!({"phone": null, "preferences": {"a": null, "b": {"d": 3}}});
        let after = read(patched(&profile, patch.as_object().unwrap().clone())).unwrap();
        assert_eq!((after.name.as_str(), after.phone.as_str()), ("Ann", ""));
        assert_eq!(group_json(&after.preferences), json!({"b": {"c": 2, "d": 3}}));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let body = json!({"phone": "1", "preferences": {"a": null, "b": [[[[[1]]]]]}});
        let pointers: Vec<_> = read(body).unwrap_err().into_iter().map(|invalid| invalid.pointer).collect();
        assert_eq!(pointers, ["/phone", "/preferences/a", "/preferences/b/0/0/0/0"]);
    }
}
