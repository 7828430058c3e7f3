//! Kills and failures at every request: a serial number and its device exist together or not at all, and a board that tries again is
//! provisioned.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::breaking::{Break, Breaking};

use super::{SERIALS, World, question};
use crate::http::ask::{Ask, status};

/// The device and the state of its number agree, and the claim code is the one's or the other's.
async fn agrees(world: &World, here: &str) {
    let state = world.state("SN-0001").await;
    let registered = world.device("board-0001").is_some();
    assert_eq!(registered, state.as_deref() == Some("PROVISIONED"), "{here}: {state:?}");
    for word in ["provisioned", "claim code made"] {
        let told = world.told("board-0001").iter().filter(|said| *said == word).count();
        assert_eq!(told, usize::from(registered), "{here}: {word}");
    }
    let number = world.engine.rows("serials").into_iter().find(|row| row["serial"] == "SN-0001").unwrap();
    assert_eq!(number.get("claim_code").is_none(), registered, "{here}: {number}");
    let devices = world.engine.rows("devices");
    let claims = devices.iter().filter(|row| row["id"].as_str().is_some_and(|id| id.starts_with("claim#")));
    assert_eq!(claims.count(), usize::from(registered), "{here}");
}

#[tokio::test]
async fn a_hook_that_is_killed_anywhere_leaves_both_or_neither_and_the_board_gets_in_with_its_certificate() {
    let mut broken = 0;
    for how in Break::ALL {
        for at in 0..20 {
            let world = World::recorded().await;
            let wire = Breaking::new(at, how);
            let function = world.function_by(&world.engine.client_once(wire.clone()));
            let answer = wire.run(function.answer(question("SN-0001", 'a'))).await;
            let here = format!("{how:?} of request {at} ({}): {answer:?}", wire.what());
            agrees(&world, &here).await;
            // What is not certain is refused.
            if let Some(Ok(answer)) = &answer
                && answer["allowProvisioning"] == true
            {
                assert!(world.device("board-0001").is_some(), "{here}");
            }
            assert!(world.provision("SN-0001", 'a').await, "{here}");
            agrees(&world, &here).await;
            assert!(!world.provision("SN-0001", 'c').await, "{here}");
            if !wire.broke() {
                break;
            }
            broken += 1;
        }
    }
    assert!(broken >= 25, "only {broken} requests were broken");
}

#[tokio::test]
async fn a_change_of_the_allow_list_that_breaks_anywhere_is_there_with_its_event_or_not_at_all() {
    let file = (0..60).map(|number| format!("B-{number},,\n")).collect::<String>();
    let asks = || {
        [
            Ask::new("POST", SERIALS).json(&json!({"serial": "SN-0010"})),
            Ask::new("POST", SERIALS).body("text/csv", &format!("serial,device_id,template\n{file}")),
            Ask::new("DELETE", &format!("{SERIALS}/SN-0001")),
            Ask::new("POST", &format!("{SERIALS}/SN-0003/reset")),
        ]
    };
    for (number, ask) in asks().into_iter().enumerate() {
        for how in Break::ALL {
            for at in 0..12 {
                let world = World::recorded().await;
                let listed = |world: &World| -> Vec<Value> {
                    world.engine.rows("serials").into_iter().filter(|row| row.get("state").is_some()).collect()
                };
                let (before, events) = (listed(&world), world.engine.rows("events").len());
                let wire = Breaking::new(at, how);
                let function = world.function_by(&world.engine.client_once(wire.clone()));
                let _ = wire.run(function.answer(ask.clone().admin().event())).await;
                let here = format!("request {number}, {how:?} at {at} ({})", wire.what());
                let told = world.engine.rows("events").len() - events;
                assert_eq!(told > 0, listed(&world) != before, "{here}");
                // The same again finishes it.
                let again = status(&world.ask(ask.clone()).await);
                assert!(matches!(again, 200 | 201 | 204 | 404 | 409), "{here}: {again}");
                let owners = world
                    .engine
                    .rows("serials")
                    .iter()
                    .filter(|row| row["serial"].as_str().is_some_and(|key| key.starts_with("device#")))
                    .count();
                assert_eq!(owners, listed(&world).len(), "{here}: each number has its device");
                if !wire.broke() {
                    break;
                }
            }
        }
    }
}
