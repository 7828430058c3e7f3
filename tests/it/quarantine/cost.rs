//! What the quarantine costs: a page what it shows, an entry one write for itself and one for each list it is in.

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

#[tokio::test]
async fn a_page_is_one_query_that_looks_at_what_it_shows_and_one_more_however_much_there_is() {
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
        let asked = meter.take();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(
            (asked[0].0.as_str(), &asked[0].1["count"], &asked[0].1["looked_at"]),
            ("Query", &21.into(), &21.into())
        );
    }
    // The page that is asked for when nobody says how much, of 900.
    assert_eq!(status(&function.answer(Ask::new("GET", "/quarantine").admin().event()).await.unwrap()), 200);
    let units = meter.take()[0].1["capacity"]["CapacityUnits"].as_f64();
    assert!(units.is_some_and(|units| units <= 3.0), "{units:?} read units for 50 entries");
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
