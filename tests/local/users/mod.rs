//! People: the whole life of a user over the deployed stack, and the function that changes people against a pool in which
//! every request can be broken.

mod adding;
mod changing;
mod crowd;
mod life;
mod rivals;

use cognito_add_update_delete_user::ChangeUser;
use serde_json::{Value, json};
use weir_runtime::Function as _;

/// A request of an admin whose id is `caller`, as API Gateway hands it over.
pub fn asked(caller: &str, method: &str, path: &str, body: Option<&Value>) -> Value {
    let claims = json!({"token_use": "id", "sub": caller, "cognito:username": caller, "cognito:groups": "[admin]"});
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": "", "isBase64Encoded": false,
        "headers": {"content-type": "application/json"},
        "body": body.map(Value::to_string),
        "requestContext": {"requestId": "test", "stage": "$default", "http": {"method": method, "path": path},
            "authorizer": {"jwt": {"claims": claims}}},
    })
}

/// Asks as an admin; the status.
pub async fn ask(function: &ChangeUser, caller: &str, method: &str, path: &str, body: Option<&Value>) -> u64 {
    let answer = function.answer(asked(caller, method, path, body)).await;
    answer["statusCode"].as_u64().expect("an answer")
}
