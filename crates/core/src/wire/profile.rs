//! Profiles as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[cfg(feature = "schema")]
use super::schema::PreferencesSchema;
use super::settings::{group_json, preferences};
use crate::domain::people::profile::{Profile, ProfileRecord};
use crate::domain::{FieldError, Timestamp};
use crate::id::Sub;

/// A profile as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProfileBody {
    /// The full name, at most 100 characters.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$"))]
    pub name: String,
    /// The phone number in E.164 form (`+431234567`), or empty.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(pattern = "^([+][1-9][0-9]{2,14})?$"))]
    pub phone: String,
    /// The organisation the user works for, at most 100 characters.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$"))]
    pub organisation: String,
    /// Preferences of the apps, at most 4,000 bytes; Weir does not interpret them.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = PreferencesSchema))]
    pub preferences: Map<String, Value>,
}

impl ProfileBody {
    /// Checks the body.
    ///
    /// # Errors
    /// Every violated rule, with the pointer to the field.
    pub fn profile(self) -> Result<Profile, Vec<FieldError>> {
        let mut refused = Vec::new();
        let preferences = preferences(&self.preferences).unwrap_or_else(|wrong| {
            refused.extend(wrong.into_iter().map(|invalid| invalid.under("/preferences")));
            Default::default()
        });
        let profile = Profile { name: self.name, phone: self.phone, organisation: self.organisation, preferences };
        match profile.checked() {
            Ok(profile) if refused.is_empty() => Ok(profile),
            Ok(_) => Err(refused),
            Err(wrong) => Err(wrong.into_iter().chain(refused).collect()),
        }
    }
}

/// A profile as shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProfileJson {
    /// Cognito's id of the user.
    pub sub: Sub,
    /// The full name.
    pub name: String,
    /// The phone number in E.164 form, or empty.
    pub phone: String,
    /// The organisation the user works for.
    pub organisation: String,
    /// Preferences of the apps.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub preferences: Value,
    /// Counts the changes; 0 when no profile was ever written.
    pub version: u64,
    /// When the profile was first written.
    #[serde(with = "super::time::option", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When the profile last changed.
    #[serde(with = "super::time::option", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// The e-mail address or name of the person who changed it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
}

impl ProfileJson {
    /// Shows a stored profile.
    pub fn of(record: &ProfileRecord) -> Self {
        Self {
            version: record.version,
            created_at: Some(record.created_at),
            updated_at: Some(record.updated_at),
            updated_by: Some(record.updated_by.clone()),
            ..Self::with_content(&record.sub, &record.profile)
        }
    }

    /// The empty profile of a user who never wrote one, in version 0.
    pub fn empty(sub: &Sub) -> Self {
        Self::with_content(sub, &Profile::default())
    }

    fn with_content(sub: &Sub, profile: &Profile) -> Self {
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

/// Applies a JSON Merge Patch (RFC 7396) to a profile. The result is a body that must be checked.
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
    fn a_patch_changes_the_named_fields_and_null_clears_them() {
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
