//! Where one-time codes are required, an admin without them changes nobody.

use cognito_add_update_delete_user::Mfa;
use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::pool::{person, with_codes};

use super::{ANN, BOB, World};
use crate::http::ask::{Ask, body, status};

fn requests() -> [Ask; 3] {
    let new = json!({"email": "new@example.com", "role": "user", "password": {"value": "Correct-Horse-7"}});
    [
        Ask::new("POST", "/cognito/users").admin().json(&new),
        Ask::new("PATCH", &format!("/cognito/users/{BOB}")).admin().json(&json!({"devices": "*"})),
        Ask::new("DELETE", &format!("/cognito/users/{BOB}")).admin(),
    ]
}

#[tokio::test]
async fn an_admin_without_codes_is_refused_where_they_are_required_and_told_what_to_do() {
    for ask in requests() {
        let world = World::new().await;
        let answer = world.change_with(Mfa::Required).answer(ask.event()).await.unwrap();
        assert_eq!((status(&answer), &body(&answer)["type"]), (403, &json!("urn:weir:problem:mfa_required")));
        assert!(body(&answer)["detail"].as_str().unwrap().contains("authenticator app"), "{answer}");
        let asked: Vec<_> = world.pool.asked().into_iter().map(|(operation, _)| operation).collect();
        assert!(asked.iter().all(|operation| operation.contains("Get") || operation.contains("List")), "{asked:?}");
    }
}

#[tokio::test]
async fn an_admin_with_codes_and_an_admin_where_they_are_optional_may_change_people() {
    for mfa in [Mfa::Required, Mfa::Optional] {
        for ask in requests() {
            let world = World::new().await;
            if mfa == Mfa::Required {
                world.pool.forget(ANN);
                world.pool.know(with_codes(person(1, "ann", &["admin"], "")));
            }
            let answer = world.change_with(mfa).answer(ask.event()).await.unwrap();
            assert!(status(&answer) < 300, "{mfa:?}: {answer}");
        }
    }
}
