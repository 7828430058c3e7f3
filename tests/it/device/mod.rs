//! The function `device`: the registry on a real engine, and the delivery of settings against everything that can fail.

mod delivery;
mod iot;
mod registry;

use std::sync::Arc;

use serde_json::Value;
use weir_core::aws::CalibrationTable;
use weir_core::aws::delivery::Delivery;
use weir_core::aws::device::{DeviceTable, Found, Write};
use weir_core::clock::SetClock;
use weir_core::domain::Timestamp;
use weir_core::domain::device_record::{Author, Calibrations, Content, Record, Versions};
use weir_core::id::DeviceId;
use weir_core::wire::device_body::DeviceBody;
use weir_tests::engine::Engine;

/// When these tests take place.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);

/// A registry with an AWS IoT beside it.
pub struct World {
    pub engine: Engine,
    pub cloud: iot::Cloud,
    pub clock: Arc<SetClock>,
}

impl World {
    pub async fn new() -> Self {
        Self { engine: Engine::start().await, cloud: iot::Cloud::default(), clock: Arc::new(SetClock::new(NOW)) }
    }

    pub fn devices(&self) -> DeviceTable {
        DeviceTable::new(self.engine.client(), self.engine.name("devices"))
    }

    pub fn calibrations(&self) -> CalibrationTable {
        CalibrationTable::new(self.engine.client(), self.engine.name("calibrations"))
    }

    pub fn delivery(&self) -> Delivery {
        Delivery::new(self.devices(), self.cloud.iot(), self.clock.clone())
    }

    pub async fn record(&self, id: &str) -> Record {
        match self.devices().find(&device(id)).await.unwrap() {
            Found::Live(stored) => stored.record,
            other => panic!("{id} is no device: {other:?}"),
        }
    }

    pub async fn delivered(&self, id: &str) -> bool {
        matches!(self.devices().find(&device(id)).await.unwrap(), Found::Live(stored) if stored.delivered)
    }

    /// Registers a device, as far as its row goes.
    pub async fn create(&self, id: &str, body: &Value) -> Write {
        let before = match self.devices().find(&device(id)).await.unwrap() {
            Found::Deleted(versions) => versions,
            _ => Versions::default(),
        };
        let record = Record::new(device(id), content(body), Calibrations::new(), before, author());
        self.devices().write(&record, true).await.unwrap()
    }

    /// Writes settings, as far as the row goes.
    pub async fn set(&self, id: &str, settings: &Value) {
        for _ in 0..100 {
            let record = self.record(id).await;
            let mut body = serde_json::Map::new();
            body.insert("settings".to_owned(), settings.clone());
            let content = Content { settings: content(&body.into()).settings, ..record.content.clone() };
            let changed = record.rewritten(content, Calibrations::new(), author());
            if self.devices().write(&changed, true).await.unwrap() == Write::Done {
                return;
            }
        }
        panic!("the settings of {id} were not written");
    }

    pub async fn remove(&self, id: &str) {
        let record = self.record(id).await;
        assert_eq!(self.devices().remove(&record, author()).await.unwrap(), Write::Done);
    }

    pub fn later(&self, seconds: i64) {
        let now = weir_core::clock::Clock::now(self.clock.as_ref());
        self.clock.set(now.plus_seconds(seconds));
    }
}

pub fn device(id: &str) -> DeviceId {
    id.parse().unwrap()
}

pub fn author() -> Author {
    Author { by: "ann@example.com".into(), at: NOW }
}

pub fn content(body: &Value) -> Content {
    serde_json::from_value::<DeviceBody>(body.clone()).unwrap().content(None).unwrap()
}
