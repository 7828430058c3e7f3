//! Cognito's refusals, as in its API reference and its answers, and the errors for the caller: each has its own kind and never
//! contains Cognito's text.

use serde_json::{Value, json};
use weir_runtime::Function as _;

use super::{BOB, World};
use crate::http::ask::{Ask, body, status};

/// The refused operation; status, code and text of the refusal; status and kind of the response.
type Case = (&'static str, u16, &'static str, &'static str, u16, &'static str);

const ADDING: &[Case] = &[
    ("AdminCreateUser", 400, "InvalidParameterException", "FieldError email address format.", 422, "invalid"),
    (
        "AdminCreateUser",
        400,
        "InvalidParameterException",
        "1 validation error detected: Value at 'temporaryPassword' failed to satisfy constraint",
        422,
        "password_policy",
    ),
    (
        "AdminCreateUser",
        400,
        "InvalidPasswordException",
        "Password did not conform with policy: Password must have symbol characters",
        422,
        "password_policy",
    ),
    ("AdminCreateUser", 400, "CodeDeliveryFailureException", "Could not send the message", 422, "undeliverable"),
    ("AdminCreateUser", 400, "NotAuthorizedException", "not allowed by arn:aws:iam::1:role/x", 500, "internal"),
    ("AdminAddUserToGroup", 400, "ResourceNotFoundException", "Group not found.", 500, "internal"),
    // Removed by another request, which took the user for the rest of an interrupted creation.
    ("AdminAddUserToGroup", 400, "UserNotFoundException", "User does not exist.", 503, "unavailable"),
    ("AdminUpdateUserAttributes", 400, "UserNotFoundException", "User does not exist.", 503, "unavailable"),
];

const CHANGING: &[Case] = &[
    (
        "AdminUpdateUserAttributes",
        400,
        "AliasExistsException",
        "An account with the given email already exists.",
        409,
        "email_taken",
    ),
    ("AdminUpdateUserAttributes", 400, "InvalidParameterException", "FieldError email address format.", 422, "invalid"),
    ("AdminUpdateUserAttributes", 400, "UserNotFoundException", "User does not exist.", 404, "not_found"),
    (
        "AdminSetUserPassword",
        400,
        "InvalidPasswordException",
        "Password did not conform with policy: Password must have numeric characters",
        422,
        "password_policy",
    ),
    (
        "AdminSetUserPassword",
        400,
        "PasswordHistoryPolicyViolationException",
        "Provided password cannot be used for security reasons.",
        422,
        "password_reused",
    ),
    ("AdminGetUser", 400, "UserNotFoundException", "User does not exist.", 404, "not_found"),
];

fn add() -> Ask {
    let new = json!({"email": "new@example.com", "role": "user", "password": {"value": "Correct-Horse-7"}});
    Ask::new("POST", "/cognito/users").admin().json(&new)
}

fn change() -> Ask {
    let all = json!({"email": "robert@example.com", "password": {"value": "Correct-Horse-7"}, "devices": "*"});
    Ask::new("PATCH", &format!("/cognito/users/{BOB}")).admin().json(&all)
}

async fn refused(ask: Ask, cases: &[Case]) {
    for (operation, said, code, text, expected, kind) in cases {
        let world = World::new().await;
        // The first user that is read is the caller.
        let passes = usize::from(*operation == "AdminGetUser");
        world.pool.refuse_after(passes, operation, *said, code, text);
        let answer = world.handle("cognito-add-update-delete-user", ask.clone().event()).await;
        assert_eq!(status(&answer), *expected, "{operation} {code}: {answer}");
        assert_eq!(body(&answer)["type"], format!("urn:weir:problem:{kind}"), "{operation} {code}");
        for secret in [*text, *code, "arn:", "Correct-Horse"] {
            assert!(!answer.to_string().contains(secret), "{secret}: {answer}");
        }
    }
}

#[tokio::test]
async fn each_refusal_when_adding_has_its_own_kind() {
    refused(add(), ADDING).await;
}

#[tokio::test]
async fn each_refusal_when_changing_has_its_own_kind() {
    refused(change(), CHANGING).await;
}

#[tokio::test(start_paused = true)]
async fn adding_returns_the_user_as_after_the_last_step() {
    let world = World::new().await;
    let password = json!({"value": "Correct-Horse-7", "permanent": true});
    let new = json!({"email": "new@example.com", "role": "user", "devices": "buoy-01", "password": password});
    let added = world.change().answer(Ask::new("POST", "/cognito/users").admin().json(&new).event()).await.unwrap();
    assert_eq!((status(&added), body(&added)["status"].as_str()), (201, Some("confirmed")), "{added}");
    let at = added["headers"]["location"].as_str().unwrap();
    let read = world.handle("cognito-get-users-info", Ask::new("GET", at).admin().event()).await;
    assert_eq!((body(&read), &read["headers"]["etag"]), (body(&added), &added["headers"]["etag"]));
    // The user is added even if this last read fails.
    let world = World::new().await;
    for after_the_caller in [1, 0, 0] {
        world.pool.refuse_after(after_the_caller, "AdminGetUser", 500, "InternalErrorException", "internal");
    }
    let added = world.change().answer(Ask::new("POST", "/cognito/users").admin().json(&new).event()).await.unwrap();
    assert_eq!((status(&added), body(&added)["role"].as_str()), (201, Some("user")), "{added}");
}

