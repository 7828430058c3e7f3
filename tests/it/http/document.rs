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
        std::fs::write(&path, format!("{generated:#}\n")).unwrap();
    }
    let served: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(
        served == generated,
        "{} is out of date: {WRITE}=1 cargo test --workspace --test it document",
        path.display()
    );
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
