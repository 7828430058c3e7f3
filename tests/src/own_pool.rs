//! A separate user pool and DynamoDB for one test in the local cloud: the test may change all admins without disturbing other tests, and
//! can make every request of the functions fail.

use std::sync::Arc;

use aws_smithy_http_client::Builder;
use cognito_add_update_delete_user::{ChangeUser, Lock, Mfa, Parts};
use serde_json::{Value, json};
use tooling::cloud::Cloud;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::live::LiveTable;
use weir_aws::people::Pool;
use weir_aws::profile::ProfileTable;
use weir_runtime::clock::{Clock, SetClock, SystemClock};

use crate::engine::Engine;
use crate::local::Local;
use crate::pool::client;
use crate::wire::{Ledger, Wire};

/// The password of people added by [`OwnPool::add`].
const PASSWORD: &str = "Own-Battery-8-Staple";

/// The tokens of a person who has signed in.
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

/// The user pool.
pub struct OwnPool {
    cloud: Cloud,
    /// Its id.
    pub id: String,
    /// The DynamoDB with the tables.
    pub engine: Engine,
    /// The clock of the functions.
    pub clock: Arc<SetClock>,
}

impl OwnPool {
    /// An empty pool with the part of the template's configuration that the tests need.
    pub async fn new(local: &Local) -> Self {
        let cloud = local.stack.cloud();
        let rules = json!({"MinimumLength": 12, "RequireLowercase": true, "RequireUppercase": true,
            "RequireNumbers": true, "RequireSymbols": true});
        let wanted = json!({"PoolName": "own", "UsernameAttributes": ["email"], "Policies": {"PasswordPolicy": rules}});
        let made = asked(&cloud, "CreateUserPool", &wanted).await;
        let id = made["UserPool"]["Id"].as_str().expect("a pool").to_owned();
        for group in ["admin", "user"] {
            asked(&cloud, "CreateGroup", &json!({"UserPoolId": id, "GroupName": group})).await;
        }
        let clock = Arc::new(SetClock::new(SystemClock.now()));
        Self { cloud, id, engine: Engine::start().await, clock }
    }

    /// Calls an operation of the pool.
    pub async fn ask(&self, operation: &str, mut body: Value) -> Value {
        body["UserPoolId"] = self.id.as_str().into();
        asked(&self.cloud, operation, &body).await
    }

    /// All users of the pool, including users being created.
    pub async fn everyone(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = Value::Null;
        loop {
            let mut body = json!({});
            if next.is_string() {
                body["PaginationToken"] = next;
            }
            let mut page = self.ask("ListUsers", body).await;
            all.append(page["Users"].as_array_mut().expect("users"));
            next = page["PaginationToken"].take();
            if next.is_null() {
                return all;
            }
        }
    }

    /// The users with this e-mail address.
    pub async fn with_email(&self, email: &str) -> Vec<Value> {
        self.everyone().await.into_iter().filter(|user| attribute(user, "email") == email).collect()
    }

    /// The groups of a user.
    pub async fn groups(&self, username: &str) -> Vec<String> {
        let answer = self.ask("AdminListGroupsForUser", json!({"Username": username})).await;
        let groups = answer["Groups"].as_array().expect("groups").iter();
        groups.map(|group| group["GroupName"].as_str().expect("a name").to_owned()).collect()
    }

    /// Adds a complete user with a permanent password and without a profile; returns the user name.
    pub async fn add(&self, email: &str, group: &str) -> String {
        let new = json!({"Username": email, "MessageAction": "SUPPRESS",
            "UserAttributes": [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]});
        let made = self.ask("AdminCreateUser", new).await;
        let username = made["User"]["Username"].as_str().expect("a name").to_owned();
        self.ask("AdminAddUserToGroup", json!({"Username": username, "GroupName": group})).await;
        let own = json!({"Username": username, "Password": PASSWORD, "Permanent": true});
        self.ask("AdminSetUserPassword", own).await;
        username
    }

