//! A device's certificate from birth to end, in the local cloud with its policies enforced: boards with a claim certificate become
//! devices over MQTT, renew their certificates, are shut out and let in again.

mod expiry;
mod killed;

use fleet_sim::board::{Board, Own};
use serde_json::{Value, json};
use tooling::certificate::{self, Claim};
use tooling::mqtt::Connection;
use weir_tests::events::event;
use weir_tests::local::{Local, until};

/// Lists a number, and makes a board of it.
async fn board(local: &Local, claim: &Claim, serial: &str) -> Board {
    let template = json!({"name": serial, "sensors": [{"code": "ph", "unit": "pH"}], "settings": {"every": 60}});
    let listed = json!({"serial": serial, "template": template});
    local.admin().await.expect(&[201], "POST", "/fleet/serials", Some(&listed)).await.unwrap();
    Board::new(&local.stack, serial, claim.identity.clone()).unwrap()
}

async fn claim(local: &Local) -> Claim {
    certificate::claim(&local.stack).await.expect("a claim certificate")
}

/// The ids of the certificates that a thing has, and how each is.
async fn certificates(local: &Local, device: &str) -> Vec<(String, String)> {
    let shown = local
        .admin()
        .await
        .expect(&[200], "GET", &format!("/devices/{device}/certificates"), None)
        .await
        .unwrap()
        .json();
    let pair =
        |item: &Value| (item["certificate"].as_str().unwrap().to_owned(), item["status"].as_str().unwrap().to_owned());
    shown["items"].as_array().unwrap().iter().map(pair).collect()
}

/// The schedules, which would come within minutes.
async fn sweeps(local: &Local) {
    for function in ["certificate", "device"] {
        local.call(local.stack.function(function).unwrap(), &event(function, "sweep")).await;
    }
}

async fn told(local: &Local, device: &str, kind: &str) -> Vec<String> {
    let path = format!("/devices/{device}/events?kind={kind}&limit=200");
    let page = local.admin().await.expect(&[200], "GET", &path, None).await.unwrap().json();
    page["items"].as_array().unwrap().iter().filter_map(|event| event["detail"].as_str().map(str::to_owned)).collect()
}

/// Renews the certificate of a device that is asked to, and connects with the new one.
async fn renewed(local: &Local, board: &Board, own: &Own) -> Own {
    let mut connection = Connection::open(&local.stack, &own.identity).await.unwrap();
    sweeps(local).await;
    let new = board.renew(&mut connection, own).await.unwrap();
    assert_ne!(new.certificate, own.certificate);
    new
}

