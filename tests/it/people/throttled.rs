//! How a throttled or rejected write of the table `users` is answered.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_aws::device::DeviceTable;
use weir_aws::live::LiveTable;
use weir_aws::profile::ProfileTable;
use weir_runtime::Function as _;
use weir_tests::wire::{Answer, Request, Wire, refusal};

use super::{ANN, BOB, World};
use crate::http::ask::{Ask, status};
use cognito_add_update_delete_user::{ChangeUser, Lock, Mfa, Parts};

/// Refuses every write with this code.
#[derive(Debug)]
struct Refusing(&'static str);

impl Wire for Refusing {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        if !["PutItem", "TransactWriteItems"].contains(&request.operation()) {
            return Box::pin(request.deliver());
        }
        let refused = refusal(400, self.0, "x");
        Box::pin(async { refused })
    }
}

const CASES: [(&str, u64); 3] =
    [("ProvisionedThroughputExceededException", 503), ("ThrottlingException", 503), ("ValidationException", 500)];

fn outcome(answer: &Value) -> (u64, bool) {
    (status(answer).into(), answer["headers"].get("retry-after").is_some())
}

#[tokio::test]
async fn a_throttled_change_of_a_profile_is_503_and_a_rejected_one_500() {
    for (code, expected) in CASES {
        let world = World::new().await;
        let before = world.engine.rows("users");
        let profiles =
            ProfileTable::new(world.engine.client_once(Arc::new(Refusing(code))), world.engine.name("users"));
        let user = user::User::new(user::Parts { profiles, events: world.engine.events(), clock: world.clock.clone() });
        for ask in [
            Ask::new("PATCH", &format!("/users/{BOB}")).json(&json!({"name": "Rob"})),
            Ask::new("POST", "/users").json(&json!({"sub": ANN})),
            Ask::new("DELETE", &format!("/users/{BOB}")),
        ] {
            let answer = user.answer(ask.admin().event()).await.unwrap();
            assert_eq!(outcome(&answer), (expected, expected == 503), "{code}: {answer}");
        }
        assert_eq!(world.engine.rows("users"), before, "{code}");
    }
}

#[tokio::test]
async fn a_throttled_lock_is_503_and_a_rejected_one_500_and_the_pool_is_not_changed() {
    for (code, expected) in CASES {
        let world = World::new().await;
        let profiles =
            ProfileTable::new(world.engine.client_once(Arc::new(Refusing(code))), world.engine.name("users"));
        let lock = Lock::new(profiles.clone(), world.clock.clone());
        let live = LiveTable::new(world.engine.client(), world.engine.name("live"));
        let devices = DeviceTable::new(world.engine.client(), world.engine.name("devices"));
        let (pool, clock) = (world.pool.pool(), world.clock.clone());
        let parts =
            Parts { pool, profiles, events: world.engine.events(), devices, live, lock, clock, mfa: Mfa::Optional };
        let change = ChangeUser::new(parts);
        for ask in [
            Ask::new("PATCH", &format!("/cognito/users/{BOB}")).json(&json!({"devices": "*"})),
            Ask::new("POST", "/cognito/users").json(&json!({"email": "new@example.com", "role": "user"})),
            Ask::new("DELETE", &format!("/cognito/users/{BOB}")),
        ] {
            let answer = change.answer(ask.admin().event()).await.unwrap();
            assert_eq!(outcome(&answer), (expected, expected == 503), "{code}: {answer}");
        }
        assert_eq!(world.pool.asked(), [], "{code}");
    }
}

#[tokio::test]
async fn without_its_event_nobody_is_changed() {
    let world = World::new().await;
    let change = |events| {
        let live = LiveTable::new(world.engine.client(), world.engine.name("live"));
        let lock = Lock::new(world.profiles(), world.clock.clone());
        let (pool, profiles, clock) = (world.pool.pool(), world.profiles(), world.clock.clone());
        let devices = DeviceTable::new(world.engine.client(), world.engine.name("devices"));
        ChangeUser::new(Parts { pool, profiles, devices, events, live, lock, clock, mfa: Mfa::Optional })
    };
    let refusing = world.engine.events_by(world.engine.client_once(Arc::new(Refusing("ThrottlingException"))));
    let ask = || Ask::new("PATCH", &format!("/cognito/users/{BOB}")).json(&json!({"devices": "*"})).admin().event();
    assert_eq!(outcome(&change(refusing).answer(ask()).await.unwrap()), (503, true));
    assert!(world.pool.asked().iter().all(|(operation, _)| operation.contains("Get") || operation.contains("List")));
    assert_eq!(status(&change(world.engine.events()).answer(ask()).await.unwrap()), 200);
    let row = world.engine.row("events");
    assert_eq!((&row["kind"], &row["target"]), (&json!("people"), &json!(BOB)), "{row}");
    assert_eq!(row["changes"], r#"[{"pointer":"/devices","before":"buoy-01","after":"*"}]"#, "{row}");
}
