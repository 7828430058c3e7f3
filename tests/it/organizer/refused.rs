//! Reports that cannot be used are quarantined with their reason.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, NOW, Settings};

use super::{handled, set_up};

/// Each refused event with its reason, and the device or level id it names.
const REASONS: &[(&str, &str, Option<&str>)] = &[
    ("refused.bad-level-id", "bad_level_id", None),
    ("refused.bad-timestamp", "bad_timestamp", Some("01")),
    ("refused.bad-value", "bad_value", Some("01")),
    ("refused.device-disabled", "device_disabled", Some("kloaka-off-07")),
    ("refused.duplicate-key", "duplicate_key", Some("01")),
    ("refused.future-timestamp", "future_timestamp", Some("01")),
    ("refused.no-id", "bad_level_id", None),
    ("refused.not-json", "unparseable", None),
    ("refused.number-out-of-range", "number_out_of_range", Some("01")),
    ("refused.simulated", "simulated", Some("kloaka-03")),
    ("refused.uplink-of-eui", "bad_level_id", Some("eui-70b3d57ed0000001")),
    ("refused.uplink-without-bytes", "bad_value", Some("kloaka-03")),
    ("refused.uplink-without-device", "bad_device_id", None),
    ("refused.uplink-without-level", "bad_value", Some("kloaka-03")),
    ("refused.uplink-without-number", "bad_level_id", Some("kloaka")),
];

#[tokio::test]
async fn a_refused_report_is_kept_with_its_reason_and_the_bytes_as_published() {
    for (name, reason, device) in REASONS {
        let (engine, functions) = set_up().await;
        let sent = event("organizer", name);
        assert_eq!(handled(&functions, sent.clone()).await, "quarantined");
        let row = engine.row("quarantine");
        assert_eq!(row["reason"], *reason, "{name}: {}", row["detail"]);
        assert_eq!((&row["payload"], &row["topic"]), (&sent["payload"], &sent["topic"]), "{name}");
        assert_eq!(row["device_id"], device.map_or(Value::Null, Value::from), "{name}");
        assert_eq!((&row["function"], &row["received_at"]), (&"organizer".into(), &sent["received_at"]), "{name}");
        assert_eq!(
            (&row["first_seen"], &row["expires_at"]),
            (&NOW.millis().into(), &(NOW.seconds() + 30 * 86_400).into())
        );
    }
}

#[tokio::test]
async fn a_report_whose_reading_has_expired_is_quarantined_and_still_changes_the_level() {
    let engine = Engine::start().await;
    let settings = Settings { reading_days: 30, ..Settings::default() };
    let functions = Functions::by(&engine, &engine.client(), &settings);
    // The row is known at the second report, which could be a combined write.
    for days in [0, 31, 32] {
        let ts = NOW.plus_seconds(-86_400 * days).millis();
        let report = json!({"id": "01", "filling": "50", "ts": ts, "received_at": NOW.millis()});
        functions.organizer.answer(report).await.unwrap();
    }
    let reasons: Vec<_> = engine.rows("quarantine").iter().map(|row| row["reason"].clone()).collect();
    assert_eq!(reasons, ["outside_retention"; 2]);
    assert_eq!(engine.row("readings")["at"], NOW.millis());
    assert_eq!(engine.row("levels")["measurements"].as_array().map(Vec::len), Some(3));
}

#[test]
fn every_refused_event_is_listed_with_its_reason() {
    let refused = super::ANSWERS.iter().filter(|(_, answer)| *answer == "quarantined").map(|(name, _)| *name);
    assert_eq!(REASONS.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), refused.collect::<Vec<_>>());
}