#[tokio::test]
async fn a_board_is_born_publishes_renews_is_shut_out_and_let_in_again() {
    let local = Local::running();
    let claim = claim(&local).await;
    let board = board(&local, &claim, "FL-01").await;
    let own = board.provision(&local.stack).await.unwrap();
    assert_eq!(own.identity.name, "FL-01");

    // The first reading is not refused.
    let mut connection = Connection::open(&local.stack, &own.identity).await.unwrap();
    connection.publish("FL-01/reading/sensor/ph", br#"{"value": 7}"#.to_vec()).await.unwrap();
    let admin = local.admin().await;
    until("the reading", async || {
        let latest = admin.expect(&[200], "GET", "/devices/FL-01/readings/latest", None).await.unwrap().json();
        latest.to_string().contains("\"ph\"").then_some(())
    })
    .await;
    drop(connection);

    // It renews: in the local cloud, a certificate of 825 days is due.
    let new = renewed(&local, &board, &own).await;
    let both = certificates(&local, "FL-01").await;
    assert_eq!(both.len(), 2, "the old one ends when the new one has been used: {both:?}");
    assert!(Connection::open(&local.stack, &own.identity).await.is_ok());
    let connection = Connection::open(&local.stack, &new.identity).await.unwrap();
    until("the old certificate to be gone", async || {
        sweeps(&local).await;
        (certificates(&local, "FL-01").await == [(new.certificate.clone(), "active".to_owned())]).then_some(())
    })
    .await;
    assert!(Connection::open(&local.stack, &own.identity).await.is_err(), "with the old certificate");
    let events = told(&local, "FL-01", "certificate").await;
    for word in ["issued", "asked for a request", "the former one ends"] {
        assert!(events.iter().any(|event| event.contains(word)), "{word}: {events:?}");
    }
    // What it was told of the renewal is forgotten.
    let mut connection = connection;
    connection.subscribe("FL-01/certificate/new").await.unwrap();
    connection.subscribe("FL-01/certificate/request").await.unwrap();

    for (enabled, may) in [(false, false), (true, true)] {
        let answer =
            admin.expect(&[200], "PATCH", "/devices/FL-01", Some(&json!({"enabled": enabled}))).await.unwrap().json();
        assert_eq!(answer["delivery"], "delivered", "{answer}");
        assert_eq!(Connection::open(&local.stack, &new.identity).await.is_ok(), may);
    }
    let items = admin.expect(&[200], "GET", "/fleet/serials?state=PROVISIONED&limit=200", None).await.unwrap().json();
    assert!(items["items"].as_array().unwrap().iter().any(|item| item["serial"] == "FL-01"), "{items}");
}

#[tokio::test]
async fn a_board_whose_number_is_not_listed_or_used_is_refused_in_the_same_words() {
    let local = Local::running();
    let claim = claim(&local).await;
    let board = board(&local, &claim, "FL-02").await;
    board.provision(&local.stack).await.unwrap();
    let refused = async |board: &Board| board.provision(&local.stack).await.unwrap_err().to_string();
    let used = refused(&board).await;
    let mut words = vec![used.clone()];
    for unknown in ["FL-99", "fl-02", "FL-0", "FL-*"] {
        words.push(refused(&Board::new(&local.stack, unknown, claim.identity.clone()).unwrap()).await);
    }
    words.sort();
    words.dedup();
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(used.contains("403") || used.contains("AccessDenied"), "{used}");
    // After a reset it gets in, once.
    local.admin().await.expect(&[200], "POST", "/fleet/serials/FL-02/reset", None).await.unwrap();
    let again = board.provision(&local.stack).await.unwrap();
    assert!(Connection::open(&local.stack, &again.identity).await.is_ok());
    assert_eq!(refused(&board).await, used);
}

#[tokio::test]
async fn a_board_that_loses_its_power_after_the_certificate_begins_anew_and_a_token_used_twice_makes_one_device() {
    let local = Local::running();
    let claim = claim(&local).await;
    let board = board(&local, &claim, "FL-03").await;
    let mut connection = board.connect_as_claim(&local.stack).await.unwrap();
    board.certificate(&mut connection).await.unwrap();
    drop(connection);
    // It begins anew, with another certificate.
    let mut connection = board.connect_as_claim(&local.stack).await.unwrap();
    let given = board.certificate(&mut connection).await.unwrap();
    let name = board.register(&mut connection, &given).await.unwrap();
    // It does not hear the answer, and has its certificate in flash memory: the same again is the same.
    assert_eq!(board.register(&mut connection, &given).await.unwrap(), name);
    assert_eq!(certificates(&local, "FL-03").await, [(given.certificate.clone(), "active".to_owned())]);
    // With another board's number the token is worth nothing.
    let other = board_of_other(&local, &claim).await;
    assert!(other.register(&mut connection, &given).await.is_err());
    assert_eq!(local.admin().await.call("GET", "/devices/FL-04", None).await.unwrap().status, 404);
}

async fn board_of_other(local: &Local, claim: &Claim) -> Board {
    board(local, claim, "FL-04").await
}

#[tokio::test]
async fn of_two_boards_with_one_number_at_once_one_becomes_the_device() {
    let local = Local::running();
    let claim = claim(&local).await;
    let one = board(&local, &claim, "FL-05").await;
    // A counterfeit has the same image and the same number; its client id is its own.
    let mut identity = claim.identity.clone();
    identity.name = "claim.counterfeit".to_owned();
    let mut connections = Vec::new();
    for name in ["claim.FL-05-a", "claim.FL-05-b"] {
        let identity = tooling::certificate::Identity { name: name.to_owned(), ..identity.clone() };
        connections.push(Connection::open(&local.stack, &identity).await.unwrap());
    }
    let (mut first, mut second) = (connections.remove(0), connections.remove(0));
    let (a, b) = (one.certificate(&mut first).await.unwrap(), one.certificate(&mut second).await.unwrap());
    let (a, b) = futures_util::join!(one.register(&mut first, &a), one.register(&mut second, &b));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|made| **made).count(), 1, "{a:?} {b:?}");
    assert_eq!(certificates(&local, "FL-05").await.iter().filter(|(_, status)| status == "active").count(), 1);
    assert!(told(&local, "FL-05", "serial").await.contains(&"refused: already_provisioned".to_owned()));
}

