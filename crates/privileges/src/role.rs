//! The functions' roles in the local cloud: read and written through IAM.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tooling::ask::{Aws, field};
use tooling::stack::Stack;

use crate::grant::{self, Grant};

/// The role of a function.
#[derive(Debug)]
pub struct Role {
    /// The function's name, which is also the name of the policy.
    pub function: String,
    /// The role's name.
    pub name: String,
    /// The grants of its policy.
    pub grants: Vec<Grant>,
}

/// The roles of the stack's functions.
///
/// # Errors
/// When the local cloud does not return them.
pub async fn all(aws: &Aws, stack: &Stack) -> Result<Vec<Role>> {
    let functions =
        stack.outputs.iter().filter(|(key, _)| key.ends_with("FunctionName") && !key.starts_with("Timestream"));
    let names: Vec<&String> = functions.map(|(_, name)| name).collect();
    ensure!(!names.is_empty(), "the stack has no functions");
    let asked: Vec<_> = names.iter().map(|name| json!({ "FunctionName": name })).collect();
    let mut roles = Vec::new();
    for (name, known) in names.iter().zip(aws.ask_each("lambda", "get_function_configuration", &asked).await?) {
        let arn = field(&known, "Role").as_str().with_context(|| format!("{name} has no role"))?;
        let role = arn.rsplit('/').next().unwrap_or(arn).to_owned();
        roles.push((name.splitn(3, '-').last().unwrap_or(name).to_owned(), role));
    }
    let asked: Vec<_> =
        roles.iter().map(|(function, role)| json!({"RoleName": role, "PolicyName": function})).collect();
    let policies = aws.ask_each("iam", "get_role_policy", &asked).await?;
    let role =
        |((function, name), policy)| Role { function, name, grants: grant::of(field(&policy, "PolicyDocument")) };
    Ok(roles.into_iter().zip(policies).map(role).collect())
}

impl Role {
    /// Rewrites the policy without the grant at `place`.
    ///
    /// # Errors
    /// When the local cloud refuses it.
    pub async fn take_away(&self, aws: &Aws, place: usize) -> Result<()> {
        let document = grant::document_without(&self.grants, place).to_string();
        let ask = json!({"RoleName": self.name, "PolicyName": self.function, "PolicyDocument": document});
        aws.ask("iam", "put_role_policy", &ask).await.map(drop)
    }
}
