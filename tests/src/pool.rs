//! A user pool of recorded answers in the formats of Cognito's API reference, for tests of access and of responses. Changes of
//! users are tested on a full emulator, in `tests/local`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_cognitoidentityprovider::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_cognitoidentityprovider::config::timeout::TimeoutConfig;
use aws_sdk_cognitoidentityprovider::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_cognitoidentityprovider::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tooling::cloud::Key;
use weir_aws::people::Pool;

use crate::wire::{Answer, Request, Wire, answer, refusal, through};

/// The id of the recorded pool.
pub const ID: &str = "eu-central-1_Recorded1";

/// A client of Cognito at `url` with this key, whose requests go over `wire`, each tried `attempts` times.
pub fn client(url: &str, key: &Key, http: SharedHttpClient, wire: Arc<dyn Wire>, attempts: u32) -> Client {
    // All clients of a partition in the process share a retry quota, so each client has a separate partition.
    let partition = RetryPartition::custom(format!("{url} {:p}", Arc::as_ptr(&wire))).build();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new(&key.id, &key.secret, None, None, "test"))
        .endpoint_url(url)
        .http_client(through(http, wire))
        .retry_config(RetryConfig::standard().with_max_attempts(attempts))
        .retry_partition(partition)
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Client::from_conf(config.build())
}

/// A refusal: the operation, the number of its requests that succeed before, the status, the code and the text.
type Refusal = (&'static str, usize, u16, &'static str, &'static str);

/// The recorded pool. It deletes users, and stores new users with the steps that complete their creation. Other users do not change.
#[derive(Debug)]
pub struct Recorded {
    people: Mutex<Vec<Value>>,
    refusals: Mutex<VecDeque<Refusal>>,
    asked: Mutex<Vec<(String, Value)>>,
    remembers: AtomicBool,
}

impl Recorded {
    /// A pool with these users, made by [`person`].
    pub fn of(people: Vec<Value>) -> Arc<Self> {
        let (refusals, asked) = (Mutex::default(), Mutex::default());
        Arc::new(Self { people: Mutex::new(people), refusals, asked, remembers: AtomicBool::new(false) })
    }

    /// The pool as the functions use it.
    pub fn pool(self: &Arc<Self>) -> Pool {
        let key = Key { id: "AKIDTEST".to_owned(), secret: "test".to_owned() };
        Pool::new(client("http://127.0.0.1:9", &key, Builder::new().build_http(), self.clone(), 3), ID)
    }

    /// The pool, whose requests go over `wire` before they are answered, each tried once.
    pub fn pool_over(self: &Arc<Self>, wire: Arc<dyn Wire>) -> Pool {
        let key = Key { id: "AKIDTEST".to_owned(), secret: "test".to_owned() };
        let http = through(Builder::new().build_http(), self.clone());
        Pool::new(client("http://127.0.0.1:9", &key, http, wire, 1), ID)
    }

    /// From now on, users change as they are asked to, and no password is taken twice.
    pub fn remember(&self) {
        self.remembers.store(true, Ordering::SeqCst);
    }

    /// The scope of the user with this name.
    ///
    /// # Panics
    /// When there is none.
    pub fn scope(&self, username: &str) -> String {
        let people = self.people.lock().unwrap();
        let person = people.iter().find(|person| person["Username"] == username).expect("a user");
        let attributes = person["Attributes"].as_array().expect("attributes");
        let scope = attributes.iter().find(|attribute| attribute["Name"] == "custom:devices");
        scope.and_then(|scope| scope["Value"].as_str()).unwrap_or_default().to_owned()
    }

    /// Deletes the user with this name, as Cognito's `DeleteUser` does.
    pub fn forget(&self, username: &str) {
        self.people.lock().unwrap().retain(|person| person["Username"] != username);
    }

    /// Adds a user made by [`person`].
    pub fn know(&self, person: Value) {
        self.people.lock().unwrap().push(person);
    }

    /// Refuses the next request of the operation.
    pub fn refuse(&self, operation: &'static str, status: u16, code: &'static str, text: &'static str) {
        self.refuse_after(0, operation, status, code, text);
    }

    /// Refuses a request of the operation after `passes` requests have succeeded.
    pub fn refuse_after(
        &self,
        passes: usize,
        operation: &'static str,
        status: u16,
        code: &'static str,
        text: &'static str,
    ) {
        self.refusals.lock().unwrap().push_back((operation, passes, status, code, text));
    }

    /// Answers again what it would have refused.
    pub fn answer_again(&self) {
        self.refusals.lock().unwrap().clear();
    }

    /// The requests since the last call, as operation and body.
    pub fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// The answer to a request, as status and body.
    ///
    /// # Panics
    /// When the request is for another pool.
    pub fn answers(&self, operation: &str, body: &Value) -> (u16, Value) {
        let answer = self.said(operation, body).expect("recorded answers arrive");
        let body = answer.body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok());
        (answer.status().as_u16(), body.unwrap_or_default())
    }

    fn said(&self, operation: &str, body: &Value) -> Answer {
        assert_eq!(body["UserPoolId"], ID, "{operation} asks another pool");
        let due = {
            let mut refusals = self.refusals.lock().unwrap();
            let place = refusals.iter().position(|refusal| refusal.0 == operation);
            match place.and_then(|place| refusals.get_mut(place)) {
                Some((_, passes, ..)) if *passes > 0 => {
                    *passes -= 1;
                    None
                }
                _ => place.and_then(|place| refusals.remove(place)),
            }
        };
        if let Some((_, _, status, code, text)) = due {
            return refusal(status, code, text);
        }
        for field in ["Password", "TemporaryPassword"] {
            if let Some((code, text)) = body[field].as_str().and_then(broken_rule) {
                return refusal(400, code, text);
            }
        }
        let mut people = self.people.lock().unwrap();
        let named = |person: &&Value| body["Username"] == person["Username"] || body["Username"] == email(person);
        let found = people.iter().find(named).cloned();
        match (operation, found) {
            ("ListUsers", _) => {
                let all: Vec<_> = people.iter().collect();
                page(&all, body, "PaginationToken")
            }
            ("ListUsersInGroup", _) => {
                let members: Vec<_> = people.iter().filter(|person| in_group(person, &body["GroupName"])).collect();
                page(&members, body, "NextToken")
            }
            ("DescribeUserPool", _) => {
                answer(200, &json!({"UserPool": {"Id": ID, "EstimatedNumberOfUsers": people.len()}}))
            }
            ("AdminCreateUser", found) if body["MessageAction"] == "SUPPRESS" => match found {
                Some(_) => refusal(400, "UsernameExistsException", "User account already exists"),
                None => {
                    let made = made(body);
                    people.push(made.clone());
                    answer(200, &json!({"User": made}))
                }
            },
            ("AdminCreateUser", _) => answer(200, &json!({})),
            ("AdminGetUser", Some(mut person)) => {
                person["UserAttributes"] = person["Attributes"].take();
                answer(200, &person)
            }
            ("AdminListGroupsForUser", Some(person)) => {
                let groups = person["groups"].as_array().unwrap().iter();
                answer(200, &json!({"Groups": groups.map(|name| json!({"GroupName": name})).collect::<Vec<_>>()}))
            }
            ("AdminDeleteUser", Some(person)) => {
                people.retain(|other| other["Username"] != person["Username"]);
                answer(200, &json!({}))
            }
            (
                "AdminAddUserToGroup"
                | "AdminRemoveUserFromGroup"
                | "AdminSetUserPassword"
                | "AdminUpdateUserAttributes"
                | "AdminDisableUser"
                | "AdminEnableUser",
                Some(person),
            ) => {
                let number = people.iter().position(|other| other["Username"] == person["Username"]).unwrap();
                if person["Username"] == MADE {
                    step(operation, body, &mut people[number]);
                } else if self.remembers.load(Ordering::SeqCst) {
                    return remember(operation, body, &mut people[number]);
                }
                answer(200, &json!({}))
            }
            ("AdminGetUser" | "AdminListGroupsForUser" | "AdminDeleteUser", None) => {
                refusal(400, "UserNotFoundException", "User does not exist.")
            }
            _ => answer(200, &json!({})),
        }
    }
}

