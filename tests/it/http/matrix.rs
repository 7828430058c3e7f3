//! The access table: every route is called by every kind of caller, with the expected status.

use serde_json::Value;

use super::ask::{Ask, access_token, body, id_token, status};

/// The callers, in the order of [`Line::expect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// No token. API Gateway refuses that itself, but the function must not rely on it.
    Nobody,
    /// An admin with an access token, which API Gateway accepts.
    AccessToken,
    /// A user whose token names no device.
    WithoutScope,
    /// A user whose token names the devices of the table.
    InScope,
    /// An admin.
    Admin,
}

impl Who {
    /// Everyone.
    pub const ALL: [Self; 5] = [Self::Nobody, Self::AccessToken, Self::WithoutScope, Self::InScope, Self::Admin];

    /// The claims of the token, with these devices as the scope.
    pub fn claims(self, devices: &str) -> Option<Value> {
        match self {
            Self::Nobody => None,
            Self::AccessToken => Some(access_token("[admin user]")),
            Self::WithoutScope => Some(id_token("[user]", "")),
            Self::InScope => Some(id_token("[user]", devices)),
            Self::Admin => Some(id_token("[admin]", "")),
        }
    }
}

/// One route with the expected status for every caller.
#[derive(Debug, Clone)]
pub struct Line {
    /// The method.
    pub method: &'static str,
    /// The path with its ids filled in, and a query if the route needs one.
    pub path: &'static str,
    /// The body, sent as JSON.
    pub body: Option<Value>,
    /// The status for each of [`Who::ALL`].
    pub expect: [u16; 5],
}

/// A route without a body.
pub fn line(method: &'static str, path: &'static str, expect: [u16; 5]) -> Line {
    Line { method, path, body: None, expect }
}

/// A route with a body.
pub fn with_body(method: &'static str, path: &'static str, body: Value, expect: [u16; 5]) -> Line {
    Line { body: Some(body), ..line(method, path, expect) }
}

/// Sends every line as every caller, and fails with the list of all responses that differ. `devices` is the scope of the user
/// who has one. `answer` should start from the same state each time, so that a deletion does not affect the next line.
pub async fn walk(lines: &[Line], devices: &str, answer: impl AsyncFn(Value) -> Value) {
    let mut wrong = Vec::new();
    for line in lines {
        for (who, expected) in Who::ALL.into_iter().zip(line.expect) {
            let ask = Ask::new(line.method, line.path).claims(who.claims(devices));
            let ask = line.body.as_ref().map_or(ask.clone(), |body| ask.json(body));
            let answered = answer(ask.id("walk").event()).await;
            if status(&answered) != expected {
                wrong.push(format!("{} {} as {who:?}: {expected} expected, got {answered}", line.method, line.path));
            } else if let Err(why) = well_formed(&answered) {
                wrong.push(format!("{} {} as {who:?}: {why}: {answered}", line.method, line.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Checks what every response must have.
fn well_formed(answer: &Value) -> Result<(), &'static str> {
    if answer["headers"]["x-request-id"] != "walk" {
        return Err("the request's id is missing");
    }
    if status(answer) < 400 {
        return Ok(());
    }
    if answer["headers"]["content-type"] != "application/problem+json" {
        return Err("a refusal must be problem details");
    }
    let error = body(answer);
    let named = error["type"].as_str().is_some_and(|kind| kind.starts_with("urn:weir:problem:"));
    let said = ["title", "detail"].iter().all(|field| error[field].as_str().is_some_and(|text| !text.is_empty()));
    if named && said && error["status"] == status(answer) && error["instance"] == "walk" {
        Ok(())
    } else {
        Err("the problem details lack something")
    }
}

/// The operations of the OpenAPI document without a line, and the lines without an operation.
pub fn differences(lines: &[Line], document: &Value) -> Vec<String> {
    let fits = |template: &str, path: &str| {
        let path = path.split('?').next().unwrap_or_default();
        let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        let same = |(word, given): (&&str, &&str)| word == given || (word.starts_with('{') && !given.is_empty());
        template.len() == path.len() && template.iter().zip(&path).all(same)
    };
    let items = document["paths"].as_object().into_iter().flatten();
    let operations: Vec<_> = items
        .flat_map(|(path, item)| {
            item.as_object().into_iter().flatten().map(move |(method, _)| (method.to_uppercase(), path))
        })
        .collect();
    // A path may match two templates (`/users/me`, `/users/{sub}`): the one with more literal segments is used.
    let asked = |line: &Line| {
        let fitting = operations.iter().filter(|(method, template)| method == line.method && fits(template, line.path));
        fitting.min_by_key(|(_, template)| template.matches('{').count())
    };
    let walked: Vec<_> = lines.iter().filter_map(asked).collect();
    let missing = operations.iter().filter(|operation| !walked.contains(operation));
    let missing = missing.map(|(method, path)| format!("{method} {path} is never asked for"));
    let unknown = lines.iter().filter(|line| asked(line).is_none());
    missing.chain(unknown.map(|line| format!("{} {} is no operation", line.method, line.path))).collect()
}
