//! Claim codes in the allow list: a code is created with the serial number, printed, and valid once the board is a device.

use std::collections::BTreeSet;
use std::sync::Arc;

use ::provision::Provision;
use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_runtime::clock::Clock as _;
use weir_tests::pool::person;

use super::{SERIALS, function, question};
use crate::http::ask::{Ask, body, status};
use crate::people::claims::{bob, claims};
use crate::people::{BOB, World};

/// People, and the allow list on the same tables.
struct Bed {
    people: World,
    provision: Provision,
}

impl Bed {
    async fn new() -> Self {
        let people = World::new().await;
        people.pool.remember();
        people.pool.know(person(20, "una", &["user"], ""));
        let provision = function(&people.engine, &people.engine.client(), Arc::clone(&people.clock));
        Self { people, provision }
    }

    async fn ask(&self, ask: Ask) -> Value {
        self.provision.answer(ask.admin().event()).await.unwrap()
    }

    /// Lists a number, and takes the code from the answer.
    async fn list(&self, serial: &str) -> String {
        let answer = self.ask(Ask::new("POST", SERIALS).json(&json!({"serial": serial, "claim_code": true}))).await;
        assert_eq!(status(&answer), 201, "{answer}");
        body(&answer)["claim_code"].as_str().expect("a code").to_owned()
    }

    async fn provision(&self, serial: &str, certificate: char) -> bool {
        self.provision.answer(question(serial, certificate)).await.unwrap()["allowProvisioning"] == true
    }

    /// The status of a person's claim with this code.
    async fn claim(&self, who: Value, code: &str) -> u16 {
        let ask = Ask::new("POST", "/users/me/devices").json(&json!({"claim_code": code})).claims(Some(who));
        status(&self.people.change().answer(ask.event()).await.unwrap())
    }

    fn una() -> Value {
        claims(20, "una", "")
    }

    fn row(&self, table: &str, key: &str, of: &str) -> Value {
        self.people.engine.rows(table).into_iter().find(|row| row[key] == of).expect("a row")
    }

    /// The rows of codes that some device has.
    fn codes_of(&self, device: &str) -> Vec<Value> {
        self.people.engine.rows("devices").into_iter().filter(|row| row["device"] == device).collect()
    }
}

#[tokio::test]
async fn a_code_is_shown_with_the_number_once_and_takes_the_device_that_the_board_becomes() {
    let bed = Bed::new().await;
    let code = bed.list("SN-1").await;
    let hash = bed.row("serials", "serial", "SN-1")["claim_code"].as_str().expect("a hash").to_owned();
    assert_eq!(hash.len(), 64);
    let page = bed.ask(Ask::new("GET", SERIALS)).await;
    assert!(!page.to_string().contains(&code) && !page.to_string().contains(&hash), "{page}");
    // There is nothing yet that it could take.
    assert_eq!(bed.claim(bob(), &code).await, 404);

    assert!(bed.provision("SN-1", 'a').await);
    assert_eq!(bed.row("devices", "id", "SN-1")["claim"], json!(hash));
    assert!(bed.row("serials", "serial", "SN-1").get("claim_code").is_none(), "the device has it");
    assert!(bed.provision("SN-1", 'a').await, "the board did not hear the answer");
    assert_eq!(bed.codes_of("SN-1").len(), 1);

    assert_eq!(bed.claim(bob(), &code.to_lowercase()).await, 200);
    assert_eq!(bed.people.pool.scope(BOB), "SN-1 buoy-01");
    assert_eq!(bed.claim(Bed::una(), &code).await, 404, "once");
    let told = bed.people.engine.rows("events");
    assert!(told.iter().any(|event| event["device"] == "SN-1" && event["detail"] == "claim code made"));
    assert!(!json!(told).to_string().contains(&code));
}

