//! The request bodies, checked before anything is done.

use serde::Deserialize;
use utoipa::ToSchema;
use weir_aws::people::Password;
use weir_core::domain::FieldError;
use weir_core::domain::access::Role;
use weir_core::domain::people::email::email;
use weir_core::domain::people::password::syntax_error;
use weir_core::domain::people::profile::Profile;
use weir_core::domain::people::scope::scope;
use weir_core::wire::person::PersonJson;
use weir_core::wire::profile::ProfileBody;
use weir_http::Made;

/// A password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordBody {
    /// The password: at least 12 characters, with upper-case and lower-case letters, digits and special characters.
    #[schema(write_only, min_length = 12, max_length = 256)]
    value: String,
    /// Whether it is permanent. A temporary password must be changed at the next sign-in.
    #[serde(default)]
    permanent: bool,
}

/// A user to be added.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub(super) struct NewUserBody {
    /// The e-mail address the user signs in with.
    #[schema(max_length = 128)]
    email: String,
    /// The role.
    role: Role,
    /// The device scope: space-separated device ids, or `*`.
    #[serde(default)]
    #[schema(max_length = 2048)]
    devices: String,
    /// The first password. Without it, an invitation with a generated password is sent.
    #[serde(default)]
    password: Option<PasswordBody>,
    /// The profile.
    #[serde(default)]
    profile: ProfileBody,
}

/// A change of a user. Fields that are left out stay as they are.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeBody {
    /// The e-mail address. The old one stays in use until the user has confirmed the new one, unless `email_verified` is true.
    #[serde(default)]
    #[schema(max_length = 128)]
    email: Option<String>,
    /// With `email`: the admin vouches for the address, so that it is used at once. Signs the user out.
    #[serde(default)]
    email_verified: Option<bool>,
    /// The role. Demoting a user to `user` signs them out.
    #[serde(default)]
    role: Option<Role>,
    /// The device scope: space-separated device ids, or `*`.
    #[serde(default)]
    #[schema(max_length = 2048)]
    devices: Option<String>,
    /// Whether the user can sign in. Disabling a user signs them out.
    #[serde(default)]
    enabled: Option<bool>,
    /// A new password. Signs the user out.
    #[serde(default)]
    password: Option<PasswordBody>,
}

/// A user to be added, checked.
pub(super) struct NewUser {
    pub email: String,
    pub role: Role,
    pub devices: String,
    pub password: Option<Password>,
    pub profile: Profile,
}

/// A change, checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The address, and whether it is verified.
    pub email: Option<(String, bool)>,
    pub role: Option<Role>,
    pub devices: Option<String>,
    pub enabled: Option<bool>,
    pub password: Option<Password>,
}

impl NewUserBody {
    /// # Errors
    /// Every violated rule, with the pointer to the field.
    pub(super) fn checked(self) -> Result<NewUser, Vec<FieldError>> {
        let mut refused = Vec::new();
        let email = collect(email("/email", &self.email), &mut refused);
        let devices = collect(scope("/devices", &self.devices), &mut refused);
        let password = self.password.map(|password| collect(password.checked(), &mut refused));
        let profile = self.profile.profile().unwrap_or_else(|wrong| {
            refused.extend(wrong.into_iter().map(|invalid| invalid.under("/profile")));
            Profile::default()
        });
        match (email, devices, refused.is_empty()) {
            (Some(email), Some(devices), true) => {
                Ok(NewUser { email, role: self.role, devices, password: password.flatten(), profile })
            }
            _ => Err(refused),
        }
    }
}

impl ChangeBody {
    /// # Errors
    /// Every violated rule, with the pointer to the field.
    pub(super) fn checked(self) -> Result<Change, Vec<FieldError>> {
        let mut refused = Vec::new();
        let verified = self.email_verified;
        if self.email.is_none() && verified.is_some() {
            refused.push(FieldError::new("/email_verified", "needs `email`"));
        }
        let email = self.email.and_then(|text| collect(email("/email", &text), &mut refused));
        let devices = self.devices.and_then(|text| collect(scope("/devices", &text), &mut refused));
        let password = self.password.and_then(|password| collect(password.checked(), &mut refused));
        let change = Change {
            email: email.map(|email| (email, verified == Some(true))),
            role: self.role,
            devices,
            enabled: self.enabled,
            password,
        };
        if refused.is_empty() { Ok(change) } else { Err(refused) }
    }
}

impl Change {
    /// Whether the change is empty.
    pub(super) fn is_empty(&self) -> bool {
        let Self { email, role, devices, enabled, password } = self;
        email.is_none() && role.is_none() && devices.is_none() && enabled.is_none() && password.is_none()
    }

    /// Which fields of a person already have the values of this change: an interrupted request may have set them.
    pub(super) fn made(&self, person: &PersonJson) -> Made {
        Made {
            email: self.email.as_ref().is_some_and(|(email, _)| person.email.as_ref() == Some(email)),
            enabled: self.enabled == Some(person.enabled),
            role: self.role.is_some() && self.role == person.role,
            devices: self.devices.as_ref() == Some(&person.devices),
        }
    }

    /// Whether the change signs the user out: a session must not keep rights, or an identity, that an admin has taken
    /// away.
    pub(super) fn ends_sessions(&self) -> bool {
        let vouched = self.email.as_ref().is_some_and(|(_, verified)| *verified);
        self.enabled == Some(false) || self.role == Some(Role::User) || self.password.is_some() || vouched
    }
}

impl PasswordBody {
    fn checked(self) -> Result<Password, FieldError> {
        match syntax_error(&self.value) {
            Some(detail) => Err(FieldError::new("/password/value", detail)),
            None => Ok(Password { value: self.value, permanent: self.permanent }),
        }
    }
}

/// The value; an error is added to `refused`.
fn collect<T>(read: Result<T, FieldError>, refused: &mut Vec<FieldError>) -> Option<T> {
    read.map_err(|invalid| refused.push(invalid)).ok()
}
