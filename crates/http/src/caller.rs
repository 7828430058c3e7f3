//! The caller, read from the claims of the token that API Gateway has validated.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde_json::{Map, Value};

use super::ApiError;
use weir_core::domain::access::{Role, Scope};
use weir_core::id::DeviceId;

/// The claims of the token, from API Gateway's JWT authorizer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claims(pub Map<String, Value>);

/// A person with an ID token. The extractor accepts every ID token, and answers 401 without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Cognito's id of the user, which never changes.
    pub sub: String,
    /// The user name in the pool.
    pub username: String,
    /// The e-mail address, if the pool has one.
    pub email: Option<String>,
    /// The role; `None` when the person is in neither group.
    pub role: Option<Role>,
    /// The devices the person may see.
    pub scope: Scope,
}

/// A caller with a role. The extractor answers 403 for a person in neither group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member(pub Caller);

/// A caller who is an admin. The extractor answers 403 for everyone else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin(pub Caller);

impl Caller {
    /// Reads the caller from the claims.
    ///
    /// # Errors
    /// 401 when the token is not an ID token. API Gateway accepts access tokens too, but they do not contain the scope.
    pub fn of(claims: &Claims) -> Result<Self, ApiError> {
        let text = |name: &str| claims.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if text("token_use") != Some("id") {
            return Err(ApiError::unauthorized(
                "this is not an ID token: send the ID token instead of the access token",
            ));
        }
        let sub = text("sub").ok_or_else(|| ApiError::unauthorized("the token has no `sub`"))?;
        let role = match text("custom:adding") {
            // The user is flagged as being created and therefore has no role yet.
            Some(_) => None,
            None => Role::from_groups(groups(claims.0.get("cognito:groups")).iter().map(String::as_str)),
        };
        Ok(Self {
            sub: sub.to_owned(),
            username: text("cognito:username").unwrap_or(sub).to_owned(),
            email: text("email").map(str::to_owned),
            role,
            scope: Scope::of(role, text("custom:devices").unwrap_or_default()),
        })
    }

    /// The name under which changes are recorded: the e-mail address, or else the user name.
    pub fn name(&self) -> String {
        self.email.clone().unwrap_or_else(|| self.username.clone())
    }

    /// Whether the caller is an admin.
    pub fn is_admin(&self) -> bool {
        self.role == Some(Role::Admin)
    }

    /// Checks that the device is in the caller's scope.
    ///
    /// # Errors
    /// 404, as for a device that does not exist.
    pub fn sees(&self, device: &DeviceId) -> Result<(), ApiError> {
        if self.scope.sees(device) { Ok(()) } else { Err(ApiError::not_found()) }
    }

    fn member(self) -> Result<Self, ApiError> {
        if self.role.is_some() {
            Ok(self)
        } else {
            Err(ApiError::forbidden("you are in neither of the groups `admin` and `user`"))
        }
    }

    fn admin(self) -> Result<Self, ApiError> {
        if self.is_admin() { Ok(self) } else { Err(ApiError::forbidden("only an admin may do this")) }
    }
}

/// The groups, in any form of the claim: API Gateway writes a list as `[admin user]`, or one word without brackets;
/// emulators write a JSON array, as text or as JSON.
fn groups(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(text)) => {
            let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
            serde_json::from_str(text).unwrap_or_else(|_| {
                inner.map_or_else(|| vec![text.clone()], |inner| inner.split(' ').map(str::to_owned).collect())
            })
        }
        _ => Vec::new(),
    }
}

fn caller(parts: &Parts) -> Result<Caller, ApiError> {
    let claims = parts.extensions.get().ok_or_else(|| ApiError::unauthorized("send an ID token as a bearer token"))?;
    Caller::of(claims)
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        caller(parts)
    }
}

impl<S: Sync> FromRequestParts<S> for Member {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        caller(parts)?.member().map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        caller(parts)?.admin().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ErrorKind;
    use super::*;
    use serde_json::json;

    fn caller(claims: Value) -> Result<Caller, ApiError> {
        Caller::of(&Claims(claims.as_object().unwrap().clone()))
    }

