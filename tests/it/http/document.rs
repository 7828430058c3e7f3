//! The OpenAPI document: the file that is served is what the code says.

use serde_json::Value;
use weir_tests::{document, root};

/// Set to write the file anew instead of comparing it.
const WRITE: &str = "WRITE_OPENAPI";

#[test]
fn the_served_document_is_what_the_code_says() {
    let said = document::whole();
    let path = root().join("crates/cognito-get-role/openapi.json");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, format!("{said:#}\n")).unwrap();
    }
    let served: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(served == said, "{} is out of date: {WRITE}=1 cargo test --workspace --test it document", path.display());
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = document::whole();
    let text = document.to_string();
    let references: Vec<_> = text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(!references.is_empty());
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn every_operation_of_the_document_has_a_name_of_its_own_and_a_summary() {
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