impl Wire for Recorded {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        let (operation, body) = (request.operation().to_owned(), request.body());
        Box::pin(async move {
            // Whoever asks may be killed before the request arrives, and before its answer does.
            tokio::task::yield_now().await;
            self.asked.lock().unwrap().push((operation.clone(), body.clone()));
            let said = self.said(&operation, &body);
            tokio::task::yield_now().await;
            said
        })
    }
}

/// A user: the last digits of the id, the name in the e-mail address, the groups, the scope.
pub fn person(number: u32, name: &str, groups: &[&str], devices: &str) -> Value {
    let id = format!("5f1e0000-0000-4000-8000-{number:012}");
    json!({
        "Username": id,
        "Attributes": [
            {"Name": "sub", "Value": id},
            {"Name": "email", "Value": format!("{name}@example.com")},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "custom:devices", "Value": devices},
        ],
        "Enabled": true,
        "UserStatus": "CONFIRMED",
        "UserCreateDate": 1_795_000_000.123,
        "UserLastModifiedDate": 1_795_100_000.5,
        "groups": groups,
    })
}

/// The person, disabled.
pub fn disabled(mut person: Value) -> Value {
    person["Enabled"] = false.into();
    person
}

/// The person, who was last changed at this time, in epoch seconds.
pub fn changed_at(mut person: Value, seconds: i64) -> Value {
    person["UserLastModifiedDate"] = seconds.into();
    person
}

/// The person, with a temporary password.
pub fn invited(mut person: Value) -> Value {
    person["UserStatus"] = "FORCE_CHANGE_PASSWORD".into();
    person
}

/// The person, who signs in with one-time codes.
pub fn with_codes(mut person: Value) -> Value {
    person["UserMFASettingList"] = json!(["SOFTWARE_TOKEN_MFA"]);
    person
}

