//! The function `device`: the registry on a real engine, and the delivery of settings with all kinds of faults.

mod access;
mod calibrations;
mod certificates;
mod claims;
mod delivery;
mod events;
pub mod iot;
mod pages;
mod registry;
mod routes;
mod settings;

use std::sync::Arc;

use ::certificate::Certificate;
use ::device::{CertificateFunction, Delivery, Parts};
use serde_json::{Value, json};
use weir_aws::device::{Deliver, DeviceTable, Registration};
use weir_aws::event::WithEvents;
use weir_aws::iot::Iot;
use weir_aws::level::LevelTable;
use weir_aws::problem::ProblemTable;
use weir_aws::{CalibrationTable, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, CalibrationEntry, Expression, Model, Options};
use weir_core::domain::device::{Author, Calibrations, Device, DeviceDetails, Versions};
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

    pub fn problems(&self) -> ProblemTable {
        let levels = LevelTable::new(self.engine.client(), self.engine.name("levels"));
        ProblemTable::new(self.engine.client(), self.engine.name("problems"), levels)
    }

    pub fn delivery(&self) -> Delivery {
        Delivery::new(self.devices(), self.cloud.iot(), self.certificates(), self.clock.clone())
    }

    /// The function `certificate` over the same.
    pub fn certificate(&self) -> Certificate {
        self.certificate_by(self.engine.client())
    }

    /// The same over another client.
    pub fn certificate_by(&self, client: aws_sdk_dynamodb::Client) -> Certificate {
        self.certificate_with(client, self.cloud.iot())
    }

    /// The same over another client of AWS IoT too.
    pub fn certificate_with(&self, client: aws_sdk_dynamodb::Client, iot: Iot) -> Certificate {
        Certificate::new(::certificate::Parts {
            devices: DeviceTable::new(client.clone(), self.engine.name("devices")),
            events: self.engine.events_by(client),
            iot,
            certificates: self.cloud.certificates(),
            policy: "weir-dev-device".into(),
            renew_days: 30,
            most_days: 365,
            clock: self.clock.clone(),
        })
    }

    /// The same, as `device` calls it.
    pub fn certificates(&self) -> CertificateFunction {
        weir_tests::lambda::certificate(self.certificate())
    }

    /// The function over all this.
    pub fn function(&self) -> ::device::Device {
        let (devices, calibrations, delivery) = (self.devices(), self.calibrations(), self.delivery());
        let (problems, events) = (self.problems(), self.engine.events());
        ::device::Device::new(Parts { devices, calibrations, problems, events, delivery, clock: self.clock.clone() })
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
            assert_eq!(world.create(id, &body).await, WriteOutcome::Done);
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
        assert_eq!(world.create("air-01", &json!({"sensors": sensors})).await, WriteOutcome::Done);
        let dried = Expression::new("0.524*x - 0.0862*hum + 5.75", [("hum".to_owned(), "hum".parse().unwrap())]);
        world.calibrate("air-01", "pm25", 1_790_000_000_000, Model::Expression(dried.unwrap())).await;
        world
    }

    /// Adds a version to the calibrations of a sensor, as far as the tables go.
    async fn calibrate(&self, id: &str, sensor: &str, valid_from: i64, model: Model) {
        let (before, sensor) = (self.read(id).await, sensor.parse().unwrap());
        let calibration = Calibration {
            version: before.next_calibration(&sensor),
            valid_from: Timestamp::from_millis(valid_from),
            model,
            options: Options::default(),
        };
        let entry = CalibrationEntry {
            calibration: Arc::new(calibration),
            by: "ann@example.com".into(),
            at: NOW,
            note: String::new(),
        };
        let changed = before.with_calibration(&sensor, entry.clone(), author());
        let series = Series { device: device(id), sensor };
        let written =
            self.devices().write_calibrated(&changed, &self.calibrations(), &series, &entry, WithEvents::NONE).await;
        assert_eq!(written.unwrap(), WriteOutcome::Done);
    }

    pub async fn read(&self, id: &str) -> Device {
        match self.devices().find(&device(id)).await.unwrap() {
            Registration::Device(stored) => stored.device,
            other => panic!("{id} is no device: {other:?}"),
        }
    }

    pub async fn delivered(&self, id: &str) -> bool {
        matches!(self.devices().find(&device(id)).await.unwrap(), Registration::Device(stored) if stored.settings_delivered)
    }

    /// Registers a device, as far as its row goes.
    pub async fn create(&self, id: &str, body: &Value) -> WriteOutcome {
        let before = match self.devices().find(&device(id)).await.unwrap() {
            Registration::Deleted(versions) => versions,
            _ => Versions::default(),
        };
        let new = Device::new(device(id), details(body), Calibrations::new(), before, author());
        self.devices().write(&new, Deliver::SETTINGS).await.unwrap()
    }

    /// Writes settings, as far as the row goes.
    pub async fn set(&self, id: &str, settings: &Value) {
        for _ in 0..100 {
            let before = self.read(id).await;
            let mut body = serde_json::Map::new();
            body.insert("settings".to_owned(), settings.clone());
            let details = DeviceDetails { settings: details(&body.into()).settings, ..before.details.clone() };
            let changed = before.with_details(details, Calibrations::new(), author());
            if self.devices().write(&changed, Deliver::SETTINGS).await.unwrap() == WriteOutcome::Done {
                return;
            }
        }
        panic!("the settings of {id} were not written");
    }

    pub async fn remove(&self, id: &str) {
        let before = self.read(id).await;
        let event = weir_core::wire::device_event::deleted(&before, &author());
        assert_eq!(
            self.devices().remove(&before, author(), &self.engine.events(), &event).await.unwrap(),
            WriteOutcome::Done
        );
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

pub fn details(body: &Value) -> DeviceDetails {
    serde_json::from_value::<DeviceBody>(body.clone()).unwrap().details(None).unwrap()
}
