//! A role's policy, split into grants of one action on one resource each.

use serde_json::{Value, json};
use tooling::ask::field;

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The id of its statement.
    pub sid: String,
    /// For example `dynamodb:GetItem`.
    pub action: String,
    /// The ARN, with `*` as a wildcard.
    pub resource: String,
}

/// All grants of a policy. As in the functions' policies, every statement allows, names its actions and has no conditions.
pub fn of(document: &Value) -> Vec<Grant> {
    let mut grants = Vec::new();
    for statement in field(document, "Statement").as_array().into_iter().flatten() {
        for action in texts(field(statement, "Action")) {
            for resource in texts(field(statement, "Resource")) {
                let sid = field(statement, "Sid").as_str().unwrap_or_default().to_owned();
                grants.push(Grant { sid, action: action.clone(), resource });
            }
        }
    }
    grants
}

/// A policy with these grants, except the one at `index`.
pub fn document_without(grants: &[Grant], index: usize) -> Value {
    let others = grants.iter().enumerate().filter(|(other, _)| *other != index);
    let statement = |grant: &Grant| json!({"Effect": "Allow", "Action": grant.action, "Resource": grant.resource});
    json!({"Version": "2012-10-17", "Statement": others.map(|(_, grant)| statement(grant)).collect::<Vec<_>>()})
}

/// One text, or an array of texts.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

impl Grant {
    /// Whether it allows this action on this resource.
    pub fn allows(&self, action: &str, resource: &str) -> bool {
        self.action == action && matches(&self.resource, resource)
    }

    /// A short name of the resource, similar to that in the template: without the parts that all ARNs have in common.
    pub fn shown(&self) -> String {
        let name = self.resource.splitn(6, ':').last().unwrap_or(&self.resource);
        format!("{} on {name}", self.action)
    }
}

/// Whether a text matches a pattern with `*`.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    (0..=text.len()).any(|at| text.get(at..).is_some_and(|tail| matches(rest, tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_on_every_resource_is_taken_away_once_and_the_rest_stays() {
        let document = json!({"Statement": [
            {"Sid": "One", "Effect": "Allow", "Action": "a:X", "Resource": "r"},
            {"Sid": "Two", "Effect": "Allow", "Action": ["b:Y", "b:Z"], "Resource": ["s", "t"]},
        ]});
        let grants = of(&document);
        let all: Vec<_> = grants.iter().map(|grant| (grant.action.as_str(), grant.resource.as_str())).collect();
        assert_eq!(all, [("a:X", "r"), ("b:Y", "s"), ("b:Y", "t"), ("b:Z", "s"), ("b:Z", "t")]);
        for index in 0..grants.len() {
            let left = of(&document_without(&grants, index));
            let same = |one: &Grant, other: &Grant| (&one.action, &one.resource) == (&other.action, &other.resource);
            assert_eq!(left.len(), grants.len() - 1);
            assert!(left.iter().all(|grant| !same(grant, &grants[index])));
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        let grant = |resource: &str| Grant { sid: String::new(), action: "a:X".into(), resource: resource.into() };
        assert!(grant("topic/*/config").allows("a:X", "topic/buoy-01/config"));
        assert!(!grant("topic/*/config").allows("a:X", "topic/buoy-01/reading"));
        assert!(grant("thing/*").allows("a:X", "thing/ü") && !grant("thing/*").allows("a:Y", "thing/ü"));
        assert!(grant("r").allows("a:X", "r") && !grant("r").allows("a:X", "r2"));
    }
}
