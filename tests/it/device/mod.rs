//! The function `device`: the registry on a real engine, and the delivery of settings against everything that can fail.

mod access;
mod calibrations;
mod delivery;
mod events;
mod iot;
mod pages;
mod registry;
mod routes;
mod settings;

use std::sync::Arc;

use ::device::{Device, Parts};
use serde_json::{Value, json};
use weir_aws::CalibrationTable;
use weir_aws::delivery::Delivery;
use weir_aws::device::{DeviceTable, Found, Write};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, Expression, Model, Options};
use weir_core::domain::device_record::{Author, Calibrations, Content, Entry, Record, Versions};
use weir_core::domain::reading::Series;
use weir_core::id::DeviceId;
use weir_core::wire::device_body::DeviceBody;
use weir_runtime::{Until, clock::SetClock};
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

    /// The function over all this.
    pub fn function(&self) -> Device {
        let (devices, calibrations, delivery) = (self.devices(), self.calibrations(), self.delivery());
        Device::new(Parts { devices, calibrations, delivery, clock: self.clock.clone() })
    }

    /// What the recorded events speak of: `buoy-01` in its third version, with two calibrations of `ph`; `buoy-02`, which is
    /// switched off; the flow sensors `kloaka-03` and `kloaka-11`; and `buoy-gone`, which was deleted.
    pub async fn registered() -> Self {
        let world = Self::new().await;
        let sensors =
            json!([{"code": "ph", "name": "pH", "unit": "pH", "limits": {"min": 0, "max": 14}}, {"code": "do"}]);
        for (id, body) in [
            (
                "buoy-01",
                json!({"name": "Buoy 1", "location": {"latitude": 48.2, "longitude": 16.4}, "sensors": sensors,
                "settings": {"every": 60}}),
            ),
            ("buoy-02", json!({"enabled": false})),
            ("kloaka-03", json!({"level_id": "03"})),
            ("kloaka-11", json!({"level_id": "11", "followed_by": []})),
            ("buoy-gone", json!({"sensors": [{"code": "ph"}]})),
        ] {
            assert_eq!(world.create(id, &body).await, Write::Done);
        }
        world.calibrate("buoy-01", "ph", 1_790_000_000_000, Model::Identity).await;
        world.calibrate("buoy-01", "ph", 1_794_000_000_000, Model::Identity).await;
        world.calibrate("buoy-gone", "ph", 1_790_000_000_000, Model::Identity).await;
        world.remove("buoy-gone").await;
        assert_eq!(world.delivery().sweep(Until::NEVER).await.unwrap().pending, 0);
        world
    }

    /// With `air-01` beside them, whose `pm25` is made of its `hum`.
    pub async fn with_formula() -> Self {
        let world = Self::registered().await;
        let sensors = json!([{"code": "pm25"}, {"code": "pm10"}, {"code": "hum"}, {"code": "tmp"}]);
        assert_eq!(world.create("air-01", &json!({"sensors": sensors})).await, Write::Done);
        let dried = Expression::new("0.524*x - 0.0862*hum + 5.75", [("hum".to_owned(), "hum".parse().unwrap())]);
        world.calibrate("air-01", "pm25", 1_790_000_000_000, Model::Expression(dried.unwrap())).await;
        world
    }

    /// Adds a version to the calibrations of a sensor, as far as the tables go.
    async fn calibrate(&self, id: &str, sensor: &str, valid_from: i64, model: Model) {
        let (record, sensor) = (self.record(id).await, sensor.parse().unwrap());
        let calibration = Calibration {
            version: record.next_calibration(&sensor),
            valid_from: Timestamp::from_millis(valid_from),
            model,
            options: Options::default(),
        };
        let entry =
            Entry { calibration: Arc::new(calibration), by: "ann@example.com".into(), at: NOW, note: String::new() };
        let changed = record.calibrated(&sensor, entry.clone(), author());
        let series = Series { device: device(id), sensor };
        let written = self.devices().write_calibrated(&changed, &self.calibrations(), &series, &entry).await;
        assert_eq!(written.unwrap(), Write::Done);
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
        let now = weir_runtime::clock::Clock::now(self.clock.as_ref());
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
