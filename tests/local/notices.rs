//! Notices, from a device's certificate over the streams to the inbox and to a receiver; and the way back out by a link.

use serde_json::{Value, json};
use tooling::api::Api;
use tooling::inbox;
use weir_tests::local::{Local, bytes, now, until};
use weir_tests::receiver::{Hook, Receiver};

const OWN: &str = "/users/me/subscriptions";

async fn ask(api: &Api, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    let answer = api.call(method, path, body).await.expect("the API answers");
    (answer.status, serde_json::from_slice(&answer.bytes).unwrap_or_default())
}

async fn oxygen(device: &mut tooling::mqtt::Connection, id: &str, value: f64) {
    let reading = bytes(&json!({"value": value, "ts": now()}));
    device.publish(&format!("{id}/reading/sensor/do"), reading).await.unwrap();
}

async fn register(local: &Local, id: &str) {
    let alert = json!({"id": "low-oxygen", "below": 4, "severity": "critical"});
    local.register(&json!({"id": id, "sensors": [{"code": "do", "unit": "mg/L", "alerts": [alert]}]})).await;
}

/// The next webhook.
async fn next(receiver: &Receiver, seen: &mut Vec<Hook>) -> Hook {
    if seen.is_empty() {
        let more = until("a webhook", async || {
            let more = receiver.take();
            (!more.is_empty()).then_some(more)
        });
        seen.extend(more.await);
    }
    seen.remove(0)
}

#[tokio::test]
async fn a_problem_is_told_by_mail_and_by_webhook_when_it_opens_and_when_it_ends_and_not_after_unsubscribing() {
    let local = Local::running();
    register(&local, "no-01").await;
    let user = local.user("notices", "no-01").await;
    let receiver = Receiver::start().await;
    let hook = json!({"channel": {"webhook": {"url": format!("{}/hook", receiver.url)}}});
    let (status, made) = ask(&user, "POST", OWN, Some(&hook)).await;
    assert_eq!(status, 201, "{made}");
    let secret = made["secret"].as_str().unwrap();
    let (status, mail) =
        ask(&user, "POST", OWN, Some(&json!({"channel": {"email": {}}, "zone": "Europe/Vienna"}))).await;
    assert_eq!(status, 201, "{mail}");
    let test = format!("{OWN}/{}/test", made["id"].as_str().unwrap());
    assert_eq!(ask(&user, "POST", &test, None).await, (200, json!({"delivered": true})));
    let mut seen = Vec::new();
    assert_eq!(next(&receiver, &mut seen).await.body["type"], "test");

    let mut device = local.connect("no-01").await;
    oxygen(&mut device, "no-01", 3.5).await;
    let opened = next(&receiver, &mut seen).await;
    assert_eq!(opened.body["type"], "problem.opened");
    assert!(opened.is_signed_with(secret));
    oxygen(&mut device, "no-01", 5.0).await;
    let resolved = next(&receiver, &mut seen).await;
    assert_eq!(resolved.body["type"], "problem.resolved");
    assert!(resolved.is_signed_with(secret) && resolved.id != opened.id);

    let mails = until("two mails", async || {
        let mails = inbox::of(&local.stack, "notices@weir.example").await.unwrap();
        let mails: Vec<_> = mails.into_iter().filter(|mail| mail.subject.contains("no-01")).collect();
        (mails.len() == 2).then_some(mails)
    })
    .await;
    assert_eq!(mails[0].subject, "[critical] no-01 do: 3.5 mg/L, limit 4 mg/L");
    assert_eq!(mails[1].subject, "[critical] Resolved: no-01 do: 5 mg/L, limit 4 mg/L");
    assert!(mails[0].body_html.contains("3.5 mg/L") && mails[0].body_text.contains("3.5 mg/L"));

    // One click, without signing in.
    let link = mails[0].body_text.lines().find_map(|line| line.split_once("/unsubscribe/")).expect("a link").1.trim();
    let nobody = local.nobody();
    assert_eq!(nobody.call("GET", &format!("/unsubscribe/{link}"), None).await.unwrap().status, 200);
    assert_eq!(nobody.call("POST", &format!("/unsubscribe/{link}x"), None).await.unwrap().status, 404);
    assert_eq!(nobody.call("POST", &format!("/unsubscribe/{link}"), None).await.unwrap().status, 200);
    let path = format!("{OWN}/{}", mail["id"].as_str().unwrap());
    let shown = ask(&user, "GET", &path, None).await.1;
    assert_eq!((&shown["enabled"], &shown["disabled_because"]), (&json!(false), &json!("unsubscribed")));
    assert_eq!(ask(&user, "PATCH", &path, Some(&json!({"remind_hours": 3}))).await.0, 200);
    assert_eq!(ask(&user, "DELETE", &path, None).await.0, 204);

    // The schedule finds nothing that is due, and an admin what was sent.
    let sweep = weir_tests::events::event("notify", "sweep");
    let swept = local.call(local.stack.function("notify").unwrap(), &sweep).await;
    assert_eq!(swept["failed"], 0, "{swept}");
    let admin = local.admin().await;
    let sent = ask(&admin, "GET", "/notices?status=sent", None).await.1;
    let of_user = |one: &Value| one["problem_id"] == "no-01:do:low-oxygen";
    assert_eq!(sent["items"].as_array().unwrap().iter().filter(|one| of_user(one)).count(), 4, "{sent}");
    let all = ask(&admin, "GET", "/subscriptions", None).await.1;
    assert!(all["items"].as_array().unwrap().iter().any(|one| one["id"] == made["id"]), "{all}");
    let unknown = format!("/notices/{}-{}/retry", made["id"].as_str().unwrap(), "0".repeat(32));
    assert_eq!(ask(&admin, "POST", &unknown, None).await.0, 404);
}

#[tokio::test]
async fn a_receiver_that_is_gone_ends_the_subscription() {
    let local = Local::running();
    register(&local, "no-02").await;
    let user = local.user("notices-gone", "no-02").await;
    let receiver = Receiver::start().await;
    receiver.set(weir_tests::receiver::Mood::Status(410));
    let hook = json!({"channel": {"webhook": {"url": format!("{}/hook", receiver.url)}}});
    let made = ask(&user, "POST", OWN, Some(&hook)).await.1;
    let mut device = local.connect("no-02").await;
    oxygen(&mut device, "no-02", 3.5).await;
    let path = format!("{OWN}/{}", made["id"].as_str().unwrap());
    until("the end of the subscription", async || {
        let shown = ask(&user, "GET", &path, None).await.1;
        (shown["disabled_because"] == "gone").then_some(())
    })
    .await;
}
