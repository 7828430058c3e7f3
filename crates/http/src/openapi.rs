//! The OpenAPI document: the routes of the functions, and what is common to all of them.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{OpenApi, RefOr, Schema};

use super::ApiErrorBody;

mod links;
pub(super) mod strict;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];
/// A list of entity tags, possibly empty, or `*`.
const TAGS: &str = r#"^(\*|(W/)?"[^"]*"([ \t]*,[ \t]*(W/)?"[^"]*")*)?$"#;

/// Adds what is the same for all operations: the security scheme (ID token), both preconditions where there is one, the answers to
/// errors (RFC 9457 problems, and API Gateway's own), and the path of the document itself.
pub fn openapi(document: OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let mut schemas = vec![(ApiErrorBody::name().into_owned(), <ApiErrorBody as utoipa::PartialSchema>::schema())];
    ApiErrorBody::schemas(&mut schemas);
    add_components(&mut document, schemas);
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        paths.insert("/openapi.json".to_owned(), own_path());
        for (method, operation) in paths.values_mut().filter_map(Value::as_object_mut).flatten() {
            if let (true, Some(operation)) = (METHODS.contains(&method.as_str()), operation.as_object_mut()) {
                operation.entry("security").or_insert_with(|| json!([{"id_token": []}]));
                // utoipa writes `security(())` so, which says the same.
                if operation.get("security") == Some(&json!([{}])) {
                    operation.insert("security".to_owned(), json!([]));
                }
                let open = operation.get("security") == Some(&json!([]));
                preconditions(method, operation);
                let responses = operation.entry("responses").or_insert_with(|| json!({}));
                if let Some(responses) = responses.as_object_mut() {
                    for (code, response) in [("401", "Unauthorized"), ("429", "TooMany"), ("default", "Problem")] {
                        if open && code == "401" {
                            continue;
                        }
                        let response = json!({"$ref": format!("#/components/responses/{response}")});
                        responses.entry(code).or_insert(response);
                    }
                }
            }
        }
        links::add(paths);
    }
    strict::close(&mut document);
    document
}

/// Documents both headers of an operation that names one of them.
fn preconditions(method: &str, operation: &mut Map<String, Value>) {
    let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else { return };
    let is_condition = |parameter: &Value| ["If-Match", "If-None-Match"].iter().any(|name| parameter["name"] == *name);
    let before = parameters.len();
    parameters.retain(|parameter| !is_condition(parameter));
    if parameters.len() == before {
        return;
    }
    let if_none_match = match method {
        "get" => "Entity tags that the caller has: 304 if one is current.",
        _ => "Entity tags: 412 if one is current. `*`: 412 if there is anything.",
    };
    for (name, description) in [
        ("If-Match", "Entity tags, compared as characters: 412 if none is current. A weak one never is."),
        ("If-None-Match", if_none_match),
    ] {
        // A read ignores an `If-None-Match` that it cannot understand.
        let schema = match (method, name) {
            ("get", "If-None-Match") => json!({"type": "string"}),
            _ => json!({"type": "string", "pattern": TAGS}),
        };
        parameters.push(json!({
            "in": "header", "name": name, "required": false, "description": description,
            "schema": schema, "example": "\"0\", \"1\"",
        }));
    }
}

fn add_components(document: &mut Value, schemas: Vec<(String, RefOr<Schema>)>) {
    let Some(document) = document.as_object_mut() else { return };
    let components = document.entry("components").or_insert_with(|| json!({}));
    let mut schemas = schemas.into_iter().map(|(name, schema)| (name, json!(schema))).collect::<Map<_, _>>();
    schemas.insert(
        "GatewayError".to_owned(),
        json!({
            "description": "An answer of API Gateway itself.",
            "type": "object",
            "properties": {"message": {"type": "string"}},
            "required": ["message"],
        }),
    );
    let added = json!({
        "schemas": schemas,
        "responses": {
            "Problem": {
                "description": "An error; `type` is its kind.",
                "headers": {"x-request-id": {"description": "The request id.", "schema": {"type": "string"}}},
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
            "Unauthorized": {
                "description": "No ID token. API Gateway answers `application/json` if it does not accept the token.",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/GatewayError"}},
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
                },
            },
            "TooMany": {
                "description": "Too many requests. API Gateway answers `application/json`.",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/GatewayError"}},
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
                },
            },
        },
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
        "parameters": [{"in": "header", "name": "If-None-Match", "schema": {}}],
        "responses": {
            "200": {
                "description": "The OpenAPI document of this API.",
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "304": {"description": "The caller has it already."},
        },
    }})
}