    /// Creates a client of the pool for signing in; returns its id.
    pub async fn app(&self) -> String {
        let flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"];
        let made = self.ask("CreateUserPoolClient", json!({"ClientName": "app", "ExplicitAuthFlows": flows})).await;
        made["UserPoolClient"]["ClientId"].as_str().expect("an id").to_owned()
    }

    /// Signs in a person added by [`OwnPool::add`]; returns the tokens.
    pub async fn sign_in(&self, app: &str, email: &str) -> Tokens {
        let said = json!({"USERNAME": email, "PASSWORD": PASSWORD});
        let body = json!({"ClientId": app, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": said});
        let answer = self.ask("AdminInitiateAuth", body).await;
        let token = |name: &str| answer["AuthenticationResult"][name].as_str().expect("a token").to_owned();
        Tokens { access: token("AccessToken"), refresh: token("RefreshToken") }
    }

    /// Whether the refresh token is still valid.
    pub async fn is_signed_in(&self, app: &str, refresh_token: &str) -> bool {
        let body = json!({"ClientId": app, "RefreshToken": refresh_token});
        try_asked(&self.cloud, "GetTokensFromRefreshToken", &body).await.is_ok()
    }

    /// Deletes a person as themselves, with their access token.
    pub async fn delete_oneself(&self, access_token: &str) {
        asked(&self.cloud, "DeleteUser", &json!({"AccessToken": access_token})).await;
    }

    /// The number of admins who can sign in.
    pub async fn active_admins(&self) -> usize {
        let members = self.ask("ListUsersInGroup", json!({"GroupName": "admin"})).await;
        members["Users"].as_array().expect("users").iter().filter(|user| user["Enabled"] == true).count()
    }

    /// The table of profiles.
    pub fn profiles(&self) -> ProfileTable {
        ProfileTable::new(self.engine.client(), self.engine.name("users"))
    }

    /// The pool as the functions use it.
    pub fn pool(&self, wire: Arc<dyn Wire>) -> Pool {
        Pool::new(client(self.cloud.endpoint(), self.cloud.key(), Builder::new().build_http(), wire, 1), &self.id)
    }

    /// The function that adds, changes and deletes users.
    pub fn function(&self) -> ChangeUser {
        self.function_over(Arc::new(Ledger::default()))
    }

    /// The same function, with every request over this wire and without retries.
    pub fn function_over(&self, wire: Arc<dyn Wire>) -> ChangeUser {
        let profiles = ProfileTable::new(self.engine.client_once(wire.clone()), self.engine.name("users"));
        let lock = Lock::new(profiles.clone(), self.clock.clone());
        let live = LiveTable::new(self.engine.client_once(wire.clone()), self.engine.name("live"));
        let events = EventTable::new(self.engine.client_once(wire.clone()), self.engine.name("events"), 400);
        let devices = DeviceTable::new(self.engine.client_once(wire.clone()), self.engine.name("devices"));
        let (pool, clock) = (self.pool(wire), self.clock.clone());
        ChangeUser::new(Parts { pool, profiles, events, devices, live, lock, clock, mfa: Mfa::Optional })
    }

    /// Lets a minute pass, after which all leases and flags have expired.
    pub fn a_minute_later(&self) {
        self.clock.set(self.clock.now().plus_seconds(60));
    }
}

/// An attribute of a user from `ListUsers`; empty when it is missing.
pub fn attribute<'a>(user: &'a Value, name: &str) -> &'a str {
    let attributes = user["Attributes"].as_array().expect("attributes");
    let found = attributes.iter().find(|attribute| attribute["Name"] == name);
    found.and_then(|attribute| attribute["Value"].as_str()).unwrap_or_default()
}

async fn asked(cloud: &Cloud, operation: &str, body: &Value) -> Value {
    try_asked(cloud, operation, body).await.expect("the pool answers")
}

async fn try_asked(cloud: &Cloud, operation: &str, body: &Value) -> Result<Value, String> {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    let answer = cloud.json("cognito-idp", "POST", "/", &headers, Some(body)).await;
    answer.map_err(|error| format!("{error:#}"))
}
