//! A notice is sent when a problem opens and when it ends, once each, in any order and repetition of the stream.

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::pump::stream_record;

use super::{ANN, World};

const PROBLEM: &str = "buoy-01:do:low-oxygen";

#[tokio::test]
async fn a_problem_that_opens_and_ends_is_told_by_mail_and_by_webhook() {
    let mut world = World::new().await;
    let hook = world.subscribe(ANN, &world.hook()).await;
    world.subscribe(ANN, &json!({"channel": {"email": {}}})).await;
    world.later(60);
    world.measured(3.9).await;
    let (mails, hooks) = (world.mailbox.take(), world.receiver.take());
    let subjects: Vec<_> = mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert_eq!(subjects, [("ann@example.com", "[critical] buoy-01 do: 3.9 mg/L, limit 4 mg/L")]);
    assert_eq!(hooks.len(), 1, "{hooks:?}");
    let told = &hooks[0];
    assert!(told.is_signed_with(hook.secret.as_ref().unwrap().text()) && !told.is_signed_with("whsec_AAAA"));
    assert_eq!((told.path.as_str(), told.timestamp), ("/hook", world.now().seconds()));
    assert_eq!(told.body["type"], "problem.opened");
    assert_eq!(told.body["data"]["link"], format!("https://app.example.org/problems/{PROBLEM}"));
    let problem = &told.body["data"]["notices"][0]["problem"];
    assert_eq!((&problem["value"], &problem["limit"]), (&json!(3.9), &json!(4.0)));
    assert_eq!((&problem["problem_status"], &problem["severity"]), (&json!("UNRESOLVED"), &json!("critical")));
    world.later(60);
    world.measured(5.0).await;
    assert_eq!(world.mailbox.take()[0].subject, "[critical] Resolved: buoy-01 do: 5 mg/L, limit 4 mg/L");
    let hooks = world.receiver.take();
    assert_eq!(hooks[0].body["type"], "problem.resolved");
    assert_eq!(hooks[0].body["data"]["notices"][0]["problem"]["problem_status"], "RESOLVED");
    let mut ids: Vec<_> = hooks.iter().chain([told]).map(|hook| hook.id.clone()).collect();
    assert_eq!(ids[0], hooks[0].notices()[0].0, "the id of the message is that of its notice");
    ids.dedup();
    assert_eq!(ids.len(), 2);
    // Nothing is left to do, and nothing more is told.
    assert_eq!(world.swept().await, json!({"done": 0, "failed": 0}));
    assert_eq!((world.mailbox.take().len(), world.receiver.take().len()), (0, 0));
}

#[tokio::test]
async fn repeated_and_reordered_records_tell_everything_once_and_the_end_after_the_beginning() {
    let mut world = World::new().await;
    world.subscribe(ANN, &world.hook()).await;
    world.later(60);
    let record = |sequence: &str| stream_record(sequence, json!({"problem_id": {"S": PROBLEM}}));
    let batch = |sequences: &[&str]| json!({"Records": sequences.iter().map(|one| record(one)).collect::<Vec<_>>()});
    // The record of the beginning comes when the problem is over already.
    for value in [3.0, 6.0] {
        world.judged(value).await;
        world.later(60);
    }
    world.notify.answer(batch(&["2"])).await.unwrap();
    assert_eq!(world.told(), ["opened", "resolved"]);
    world.notify.answer(batch(&["1"])).await.unwrap();
    world.notify.answer(batch(&["2", "1", "2"])).await.unwrap();
    assert_eq!(world.told(), [""; 0]);
    // And two senders at once.
    world.judged(3.0).await;
    let (one, other) = tokio::join!(world.notify.answer(batch(&["3"])), world.notify.answer(batch(&["3"])));
    assert_eq!((one.unwrap(), other.unwrap()), (json!({"batchItemFailures": []}), json!({"batchItemFailures": []})));
    world.later(61);
    world.swept().await;
    world.later(3_600);
    world.swept().await;
    // Of the problem two were told within the hour.
    assert_eq!(world.told(), ["[opened]"]);
}

