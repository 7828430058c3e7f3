//! Access to readings: every route is called by every kind of caller, and the document and the template are checked against the same table.

use weir_runtime::Function as _;

use reading::Reading;
use serde_json::{Value, json};
use weir_http::{Cursor, openapi};

use super::World;
use crate::http::ask::{Ask, body, status};
use crate::http::matrix::{Line, differences, line, walk, with_body};
use crate::http::routed::{operations, own, routed};

fn trial() -> Value {
    json!({"alert": {"id": "a", "above": 1}})
}

fn lines() -> Vec<Line> {
    let read = |path| line("GET", path, [401, 401, 404, 200, 200]);
    vec![
        read("/devices/buoy-01/readings"),
        read("/devices/buoy-01/readings?every=1h"),
        read("/devices/buoy-01/readings/latest"),
        with_body("POST", "/devices/buoy-01/sensors/ph/alerts/try", trial(), [401, 401, 404, 200, 200]),
        with_body("POST", "/devices/buoy-77/sensors/ph/alerts/try", trial(), [401, 401, 404, 404, 404]),
        with_body("POST", "/devices/buoy-gone/sensors/ph/alerts/try", trial(), [401, 401, 404, 404, 404]),
        line("GET", "/devices/buoy-77/readings", [401, 401, 404, 404, 404]),
        line("GET", "/devices/buoy-77/readings/latest", [401, 401, 404, 404, 404]),
        // Readings outlive their device, for admins.
        line("GET", "/devices/buoy-gone/readings?sensor=ph", [401, 401, 404, 404, 200]),
        line("GET", "/devices/buoy-gone/readings/latest?sensor=ph", [401, 401, 404, 404, 200]),
    ]
}

#[tokio::test]
async fn everyone_may_read_what_the_contract_says_and_no_more() {
    let world = World::new().await;
    walk(&lines(), "buoy-01 buoy-77 buoy-gone", async |event| world.function().answer(event).await.unwrap()).await;
}

#[test]
fn the_table_and_the_document_name_the_same_operations() {
    assert_eq!(differences(&lines(), &own(openapi(Reading::document()))), Vec::<String>::new());
}

#[tokio::test]
async fn a_foreign_device_a_deleted_one_and_one_that_is_not_there_are_answered_byte_for_byte_alike() {
    let world = World::new().await;
    for rest in ["", "?from=x", "/latest", "?sensor=zz&from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z"] {
        let ask = async |id: &str, scope: &str| {
            let ask = Ask::new("GET", &format!("/devices/{id}/readings{rest}")).user(scope).id("same");
            world.function().answer(ask.event()).await.unwrap().to_string()
        };
        let unknown = ask("buoy-77", "buoy-77").await;
        assert_eq!(ask("buoy-01", "kloaka-03").await, unknown, "{rest}");
        assert_eq!(ask("buoy-gone", "buoy-gone").await, unknown, "{rest}");
        assert_eq!(ask("buoy-77", "kloaka-03").await, unknown, "{rest}");
    }
}

#[test]
fn the_template_routes_each_operation_with_a_token() {
    let document = own(openapi(Reading::document()));
    assert_eq!(routed("ReadingIntegration"), operations(&document), "left the template, right the document");
}

#[tokio::test]
async fn a_device_called_as_a_level_does_not_show_its_history() {
    let world = World::new().await;
    world.registry.create("03", &json!({})).await;
    for path in ["readings", "readings/latest"] {
        let ask = Ask::new("GET", &format!("/devices/03/{path}?sensor=filling"));
        for ask in [ask.clone().user("03"), ask.admin()] {
            let answer = world.function().answer(ask.event()).await.unwrap();
            assert_eq!(status(&answer), 422, "{answer}");
        }
    }
}

#[tokio::test]
async fn nobody_asks_for_more_sensors_than_a_device_can_have() {
    let world = World::new().await;
    for (count, expected) in [(64, "the device has no sensor"), (65, "names more than 64 sensors")] {
        let query: Vec<_> = (0..count).map(|place| format!("sensor=s{place}")).collect();
        for path in ["readings", "readings/latest"] {
            let answer = world.get(&format!("/devices/buoy-01/{path}?{}", query.join("&"))).await;
            let said = body(&answer)["detail"].to_string();
            assert!(status(&answer) == 422 && said.contains(expected), "{count} {path}: {said}");
        }
    }
}

#[tokio::test]
async fn a_week_of_minutes_and_a_year_of_hours_can_be_asked_for() {
    let world = World::new().await;
    for (from, every) in [("2026-11-13T06:24:44Z", "1m"), ("2025-11-20T00:00:00Z", "1h")] {
        let answer = world.get(&format!("/devices/buoy-01/readings?sensor=ph&from={from}&every={every}")).await;
        assert_eq!(status(&answer), 200, "{answer}");
    }
}

#[tokio::test]
async fn a_next_that_was_made_up_is_no_page() {
    let world = World::new().await;
    let list = "devices/buoy-01/readings?sensor=[]&from=None&to=None&every=None&agg=[]";
    let (now, far) = (1_795_155_884_123_i64, 253_402_300_800_000_i64);
    for (from, to) in [(i64::MIN, now), (-1, now), (0, far), (0, i64::MAX), (now, now - 1)] {
        let key = json!({"sensor": "ph", "at": now, "from": from, "to": to});
        let next = serde_json::to_value(Cursor::new(list, &key).unwrap()).unwrap();
        let answer = world.get(&format!("/devices/buoy-01/readings?next={}", next.as_str().unwrap())).await;
        assert_eq!(
            (status(&answer), &body(&answer)["type"]),
            (400, &json!("urn:weir:problem:bad_page")),
            "{from} {to}"
        );
    }
}

#[tokio::test]
async fn nothing_that_a_caller_sends_makes_a_500() {
    let world = World::new().await;
    let extreme = [
        "",
        "0",
        "-1",
        "1",
        "9223372036854775807",
        "-9223372036854775808",
        "253402300799999",
        "1e400",
        "NaN",
        "%00",
        "%FF",
        "9999-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "2026-11-20T06:24:44Z",
        "ph",
        "'",
        "5m",
        "1d",
        "366d",
        "mean",
        ",",
        "=",
        "%F0%9F%92%A7",
    ];
    for name in ["sensor", "from", "to", "every", "agg", "limit", "next", "x"] {
        for value in extreme {
            for rest in ["", "&every=1d", "&every=1h&from=0", "&from=0", "&to=9999-12-31T23:59:59Z"] {
                for path in ["readings", "readings/latest"] {
                    let path = format!("/devices/buoy-01/{path}?{name}={value}{rest}");
                    let answer = world.get(&path).await;
                    assert!(status(&answer) < 500, "{path}: {answer}");
                }
            }
        }
    }
}
