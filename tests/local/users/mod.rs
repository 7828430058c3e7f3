//! People: the life of a user on the deployed stack, and the function that changes users against a pool in which every request
//! can be made to fail.

mod adding;
mod changing;
mod crowd;
mod leaving;
mod life;
pub mod mfa;
mod rivals;

use cognito_add_update_delete_user::ChangeUser;
use serde_json::{Value, json};
use weir_runtime::Function as _;

/// Held by whoever needs that the run has one administrator, or makes another one in its pool.
pub static ONE_ADMIN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A request of an admin whose id is `caller`, as API Gateway passes it on.
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

/// Sends a request as an admin; returns the status.
pub async fn ask(function: &ChangeUser, caller: &str, method: &str, path: &str, body: Option<&Value>) -> u64 {
    let answer = function.answer(asked(caller, method, path, body)).await.unwrap();
    answer["statusCode"].as_u64().expect("an answer")
}
