//! A user pool of a test's own in the local cloud, beside a DynamoDB of its own: what a test does to all admins there harms
//! nobody else, and every request of the functions can be broken.

use std::sync::Arc;

use aws_smithy_http_client::Builder;
use cognito_add_update_delete_user::{ChangeUser, Parts};
use serde_json::{Value, json};
use tooling::cloud::Cloud;
use weir_aws::people::{Lock, Pool};
use weir_aws::profile::ProfileTable;
use weir_runtime::clock::{Clock, SetClock, SystemClock};

use crate::engine::Engine;
use crate::local::Local;
use crate::pool::client;
use crate::wire::{Ledger, Wire};

/// The pool, with its people.
pub struct OwnPool {
    cloud: Cloud,
    /// Its id.
    pub id: String,
    /// The tables.
    pub engine: Engine,
    /// What the functions take for the time.
    pub clock: Arc<SetClock>,
}

impl OwnPool {
    /// An empty one, as the template's is in all that matters here.
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

    /// Asks the pool by hand.
    pub async fn ask(&self, operation: &str, mut body: Value) -> Value {
        body["UserPoolId"] = self.id.as_str().into();
        asked(&self.cloud, operation, &body).await
    }

    /// Everyone in the pool, half-made ones among them.
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

    /// The users with that address.
    pub async fn with_email(&self, email: &str) -> Vec<Value> {
        self.everyone().await.into_iter().filter(|user| attribute(user, "email") == email).collect()
    }

    /// The groups of a user.
    pub async fn groups(&self, username: &str) -> Vec<String> {
        let answer = self.ask("AdminListGroupsForUser", json!({"Username": username})).await;
        let groups = answer["Groups"].as_array().expect("groups").iter();
        groups.map(|group| group["GroupName"].as_str().expect("a name").to_owned()).collect()
    }

    /// Adds a whole user by hand, with a password of their own and without a profile; tells the name in the pool.
    pub async fn add(&self, email: &str, group: &str) -> String {
        let new = json!({"Username": email, "MessageAction": "SUPPRESS",
            "UserAttributes": [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]});
        let made = self.ask("AdminCreateUser", new).await;
        let username = made["User"]["Username"].as_str().expect("a name").to_owned();
        self.ask("AdminAddUserToGroup", json!({"Username": username, "GroupName": group})).await;
        let own = json!({"Username": username, "Password": "Own-Battery-8-Staple", "Permanent": true});
        self.ask("AdminSetUserPassword", own).await;
        username
    }

    /// How many admins can sign in.
    pub async fn ruling(&self) -> usize {
        let members = self.ask("ListUsersInGroup", json!({"GroupName": "admin"})).await;
        members["Users"].as_array().expect("users").iter().filter(|user| user["Enabled"] == true).count()
    }

    /// The profiles.
    pub fn profiles(&self) -> ProfileTable {
        ProfileTable::new(self.engine.client(), self.engine.name("users"))
    }

    /// The pool as the functions know it.
    pub fn pool(&self, wire: Arc<dyn Wire>) -> Pool {
        Pool::new(client(self.cloud.endpoint(), Builder::new().build_http(), wire, 1), &self.id)
    }

    /// The function that changes people.
    pub fn function(&self) -> ChangeUser {
        self.function_over(Arc::new(Ledger::default()))
    }

    /// The same, with every request over this wire, tried once.
    pub fn function_over(&self, wire: Arc<dyn Wire>) -> ChangeUser {
        let (dynamodb, table) = (self.engine.client_once(wire.clone()), self.engine.name("users"));
        ChangeUser::new(Parts {
            pool: self.pool(wire),
            profiles: ProfileTable::new(dynamodb.clone(), &table),
            lock: Lock::new(dynamodb, table, self.clock.clone()),
            clock: self.clock.clone(),
        })
    }

    /// Time passes: whatever was killed has run out.
    pub fn a_minute_later(&self) {
        self.clock.set(self.clock.now().plus_seconds(60));
    }
}

/// An attribute of a user as `ListUsers` has it; empty when it is not there.
pub fn attribute<'a>(user: &'a Value, name: &str) -> &'a str {
    let attributes = user["Attributes"].as_array().expect("attributes");
    let found = attributes.iter().find(|attribute| attribute["Name"] == name);
    found.and_then(|attribute| attribute["Value"].as_str()).unwrap_or_default()
}

async fn asked(cloud: &Cloud, operation: &str, body: &Value) -> Value {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    cloud.json("cognito-idp", "POST", "/", &headers, Some(body)).await.expect("the pool answers")
}
