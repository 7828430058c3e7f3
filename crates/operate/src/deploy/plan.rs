//! The plan of a change set: a readable list of the changes, and those that would lose data.

use std::fmt;

use anyhow::{Context, Result};
use serde_json::Value;

/// Resource types with data that is lost when they are removed.
const KEEPS_DATA: [&str; 5] = [
    "AWS::DynamoDB::Table",
    "AWS::Timestream::Database",
    "AWS::Timestream::Table",
    "AWS::Cognito::UserPool",
    "AWS::Backup::BackupVault",
];
/// Resource types that change along with others, and are omitted from the list.
const FOLLOWS: [&str; 2] = ["AWS::Lambda::Version", "AWS::CloudWatch::Alarm"];

/// All changes of a change set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan(Vec<Change>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    does: Does,
    id: String,
    kind: String,
    /// The names of the properties that change.
    what: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Does {
    Replace,
    /// CloudFormation does not know in advance whether it has to be replaced.
    MayReplace,
    Remove,
    Add,
    Modify,
}

impl Does {
    const fn word(self) -> &'static str {
        match self {
            Self::Replace => "REPLACE",
            Self::MayReplace => "may replace",
            Self::Remove => "REMOVE",
            Self::Add => "add",
            Self::Modify => "change",
        }
    }
}

impl Plan {
    /// Reads the list `Changes` of a change set's description.
    ///
    /// # Errors
    /// When a change is malformed.
    pub fn read(changes: &[Value]) -> Result<Self> {
        let mut all: Vec<Change> = changes
            .iter()
            .filter_map(|change| change.get("ResourceChange"))
            .map(Change::read)
            .collect::<Result<_>>()?;
        all.sort_by(|one, other| (one.does, &one.kind, &one.id).cmp(&(other.does, &other.kind, &other.id)));
        Ok(Self(all))
    }

    /// A summary in one line.
    pub fn summary(&self) -> String {
        let count = |does: &[Does]| self.0.iter().filter(|change| does.contains(&change.does)).count();
        format!(
            "{} to add, {} to change, {} to replace, {} to remove",
            count(&[Does::Add]),
            count(&[Does::Modify]),
            count(&[Does::Replace, Does::MayReplace]),
            count(&[Does::Remove])
        )
    }

    /// The changes that would lose data, except those that are allowed by name.
    pub fn refused(&self, allowed: &[String]) -> Vec<String> {
        let dangerous = |change: &&Change| {
            let gone = matches!(change.does, Does::Replace | Does::MayReplace | Does::Remove);
            gone && KEEPS_DATA.contains(&change.kind.as_str()) && !allowed.contains(&change.id)
        };
        let line = |change: &Change| {
            format!("{} {} ({}); if it is meant: --replace {}", change.does.word(), change.id, change.kind, change.id)
        };
        self.0.iter().filter(dangerous).map(line).collect()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, page: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut quiet = 0;
        for change in &self.0 {
            // Versions come and go with every deployment; alarms change with their functions.
            if FOLLOWS.contains(&change.kind.as_str()) && matches!(change.does, Does::Add | Does::Modify | Does::Remove)
            {
                quiet += 1;
                continue;
            }
            let what = if change.what.is_empty() { String::new() } else { format!("  ({})", change.what.join(", ")) };
            writeln!(page, "  {:<12} {:<36} {}{what}", change.does.word(), change.id, change.kind)?;
        }
        if quiet > 0 {
            writeln!(page, "  … and {quiet} versions and alarms that follow from these")?;
        }
        Ok(())
    }
}

impl Change {
    fn read(change: &Value) -> Result<Self> {
        let text = |key: &str| change.get(key).and_then(Value::as_str);
        let does = match (text("Action"), text("Replacement")) {
            (Some("Add" | "Import"), _) => Does::Add,
            (Some("Remove"), _) => Does::Remove,
            (_, Some("True")) => Does::Replace,
            (_, Some("Conditional")) => Does::MayReplace,
            _ => Does::Modify,
        };
        let details = change.get("Details").and_then(Value::as_array).into_iter().flatten();
        let mut what: Vec<String> = details
            .filter_map(|detail| {
                detail.pointer("/Target/Name").or_else(|| detail.pointer("/Target/Attribute"))?.as_str()
            })
            .map(str::to_owned)
            .collect();
        what.sort();
        what.dedup();
        let id = text("LogicalResourceId").context("a change does not name its resource")?.to_owned();
        Ok(Self { does, id, kind: text("ResourceType").unwrap_or_default().to_owned(), what })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A change in CloudFormation's format (API reference, `ResourceChange`).
    fn change(action: &str, id: &str, kind: &str, replacement: Option<&str>, property: &str) -> Value {
        let mut change = json!({"Action": action, "LogicalResourceId": id, "ResourceType": kind, "Scope": ["Properties"],
            "Details": [{"Target": {"Attribute": "Properties", "Name": property, "RequiresRecreation": "Never"}, "Evaluation": "Static"}]});
        if let Some(replacement) = replacement {
            change["Replacement"] = replacement.into();
        }
        json!({"Type": "Resource", "ResourceChange": change})
    }

    #[test]
    fn a_table_that_would_be_replaced_stops_the_deployment_until_it_is_named() {
        let changes = [
            change("Modify", "LevelsTable", "AWS::DynamoDB::Table", Some("True"), "KeySchema"),
            change("Modify", "DevicesTable", "AWS::DynamoDB::Table", Some("False"), "GlobalSecondaryIndexes"),
            change("Remove", "UserPool", "AWS::Cognito::UserPool", None, ""),
            change("Modify", "ProblemsTable", "AWS::DynamoDB::Table", Some("Conditional"), "TableName"),
            change("Remove", "OldRule", "AWS::IoT::TopicRule", None, ""),
        ];
        let plan = Plan::read(&changes).unwrap();
        let refused = plan.refused(&[]);
        assert_eq!(refused.len(), 3, "{refused:?}");
        assert!(refused[0].contains("--replace LevelsTable"));
        let allowed = ["LevelsTable", "UserPool", "ProblemsTable"].map(str::to_owned);
        assert_eq!(plan.refused(&allowed), Vec::<String>::new());
    }

    #[test]
    fn the_page_begins_with_what_is_dangerous_and_leaves_out_what_follows() {
        let changes = [
            change("Add", "FlowRole", "AWS::IAM::Role", None, ""),
            change("Modify", "FlowFunction", "AWS::Lambda::Function", Some("False"), "Code"),
            change("Add", "FlowFunctionVersion1", "AWS::Lambda::Version", None, ""),
            change("Modify", "LevelsTable", "AWS::DynamoDB::Table", Some("True"), "KeySchema"),
        ];
        let plan = Plan::read(&changes).unwrap();
        let page = plan.to_string();
        assert!(page.trim_start().starts_with("REPLACE"), "{page}");
        assert!(
            page.contains("FlowFunction ") && page.contains("(Code)") && !page.contains("FlowFunctionVersion1"),
            "{page}"
        );
        assert_eq!(plan.summary(), "2 to add, 1 to change, 1 to replace, 0 to remove");
    }
}
