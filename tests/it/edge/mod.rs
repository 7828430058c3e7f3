//! Rules for the requests of every function behind the API: preconditions, bodies, texts, timestamps and the headers of responses. Each
//! list of operations is compared with the OpenAPI document, so that a new route is tested as well.

mod bodies;
mod conditions;
mod headers;
mod instants;
mod texts;

use std::collections::BTreeSet;

use serde_json::Value;
use weir_runtime::Function as _;
use weir_tests::document;

use crate::http::ask::{Ask, body, status};
use crate::people::BOB;
use crate::{command, device, flow, health, job, people, provision, quarantine, reading, recalculation, subscription};

/// An entry in the quarantine of the recorded events.
const ENTRY: &str = "7dcf887bbe815f8e3047ff2c84bd7c3c";

/// The functions behind the API, each over a world that is made again after a request has changed it.
#[derive(Default)]
struct Api {
    command: Option<command::World>,
    device: Option<device::World>,
    provision: Option<provision::World>,
    job: Option<job::World>,
    reading: Option<reading::World>,
    recalculation: Option<recalculation::World>,
    flow: Option<flow::World>,
    health: Option<health::World>,
    quarantine: Option<quarantine::World>,
    subscription: Option<subscription::World>,
    people: Option<people::World>,
}

/// The world in `$place`, made if there is none.
macro_rules! world {
    ($place:expr, $new:expr) => {
        match &mut $place {
            Some(world) => world,
            none => none.insert($new.await),
        }
    };
}

impl Api {
    /// Answers a request of an admin; or of Bob, where admins have nothing to ask for.
    async fn answer(&mut self, ask: Ask) -> Value {
        let mut event = ask.admin().event();
        if event["rawPath"].as_str().unwrap().starts_with("/users/me/devices") {
            event["requestContext"]["authorizer"]["jwt"]["claims"] = people::claims::bob();
        }
        let reads = event["requestContext"]["http"]["method"] == "GET";
        let answer = self.handed(event).await;
        if !reads && status(&answer) < 300 {
            *self = Self::default();
        }
        answer
    }

    async fn handed(&mut self, event: Value) -> Value {
        let path = event["rawPath"].as_str().unwrap().to_owned();
        let reads = event["requestContext"]["http"]["method"] == "GET";
        let words: Vec<_> = path.split('/').skip(1).collect();
        let people = match words.as_slice() {
            ["devices", _, "readings", ..] | [.., "alerts", "try"] => {
                return world!(self.reading, reading::World::new()).function().answer(event).await.unwrap();
            }
            ["events"] | ["devices", _, "events"] => {
                let world = world!(self.device, device::World::registered());
                return crate::event::function(&world.engine).answer(event).await.unwrap();
            }
            ["devices", _, "commands", ..] => {
                return world!(self.command, command::World::recorded()).function().answer(event).await.unwrap();
            }
            ["fleet", "firmware" | "jobs", ..] => {
                return world!(self.job, job::World::recorded()).function().answer(event).await.unwrap();
            }
            [.., "fit"] | [.., "recalculate"] | [.., "recalculate", _] => {
                let world = world!(self.recalculation, recalculation::World::new(0));
                return world.function().answer(event).await.unwrap();
            }
            ["devices", _, "certificates", ..] => {
                return world!(self.device, device::World::registered()).certificate().answer(event).await.unwrap();
            }
            ["fleet", ..] => {
                return world!(self.provision, provision::World::recorded()).function().answer(event).await.unwrap();
            }
            ["devices", ..] => {
                return world!(self.device, device::World::registered()).function().answer(event).await.unwrap();
            }
            ["levels" | "overview" | "problems", ..] => {
                return world!(self.flow, flow::World::operated()).functions.flow.answer(event).await.unwrap();
            }
            ["system"] => {
                return world!(self.health, health::World::new()).function().answer(event).await.unwrap();
            }
            ["quarantine", ..] => {
                let world = world!(self.quarantine, quarantine::World::recorded());
                return world.function().answer(event).await.unwrap();
            }
            ["users", "me", "subscriptions", ..] | ["subscriptions" | "notices" | "unsubscribe", ..] => {
                return world!(self.subscription, subscription::World::recorded()).api().answer(event).await.unwrap();
            }
            ["users", "me", "devices", ..] => "cognito-add-update-delete-user",
            ["users", ..] => "user",
            [.., "role"] | ["openapi.json"] => "cognito-get-role",
            ["cognito", ..] if reads => "cognito-get-users-info",
            ["cognito", ..] => "cognito-add-update-delete-user",
            _ => panic!("no function serves {path}"),
        };
        world!(self.people, people::World::new()).handle(people, event).await
    }

    /// The status of the answer, and the pointers and parameters that it names.
    async fn refused(&mut self, ask: Ask) -> (u16, Vec<String>) {
        let answer = self.answer(ask).await;
        let text =
            |error: &Value| error["pointer"].as_str().or(error["parameter"].as_str()).unwrap_or_default().to_owned();
        let errors = if status(&answer) < 400 { Value::Null } else { body(&answer)["errors"].clone() };
        (status(&answer), errors.as_array().into_iter().flatten().map(text).collect())
    }
}

/// The operations of the document for which `wanted` holds: `PUT /devices/{id}`.
fn operations(wanted: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let document = document::whole();
    let items = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| -> Vec<String> {
        let operations = item.as_object().unwrap().iter().filter(|(_, operation)| wanted(operation));
        operations.map(|(method, _)| format!("{} {path}", method.to_uppercase())).collect()
    };
    items.iter().flat_map(of_path).collect()
}

/// The operation that a request is for, as the document names it.
fn operation(method: &str, path: &str) -> String {
    let given: Vec<_> = path.split('?').next().unwrap_or_default().split('/').collect();
    let fits = |named: &String| {
        let Some(template) = named.strip_prefix(method).and_then(|rest| rest.strip_prefix(' ')) else { return false };
        let template: Vec<_> = template.split('/').collect();
        let same = |(word, given): (&&str, &&str)| word == given || word.starts_with('{');
        template.len() == given.len() && template.iter().zip(&given).all(same)
    };
    let all = operations(|_| true);
    // `/users/me` is served by itself, not by `/users/{sub}`.
    let best = all.into_iter().filter(fits).min_by_key(|named| named.matches('{').count());
    best.unwrap_or_else(|| panic!("{method} {path} is no operation"))
}

/// Bob's profile.
fn bob() -> String {
    format!("/users/{BOB}")
}