#[tokio::test]
async fn a_claim_certificate_opens_nothing_but_the_way_to_an_own_one() {
    let local = Local::running();
    let claim = claim(&local).await;
    local.register(&json!({"id": "fl-dev"})).await;
    let open = async || {
        let identity = tooling::certificate::Identity { name: "claim.thief".to_owned(), ..claim.identity.clone() };
        Connection::open(&local.stack, &identity).await.unwrap()
    };
    for topic in
        ["fl-dev/reading/sensor/ph", "fl-dev/certificate/csr", "$aws/things/fl-dev/shadow/update", "kloaka_from_device"]
    {
        let published = open().await.publish(topic, b"{}".to_vec()).await;
        assert!(published.is_err(), "it may publish to {topic}");
    }
    for filter in ["#", "fl-dev/#", "fl-dev/config", "$aws/things/fl-dev/shadow/#", "+/certificate/new"] {
        assert!(open().await.subscribe(filter).await.is_err(), "it may subscribe to {filter}");
    }
    // As a device it may not even connect: that would end the device's connection.
    let identity = tooling::certificate::Identity { name: "fl-dev".to_owned(), ..claim.identity.clone() };
    assert!(Connection::open(&local.stack, &identity).await.is_err());
}

#[tokio::test]
async fn a_device_asks_for_no_certificate_of_another_one() {
    let local = Local::running();
    let claim = claim(&local).await;
    let (one, other) = (board(&local, &claim, "FL-06").await, board(&local, &claim, "FL-07").await);
    let (own, _) = (one.provision(&local.stack).await.unwrap(), other.provision(&local.stack).await.unwrap());
    let mut connection = Connection::open(&local.stack, &own.identity).await.unwrap();
    let (request, _) = one.request().unwrap();
    let sent = connection.publish("FL-07/certificate/csr", request.into_bytes()).await;
    assert!(sent.is_err(), "the policy binds the topic to the thing");
    let mut connection = Connection::open(&local.stack, &own.identity).await.unwrap();
    assert!(connection.subscribe("FL-07/certificate/new").await.is_err());
    assert_eq!(certificates(&local, "FL-07").await.len(), 1);
}

