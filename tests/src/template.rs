//! Reads template.yaml like CloudFormation: the short tags (`!Ref`, `!Sub`) are converted to their long forms, and `Globals` applies to
//! every function.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

/// The template of the repository.
pub struct Template(Value);

impl Template {
    /// Reads the template. A malformed one fails the test with the position of the error.
    pub fn read(root: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(root.join("template.yaml")).expect("template.yaml is there"))
    }

    /// A template from its text.
    pub fn parse(text: &str) -> Self {
        Self(plain(yaml_serde::from_str(text).expect("a template is YAML")))
    }

    /// The entries of a section by name.
    pub fn section(&self, name: &str) -> &Map<String, Value> {
        self.0[name].as_object().unwrap_or_else(|| panic!("the template has no section {name}"))
    }

    /// The properties of all resources of a type, by logical id.
    pub fn resources(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let of_kind = self.section("Resources").iter().filter(|(_, resource)| resource["Type"] == kind);
        of_kind.map(|(id, resource)| (id.as_str(), &resource["Properties"])).collect()
    }

    /// The names of the variables in a function's environment, including those of `Globals`.
    pub fn variables(&self, function: &Value) -> Vec<String> {
        let own = function["Environment"]["Variables"].as_object();
        let shared = self.0["Globals"]["Function"]["Environment"]["Variables"].as_object();
        let mut names: Vec<_> = own.into_iter().chain(shared).flat_map(Map::keys).cloned().collect();
        names.sort();
        names
    }

    /// A property of a function, or that of `Globals` if it has none.
    pub fn property<'a>(&'a self, function: &'a Value, name: &str) -> &'a Value {
        let own = &function[name];
        if own.is_null() { &self.0["Globals"]["Function"][name] } else { own }
    }

    /// All names in a `Ref` or a `Sub` outside the section `Parameters`.
    pub fn mentioned(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (name, section) in self.0.as_object().expect("the template is a mapping") {
            if name != "Parameters" && name != "Metadata" {
                mentions(section, &mut found);
            }
        }
        found
    }
}

/// All statements of the policies in `value`, including conditional ones.
pub fn statements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(entries) if entries.contains_key("Effect") => vec![value],
        Value::Object(entries) => entries.values().flat_map(statements).collect(),
        Value::Array(items) => items.iter().flat_map(statements).collect(),
        _ => Vec::new(),
    }
}

/// Whether `value` is exactly a reference to the resource (`!Ref` or `!GetAtt … .Arn`).
pub fn refers_to(value: &Value, id: &str) -> bool {
    *value == json!({ "Ref": id }) || *value == json!({ "Fn::GetAtt": format!("{id}.Arn") })
}

fn plain(value: yaml_serde::Value) -> Value {
    match value {
        yaml_serde::Value::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let long = if matches!(tag, "Ref" | "Condition") { tag.to_owned() } else { format!("Fn::{tag}") };
            json!({ long: plain(tagged.value) })
        }
        yaml_serde::Value::Sequence(items) => items.into_iter().map(plain).collect(),
        yaml_serde::Value::Mapping(entries) => {
            entries.into_iter().map(|(key, value)| (text(key), plain(value))).collect()
        }
        scalar => serde_json::to_value(scalar).expect("a scalar of YAML is one of JSON"),
    }
}

fn text(key: yaml_serde::Value) -> String {
    key.as_str().unwrap_or_else(|| panic!("{key:?} is no name")).to_owned()
}

fn mentions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                match (key.as_str(), value) {
                    ("Ref", Value::String(name)) => found.push(name.clone()),
                    ("Fn::Sub", Value::String(text)) => found.extend(placeholders(text)),
                    ("Fn::Sub", Value::Array(parts)) => {
                        found.extend(parts[0].as_str().into_iter().flat_map(placeholders));
                        mentions(value, found);
                    }
                    _ => mentions(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| mentions(item, found)),
        _ => {}
    }
}

fn placeholders(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split("${").skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned)
}
