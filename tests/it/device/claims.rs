//! Claim codes and the firmware of a device: a code is created and shown once, kept while people change the device, and deleted with it.

use serde_json::{Value, json};
use weir_runtime::Function as _;

use super::World;
use crate::http::ask::{Ask, body, status};

async fn ask(world: &World, method: &str, path: &str, sent: Option<&Value>) -> Value {
    let ask = Ask::new(method, path).admin();
    let ask = sent.map_or(ask.clone(), |sent| ask.json(sent));
    world.function().answer(ask.event()).await.unwrap()
}

/// The rows of codes, and the hash that the device's row has.
fn codes(world: &World, device: &str) -> (Vec<String>, Value) {
    let rows = world.engine.rows("devices");
    let text = |row: &Value| row["id"].as_str().unwrap().to_owned();
    let codes = rows.iter().map(text).filter_map(|id| id.strip_prefix("claim#").map(str::to_owned));
    let own = rows.iter().find(|row| row["id"] == device).and_then(|row| row.get("claim")).cloned();
    (codes.collect(), own.unwrap_or_default())
}

#[tokio::test]
async fn a_code_is_shown_once_stored_as_its_hash_and_replaced_by_the_next() {
    let world = World::registered().await;
    let made = ask(&world, "POST", "/devices", Some(&json!({"id": "new-01", "claim_code": true}))).await;
    assert_eq!(status(&made), 201, "{made}");
    let code = body(&made)["claim_code"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 30, "{code}");
    let (rows, own) = codes(&world, "new-01");
    assert_eq!((rows.len(), own.as_str()), (1, rows.first().map(String::as_str)));
    let read = ask(&world, "GET", "/devices/new-01", None).await;
    assert!(body(&read).get("claim_code").is_none());
    let kept = json!([world.engine.rows("devices"), world.engine.rows("events")]).to_string();
    assert!(!kept.contains(&code) && kept.contains("claim code made"));

    // A change of something else leaves it.
    assert_eq!(status(&ask(&world, "PATCH", "/devices/new-01", Some(&json!({"name": "N"}))).await), 200);
    assert_eq!(codes(&world, "new-01").0, rows);
    let again = ask(&world, "PATCH", "/devices/new-01", Some(&json!({"claim_code": true}))).await;
    assert_eq!(status(&again), 200, "{again}");
    assert_ne!(body(&again)["claim_code"], code);
    let (new, own) = codes(&world, "new-01");
    assert_eq!((new.len(), own.as_str()), (1, new.first().map(String::as_str)));
    assert_ne!(new, rows);
    assert_eq!(status(&ask(&world, "DELETE", "/devices/new-01", None).await), 204);
    assert_eq!(codes(&world, "new-01").1, Value::Null, "the device has no code any more");
}

#[tokio::test]
async fn the_firmware_is_shown_and_stays_while_people_change_the_device() {
    let world = World::registered().await;
    let mut row = world.engine.rows("devices").into_iter().find(|row| row["id"] == "buoy-01").unwrap();
    (row["firmware"], row["firmware_version"]) = (json!("1.4.2"), json!(7));
    world.engine.put("devices", &row);
    let read = body(&ask(&world, "GET", "/devices/buoy-01", None).await);
    assert_eq!(read["firmware"], "1.4.2");
    // What was read may be sent along.
    let mut sent = read.clone();
    sent["name"] = "Renamed".into();
    let put = ask(&world, "PUT", "/devices/buoy-01", Some(&sent)).await;
    assert_eq!((status(&put), &body(&put)["firmware"]), (200, &json!("1.4.2")), "{put}");
    assert_eq!(status(&ask(&world, "DELETE", "/devices/buoy-01", None).await), 204);
    let row = world.engine.rows("devices").into_iter().find(|row| row["id"] == "buoy-01").unwrap();
    assert!(row.get("firmware").is_none() && row.get("firmware_version").is_none(), "{row}");
}
