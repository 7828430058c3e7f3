//! Every recorded event, exactly as API Gateway and the streams send it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::events::{event, names};
use weir_tests::sockets::Mood;

use super::World;
use crate::http::recorded::{Expected, wrong};

const EXPECTED: &[Expected] = &[
    ("ticket", 201, "", &[]),
    ("ticket.admin", 201, "", &[]),
    ("ticket.refused-no-token", 401, "unauthorized", &[]),
    ("ticket.refused-access-token", 401, "unauthorized", &[]),
    ("ticket.refused-no-expiry", 401, "unauthorized", &[]),
    ("ticket.refused-no-group", 403, "forbidden", &[]),
    ("refused.path", 404, "not_found", &[]),
    ("refused.method", 405, "method_not_allowed", &[]),
];

/// The events of connections: the status, and the type of the message that answers, if one does.
const OF_CONNECTIONS: [(&str, u16, Option<&str>); 8] = [
    ("connect.refused-no-ticket", 401, None),
    ("connect.refused-unknown", 403, None),
    ("subscribe", 200, Some("error")),
    ("unsubscribe", 200, Some("error")),
    ("renew", 200, Some("error")),
    ("ping", 200, Some("error")),
    ("message.refused", 200, Some("error")),
    ("disconnect", 200, None),
];

/// The connection of the recorded events, as it stands in an address.
const CONNECTION: &str = "JKJaXd4rPHcCJew%3D";

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    let world = World::new().await;
    for expected in EXPECTED {
        let answer = world.live().answer(event("live", expected.0)).await.unwrap();
        assert_eq!(wrong(expected, &answer), None);
    }
}

#[tokio::test]
async fn a_message_of_a_connection_that_nobody_knows_is_answered_and_the_connection_closed() {
    for (name, status, told) in OF_CONNECTIONS {
        let world = World::new().await;
        world.gateway.set(CONNECTION, Mood::Open);
        let answer = world.live().answer(event("live", name)).await.unwrap();
        assert_eq!(answer, json!({"statusCode": status}), "{name}");
        let messages = world.gateway.messages(CONNECTION);
        assert_eq!(messages.first().and_then(|message| message["type"].as_str()), told, "{name}");
        assert_eq!(world.gateway.closed().is_empty(), told.is_none(), "{name}");
    }
}

#[test]
fn every_recorded_event_is_asked_somewhere() {
    let known = EXPECTED.iter().map(|(name, ..)| *name).chain(OF_CONNECTIONS.iter().map(|(name, ..)| *name));
    assert_eq!(names("live").into_iter().collect::<BTreeSet<_>>(), known.map(str::to_owned).collect());
    let pushed = PUSHED.iter().map(|(name, _)| (*name).to_owned());
    assert_eq!(names("live-push").into_iter().collect::<BTreeSet<_>>(), pushed.collect());
}

/// What a watcher of everything is told of each recorded batch: types of messages, and of what they are.
const PUSHED: [(&str, &[(&str, &str)]); 5] = [
    ("readings", &[("reading", "ph"), ("reading", "ph"), ("reading", "tmp")]),
    ("levels", &[("level", "02"), ("level", "01")]),
    ("problems", &[("problem", "0102"), ("withdrawn", "11-silent")]),
    (
        "quarantine",
        &[("released", "baa658ab4d4062c71d73803ea3fa9dab"), ("quarantined", "7dcf887bbe815f8e3047ff2c84bd7c3c")],
    ),
    // What can be read of it.
    ("poison", &[("reading", "ph")]),
];

#[tokio::test(start_paused = true)]
async fn every_recorded_batch_is_told_and_none_is_delivered_again() {
    for (name, expected) in PUSHED {
        let world = World::new().await;
        world.open("c1", super::ADMIN).await;
        world.subscribe("c1", &["device/buoy-01", "tube/0", "problems", "quarantine"]).await;
        let mut batch = event("live-push", name);
        for record in batch["Records"].as_array_mut().unwrap() {
            let arn = record["eventSourceARN"].as_str().unwrap().replace("weir-dev-", "weir-test-");
            record["eventSourceARN"] = arn.into();
        }
        assert_eq!(world.push().answer(batch).await.unwrap(), json!({"batchItemFailures": []}), "{name}");
        let of = |message: &Value| {
            let names = ["sensor", "problem_id", "id"].map(|name| message[name].as_str());
            let id = names.into_iter().flatten().next().or(message["entry"]["id"].as_str());
            (message["type"].as_str().unwrap().to_owned(), id.unwrap().to_owned())
        };
        let told: Vec<_> = world.gateway.messages("c1").iter().map(of).collect();
        let expected: Vec<_> = expected.iter().map(|(kind, id)| ((*kind).to_owned(), (*id).to_owned())).collect();
        assert_eq!(told, expected, "{name}");
    }
}