/// The person with the flag of users being created.
pub fn creating(mut person: Value, flag: &str) -> Value {
    let attributes = person["Attributes"].as_array_mut().unwrap();
    attributes.push(json!({"Name": "custom:adding", "Value": flag}));
    person
}

fn email(person: &Value) -> Value {
    let attributes = person["Attributes"].as_array().unwrap();
    attributes.iter().find(|attribute| attribute["Name"] == "email").unwrap()["Value"].clone()
}

fn in_group(person: &Value, group: &Value) -> bool {
    person["groups"].as_array().unwrap().contains(group)
}

/// A page as Cognito returns it; filters are ignored.
fn page(all: &[&Value], body: &Value, token: &str) -> Answer {
    let limit = body["Limit"].as_u64().unwrap_or(60);
    assert!((1..=60).contains(&limit), "Cognito lists 1 to 60 at once, not {limit}");
    let from: usize = body[token].as_str().map_or(0, |place| place.parse().unwrap());
    let to = all.len().min(from + usize::try_from(limit).unwrap());
    let mut said = json!({"Users": all[from..to]});
    if to < all.len() {
        said[token] = to.to_string().into();
    }
    answer(200, &said)
}

/// The user name of a new user.
const MADE: &str = "5f1e0000-0000-4000-8000-000000000099";

/// Applies a step of the creation to the new user.
fn step(operation: &str, body: &Value, made: &mut Value) {
    match operation {
        "AdminAddUserToGroup" => made["groups"].as_array_mut().unwrap().push(body["GroupName"].clone()),
        "AdminSetUserPassword" if body["Permanent"] == true => made["UserStatus"] = "CONFIRMED".into(),
        "AdminSetUserPassword" => made["UserStatus"] = "FORCE_CHANGE_PASSWORD".into(),
        // None of these belongs to the creation.
        "AdminRemoveUserFromGroup" | "AdminDisableUser" | "AdminEnableUser" => {}
        // An empty value deletes the attribute.
        _ => made["Attributes"].as_array_mut().unwrap().retain(|attribute| {
            let written = body["UserAttributes"].as_array().unwrap().iter();
            !written.clone().any(|one| one["Name"] == attribute["Name"] && one["Value"] == "")
        }),
    }
    if let Some(at) = made["UserLastModifiedDate"].as_f64() {
        made["UserLastModifiedDate"] = (at + 1.0).into();
    }
}

/// Changes a user.
fn remember(operation: &str, body: &Value, person: &mut Value) -> Answer {
    match operation {
        "AdminDisableUser" => person["Enabled"] = false.into(),
        "AdminEnableUser" => person["Enabled"] = true.into(),
        "AdminAddUserToGroup" => {
            let groups = person["groups"].as_array_mut().unwrap();
            groups.retain(|name| *name != body["GroupName"]);
            groups.push(body["GroupName"].clone());
        }
        "AdminRemoveUserFromGroup" => {
            person["groups"].as_array_mut().unwrap().retain(|name| *name != body["GroupName"]);
        }
        "AdminSetUserPassword" => {
            if person["password"] == body["Password"] {
                let text = "Provided password cannot be used because it was used previously.";
                return refusal(400, "PasswordHistoryPolicyViolationException", text);
            }
            person["password"] = body["Password"].clone();
            let status = if body["Permanent"] == true { "CONFIRMED" } else { "FORCE_CHANGE_PASSWORD" };
            person["UserStatus"] = status.into();
        }
        _ => {
            let attributes = person["Attributes"].as_array_mut().unwrap();
            for written in body["UserAttributes"].as_array().unwrap() {
                attributes.retain(|attribute| attribute["Name"] != written["Name"]);
                attributes.push(written.clone());
            }
        }
    }
    person["UserLastModifiedDate"] = (person["UserLastModifiedDate"].as_f64().unwrap() + 1.0).into();
    answer(200, &json!({}))
}

fn made(body: &Value) -> Value {
    let mut made = person(99, "new", &[], "");
    let sub = made["Attributes"][0].clone();
    made["Attributes"] = body["UserAttributes"].clone();
    made["Attributes"].as_array_mut().unwrap().push(sub);
    made["UserStatus"] = "FORCE_CHANGE_PASSWORD".into();
    made
}

/// Cognito's error for a password that violates a rule of the pool in the template.
fn broken_rule(password: &str) -> Option<(&'static str, &'static str)> {
    let policy = "InvalidPasswordException";
    if password.starts_with("Used-Before") {
        let text = "Provided password cannot be used because it was used previously.";
        return Some(("PasswordHistoryPolicyViolationException", text));
    }
    if password.len() < 12 {
        return Some((policy, "Password did not conform with policy: Password not long enough"));
    }
    let has = |kind: fn(&u8) -> bool| password.as_bytes().iter().any(kind);
    if !has(u8::is_ascii_uppercase) {
        return Some((policy, "Password did not conform with policy: Password must have uppercase characters"));
    }
    None
}
