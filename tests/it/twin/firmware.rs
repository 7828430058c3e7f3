//! The firmware that devices report is stored in their rows: reordered, repeated, and killed anywhere.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW};
use weir_tests::lives::up_to;

use super::{hand, message};

const DEVICE: &str = "buoy-01";

/// The shadow comes to report this firmware in this version; nothing for none.
fn reports(before: Option<&str>, after: Option<&str>, version: u64) -> Value {
    let side = |firmware: Option<&str>| {
        let reported = firmware.map_or_else(|| json!({"n": 1}), |firmware| json!({"n": 1, "firmware": firmware}));
        json!({"state": {"reported": reported}, "version": version})
    };
    let second = NOW.seconds() - 10;
    let payload = json!({"previous": side(before), "current": side(after), "timestamp": second});
    message(&format!("$aws/things/{DEVICE}/shadow/update/documents"), &payload, second * 1000 + 300)
}

async fn world() -> (Engine, Functions) {
    let engine = Engine::start().await;
    engine.register();
    let functions = Functions::over(&engine);
    (engine, functions)
}

fn row(engine: &Engine) -> Value {
    engine.rows("devices").into_iter().find(|row| row["id"] == DEVICE).unwrap()
}

fn firmware(engine: &Engine) -> Value {
    row(engine).get("firmware").cloned().unwrap_or_default()
}

#[tokio::test]
async fn the_newest_report_counts_whatever_the_order_and_changes_nothing_else() {
    let (engine, functions) = world().await;
    let before = row(&engine);
    hand(&functions, reports(None, Some("1.4.1"), 7)).await;
    assert_eq!(firmware(&engine), "1.4.1");
    hand(&functions, reports(Some("1.4.2"), Some("1.4.3"), 9)).await;
    // Late, and once more.
    hand(&functions, reports(Some("1.4.1"), Some("1.4.2"), 8)).await;
    hand(&functions, reports(None, Some("1.4.1"), 7)).await;
    assert_eq!(firmware(&engine), "1.4.3");
    let mut after = row(&engine);
    for name in ["firmware", "firmware_version"] {
        after.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(after, before);
    hand(&functions, reports(Some("1.4.3"), None, 10)).await;
    assert_eq!(firmware(&engine), Value::Null);
}

#[tokio::test]
async fn a_message_that_is_killed_anywhere_and_delivered_again_is_kept() {
    for at in 1..200 {
        let (engine, functions) = world().await;
        let whole = up_to(at, Box::pin(functions.twin.answer(reports(None, Some("1.4.2"), 7)))).await.is_some();
        hand(&functions, reports(None, Some("1.4.2"), 7)).await;
        assert_eq!(firmware(&engine), "1.4.2", "killed at {at}");
        if whole {
            return;
        }
    }
    panic!("more awaits");
}

#[tokio::test]
async fn a_device_that_was_deleted_gets_no_firmware() {
    let (engine, functions) = world().await;
    let mut gone = row(&engine);
    gone["deleted_at"] = json!(1);
    engine.put("devices", &gone);
    hand(&functions, reports(None, Some("1.4.2"), 7)).await;
    assert_eq!(firmware(&engine), Value::Null);
}
