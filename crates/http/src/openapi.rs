//! The OpenAPI document: the routes of the functions, and what is common to all of them.

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{OpenApi, RefOr, Schema};

use super::ApiErrorBody;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// Adds the security scheme (ID token), the default response of every operation (RFC 9457 problem), and the path of the
/// document itself.
pub fn openapi(document: OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let mut schemas = vec![(ApiErrorBody::name().into_owned(), <ApiErrorBody as utoipa::PartialSchema>::schema())];
    ApiErrorBody::schemas(&mut schemas);
    add_components(&mut document, schemas);
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (method, operation) in paths.values_mut().filter_map(Value::as_object_mut).flatten() {
            if let (true, Some(operation)) = (METHODS.contains(&method.as_str()), operation.as_object_mut()) {
                operation.entry("security").or_insert_with(|| json!([{"id_token": []}]));
                let responses = operation.entry("responses").or_insert_with(|| json!({}));
                if let Some(responses) = responses.as_object_mut() {
                    responses.entry("default").or_insert_with(|| json!({"$ref": "#/components/responses/Problem"}));
                }
            }
        }
        paths.insert("/openapi.json".to_owned(), own_path());
    }
    document
}

fn add_components(document: &mut Value, schemas: Vec<(String, RefOr<Schema>)>) {
    let Some(document) = document.as_object_mut() else { return };
    let components = document.entry("components").or_insert_with(|| json!({}));
    let schemas = schemas.into_iter().map(|(name, schema)| (name, json!(schema))).collect::<serde_json::Map<_, _>>();
    let added = json!({
        "schemas": schemas,
        "responses": {"Problem": {
            "description": "An error; `type` is its kind.",
            "headers": {"x-request-id": {"description": "The request id.", "schema": {"type": "string"}}},
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }},
        "securitySchemes": {"id_token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The ID token of the user pool, not the access token.",
        }},
    });
    for (section, entries) in added.as_object().into_iter().flatten() {
        let section = components.as_object_mut().map(|all| all.entry(section).or_insert_with(|| json!({})));
        if let (Some(Value::Object(section)), Value::Object(entries)) = (section, entries) {
            section.extend(entries.clone());
        }
    }
}

fn own_path() -> Value {
    json!({"get": {
        "summary": "This document.",
        "operationId": "openapi",
        "security": [],
        "responses": {"200": {
            "description": "The OpenAPI document of this API.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }},
    }})
}