    #[test]
    fn groups_are_read_in_all_forms() {
        let both = ["admin", "user"];
        for (claim, expected) in [
            (json!("[admin user]"), both.as_slice()),
            (json!("[\"admin\",\"user\"]"), &both),
            (json!("[ \"admin\", \"user\" ]"), &both),
            (json!(["admin", "user"]), &both),
            (json!("admin"), &["admin"]),
            (json!("[admin]"), &["admin"]),
            (json!("[\"admin\"]"), &["admin"]),
            (json!("[]"), &[]),
            (json!([]), &[]),
            (json!(null), &[]),
            (json!(7), &[]),
        ] {
            let read: Vec<_> = groups(Some(&claim)).into_iter().filter(|group| !group.is_empty()).collect();
            assert_eq!(read, expected, "{claim}");
        }
        assert!(groups(None).is_empty());
        // A group whose name only contains `admin` gives no role.
        for odd in ["[[admin]]", "admin]", "x,admin", "[x,admin]", "{admin}", "\"admin\""] {
            let role = caller(json!({"token_use": "id", "sub": "s", "cognito:groups": odd})).unwrap().role;
            assert_eq!(role, None, "{odd}");
        }
    }

    #[test]
    fn a_caller_is_read_from_the_id_token() {
        let user =
            caller(json!({"token_use": "id", "sub": "s-1", "cognito:username": "ada", "email": "ada@example.org",
            "cognito:groups": "[user]", "custom:devices": "buoy-01 buoy-02"}))
            .unwrap();
        assert_eq!(
            (user.sub.as_str(), user.username.as_str(), user.email.as_deref()),
            ("s-1", "ada", Some("ada@example.org"))
        );
        assert_eq!(user.role, Some(Role::User));
        assert!(user.sees(&"buoy-02".parse().unwrap()).is_ok());
        assert_eq!(user.sees(&"buoy-03".parse().unwrap()).unwrap_err(), ApiError::not_found());

        let admin = caller(json!({"token_use": "id", "sub": "s-2", "cognito:groups": "admin"})).unwrap();
        assert_eq!((admin.username.as_str(), &admin.email, &admin.scope), ("s-2", &None, &Scope::All));
        assert_eq!((user.name(), admin.name()), ("ada@example.org".to_owned(), "s-2".to_owned()));

        let creating = json!({"token_use": "id", "sub": "s-4", "cognito:groups": "[admin]", "custom:devices": "*",
            "custom:adding": "token 1795155900000"});
        let creating = caller(creating).unwrap();
        assert_eq!((creating.role, creating.scope), (None, Scope::NOTHING));
        let complete = json!({"token_use": "id", "sub": "s-5", "cognito:groups": "[admin]", "custom:adding": ""});
        assert_eq!(caller(complete).unwrap().role, Some(Role::Admin));

        let guest = caller(json!({"token_use": "id", "sub": "s-3", "custom:devices": "*"})).unwrap();
        assert_eq!((guest.role, guest.scope), (None, Scope::NOTHING));
    }

    #[test]
    fn only_an_id_token_with_a_sub_is_accepted() {
        for claims in [
            json!({}),
            json!({"sub": "s", "cognito:groups": "[admin]"}),
            json!({"token_use": "access", "sub": "s", "cognito:groups": "[admin]", "username": "ada"}),
            json!({"token_use": ["id"], "sub": "s"}),
            json!({"token_use": "id"}),
            json!({"token_use": "id", "sub": ""}),
        ] {
            assert_eq!(caller(claims.clone()).unwrap_err().kind(), ErrorKind::Unauthorized, "{claims}");
        }
    }

    #[test]
    fn each_extractor_accepts_its_roles() {
        for (groups, member, admin) in [("admin", true, true), ("user", true, false), ("other", false, false)] {
            let caller = caller(json!({"token_use": "id", "sub": "s", "cognito:groups": groups})).unwrap();
            let refused = |result: Result<Caller, ApiError>| result.map_err(|error| error.kind());
            assert_eq!(refused(caller.clone().member()).is_ok(), member, "{groups}");
            let expected = if admin { Ok(caller.clone()) } else { Err(ErrorKind::Forbidden) };
            assert_eq!(refused(caller.admin()), expected, "{groups}");
        }
    }
}
