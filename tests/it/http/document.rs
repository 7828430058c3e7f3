//! The OpenAPI document: the served file matches the code.

use serde_json::Value;
use weir_tests::{document, root};

/// Environment variable: writes the file instead of comparing it.
const WRITE: &str = "WRITE_OPENAPI";

#[test]
fn the_served_document_matches_the_code() {
    let generated = document::whole();
    let path = root().join("crates/cognito-get-role/openapi.json");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, lines(&generated)).unwrap();
    }
    let served: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(
        served == generated,
        "{} is out of date: {WRITE}=1 cargo test --workspace --test it document",
        path.display()
    );
}

/// The document with a line for each path and each component: half as long as with every bracket on a line of its own, and a
/// change is still seen where it is.
fn lines(document: &Value) -> String {
    fn object(value: &Value, levels: usize) -> String {
        let Some(members) = value.as_object().filter(|_| levels > 0) else { return value.to_string() };
        let member =
            |(name, value): (&String, &Value)| format!("{}:{}", Value::from(name.as_str()), object(value, levels - 1));
        format!("{{\n{}\n}}", members.iter().map(member).collect::<Vec<_>>().join(",\n"))
    }
    let sections = document.as_object().unwrap().iter().map(|(name, section)| {
        let levels = match name.as_str() {
            "components" => 2,
            "paths" => 1,
            _ => 0,
        };
        format!("{}:{}", Value::from(name.as_str()), object(section, levels))
    });
    format!("{{\n{}\n}}\n", sections.collect::<Vec<_>>().join(",\n"))
}

#[test]
fn every_reference_in_the_document_resolves() {
    let document = document::whole();
    let text = document.to_string();
    let references: Vec<_> = text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(!references.is_empty());
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn every_operation_has_a_unique_id_and_a_summary() {
    let document = document::whole();
    let items = document["paths"].as_object().unwrap().values();
    let operations: Vec<_> = items.flat_map(|item| item.as_object().unwrap().values()).collect();
    let names: std::collections::BTreeSet<_> =
        operations.iter().map(|operation| operation["operationId"].as_str()).collect();
    assert_eq!(names.len(), operations.len(), "{names:?}");
    for operation in operations {
        assert!(operation["summary"].as_str().is_some_and(|summary| summary.len() > 10), "{operation}");
    }
}

#[test]
fn every_link_leads_to_an_operation_and_names_its_parameters() {
    let document = document::whole();
    let operations: std::collections::BTreeMap<_, _> = operations(&document)
        .map(|(path, operation)| (operation["operationId"].as_str().unwrap().to_owned(), (path, operation)))
        .collect();
    let mut followed = 0;
    for (_, operation) in operations.values() {
        for response in operation["responses"].as_object().unwrap().values() {
            for (name, link) in response["links"].as_object().into_iter().flatten() {
                let (path, target) = &operations[link["operationId"].as_str().unwrap()];
                let given = link["parameters"].as_object().unwrap();
                let named = |parameter: &&Value| given.contains_key(parameter["name"].as_str().unwrap());
                let parameters: Vec<_> = target["parameters"].as_array().into_iter().flatten().collect();
                assert_eq!(parameters.iter().copied().filter(named).count(), given.len(), "{name} to {path}");
                followed += 1;
            }
        }
    }
    // A table with misspelt names would add none.
    assert!(followed > 40, "{followed}");
}

#[test]
fn every_parameter_and_every_body_has_an_example() {
    let document = document::whole();
    let has_example = |value: &Value| {
        let target = value["$ref"].as_str().and_then(|at| document.pointer(at.trim_start_matches('#')));
        let value = target.unwrap_or(value);
        ["example", "examples", "enum"].iter().any(|name| value.get(name).is_some()) || value["type"] == "boolean"
    };
    for (path, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            // A cursor is only valid if a list has given it out: it comes by a link.
            let cursor = parameter["name"] == "next";
            assert!(cursor || has_example(parameter) || has_example(&parameter["schema"]), "{path}: {parameter}");
        }
        for (media, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            assert!(has_example(content) || has_example(&content["schema"]), "{path}: {media}: {content}");
        }
    }
}

/// The operations of the document with their paths.
fn operations(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let items = document["paths"].as_object().unwrap().iter();
    items.flat_map(|(path, item)| item.as_object().unwrap().values().map(move |operation| (path, operation)))
}
