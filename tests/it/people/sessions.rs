//! The changes of a person that end their open sessions.

use serde_json::json;

use super::{BOB, World};
use crate::http::ask::{Ask, status};

#[tokio::test]
async fn what_takes_something_away_signs_the_person_out_and_nothing_else_does() {
    for (change, signs_out) in [
        (json!({"password": {"value": "Correct-Horse-7", "permanent": true}}), true),
        (json!({"password": {"value": "Correct-Horse-7"}}), true),
        (json!({"email": "robert@example.com", "email_verified": true}), true),
        (json!({"enabled": false}), true),
        (json!({"role": "user"}), true),
        (json!({"email": "robert@example.com"}), false),
        (json!({"email": "robert@example.com", "email_verified": false}), false),
        (json!({"role": "admin"}), false),
        (json!({"devices": "*"}), false),
        (json!({"enabled": true}), false),
    ] {
        let world = World::new().await;
        let ask = Ask::new("PATCH", &format!("/cognito/users/{BOB}")).admin().json(&change);
        assert_eq!(status(&world.handle("cognito-add-update-delete-user", ask.event()).await), 200, "{change}");
        let asked: Vec<_> = world.pool.asked().into_iter().map(|(operation, _)| operation).collect();
        let last_write = asked.iter().rfind(|operation| !operation.contains("Get") && !operation.contains("List"));
        assert_eq!(last_write.is_some_and(|last| last == "AdminUserGlobalSignOut"), signs_out, "{change}: {asked:?}");
    }
}

#[tokio::test]
async fn a_password_that_an_interrupted_request_has_set_is_refused_as_used_but_the_sign_out_is_made_good() {
    let world = World::new().await;
    let used = json!({"password": {"value": "Used-Before-Horse-7", "permanent": true}, "role": "admin"});
    let ask = Ask::new("PATCH", &format!("/cognito/users/{BOB}")).admin().json(&used);
    assert_eq!(status(&world.handle("cognito-add-update-delete-user", ask.event()).await), 422);
    let asked: Vec<_> = world.pool.asked().into_iter().map(|(operation, _)| operation).collect();
    let steps = asked.iter().filter(|operation| !operation.contains("Get") && !operation.contains("List"));
    assert_eq!(steps.collect::<Vec<_>>(), ["AdminSetUserPassword", "AdminUserGlobalSignOut"]);
}
