//! Access to the routes for people: every route is called by every kind of caller, and the documents and the template are
//! checked against the same table.

use serde_json::{Value, json};
use tokio::sync::Mutex;
use utoipa::openapi::OpenApi;
use weir_http::openapi;
use weir_tests::root;
use weir_tests::template::{Template, refers_to, statements};

use super::{ANN, BOB, EVE, World};
use crate::http::ask::status;
use crate::http::matrix::{Line, differences, line, walk, with_body};
use crate::http::routed::{self, own, routed};

type Function = (&'static str, fn() -> OpenApi, fn() -> Vec<Line>);

/// Each function with its document and its routes.
const FUNCTIONS: [Function; 4] = [
    ("user", user::User::document, profiles),
    ("cognito-get-users-info", cognito_get_users_info::UsersInfo::document, info),
    ("cognito-get-role", cognito_get_role::GetRole::document, role),
    ("cognito-add-update-delete-user", cognito_add_update_delete_user::ChangeUser::document, change),
];

const ADMIN_200: [u16; 5] = [401, 401, 403, 403, 200];
const ADMIN_404: [u16; 5] = [401, 401, 403, 403, 404];

/// For each route the status without a token, with an access token, for a user without scope, a user in scope, and an admin.
fn profiles() -> Vec<Line> {
    const NOBODY: &str = "/users/5f1e0000-0000-4000-8000-000000000099";
    const BOB: &str = "/users/5f1e0000-0000-4000-8000-000000000002";
    vec![
        line("GET", "/users", ADMIN_200),
        with_body("POST", "/users", json!({"sub": EVE}), [401, 401, 403, 403, 201]),
        line("GET", "/users/me", [401, 401, 200, 200, 200]),
        with_body("PATCH", "/users/me", json!({"name": "A"}), [401, 401, 200, 200, 200]),
        line("GET", BOB, ADMIN_200),
        with_body("PUT", BOB, json!({}), ADMIN_200),
        with_body("PATCH", BOB, json!({}), ADMIN_200),
        line("DELETE", BOB, [401, 401, 403, 403, 204]),
        line("GET", NOBODY, ADMIN_404),
        with_body("PUT", NOBODY, json!({}), ADMIN_404),
        with_body("PATCH", NOBODY, json!({}), ADMIN_404),
        line("DELETE", NOBODY, ADMIN_404),
    ]
}

fn info() -> Vec<Line> {
    vec![
        line("GET", "/cognito/users", ADMIN_200),
        line("GET", "/cognito/users/bob@example.com", ADMIN_200),
        line("GET", "/cognito/users/nobody@example.com", ADMIN_404),
    ]
}

fn role() -> Vec<Line> {
    vec![
        // All callers in the table are the same person, Ann.
        line("GET", "/cognito/users/5f1e0000-0000-4000-8000-000000000001/role", [401, 401, 200, 200, 200]),
        line("GET", "/cognito/users/bob@example.com/role", ADMIN_200),
        line("GET", "/cognito/users/nobody@example.com/role", ADMIN_404),
        // Not even the caller's own address, which may belong to another user by now.
        line("GET", "/cognito/users/ann@example.com/role", ADMIN_200),
        line("GET", "/openapi.json", [200; 5]),
    ]
}

fn change() -> Vec<Line> {
    let new = json!({"email": "new@example.com", "role": "user", "password": {"value": "Correct-Horse-7"}});
    vec![
        with_body("POST", "/cognito/users", new, [401, 401, 403, 403, 201]),
        with_body("PATCH", "/cognito/users/bob@example.com", json!({"devices": "*"}), ADMIN_200),
        line("DELETE", "/cognito/users/bob@example.com", [401, 401, 403, 403, 204]),
        with_body("PATCH", "/cognito/users/nobody@example.com", json!({"devices": "*"}), ADMIN_404),
        line("DELETE", "/cognito/users/nobody@example.com", ADMIN_404),
        // All callers in the table are Ann, who is an admin by now; nobody has such a code.
        with_body("POST", "/users/me/devices", json!({"claim_code": "0"}), [401, 401, 404, 404, 409]),
        line("DELETE", "/users/me/devices/buoy-01", [401, 401, 409, 409, 409]),
        // Users cannot extend their own rights.
        with_body("PATCH", "/cognito/users/ann@example.com", json!({"devices": "*"}), ADMIN_200),
    ]
}

#[tokio::test]
async fn every_caller_may_do_with_people_what_the_table_says_and_no_more() {
    for (function, _, lines) in FUNCTIONS {
        // Reads and refused requests change nothing; after a change the next request starts anew.
        let world = Mutex::new(World::new().await);
        let answer = async |event: Value| {
            let mut world = world.lock().await;
            let reads = event["requestContext"]["http"]["method"] == "GET";
            let answer = world.handle(function, event).await;
            if !reads && status(&answer) < 300 {
                *world = World::new().await;
            }
            answer
        };
        walk(&lines(), "buoy-01", answer).await;
    }
}

/// The document of the function. The path of the document itself is served by one of them.
fn document_of(function: &str, document: OpenApi) -> Value {
    let document = openapi(document);
    if function == "cognito-get-role" { document } else { own(document) }
}

#[test]
fn the_tables_and_the_documents_of_people_name_the_same_operations() {
    for (function, document, lines) in FUNCTIONS {
        assert_eq!(differences(&lines(), &document_of(function, document())), Vec::<String>::new(), "{function}");
    }
}

#[test]
fn the_template_routes_each_operation_about_people_to_its_function_and_only_the_document_without_a_token() {
    let template = Template::read(&root());
    for (function, document, _) in FUNCTIONS {
        let camel: String = function.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let integration = format!("{camel}Integration");
        let said = routed::operations(&document_of(function, document()));
        assert_eq!(routed(&integration), said, "{function}: left the template, right the document");
        assert!(said.iter().all(|(route, how)| (how == "NONE") == (route == "GET /openapi.json")), "{function}");
        let integration = template.resources("AWS::ApiGatewayV2::Integration")[integration.as_str()];
        assert!(refers_to(&integration["IntegrationUri"], &format!("{camel}Function.Alias")), "{function}");
    }
}

#[test]
fn a_token_contains_the_scope_and_the_creation_flag_and_its_owner_can_write_neither() {
    let template = Template::read(&root());
    let client = &template.resources("AWS::Cognito::UserPoolClient")["UserPoolClient"];
    let says = |list: &str, name: &str| client[list].as_array().unwrap().iter().any(|attribute| attribute == name);
    for name in ["custom:devices", "custom:adding"] {
        assert!(says("ReadAttributes", name) && !says("WriteAttributes", name), "{name}");
    }
}

#[tokio::test]
async fn only_admins_can_see_whether_a_user_exists() {
    let world = World::new().await;
    let ask = async |name: &str| {
        let path = format!("/cognito/users/{name}/role");
        let event = crate::http::ask::Ask::new("GET", &path).user("buoy-01").id("same").event();
        world.handle("cognito-get-role", event).await.to_string()
    };
    assert_eq!(ask(BOB).await, ask("5f1e0000-0000-4000-8000-000000000099").await);
    assert_ne!(ask(BOB).await, ask(ANN).await);
}

#[test]
fn each_function_for_people_has_exactly_the_rights_it_needs_in_the_pool() {
    let template = Template::read(&root());
    for (function, adapters) in [
        ("CognitoGetUsersInfo", ["roles", "list", "mod"].as_slice()),
        ("CognitoGetRole", &[]),
        ("CognitoAddUpdateDeleteUser", &["write", "mod"]),
    ] {
        let role = template.resources("AWS::IAM::Role")[format!("{function}Role").as_str()];
        let own =
            statements(&role["Policies"]).into_iter().filter(|it| it["Action"].to_string().contains("cognito-idp"));
        let mut allowed = Vec::new();
        for statement in own {
            assert!(refers_to(&statement["Resource"], "UserPool"), "{function} has rights beyond the pool");
            let named = statement["Action"].as_array().unwrap().iter();
            allowed.extend(named.map(|action| action.as_str().unwrap().replace("cognito-idp:", "")));
        }
        allowed.sort();
        // The files with calls of this function alone, and the calls that all functions share.
        let shared = ["AdminGetUser", "AdminListGroupsForUser"].map(str::to_owned);
        let mut asked: Vec<String> = adapters.iter().flat_map(|file| operations(file)).chain(shared).collect();
        if function == "CognitoAddUpdateDeleteUser" {
            asked.push("ListUsersInGroup".to_owned());
        }
        asked.sort();
        asked.dedup();
        assert_eq!(allowed, asked, "{function}: left the template, right the code");
    }
}

/// The operations that a file of `aws/people` names in its errors.
fn operations(file: &str) -> Vec<String> {
    let path = root().join("crates/aws/src/people").join(format!("{file}.rs"));
    let text = std::fs::read_to_string(path).unwrap();
    let named = text.split("failed(\"").skip(1).filter_map(|rest| rest.split('"').next());
    named.map(str::to_owned).collect()
}
