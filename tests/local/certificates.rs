//! With which certificates a device may connect: those of a disabled device are off, those of a deleted one are gone.

mod killed;

use serde_json::{Value, json};
use tooling::certificate::{self, Identity};
use tooling::mqtt::Connection;
use weir_tests::events::event;
use weir_tests::local::Local;

/// A certificate with its id.
struct Held {
    identity: Identity,
    id: String,
}

/// Makes the thing, if there is none, and a certificate for it with the policy of devices.
async fn make(local: &Local, device: &str) -> Held {
    let policy = local.stack.output("DevicePolicyName").expect("the device policy");
    let before = principals(local, device).await.unwrap_or_default();
    let identity = certificate::make(&local.stack, device, &[policy]).await.expect("a certificate");
    let after = principals(local, device).await.expect("a thing");
    let arn = after.into_iter().find(|arn| !before.contains(arn)).expect("a new certificate");
    let id = arn.rsplit('/').next().unwrap().to_owned();
    // Each certificate of a device has files of its own.
    let kept = |file: &std::path::Path| {
        let kept = file.with_file_name(format!("{id}.{}", file.extension().unwrap().to_str().unwrap()));
        std::fs::rename(file, &kept).expect("a file");
        kept
    };
    let (certificate, key) = (kept(&identity.certificate), kept(&identity.key));
    Held { identity: Identity { certificate, key, ..identity }, id }
}

/// The ARNs that are attached to a thing; nothing when there is no thing.
async fn principals(local: &Local, device: &str) -> Option<Vec<String>> {
    let path = format!("/things/{device}/principals");
    let answer = local.stack.cloud().json("iot", "GET", &path, &[], None).await.ok()?;
    Some(serde_json::from_value(answer["principals"].clone()).expect("a list"))
}

/// The status of a certificate; nothing when there is none.
async fn status(local: &Local, id: &str) -> Option<String> {
    let answer = local.stack.cloud().json("iot", "GET", &format!("/certificates/{id}"), &[], None).await.ok()?;
    Some(answer["certificateDescription"]["status"].as_str().expect("a status").to_owned())
}

/// A person changes the status in the console.
async fn by_hand(local: &Local, id: &str, status: &str) {
    let path = format!("/certificates/{id}?newStatus={status}");
    local.stack.cloud().json("iot", "PUT", &path, &[], None).await.expect("the status is set");
}

async fn connects(local: &Local, held: &Held) -> bool {
    Connection::open(&local.stack, &held.identity).await.is_ok()
}

async fn switch(local: &Local, device: &str, enabled: bool) {
    let body = json!({"enabled": enabled});
    let path = format!("/devices/{device}");
    let answer = local.admin().await.expect(&[200], "PATCH", &path, Some(&body)).await.unwrap().json();
    assert_eq!((&answer["enabled"], &answer["delivery"]), (&json!(enabled), &json!("delivered")), "{answer}");
}

async fn listed(local: &Local, device: &str) -> Value {
    let path = format!("/devices/{device}/certificates");
    local.admin().await.expect(&[200], "GET", &path, None).await.unwrap().json()
}

#[tokio::test]
async fn a_disabled_device_does_not_connect_and_an_enabled_one_does_again() {
    let local = Local::running();
    local.register(&json!({"id": "cert-01"})).await;
    let held = make(&local, "cert-01").await;
    assert!(connects(&local, &held).await);
    switch(&local, "cert-01", false).await;
    assert_eq!(status(&local, &held.id).await.as_deref(), Some("INACTIVE"));
    assert!(!connects(&local, &held).await, "a disabled device was let in");
    let shown = listed(&local, "cert-01").await;
    let item = &shown["items"][0];
    assert_eq!(
        (&item["certificate"], &item["status"], &item["by_disabling"]),
        (&json!(held.id), &json!("inactive"), &json!(true))
    );
    assert_eq!((shown["items"].as_array().unwrap().len(), &shown["delivery"]), (1, &json!("delivered")), "{shown}");
    // That the device has connected with it is told by AWS IoT, at any time.
    weir_tests::local::until("it is known to be in use", async || {
        (listed(&local, "cert-01").await["items"][0]["in_use"] == true).then_some(())
    })
    .await;

    // One that it is given meanwhile is off with the next change.
    let another = make(&local, "cert-01").await;
    assert!(connects(&local, &another).await);
    switch(&local, "cert-01", false).await;
    assert!(!connects(&local, &another).await);

    switch(&local, "cert-01", true).await;
    assert!(connects(&local, &held).await && connects(&local, &another).await);
    assert!(
        listed(&local, "cert-01").await["items"].as_array().unwrap().iter().all(|item| item["by_disabling"] == false)
    );
}

#[tokio::test]
async fn what_a_person_has_switched_off_does_not_come_back() {
    let local = Local::running();
    local.register(&json!({"id": "cert-02"})).await;
    let (off, revoked, withdrawn, good) = (
        make(&local, "cert-02").await,
        make(&local, "cert-02").await,
        make(&local, "cert-02").await,
        make(&local, "cert-02").await,
    );
    by_hand(&local, &off.id, "INACTIVE").await;
    by_hand(&local, &revoked.id, "REVOKED").await;
    switch(&local, "cert-02", false).await;
    // While the device is disabled.
    by_hand(&local, &withdrawn.id, "REVOKED").await;
    switch(&local, "cert-02", true).await;
    for (held, expected) in [(&off, "INACTIVE"), (&revoked, "REVOKED"), (&withdrawn, "REVOKED"), (&good, "ACTIVE")] {
        assert_eq!(status(&local, &held.id).await.as_deref(), Some(expected));
    }
    // Nor the next time.
    switch(&local, "cert-02", false).await;
    switch(&local, "cert-02", true).await;
    assert_eq!(status(&local, &off.id).await.as_deref(), Some("INACTIVE"));
    assert_eq!(status(&local, &good.id).await.as_deref(), Some("ACTIVE"));
}

