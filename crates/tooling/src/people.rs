//! People who may use the HTTP API of the local cloud. They are created in its user pool and sign in as on AWS.

use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::secret;
use crate::stack::Stack;

/// What a person may do: the group they are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// See and set the devices of their scope.
    User,
}

/// Somebody who can sign in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    /// What they sign in with.
    pub email: String,
    /// Random, new in each run.
    pub password: String,
}

/// The tokens of a signed-in person; they are valid for 15 minutes.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The ID token, which the API expects.
    pub id: String,
    /// The access token, which the API refuses.
    pub access: String,
}

/// The people of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct People {
    /// Somebody of the group `admin`.
    pub admin: Person,
    /// Somebody of the group `user`, who sees the first two buoys.
    pub user: Person,
}

impl People {
    /// Creates them, and writes them to a file for other commands and the tests.
    ///
    /// # Errors
    /// When the user pool refuses a step.
    pub async fn make(stack: &Stack, devices: &str) -> Result<Self> {
        let admin = Person::make(stack, "admin@weir.example", Role::Admin, "").await?;
        let user = Person::make(stack, "user@weir.example", Role::User, devices).await?;
        let people = Self { admin, user };
        let text = serde_json::to_string_pretty(&people).context("people are always JSON")?;
        secret::write(&stack.people, &(text + "\n"))?;
        Ok(people)
    }

    /// Reads the people of a run from its file.
    ///
    /// # Errors
    /// When there is no such file or it is broken.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is broken", file.display()))
    }
}

impl Person {
    /// Creates a person with a role; `devices` is their scope, space-separated.
    ///
    /// # Errors
    /// When the user pool refuses a step.
    pub async fn make(stack: &Stack, email: &str, role: Role, devices: &str) -> Result<Self> {
        let pool = stack.output("UserPoolId")?;
        let password = password()?;
        let attributes = json!([
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "custom:devices", "Value": devices},
        ]);
        let new =
            json!({"UserPoolId": pool, "Username": email, "UserAttributes": attributes, "MessageAction": "SUPPRESS"});
        call(stack, "AdminCreateUser", &new).await?;
        let known = json!({"UserPoolId": pool, "Username": email, "Password": password, "Permanent": true});
        call(stack, "AdminSetUserPassword", &known).await?;
        let group = match role {
            Role::Admin => "admin",
            Role::User => "user",
        };
        let joined = json!({"UserPoolId": pool, "Username": email, "GroupName": group});
        call(stack, "AdminAddUserToGroup", &joined).await?;
        Ok(Self { email: email.to_owned(), password })
    }

    /// Signs in.
    ///
    /// # Errors
    /// When the user pool does not let them.
    pub async fn sign_in(&self, stack: &Stack) -> Result<Tokens> {
        let request = json!({
            "UserPoolId": stack.output("UserPoolId")?,
            "ClientId": stack.output("UserPoolClientId")?,
            "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": self.email, "PASSWORD": self.password},
        });
        let answer = call(stack, "AdminInitiateAuth", &request).await?;
        let token = |name: &str| {
            let token = answer.pointer(&format!("/AuthenticationResult/{name}")).and_then(Value::as_str);
            token.map(str::to_owned).with_context(|| format!("{} signed in and got no {name}", self.email))
        };
        Ok(Tokens { id: token("IdToken")?, access: token("AccessToken")? })
    }
}

async fn call(stack: &Stack, operation: &str, request: &Value) -> Result<Value> {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    stack.cloud().json("cognito-idp", "POST", "/", &headers, Some(request)).await
}

/// 18 random bytes, and one of each character class that the pool requires.
fn password() -> Result<String> {
    let random = secret::random::<18>()?;
    Ok(format!("{}-aA1", URL_SAFE_NO_PAD.encode(random)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_used_twice() {
        let (one, other) = (password().unwrap(), password().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 28);
    }
}
