//! What an admin wishes, read from the body and checked before anything is done.

use serde::Deserialize;
use utoipa::ToSchema;
use weir_aws::people::Password;
use weir_core::domain::access::Role;
use weir_core::domain::calibration::FieldError;
use weir_core::domain::people::email::email;
use weir_core::domain::people::password::unfit;
use weir_core::domain::people::profile::Profile;
use weir_core::domain::people::scope::scope;
use weir_core::wire::person::RoleJson;
use weir_core::wire::profile::ProfileBody;

/// A password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordBody {
    /// The password: at least 12 characters, capitals, small letters, digits and special characters among them.
    #[schema(write_only, min_length = 12, max_length = 256)]
    value: String,
    /// Whether it stays. Otherwise it has to be changed when signing in.
    #[serde(default)]
    permanent: bool,
}

/// A new person.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// The address they sign in with.
    email: String,
    /// The role.
    role: RoleJson,
    /// The device scope: ids parted by blanks, or `*`.
    #[serde(default)]
    devices: String,
    /// The first password. Without it an invitation is sent, with one of Cognito's making.
    #[serde(default)]
    password: Option<PasswordBody>,
    /// What is known about them already.
    #[serde(default)]
    profile: ProfileBody,
}

/// A change of a person; what is left out stays as it is.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeBody {
    /// The address they sign in with. Their old one counts until they have confirmed it, unless `email_verified` is true.
    #[serde(default)]
    email: Option<String>,
    /// With `email`: the admin vouches that the address is theirs, so it counts at once.
    #[serde(default)]
    email_verified: Option<bool>,
    /// The role. Who becomes `user` is signed out.
    #[serde(default)]
    role: Option<RoleJson>,
    /// The device scope: ids parted by blanks, or `*`.
    #[serde(default)]
    devices: Option<String>,
    /// Whether they can sign in. Who is disabled is signed out.
    #[serde(default)]
    enabled: Option<bool>,
    /// Another password.
    #[serde(default)]
    password: Option<PasswordBody>,
}

/// A new person, checked.
pub(super) struct Adding {
    pub email: String,
    pub role: Role,
    pub devices: String,
    pub password: Option<Password>,
    pub profile: Profile,
}

/// A change, checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The address, and whether the admin vouches for it.
    pub email: Option<(String, bool)>,
    pub role: Option<Role>,
    pub devices: Option<String>,
    pub enabled: Option<bool>,
    pub password: Option<Password>,
}

impl NewUser {
    /// # Errors
    /// Every rule that is broken, with its pointer.
    pub(super) fn checked(self) -> Result<Adding, Vec<FieldError>> {
        let mut refused = Vec::new();
        let email = kept(email("/email", &self.email), &mut refused);
        let devices = kept(scope("/devices", &self.devices), &mut refused);
        let password = self.password.map(|password| kept(password.checked(), &mut refused));
        let profile = self.profile.profile().unwrap_or_else(|wrong| {
            refused.extend(wrong.into_iter().map(|invalid| invalid.under("/profile")));
            Profile::default()
        });
        match (email, devices, refused.is_empty()) {
            (Some(email), Some(devices), true) => {
                Ok(Adding { email, role: self.role.into(), devices, password: password.flatten(), profile })
            }
            _ => Err(refused),
        }
    }
}

impl ChangeBody {
    /// # Errors
    /// Every rule that is broken, with its pointer.
    pub(super) fn checked(self) -> Result<Change, Vec<FieldError>> {
        let mut refused = Vec::new();
        let vouched = self.email_verified;
        if self.email.is_none() && vouched.is_some() {
            refused.push(FieldError::new("/email_verified", "is said of an `email` that is given with it"));
        }
        let email = self.email.and_then(|text| kept(email("/email", &text), &mut refused));
        let devices = self.devices.and_then(|text| kept(scope("/devices", &text), &mut refused));
        let password = self.password.and_then(|password| kept(password.checked(), &mut refused));
        let change = Change {
            email: email.map(|email| (email, vouched == Some(true))),
            role: self.role.map(Role::from),
            devices,
            enabled: self.enabled,
            password,
        };
        if refused.is_empty() { Ok(change) } else { Err(refused) }
    }
}

impl Change {
    /// Whether nothing is to be changed.
    pub(super) fn is_empty(&self) -> bool {
        let Self { email, role, devices, enabled, password } = self;
        email.is_none() && role.is_none() && devices.is_none() && enabled.is_none() && password.is_none()
    }
}

impl PasswordBody {
    fn checked(self) -> Result<Password, FieldError> {
        match unfit(&self.value) {
            Some(detail) => Err(FieldError::new("/password/value", detail)),
            None => Ok(Password { value: self.value, permanent: self.permanent }),
        }
    }
}

fn kept<T>(read: Result<T, FieldError>, refused: &mut Vec<FieldError>) -> Option<T> {
    read.map_err(|invalid| refused.push(invalid)).ok()
}