#[tokio::test]
async fn a_refused_password_names_the_rule() {
    let world = World::new().await;
    let text = "Password did not conform with policy: Password must have symbol characters";
    world.pool.refuse("AdminSetUserPassword", 400, "InvalidPasswordException", text);
    let answer = world.handle("cognito-add-update-delete-user", change().event()).await;
    let errors = body(&answer)["errors"].clone();
    assert_eq!(errors, json!([{"pointer": "/password/value", "detail": "must have a special character"}]));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_pool_is_answered_with_503_and_retry_after() {
    let mine = format!("/cognito/users/{BOB}");
    for (function, ask, operation) in [
        ("cognito-get-users-info", Ask::new("GET", "/cognito/users").admin(), "ListUsers"),
        ("cognito-get-users-info", Ask::new("GET", "/cognito/users").admin(), "ListUsersInGroup"),
        ("cognito-get-users-info", Ask::new("GET", &mine).admin(), "AdminListGroupsForUser"),
        ("cognito-get-role", Ask::new("GET", &format!("{mine}/role")).admin(), "AdminGetUser"),
        ("cognito-add-update-delete-user", add(), "AdminCreateUser"),
        ("cognito-add-update-delete-user", add(), "AdminAddUserToGroup"),
        ("cognito-add-update-delete-user", change(), "AdminSetUserPassword"),
        ("cognito-add-update-delete-user", Ask::new("DELETE", &mine).admin(), "AdminDeleteUser"),
    ] {
        for (status_said, code) in
            [(400, "TooManyRequestsException"), (400, "LimitExceededException"), (500, "InternalErrorException")]
        {
            let world = World::new().await;
            let busy = |times: usize| {
                (0..times).for_each(|_| world.pool.refuse(operation, status_said, code, "Rate exceeded"))
            };
            // The SDK retries twice.
            busy(2);
            let answer = world.handle(function, ask.clone().event()).await;
            assert!(status(&answer) < 300, "{operation} {code}: {answer}");

            let world = World::new().await;
            (0..3).for_each(|_| world.pool.refuse(operation, status_said, code, "Rate exceeded"));
            let answer = world.handle(function, ask.clone().event()).await;
            assert_eq!(status(&answer), 503, "{operation} {code}: {answer}");
            assert_eq!(answer["headers"]["retry-after"], "2", "{answer}");
            assert!(!answer.to_string().contains("Rate exceeded"), "{answer}");
        }
    }
}

#[tokio::test]
async fn an_address_is_set_as_verified_only_on_request() {
    for (body, expected) in [
        (json!({"email": "robert@example.com"}), json!([{"Name": "email", "Value": "robert@example.com"}])),
        (
            json!({"email": "Robert@Example.com", "email_verified": false}),
            json!([{"Name": "email", "Value": "robert@example.com"}]),
        ),
        (
            json!({"email": "robert@example.com", "email_verified": true}),
            json!([{"Name": "email", "Value": "robert@example.com"}, {"Name": "email_verified", "Value": "true"}]),
        ),
    ] {
        let world = World::new().await;
        let ask = Ask::new("PATCH", &format!("/cognito/users/{BOB}")).admin().json(&body);
        assert_eq!(status(&world.handle("cognito-add-update-delete-user", ask.event()).await), 200);
        let asked = world.pool.asked();
        let written = asked.iter().find(|(operation, _)| operation == "AdminUpdateUserAttributes").unwrap();
        assert_eq!(written.1["UserAttributes"], expected, "{body}");
    }
}

#[tokio::test]
async fn the_order_of_steps_never_leaves_a_user_without_a_role_or_with_extra_rights() {
    let world = World::new().await;
    let all = json!({"role": "admin", "enabled": false, "devices": "*", "password": {"value": "Correct-Horse-7"}});
    let ask = Ask::new("PATCH", &format!("/cognito/users/{BOB}")).admin().json(&all);
    assert_eq!(status(&world.handle("cognito-add-update-delete-user", ask.event()).await), 200);
    let writes = |(operation, body): (String, Value)| {
        let reads = operation.contains("Get") || operation.contains("List");
        (!reads).then(|| format!("{operation} {}", body["GroupName"].as_str().unwrap_or_default()).trim().to_owned())
    };
    let asked: Vec<_> = world.pool.asked().into_iter().filter_map(writes).collect();
    assert_eq!(
        asked,
        [
            "AdminSetUserPassword",
            "AdminDisableUser",
            "AdminUpdateUserAttributes",
            "AdminAddUserToGroup admin",
            "AdminRemoveUserFromGroup user",
            "AdminUserGlobalSignOut"
        ]
    );
}