#[tokio::test]
async fn a_deleted_device_leaves_no_certificate_and_no_thing_and_gets_none_back() {
    let local = Local::running();
    let admin = local.admin().await;
    local.register(&json!({"id": "cert-03"})).await;
    let (held, another) = (make(&local, "cert-03").await, make(&local, "cert-03").await);
    by_hand(&local, &another.id, "REVOKED").await;
    admin.expect(&[204], "DELETE", "/devices/cert-03", None).await.unwrap();
    assert_eq!((status(&local, &held.id).await, status(&local, &another.id).await), (None, None));
    assert_eq!(principals(&local, "cert-03").await, None, "the thing is there");
    assert!(!connects(&local, &held).await);
    local.register(&json!({"id": "cert-03"})).await;
    assert_eq!(listed(&local, "cert-03").await, json!({"items": [], "delivery": "delivered"}));
    assert!(!connects(&local, &held).await);
}

#[tokio::test]
async fn an_administrator_takes_one_certificate_away() {
    let local = Local::running();
    let admin = local.admin().await;
    local.register(&json!({"id": "cert-04"})).await;
    let (lost, kept) = (make(&local, "cert-04").await, make(&local, "cert-04").await);
    let foreign = make(&local, "cert-05").await;
    let path = |id: &str| format!("/devices/cert-04/certificates/{id}");
    for unknown in [&foreign.id, &"0".repeat(64), &"x".repeat(64), &lost.id.to_uppercase()] {
        assert_eq!(admin.call("DELETE", &path(unknown), None).await.unwrap().status, 404, "{unknown}");
    }
    admin.expect(&[204], "DELETE", &path(&lost.id), None).await.unwrap();
    assert_eq!(status(&local, &lost.id).await, None);
    assert!(!connects(&local, &lost).await && connects(&local, &kept).await && connects(&local, &foreign).await);
    assert_eq!(admin.call("DELETE", &path(&lost.id), None).await.unwrap().status, 404, "a second time");
    let items = listed(&local, "cert-04").await["items"].clone();
    assert_eq!((items.as_array().unwrap().len(), &items[0]["certificate"]), (1, &json!(kept.id)));
    let user = local.user("c-user", "cert-04").await;
    for (method, path) in [("GET", "/devices/cert-04/certificates".to_owned()), ("DELETE", path(&kept.id))] {
        assert_eq!(user.call(method, &path, None).await.unwrap().status, 403, "{method}");
    }
}

#[tokio::test]
async fn a_certificate_that_another_thing_has_too_is_left_to_it() {
    let local = Local::running();
    let admin = local.admin().await;
    local.register(&json!({"id": "cert-06"})).await;
    let held = make(&local, "cert-06").await;
    let arn = principals(&local, "cert-06").await.unwrap().remove(0);
    make(&local, "cert-07").await;
    let attach = [("x-amzn-principal", arn.as_str())];
    local.stack.cloud().json("iot", "PUT", "/things/cert-07/principals", &attach, None).await.unwrap();
    switch(&local, "cert-06", false).await;
    assert_eq!(status(&local, &held.id).await.as_deref(), Some("ACTIVE"), "another device connects with it");
    admin.expect(&[204], "DELETE", "/devices/cert-06", None).await.unwrap();
    assert_eq!(status(&local, &held.id).await.as_deref(), Some("ACTIVE"));
    assert!(principals(&local, "cert-07").await.unwrap().contains(&arn));
    assert_eq!(principals(&local, "cert-06").await, None);
}

#[tokio::test]
async fn while_certificate_is_not_there_the_registry_says_what_is_so_and_the_sweep_makes_it_good() {
    let local = Local::running();
    local.register(&json!({"id": "cert-08"})).await;
    let held = make(&local, "cert-08").await;
    // The same function, for which there is no `certificate`: nothing is called so.
    let cut_off = local.copy("device", "no-control", &[("CERTIFICATE_FUNCTION", "nobody")]).await;
    let answer = local.call(&cut_off, &request("PATCH", "/devices/cert-08", Some(&json!({"enabled": false})))).await;
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&answer["statusCode"], &body["enabled"], &body["delivery"]),
        (&json!(200), &json!(false), &json!("pending"))
    );
    assert_eq!(listed(&local, "cert-08").await["delivery"], "pending");
    assert!(connects(&local, &held).await);

    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    let function = local.stack.function("device").unwrap();
    weir_tests::local::until("the certificate to be off", async || {
        local.call(function, &event("device", "sweep")).await;
        (listed(&local, "cert-08").await["delivery"] == "delivered").then_some(())
    })
    .await;
    assert!(!connects(&local, &held).await);
}

/// A request of an administrator as API Gateway hands it over.
fn request(method: &str, path: &str, body: Option<&Value>) -> Value {
    let claims = json!({"token_use": "id", "sub": "s", "cognito:username": "ann", "cognito:groups": "[admin]"});
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": "", "isBase64Encoded": false,
        "headers": {"content-type": "application/json"}, "body": body.map(Value::to_string),
        "requestContext": {"requestId": "test", "stage": "$default", "http": {"method": method, "path": path},
            "authorizer": {"jwt": {"claims": claims}}},
    })
}
