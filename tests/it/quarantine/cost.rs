//! The cost of the quarantine: a page costs what it shows, an entry one write for itself and one for each list that contains it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use weir_runtime::Function as _;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_aws::quarantine::{QuarantineEntry, QuarantineTable};
use weir_core::domain::{Reason, Refusal};
use weir_tests::functions::NOW;
use weir_tests::wire::{Answer, Request, Wire, answer, opened};

use super::World;
use crate::http::ask::{Ask, status};

/// Asks the engine for the units of each request, and writes down what it answers.
#[derive(Debug, Default)]
struct Meter(Mutex<Vec<(String, Value)>>);

impl Meter {
    /// Since the last time: operations with what was consumed, and with how many rows were looked at and given.
    fn take(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Wire for Meter {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let (operation, mut body) = (request.operation().to_owned(), request.body());
            body["ReturnConsumedCapacity"] = "INDEXES".into();
            let (code, said) = opened(request.with_body(&body).deliver().await?).await;
            let noted = json!({"capacity": said["ConsumedCapacity"], "count": said["Count"], "looked_at": said["ScannedCount"]});
            self.0.lock().unwrap().push((operation, noted));
            answer(code, &said)
        })
    }
}

fn entry(place: usize, device: Option<&str>) -> QuarantineEntry {
    QuarantineEntry {
        function: "calibration",
        refusal: Refusal::new(Reason::UnknownDevice, "no device buoy-99 is registered"),
        topic: "buoy-99/reading/sensor/ph".into(),
        device_id: device.map(str::to_owned),
        sensor: Some("ph".into()),
        at: NOW,
        received_at: NOW,
        payload: format!(r#"{{"value":{place}}}"#).into_bytes(),
    }
}

/// The queries, the rows they looked at, and their read units.
fn sums(asked: &[(String, Value)]) -> (usize, u64, f64) {
    assert!(asked.iter().all(|(operation, _)| operation == "Query"), "{asked:?}");
    let rows = asked.iter().map(|(_, answer)| answer["looked_at"].as_u64().unwrap()).sum();
    let units = asked.iter().map(|(_, answer)| answer["capacity"]["CapacityUnits"].as_f64().unwrap()).sum();
    (asked.len(), rows, units)
}

#[tokio::test]
async fn a_page_is_a_query_for_each_partition_and_costs_no_more_however_much_there_is() {
    let (world, meter) = (World::new().await, Arc::new(Meter::default()));
    let table = QuarantineTable::new(world.engine.client(), world.engine.name("quarantine"), 30);
    let function = world.function_by(world.engine.client_over(meter.clone()), &world.lambda);
    let mut size = 0;
    for (total, filter) in [
        (30, ""),
        (300, "&device=buoy-99"),
        (600, "&reason=unknown_device"),
        (900, "&device=buoy-99&reason=unknown_device"),
    ] {
        for place in size..total {
            table.put(&entry(place, Some("buoy-99")), NOW.plus_seconds(place as i64)).await.unwrap();
        }
        size = total;
        let ask = Ask::new("GET", &format!("/quarantine?limit=20{filter}")).admin();
        assert_eq!(status(&function.answer(ask.event()).await.unwrap()), 200);
        let (queries, read, units) = sums(&meter.take());
        assert!((8..=10).contains(&queries), "{queries} queries");
        // Of each partition its share of 21 rows and 5 more; where that is not enough, a page more.
        assert!(read <= 8 * 8 + 2 * 21 && units <= 6.0, "{read} rows, {units} units");
    }
    // The page that is asked for when nobody says how much, of 900.
    assert_eq!(status(&function.answer(Ask::new("GET", "/quarantine").admin().event()).await.unwrap()), 200);
    let (queries, _, units) = sums(&meter.take());
    assert!(queries <= 10 && units <= 9.0, "{units:?} read units for 50 entries, in {queries} queries");
}

#[tokio::test]
async fn an_entry_is_written_once_for_itself_and_once_for_each_list_it_is_in() {
    let (world, meter) = (World::new().await, Arc::new(Meter::default()));
    let client = world.engine.client_over(meter.clone());
    let table = QuarantineTable::new(client, world.engine.name("quarantine"), 30);
    for (place, device, lists) in [(1, Some("buoy-99"), 4.0), (2, None, 2.0)] {
        assert!(table.put(&entry(place, device), NOW).await.unwrap());
        let asked = meter.take();
        assert_eq!(asked.len(), 1);
        let capacity = &asked[0].1["capacity"];
        let indexes: BTreeMap<String, Value> =
            serde_json::from_value(capacity["GlobalSecondaryIndexes"].clone()).unwrap_or_default();
        let units: f64 = indexes.values().map(|index| index["CapacityUnits"].as_f64().unwrap()).sum();
        assert_eq!((capacity["Table"]["CapacityUnits"].as_f64(), units), (Some(1.0), lists), "{capacity}");
    }
}