#[tokio::test]
async fn the_same_request_twice_gives_one_certificate_and_a_fourth_key_on_one_day_is_rejected() {
    let local = Local::running();
    let claim = claim(&local).await;
    let board = board(&local, &claim, "FL-08").await;
    let own = board.provision(&local.stack).await.unwrap();
    let mut connection = Connection::open(&local.stack, &own.identity).await.unwrap();
    for word in ["new", "rejected"] {
        connection.subscribe(&format!("FL-08/certificate/{word}")).await.unwrap();
    }
    let mut answers = Vec::new();
    let (request, _) = board.request().unwrap();
    for request in [&request, &request] {
        connection.publish("FL-08/certificate/csr", request.clone().into_bytes()).await.unwrap();
        let message = connection.message().await.unwrap();
        answers.push(serde_json::from_slice::<Value>(&message.payload).unwrap()["certificate"].clone());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(certificates(&local, "FL-08").await.len(), 2);
    // Each new key takes the place of the one before, with which the device has never connected.
    for _ in 0..2 {
        let (request, _) = board.request().unwrap();
        connection.publish("FL-08/certificate/csr", request.into_bytes()).await.unwrap();
        assert_eq!(connection.message().await.unwrap().topic, "FL-08/certificate/new");
    }
    assert_eq!(certificates(&local, "FL-08").await.len(), 2);
    let (request, _) = board.request().unwrap();
    connection.publish("FL-08/certificate/csr", request.into_bytes()).await.unwrap();
    let refused = connection.message().await.unwrap();
    assert_eq!(refused.topic, "FL-08/certificate/rejected");
    assert!(String::from_utf8_lossy(&refused.payload).contains("three certificates today"));
}

#[tokio::test]
async fn a_gateway_that_was_made_by_hand_renews_its_certificate_and_keeps_its_policy() {
    let local = Local::running();
    local.register(&json!({"id": "fl-gw"})).await;
    let policies = ["DevicePolicyName", "LevelGatewayPolicyName"].map(|name| local.stack.output(name).unwrap());
    let identity = certificate::make(&local.stack, "fl-gw", &policies).await.unwrap();
    // Its first connection tells which certificate it has.
    let mut connection = Connection::open(&local.stack, &identity).await.unwrap();
    let before = certificates(&local, "fl-gw").await;
    until("the certificate to be known", async || {
        let rows: Vec<Value> = local.tables.all("Devices").await.unwrap();
        let row = rows.into_iter().find(|row| row["id"] == "fl-gw")?;
        row["rotation"].as_str()?.contains(&before[0].0).then_some(())
    })
    .await;
    connection.subscribe("fl-gw/certificate/new").await.unwrap();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let request = rcgen::CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    connection.publish("fl-gw/certificate/csr", request.into_bytes()).await.unwrap();
    let new: Value = serde_json::from_slice(&connection.message().await.unwrap().payload).unwrap();
    let arn = format!(
        "arn:aws:iot:{}:{}:cert/{}",
        local.stack.region,
        tooling::cloud::ACCOUNT,
        new["certificate"].as_str().unwrap()
    );
    let attached =
        local.stack.cloud().json("iot", "POST", &format!("/attached-policies/{arn}"), &[], None).await.unwrap();
    let attached = attached.to_string();
    assert!(policies.iter().all(|policy| attached.contains(policy)), "{attached}");
}

/// What AWS does with a living connection, as far as the local cloud shows it.
#[tokio::test]
async fn a_living_connection_of_a_disabled_device_is_not_ended_by_the_local_cloud_and_a_removed_one_is_at_its_next_message()
 {
    let local = Local::running();
    let claim = claim(&local).await;
    let board = board(&local, &claim, "FL-09").await;
    let own = board.provision(&local.stack).await.unwrap();
    let mut connection = Connection::open(&local.stack, &own.identity).await.unwrap();
    let admin = local.admin().await;
    admin.expect(&[200], "PATCH", "/devices/FL-09", Some(&json!({"enabled": false}))).await.unwrap();
    let living = connection.publish("FL-09/reading/sensor/ph", br#"{"value": 7}"#.to_vec()).await;
    assert!(living.is_ok(), "the local cloud looks at the status of a certificate when it connects");
    assert!(Connection::open(&local.stack, &own.identity).await.is_err());
    admin.expect(&[204], "DELETE", "/devices/FL-09", None).await.unwrap();
    let after = connection.publish("FL-09/reading/sensor/ph", br#"{"value": 7}"#.to_vec()).await;
    assert!(after.is_err(), "its policy is detached");
}
