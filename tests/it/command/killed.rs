//! The function is killed at each await, one after the other. The same request or message again, or the sweep, completes its work, and
//! each state of a command is told once.

use std::sync::Arc;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::faults::Faults;
use weir_tests::lives::up_to;
use weir_tests::wire::Suspending;

use super::{COMMANDS, DISPENSER, World, path};
use crate::http::ask::{Ask, status};

/// More awaits than anything here has.
const MOST: usize = 200;

/// What is killed, and how it ends.
struct Case {
    what: &'static str,
    /// The states that are told in the end, in any order.
    told: &'static [&'static str],
    /// The states of the commands in the end.
    states: &'static [&'static str],
    /// The outcomes of the repetition.
    outcomes: &'static [&'static str],
    /// Places to be killed at: two for each request at least.
    least: usize,
}

const CASES: [Case; 6] = [
    Case { what: "press", told: &["QUEUED", "SENT"], states: &["SENT"], outcomes: &["202"], least: 18 },
    Case {
        what: "cancel",
        told: &["QUEUED", "SENT", "QUEUED", "CANCELLED", "SENT"],
        states: &["CANCELLED", "SENT"],
        outcomes: &["200"],
        least: 18,
    },
    Case {
        what: "ACCEPTED",
        told: &["QUEUED", "SENT", "QUEUED", "ACCEPTED"],
        states: &["ACCEPTED", "QUEUED"],
        outcomes: &["changed", "redelivered"],
        least: 6,
    },
    Case {
        what: "SUCCEEDED",
        told: &["QUEUED", "SENT", "QUEUED", "SUCCEEDED", "SENT"],
        states: &["SUCCEEDED", "SENT"],
        outcomes: &["changed", "redelivered"],
        least: 18,
    },
    Case {
        what: "expiry",
        told: &["QUEUED", "SENT", "QUEUED", "EXPIRED", "SENT"],
        states: &["EXPIRED", "SENT"],
        outcomes: &["swept"],
        least: 20,
    },
    Case {
        what: "deletion",
        told: &["QUEUED", "SENT", "QUEUED", "CANCELLED", "CANCELLED"],
        states: &["CANCELLED", "CANCELLED"],
        outcomes: &["swept"],
        least: 18,
    },
];

/// A world in which this is about to happen, and the event with which it does.
async fn arranged(what: &str) -> (World, Value) {
    let world = World::new().await;
    if what == "press" {
        let order = json!({"name": "dispense", "expires_in": 3_600});
        let press = Ask::new("POST", COMMANDS).header("idempotency-key", "k").json(&order).user(DISPENSER);
        return (world, press.event());
    }
    let first = world.press(if what == "expiry" { 60 } else { 600 }).await;
    world.press(3_600).await;
    let event = match what {
        "cancel" => Ask::new("DELETE", &path(&first["id"])).user(DISPENSER).event(),
        "expiry" | "deletion" => {
            if what == "deletion" {
                world.engine.delete("devices", "id", DISPENSER);
                world.cloud.forget(DISPENSER);
            }
            world.later(if what == "expiry" { 62 } else { 602 });
            weir_tests::events::event("command", "sweep")
        }
        said => world.report(&json!({"id": first["id"], "status": said})),
    };
    (world, event)
}

/// What came of it, in a word.
fn outcome(answer: &Value) -> String {
    if answer.get("statusCode").is_some() {
        return status(answer).to_string();
    }
    answer["outcome"].as_str().unwrap_or("swept").to_owned()
}

#[tokio::test(start_paused = true)]
async fn whatever_is_killed_anywhere_is_completed_by_its_repetition_and_told_once() {
    for case in CASES {
        let mut places = 0;
        for at in 1.. {
            assert!(at < MOST, "{}: more than {MOST} awaits", case.what);
            let (world, event) = arranged(case.what).await;
            let client = world.engine.client_timed(Arc::new(Suspending(Faults::of(0, 0))));
            let (function, same) = (world.function_by(&client, world.cloud.iot()), event.clone());
            let whole = up_to(at, Box::pin(async move { function.answer(same).await.unwrap() })).await.is_some();
            let here = format!("{} killed at {at}", case.what);
            // The lease of whoever was killed expires.
            world.later(31);
            let again = outcome(&world.function().answer(event).await.unwrap());
            assert!(case.outcomes.contains(&again.as_str()), "{here}: {again}");
            let mut rows = world.engine.rows("commands");
            rows.retain(|row| row["state"].is_string());
            rows.sort_by_key(|row| row["id"].to_string());
            let states: Vec<_> = rows.iter().map(|row| row["state"].as_str().unwrap()).collect();
            assert_eq!(states, case.states, "{here}");
            let open = rows.iter().find(|row| ["SENT", "ACCEPTED"].contains(&row["state"].as_str().unwrap()));
            assert_eq!(world.asked().as_ref(), open.map(|row| &row["id"]), "{here}");
            let queue = world.queue();
            for attribute in ["pending", "due", "lease"] {
                assert!(queue.get(attribute).is_none(), "{here}: {attribute}: {queue}");
            }
            let (mut told, mut expected) = (world.told(), case.told.to_vec());
            told.sort_unstable();
            expected.sort_unstable();
            assert_eq!(told, expected, "{here}");
            assert!(world.cloud.commands(DISPENSER).is_sorted(), "{here}: an older one came after a newer one");
            if whole {
                break;
            }
            places += 1;
        }
        assert!(places >= case.least, "{}: only {places} places to be killed at", case.what);
        println!("{}: killed at {places} places", case.what);
    }
}