#[tokio::test]
async fn a_change_of_severity_is_told_and_a_removed_alert_ends_the_problem() {
    let mild = json!({"id": "low-oxygen", "below": 4, "clear": 4.5, "severity": "warning"});
    let mut world = World::of(&crate::alert::buoy(&json!([mild]))).await;
    world.subscribe(ANN, &json!({"filter": {"severity": "warning"}, "channel": world.hook()["channel"]})).await;
    world.subscribe(ANN, &json!({"channel": {"email": {}}})).await;
    world.later(60);
    world.measured(3.0).await;
    assert_eq!(world.told(), ["opened"]);
    assert_eq!(world.mailbox.take()[0].subject, "[warning] buoy-01 do: 3 mg/L, limit 4 mg/L");
    world.alert.change("buoy-01", &crate::alert::buoy(&json!([crate::alert::low_oxygen()]))).await;
    world.later(120);
    world.measured(2.0).await;
    let hook = world.receiver.take().remove(0);
    assert_eq!(hook.body["type"], "problem.changed");
    assert_eq!(hook.body["data"]["notices"][0]["problem"]["severity"], "critical");
    assert!(world.mailbox.take()[0].subject.starts_with("[critical] Changed: buoy-01 do: "));
    world.later(7_200);
    world.alert.change("buoy-01", &json!({"sensors": [{"code": "do", "unit": "mg/L"}]})).await;
    world.alert.swept().await;
    world.later(60);
    world.streamed().await;
    assert_eq!(world.told(), ["resolved"]);
}

#[tokio::test]
async fn a_late_reading_that_shows_that_nothing_was_wrong_is_told_as_an_end() {
    let world_body = crate::alert::buoy(&json!([{"id": "low-oxygen", "below": 4, "for": 2}]));
    let mut world = World::of(&world_body).await;
    world.subscribe(ANN, &world.hook()).await;
    world.later(60);
    world.judged(3.0).await;
    world.later(60);
    world.measured(3.0).await;
    assert_eq!(world.told(), ["opened"]);
    // Between the two.
    world.alert.turned(6.0, 90).await;
    world.streamed().await;
    assert_eq!(world.told(), ["resolved"]);
}

#[tokio::test]
async fn whoever_wants_it_is_reminded_until_somebody_acknowledges() {
    let mut world = World::new().await;
    world.subscribe(ANN, &json!({"remind_hours": 2, "channel": world.hook()["channel"]})).await;
    world.later(60);
    world.measured(3.0).await;
    assert_eq!(world.told(), ["opened"]);
    for _ in 0..2 {
        world.later(7_199);
        world.swept().await;
        assert_eq!(world.told(), [""; 0]);
        world.later(1);
        world.swept().await;
        assert_eq!(world.told(), ["reminder"]);
    }
    let patch = crate::http::ask::Ask::new("PATCH", &format!("/problems/{PROBLEM}")).admin();
    let patch = patch.json(&json!({"problem_status": "ACKNOWLEDGED"}));
    let answer = world.alert.functions.flow.answer(patch.event()).await.unwrap();
    assert_eq!(answer["statusCode"], 200);
    world.streamed().await;
    world.later(20_000);
    world.swept().await;
    assert_eq!(world.told(), [""; 0]);
    assert_eq!(world.swept().await, json!({"done": 0, "failed": 0}));
    world.measured(9.0).await;
    assert_eq!(world.told(), ["resolved"]);
}

#[tokio::test]
async fn the_note_of_the_alert_says_what_to_do() {
    let alert = json!({"id": "low-oxygen", "below": 4, "note": "call the <hatchery>"});
    let mut world = World::of(&crate::alert::buoy(&json!([alert]))).await;
    world.subscribe(ANN, &world.hook()).await;
    world.subscribe(ANN, &json!({"channel": {"email": {}}})).await;
    world.later(60);
    world.measured(3.0).await;
    let (hook, mail) = (world.receiver.take().remove(0), world.mailbox.take().remove(0));
    assert_eq!(hook.body["data"]["notices"][0]["alert_note"], "call the <hatchery>");
    assert!(mail.text.contains("What to do: call the <hatchery>\n"), "{}", mail.text);
    assert!(mail.html.contains("call the &lt;hatchery&gt;"), "{}", mail.html);
    // Without a note there is none.
    let mut world = World::new().await;
    world.subscribe(ANN, &world.hook()).await;
    world.later(60);
    world.measured(3.0).await;
    assert_eq!(world.receiver.take()[0].body["data"]["notices"][0].get("alert_note"), None);
}
