//! The content of e-mails.

use serde_json::json;
use weir_aws::WriteOutcome;
use weir_aws::profile::ProfileTable;
use weir_core::domain::people::profile::{Profile, ProfileRecord};
use weir_core::domain::settings::Setting;
use weir_tests::mailbox::Received;

use super::{ANN, World, sub};

/// The person prefers this language.
async fn prefers(world: &World, language: &str) {
    let preferences = [("language".to_owned(), Setting::Text(language.to_owned()))].into();
    let profile = Profile { preferences, ..Profile::default() };
    let record = ProfileRecord::new(sub(ANN), profile, 0, "ann".into(), world.now());
    let table = ProfileTable::new(world.alert.engine.client(), world.alert.engine.name("users"));
    assert_eq!(table.write(&record).await.unwrap(), WriteOutcome::Done);
}

/// Twelve values, of which the last one opens the problem.
async fn falling(world: &mut World) -> Vec<Received> {
    for step in 0..12_u32 {
        world.later(60);
        world.measured(7.25 - 0.3 * f64::from(step)).await;
    }
    world.mailbox.take()
}

#[tokio::test]
async fn a_mail_has_the_last_ten_values_the_links_and_both_headers_of_one_click() {
    let mut world = World::new().await;
    let stored = world.subscribe(ANN, &json!({"zone": "Europe/Vienna", "channel": {"email": {}}})).await;
    let mails = falling(&mut world).await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.subject, "[critical] buoy-01 do: 3.95 mg/L, limit 4 mg/L");
    let token = stored.secret.unwrap().unsubscribe_token(&stored.owner, &stored.id).unwrap();
    let link = format!("https://api.example.org/unsubscribe/{token}");
    assert_eq!(mail.header("List-Unsubscribe"), Some(format!("<{link}>").as_str()));
    assert_eq!(mail.header("List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
    let page = "https://app.example.org/problems/buoy-01:do:low-oxygen";
    for body in [&mail.text, &mail.html] {
        for part in [page, &link, "3.95 mg/L", "4.25 mg/L", "6.65 mg/L", "2026-11-20 07:36:45 CET", "low-oxygen"] {
            assert!(body.contains(part), "{part} is missing in {body}");
        }
        assert!(!body.contains("6.95 mg/L"), "ten values, not eleven");
    }
    if let Ok(folder) = std::env::var("WEIR_MAILS") {
        std::fs::write(format!("{folder}/english.html"), &mail.html).unwrap();
        std::fs::write(format!("{folder}/english.txt"), &mail.text).unwrap();
    }
}

#[tokio::test]
async fn a_mail_is_german_for_whoever_prefers_that() {
    let mut world = World::new().await;
    prefers(&world, "de-AT").await;
    let quiet = json!({"from": "01:00", "to": "02:00", "zone": "Europe/Vienna"});
    world.subscribe(ANN, &json!({"quiet": quiet, "channel": {"email": {}}})).await;
    let mails = falling(&mut world).await;
    let mail = &mails[0];
    assert_eq!(mail.subject, "[kritisch] buoy-01 do: 3,95 mg/L, Grenze 4 mg/L");
    for part in ["Neue Störung", "Die letzten Werte", "20.11.2026 07:36:45 CET", "4,25 mg/L", "abbestellen"] {
        assert!(mail.text.contains(part) && mail.html.contains(part), "{part} is missing in {}", mail.text);
    }
    if let Ok(folder) = std::env::var("WEIR_MAILS") {
        std::fs::write(format!("{folder}/german.html"), &mail.html).unwrap();
    }
    world.later(60);
    world.measured(9.0).await;
    assert!(world.mailbox.take()[0].subject.starts_with("[kritisch] Behoben: buoy-01 do: 9 mg/L"));
}

#[tokio::test]
async fn what_devices_and_people_write_is_text_and_never_markup_or_a_header() {
    let unit = r#"<b>"&'"#;
    let body = json!({"sensors": [{"code": "do", "unit": unit, "alerts": [crate::alert::low_oxygen()]}]});
    let mut world = World::of(&body).await;
    world.subscribe(ANN, &json!({"channel": {"email": {}}})).await;
    world.later(60);
    world.judged(3.0).await;
    let note = "<script>alert(1)</script>\r\nBcc: eve@example.org";
    let patch = crate::http::ask::Ask::new("PATCH", "/problems/buoy-01:do:low-oxygen").admin();
    let patch = patch.json(&json!({"note": note}));
    let answer = weir_runtime::Function::answer(&world.alert.functions.flow, patch.event()).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    world.streamed().await;
    let mail = world.mailbox.take().remove(0);
    assert!(!mail.html.contains("<script>") && !mail.html.contains("<b>") && mail.html.contains("&lt;script&gt;"));
    assert!(!mail.subject.contains(['\r', '\n']) && mail.subject.contains("<b>"), "{}", mail.subject);
    assert!(mail.headers.iter().all(|(_, value)| !value.contains("eve")));
}

#[tokio::test]
async fn a_digest_lists_what_happened_and_a_test_says_that_it_is_one() {
    let alert = json!({"id": "low-oxygen", "below": 4, "note": "call the <hatchery>"});
    let mut world = World::of(&crate::alert::buoy(&json!([alert]))).await;
    let stored = world.subscribe(ANN, &json!({"digest_minutes": 10, "channel": {"email": {}}})).await;
    for value in [3.0, 9.0, 2.0] {
        world.later(60);
        world.measured(value).await;
    }
    world.later(600);
    world.swept().await;
    let mail = world.mailbox.take().remove(0);
    assert_eq!(mail.subject, "3 notices");
    assert_eq!(mail.text.matches("buoy-01 do:").count(), 3);
    // What to do is said once, not with each step.
    assert_eq!(mail.text.matches("    What to do: call the <hatchery>\n").count(), 1, "{}", mail.text);
    assert_eq!(mail.html.matches("What to do: call the &lt;hatchery&gt;").count(), 1, "{}", mail.html);
    assert!(mail.header("List-Unsubscribe").is_some());
    if let Ok(folder) = std::env::var("WEIR_MAILS") {
        std::fs::write(format!("{folder}/digest.html"), &mail.html).unwrap();
    }
    let test = json!({"test": {"owner": stored.owner, "id": stored.id}});
    let answer = weir_runtime::Function::answer(&world.notify, test).await.unwrap();
    assert_eq!(answer, json!({"outcome": "sent"}));
    assert_eq!(world.mailbox.take()[0].subject, "Test of your notices");
}

#[tokio::test]
async fn a_mail_that_is_not_taken_is_tried_again() {
    let mut world = World::new().await;
    world.subscribe(ANN, &json!({"channel": {"email": {}}})).await;
    world.mailbox.refuse(400, "MessageRejected");
    world.mailbox.refuse(429, "TooManyRequestsException");
    world.later(60);
    world.measured(3.0).await;
    assert_eq!(world.mailbox.take(), []);
    for (seconds, mails) in [(30, 0), (60, 1)] {
        world.later(seconds);
        world.swept().await;
        assert_eq!(world.mailbox.take().len(), mails);
    }
}