#[tokio::test]
async fn each_line_of_a_file_that_asks_for_a_code_gets_its_own() {
    let bed = Bed::new().await;
    let kept = bed.list("SN-0").await;
    // More than a transaction takes.
    let lines: String = (0..120).map(|number| format!("SN-{number},true\n")).collect();
    let file = format!("serial,claim_code\n{lines}SN-120,false\nSN-121,\nSN-122,yes\n");
    let upload = async || body(&bed.ask(Ask::new("POST", SERIALS).body("text/csv", &file)).await);
    let answer = upload().await;
    let items = answer["items"].as_array().unwrap();
    let codes: BTreeSet<_> = items.iter().filter_map(|item| item["claim_code"].as_str()).collect();
    assert_eq!((answer["added"].as_u64(), codes.len()), (Some(121), 119), "SN-0 has one already, and three get none");
    assert!(items.iter().all(|item| item.get("claim_code").is_none() || item["outcome"] == "added"));
    assert!(upload().await["items"].as_array().unwrap().iter().all(|item| item.get("claim_code").is_none()));

    for (serial, certificate) in [("SN-0", 'a'), ("SN-7", 'b'), ("SN-120", 'c')] {
        assert!(bed.provision(serial, certificate).await, "{serial}");
    }
    assert!(bed.codes_of("SN-120").is_empty());
    let seventh = items.iter().find(|item| item["serial"] == "SN-7").unwrap();
    assert_eq!(bed.claim(bob(), seventh["claim_code"].as_str().unwrap()).await, 200);
    assert_eq!(bed.claim(bob(), &kept).await, 200, "the file left it as it was");
    assert_eq!(bed.people.pool.scope(BOB), "SN-0 SN-7 buoy-01");
}

#[tokio::test]
async fn a_number_that_is_reset_makes_no_new_code_and_leaves_the_device_the_one_it_has() {
    let bed = Bed::new().await;
    let (unused, used) = (bed.list("SN-1").await, bed.list("SN-2").await);
    for (serial, first, second) in [("SN-1", 'a', 'c'), ("SN-2", 'b', 'd')] {
        assert!(bed.provision(serial, first).await);
        if serial == "SN-2" {
            assert_eq!(bed.claim(bob(), &used).await, 200);
        }
        let reset = bed.ask(Ask::new("POST", &format!("{SERIALS}/{serial}/reset"))).await;
        assert_eq!(status(&reset), 200);
        assert!(body(&reset).get("claim_code").is_none());
        assert!(bed.provision(serial, second).await, "{serial}");
        assert_eq!(bed.codes_of(serial).len(), 1);
    }
    assert_eq!(bed.claim(Bed::una(), &used).await, 404, "whoever finds the sticker of a device that is somebody's");
    assert_eq!(bed.claim(Bed::una(), &unused).await, 200);
}

#[tokio::test]
async fn the_code_of_a_number_that_was_removed_is_none_and_a_blocked_one_keeps_its_own() {
    let bed = Bed::new().await;
    let old = bed.list("SN-1").await;
    assert_eq!(status(&bed.ask(Ask::new("DELETE", &format!("{SERIALS}/SN-1"))).await), 204);
    bed.people.clock.set(bed.people.clock.now().plus_seconds(1));
    let new = bed.list("SN-1").await;
    assert!(bed.provision("SN-1", 'a').await);
    assert_eq!((bed.claim(bob(), &old).await, bed.claim(bob(), &new).await), (404, 200));

    let blocked = json!({"serial": "SN-2", "blocked": true, "claim_code": true});
    let code =
        body(&bed.ask(Ask::new("POST", SERIALS).json(&blocked)).await)["claim_code"].as_str().unwrap().to_owned();
    assert!(!bed.provision("SN-2", 'b').await);
    assert_eq!(bed.claim(bob(), &code).await, 404);
    assert_eq!(status(&bed.ask(Ask::new("POST", &format!("{SERIALS}/SN-2/reset"))).await), 200);
    assert!(bed.provision("SN-2", 'b').await);
    assert_eq!(bed.claim(bob(), &code).await, 200);
}
