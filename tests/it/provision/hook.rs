//! Whether a board may become a device: once, with the exact serial number, and with a certificate that only it has.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use weir_runtime::Function as _;

use super::{SERIALS, World, question};
use crate::http::ask::{Ask, status};

#[tokio::test]
async fn the_device_is_registered_in_the_same_step() {
    let world = World::recorded().await;
    assert!(world.provision("SN-0001", 'a').await);
    let row = world.device("board-0001").unwrap();
    assert_eq!(
        (&row["name"], &row["sensors"][0]["code"], &row["enabled"]),
        (&json!("One"), &json!("ph"), &json!(true))
    );
    assert_eq!(row["updated_by"], "ada@example.org", "whoever listed the number");
    let known: Value = serde_json::from_str(row["rotation"].as_str().unwrap()).unwrap();
    assert_eq!(known["current"]["id"], "a".repeat(64));
    assert!(row["expiring"].is_string() && row["pending"].is_string(), "{row}");
    assert_eq!(world.state("SN-0001").await.as_deref(), Some("PROVISIONED"));
    let told = world.told("board-0001");
    assert!(
        ["registered", "provisioned", "issued"].iter().all(|word| told.iter().any(|said| said == word)),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_board_that_did_not_hear_the_answer_is_let_in_again_with_the_same_certificate_only() {
    let world = World::recorded().await;
    assert!(world.provision("SN-0001", 'a').await);
    let rows = (world.engine.rows("devices"), world.engine.rows("events"));
    assert!(world.provision("SN-0001", 'a').await, "the same ownership token again");
    assert_eq!((world.engine.rows("devices"), world.engine.rows("events")), rows);
    assert!(!world.provision("SN-0001", 'c').await, "another board, or the same one that has lost its key");
    assert!(world.told("board-0001").contains(&"refused: already_provisioned".to_owned()));
}

/// A refusal after one read would come sooner than one after three, and tell which numbers are listed.
#[tokio::test]
async fn no_refusal_comes_sooner_than_another() {
    let world = World::recorded().await;
    for serial in ["SN-9999", "SN-0002", "SN-0003", "sn 0001"] {
        let asked = Instant::now();
        assert!(!world.provision(serial, 'd').await, "{serial}");
        assert!(asked.elapsed() >= Duration::from_millis(250), "{serial}");
    }
}

#[tokio::test]
async fn a_certificate_belongs_to_one_number() {
    let world = World::recorded().await;
    assert!(world.provision("SN-0001", 'a').await);
    world.add(&json!({"serial": "SN-0004"})).await;
    assert!(!world.provision("SN-0004", 'a').await, "the token of another board");
    assert_eq!(world.device("SN-0004"), None);
    assert!(world.provision("SN-0004", 'd').await);
}

#[tokio::test]
async fn numbers_are_exact() {
    let world = World::recorded().await;
    for near in [
        "sn-0001",
        "SN-0001 ",
        " SN-0001",
        "SN-000",
        "SN-00011",
        "SN-*",
        "SN-000?",
        "SN_0001",
        "",
        "%",
        &"S".repeat(65),
    ] {
        assert!(!world.provision(near, 'a').await, "{near:?}");
    }
    assert_eq!(world.engine.rows("devices").len(), 1, "only the one that the world begins with");
}

#[tokio::test]
async fn of_two_boards_with_one_number_at_once_one_is_provisioned_and_the_other_told_of() {
    for _ in 0..5 {
        let world = World::recorded().await;
        let ask = async |certificate| world.provision("SN-0001", certificate).await;
        let (one, other, third) = futures_util::join!(ask('a'), ask('c'), ask('d'));
        assert_eq!([one, other, third].iter().filter(|allowed| **allowed).count(), 1);
        assert_eq!(world.told("board-0001").iter().filter(|said| *said == "provisioned").count(), 1);
        assert!(world.told("board-0001").contains(&"refused: already_provisioned".to_owned()));
    }
}

#[tokio::test]
async fn a_number_that_is_reset_gives_the_device_another_certificate_and_keeps_the_old_one_for_now() {
    let world = World::recorded().await;
    assert!(world.provision("SN-0001", 'a').await);
    world.later(60);
    assert_eq!(status(&world.ask(Ask::new("POST", &format!("{SERIALS}/SN-0001/reset"))).await), 200);
    assert!(!world.provision("SN-0001", 'a').await, "the key that is lost");
    let before = world.device("board-0001").unwrap();
    assert!(world.provision("SN-0001", 'c').await);
    let row = world.device("board-0001").unwrap();
    assert_eq!(row["version"], before["version"], "the device itself is as it was");
    let known: Value = serde_json::from_str(row["rotation"].as_str().unwrap()).unwrap();
    assert_eq!((&known["current"]["id"], &known["next"]["id"]), (&json!("a".repeat(64)), &json!("c".repeat(64))));
    assert!(!world.provision("SN-0001", 'd').await, "once");
}

#[tokio::test]
async fn a_device_that_is_there_disabled_or_deleted_is_not_given_away() {
    for (row, why) in [
        (json!({"id": "board-0001", "enabled": true, "version": 1}), "device_exists"),
        (json!({"id": "board-0001", "enabled": false, "version": 1}), "device_disabled"),
        (json!({"id": "board-0001", "version": 2, "deleted_at": 1}), "device_deleted"),
    ] {
        let world = World::recorded().await;
        world.engine.put("devices", &row);
        assert!(!world.provision("SN-0001", 'a').await, "{why}");
        assert_eq!(world.told("board-0001"), [format!("refused: {why}")]);
        assert_eq!(world.state("SN-0001").await.as_deref(), Some("EXPECTED"), "{why}");
    }
    // Also a board that asks again because it did not hear the answer: the template would activate its certificate.
    let world = World::recorded().await;
    assert!(world.provision("SN-0001", 'a').await);
    let mut row = world.device("board-0001").unwrap();
    row["enabled"] = false.into();
    world.engine.put("devices", &row);
    assert!(!world.provision("SN-0001", 'a').await);
}

#[tokio::test]
async fn whoever_tries_again_and_again_leaves_one_event_an_hour() {
    let world = World::recorded().await;
    for certificate in ['1', '2', '3', '4', '5'] {
        assert!(!world.provision("SN-0002", certificate).await);
        assert!(!world.provision("SN-9999", certificate).await);
    }
    assert_eq!(world.told("SN-0002"), ["refused: blocked"]);
    assert!(world.told("SN-9999").is_empty());
    world.later(3_600);
    assert!(!world.provision("SN-0002", '6').await);
    assert_eq!(world.told("SN-0002").len(), 2);
}

#[tokio::test]
async fn what_is_no_question_is_refused() {
    let world = World::recorded().await;
    for event in [json!({}), json!(null), json!([]), json!({"parameters": {"SerialNumber": "SN-0001"}})] {
        assert_eq!(world.function().answer(event).await.unwrap(), json!({"allowProvisioning": false}));
    }
    let mut short = question("SN-0001", 'a');
    short["certificateId"] = "a".into();
    assert_eq!(world.function().answer(short).await.unwrap(), json!({"allowProvisioning": false}));
}
