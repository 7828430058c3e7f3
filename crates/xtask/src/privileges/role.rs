//! The functions' roles in the local cloud: read and written through IAM.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tooling::ask::field;
use tooling::cloud::Call;
use tooling::stack::Stack;

use super::grant::{self, Grant};

/// A function's role.
#[derive(Debug)]
pub struct Role {
    /// The function, which is the name of the policy as well.
    pub function: String,
    /// The role's name.
    pub name: String,
    /// What it allows.
    pub grants: Vec<Grant>,
}

/// The roles of the stack's functions.
///
/// # Errors
/// When the local cloud does not show them.
pub async fn all(stack: &Stack) -> Result<Vec<Role>> {
    let mut roles = Vec::new();
    let functions =
        stack.outputs.iter().filter(|(key, _)| key.ends_with("FunctionName") && !key.starts_with("Timestream"));
    for (_, name) in functions {
        let path = format!("/2015-03-31/functions/{name}/configuration");
        let known = stack.cloud().json("lambda", "GET", &path, &[], None).await?;
        let arn = field(&known, "Role").as_str().with_context(|| format!("{name} has no role"))?;
        let role = arn.rsplit('/').next().unwrap_or(arn).to_owned();
        let function = name.splitn(3, '-').last().unwrap_or(name).to_owned();
        let answer = iam(stack, "GetRolePolicy", &[("RoleName", &role), ("PolicyName", &function)]).await?;
        let document = between(&answer, "<PolicyDocument>", "</PolicyDocument>").context("a policy has a document")?;
        let document: Value =
            serde_json::from_str(&decoded(document)).with_context(|| format!("the policy {function} is not JSON"))?;
        roles.push(Role { function, name: role, grants: grant::of(&document) });
    }
    ensure!(!roles.is_empty(), "the stack has no functions");
    Ok(roles)
}

impl Role {
    /// Writes the policy anew, without the grant at `place`.
    ///
    /// # Errors
    /// When the local cloud refuses it.
    pub async fn take_away(&self, stack: &Stack, place: usize) -> Result<()> {
        let document = grant::document_without(&self.grants, place).to_string();
        let parameters =
            [("RoleName", self.name.as_str()), ("PolicyName", &self.function), ("PolicyDocument", &document)];
        iam(stack, "PutRolePolicy", &parameters).await.map(drop)
    }
}

async fn iam(stack: &Stack, action: &str, parameters: &[(&str, &str)]) -> Result<String> {
    let mut body = format!("Action={action}&Version=2010-05-08");
    for (name, value) in parameters {
        body.push_str(&format!("&{name}={}", encoded(value)));
    }
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let call = Call { service: "iam", method: "POST", path: "/", headers: &headers, body: body.into_bytes() };
    Ok(String::from_utf8_lossy(&stack.cloud().bytes(call).await?).into_owned())
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inner, _)| inner)
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The text of a URL-encoded or XML-escaped document.
fn decoded(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&amp;", "&");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_survives_its_way_through_a_form() {
        let text = r#"{"Sid": "a+b", "x": "ü%"}"#;
        assert_eq!(decoded(&encoded(text)), text);
        assert_eq!(decoded("{&quot;a&quot;:1}"), r#"{"a":1}"#);
    }
}
