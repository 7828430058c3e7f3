//! Pages of devices: within the maximum size of a response, and with a limited number of requests, however many devices the filter
//! excludes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use weir_runtime::Function as _;

use ::device::{Device, Parts};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_aws::device::DeviceTable;
use weir_aws::{CalibrationTable, WriteOutcome};
use weir_core::domain::calibration::{Calibration, CalibrationEntry, Model};
use weir_core::wire::calibration::read;
use weir_tests::wire::{Answer, Ledger, Request, Wire};

use super::{NOW, World, author};
use crate::http::ask::{Ask, body, status};

impl World {
    /// The function, with every request of its tables over this wire.
    pub fn function_over(&self, wire: Arc<dyn Wire>) -> Device {
        self.function_by(self.engine.client_over(wire))
    }

    /// The same, and each request is tried once.
    pub fn function_over_once(&self, wire: Arc<dyn Wire>) -> Device {
        self.function_by(self.engine.client_once(wire))
    }

    fn function_by(&self, client: aws_sdk_dynamodb::Client) -> Device {
        let devices = DeviceTable::new(client.clone(), self.engine.name("devices"));
        let calibrations = CalibrationTable::new(client.clone(), self.engine.name("calibrations"));
        let events = self.engine.events_by(client);
        let (problems, delivery) = (self.problems(), self.delivery());
        Device::new(Parts { devices, calibrations, problems, events, delivery, clock: self.clock.clone() })
    }

    /// Registers a device whose row is nearly as large as a row can be, with 40 calibrations of 9.7 KB that get there without a
    /// request for each; shown it has half a megabyte. What one more of them would be.
    pub async fn create_large(&self, id: &str, sensors: usize) -> Value {
        let sensors: Vec<Value> = (0..sensors).map(|place| json!({"code": format!("s{place}")})).collect();
        assert_eq!(self.create(id, &json!({"sensors": sensors})).await, WriteOutcome::Done);
        let points: Vec<Value> =
            (0..200).map(|place| json!([f64::from(place) + 0.123456789012345, 1.0 / 3.0])).collect();
        let table = json!({"model": "piecewise", "points": points, "outside": "clamp", "note": "🜨".repeat(1_000)});
        let new = read(table.as_object().unwrap()).unwrap();
        let mut device = self.read(id).await;
        for place in 0..40 {
            let (valid_from, model, options) = (NOW, new.model.clone(), new.options);
            let calibration = Arc::new(Calibration { version: 1, valid_from, model, options });
            let entry = CalibrationEntry { calibration, by: String::new(), at: NOW, note: new.note.clone() };
            device = device.with_calibration(&format!("s{place}").parse().unwrap(), entry, author());
        }
        device.versions.device = 2;
        assert_eq!(
            self.devices().write(&device, weir_aws::device::Deliver::NOTHING).await.unwrap(),
            WriteOutcome::Done
        );
        table
    }
}

#[tokio::test]
async fn a_page_ends_before_it_is_too_large_for_an_answer() {
    let world = World::new().await;
    let ids: Vec<String> = (0..11).map(|number| format!("large-{number:02}")).collect();
    for id in &ids {
        world.create_large(id, 40).await;
    }
    let scope = ids.join(" ");
    for admin in [true, false] {
        let (mut found, mut pages, mut next) = (Vec::new(), 0, String::new());
        loop {
            let ask = Ask::new("GET", &format!("/devices?limit=200{next}"));
            let answer = world.ask(if admin { ask.admin() } else { ask.user(&scope) }).await;
            assert_eq!(status(&answer), 200, "{answer}");
            assert!(answer.to_string().len() < 6_000_000, "Lambda takes no more");
            let page = body(&answer);
            found.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            pages += 1;
            match page["next"].as_str() {
                Some(cursor) => next = format!("&next={cursor}"),
                None => break,
            }
        }
        assert_eq!((&found, pages), (&ids, 2));
    }
}

#[tokio::test]
async fn a_filter_that_leaves_out_nearly_all_of_a_scope_takes_few_requests() {
    let world = World::new().await;
    let ids: Vec<String> = (0..300).map(|number| format!("d{number:03}")).collect();
    for id in &ids[290..] {
        world.create(id, &json!({"enabled": id == "d299"})).await;
    }
    let ledger = Arc::new(Ledger::default());
    let ask = Ask::new("GET", "/devices?limit=1&enabled=true").user(&ids.join(" "));
    let page = body(&world.function_over(ledger.clone()).answer(ask.event()).await.unwrap());
    assert_eq!((&page["items"][0]["id"], page.get("next")), (&json!("d299"), None));
    // The last is for the connections of what is left.
    assert_eq!(ledger.operations(), ["BatchGetItem"; 8]);
}

/// Counts how many requests are under way at once.
#[derive(Debug, Default)]
struct Busy {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Wire for Busy {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            let answer = request.deliver().await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            answer
        })
    }
}

#[tokio::test]
async fn calibrations_that_were_set_ahead_are_asked_for_several_at_once() {
    let world = World::new().await;
    for id in ["a", "b"] {
        let sensors: Vec<Value> = (0..6).map(|place| json!({"code": format!("s{place}")})).collect();
        world.create(id, &json!({"sensors": sensors})).await;
        for place in 0..6 {
            let sensor = format!("s{place}");
            world.calibrate(id, &sensor, NOW.millis() - 1_000, Model::Identity).await;
            world.calibrate(id, &sensor, NOW.millis() + 1_000, Model::Identity).await;
        }
    }
    let busy = Arc::new(Busy::default());
    let page =
        body(&world.function_over(busy.clone()).answer(Ask::new("GET", "/devices").admin().event()).await.unwrap());
    for device in page["items"].as_array().unwrap() {
        let versions: Vec<_> =
            device["sensors"].as_array().unwrap().iter().map(|sensor| &sensor["calibration"]["version"]).collect();
        assert_eq!(versions, [&json!(1); 6], "{device}");
    }
    assert_eq!(busy.most.load(Ordering::SeqCst), 8, "of twelve");
}
