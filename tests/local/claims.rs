//! Claim codes in the local cloud: made by the API, used against the user pool, told to live connections.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tooling::api::Api;
use tooling::feed::Feed;
use tooling::patience::patience;
use tooling::people::{Person, Role};
use weir_tests::local::Local;

async fn signed_in(local: &Local, person: &Person) -> Api {
    let tokens = person.sign_in(&local.stack).await.unwrap();
    Api::of(&local.stack, Some(&tokens.id)).unwrap()
}

async fn person(local: &Local, name: &str, devices: &str) -> Person {
    Person::make(&local.stack, &format!("{name}@weir.example"), Role::User, devices).await.unwrap()
}

#[tokio::test]
async fn a_person_claims_a_device_sees_it_with_the_next_token_and_gives_it_back() {
    let local = Local::running();
    let made = local.register(&json!({"id": "claim-01", "claim_code": true})).await.json();
    let code = made["claim_code"].as_str().unwrap().to_owned();
    let admin = local.admin().await;
    let read = admin.expect(&[200], "GET", "/devices/claim-01", None).await.unwrap().json();
    assert!(read.get("claim_code").is_none(), "it is shown once");
    let rows: Vec<Value> = local.tables.all("Devices").await.unwrap();
    assert!(!json!(rows).to_string().contains(&code.replace('-', "")) && !json!(rows).to_string().contains(&code));

    let cora = person(&local, "claim-cora", "").await;
    let api = signed_in(&local, &cora).await;
    let mut feed = Feed::open(&api).await.unwrap();
    assert_eq!(api.call("GET", "/devices/claim-01", None).await.unwrap().status, 404);
    let claim = json!({"claim_code": code.to_lowercase()});
    let claimed = api.expect(&[200], "POST", "/users/me/devices", Some(&claim)).await.unwrap().json();
    assert_eq!(claimed, json!({"device": "claim-01", "devices": "claim-01"}));
    // The old token does not see it; the live connection is told; the next token sees it.
    assert_eq!(api.call("GET", "/devices/claim-01", None).await.unwrap().status, 404);
    let (mut told, deadline) = (Vec::<Value>::new(), Instant::now() + patience());
    while !told.iter().any(|message| message["type"] == "scope") {
        assert!(Instant::now() < deadline, "not told within 20 s: {told:?}");
        told.extend(feed.next(Duration::from_millis(100)).await.unwrap().unwrap_or_default());
    }
    let api = signed_in(&local, &cora).await;
    assert_eq!(api.call("GET", "/devices/claim-01", None).await.unwrap().status, 200);
    assert_eq!(api.expect(&[200], "GET", "/users/me", None).await.unwrap().json()["version"], 1);

    let dora = person(&local, "claim-dora", "").await;
    let other = signed_in(&local, &dora).await;
    assert_eq!(other.call("POST", "/users/me/devices", Some(&claim)).await.unwrap().status, 404);
    api.expect(&[204], "DELETE", "/users/me/devices/claim-01", None).await.unwrap();
    let api = signed_in(&local, &cora).await;
    assert_eq!(api.call("GET", "/devices/claim-01", None).await.unwrap().status, 404);
    assert_eq!(api.call("POST", "/users/me/devices", Some(&claim)).await.unwrap().status, 404, "it was for once");

    // An admin makes a new code, and deleting the device ends that.
    let again =
        admin.expect(&[200], "PATCH", "/devices/claim-01", Some(&json!({"claim_code": true}))).await.unwrap().json();
    let new = json!({"claim_code": again["claim_code"]});
    assert_ne!(again["claim_code"], code);
    other.expect(&[200], "POST", "/users/me/devices", Some(&new)).await.unwrap();
    let details: Vec<_> =
        admin.expect(&[200], "GET", "/devices/claim-01/events?kind=device", None).await.unwrap().json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["detail"].as_str().unwrap_or_default().to_owned())
            .collect();
    for detail in ["registered", "claim code made", "claimed", "given back"] {
        assert!(details.iter().any(|one| one == detail), "{detail}: {details:?}");
    }
}

#[tokio::test]
async fn fifty_tries_at_once_make_one_owner() {
    let local = Local::running();
    let made = local.register(&json!({"id": "claim-02", "claim_code": true})).await.json();
    let claim = json!({"claim_code": made["claim_code"]});
    let mut apis = Vec::new();
    for number in 0..10 {
        let someone = person(&local, &format!("claim-many-{number}"), "").await;
        apis.push(signed_in(&local, &someone).await);
    }
    let tries = apis
        .iter()
        .flat_map(|api| (0..5).map(move |_| api))
        .map(|api| api.call("POST", "/users/me/devices", Some(&claim)));
    let answers = futures_util::future::join_all(tries).await;
    let mut owners = 0;
    for (place, answer) in answers.into_iter().enumerate() {
        let answer = answer.unwrap();
        // The same person's further tries are the same claim; the lock may be busy.
        assert!([200, 404, 503].contains(&answer.status), "{place}: {}", answer.status);
        owners += usize::from(answer.status == 200 && place % 5 == 0);
    }
    assert!(owners <= 1, "{owners} owners");
    let mut seeing = 0;
    for number in 0..10 {
        let path = format!("/cognito/users/claim-many-{number}@weir.example");
        let shown = local.admin().await.expect(&[200], "GET", &path, None).await.unwrap().json();
        seeing += usize::from(shown["devices"] == "claim-02");
    }
    assert_eq!(seeing, 1);
}
