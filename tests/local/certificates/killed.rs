//! Every request that disabling, enabling and deleting a device makes is broken once, in every way: the same request again, or
//! the sweep, finishes what was begun. AWS IoT is the local cloud's; the table is this test's own.

use std::sync::Arc;

use ::certificate::Certificate;
use ::device::{Delivery, Device, Parts};
use aws_smithy_http_client::Builder;
use serde_json::{Value, json};
use weir_aws::CalibrationTable;
use weir_aws::certificates::Certificates;
use weir_aws::device::DeviceTable;
use weir_aws::iot::Iot;
use weir_aws::level::LevelTable;
use weir_aws::problem::ProblemTable;
use weir_runtime::Function as _;
use weir_runtime::clock::{Clock, SetClock, SystemClock};
use weir_tests::breaking::{Break, Breaking};
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::local::Local;
use weir_tests::wire::{Ledger, Wire};

use super::{make, principals, request, status};

/// More requests than any of these changes takes.
const MOST: usize = 40;

struct Bed {
    local: Local,
    engine: Engine,
    clock: Arc<SetClock>,
}

impl Bed {
    async fn new() -> Self {
        let clock = Arc::new(SetClock::new(SystemClock.now()));
        Self { local: Local::running(), engine: Engine::start().await, clock }
    }

    /// The function with every request over this wire and without retries.
    fn function_over(&self, wire: Arc<dyn Wire>) -> Device {
        let endpoint = self.local.stack.cloud().endpoint().to_owned();
        let key = &self.local.stack.key;
        let devices = DeviceTable::new(self.engine.client_once(wire.clone()), self.engine.name("devices"));
        let calibrations =
            CalibrationTable::new(self.engine.client_once(wire.clone()), self.engine.name("calibrations"));
        let levels = LevelTable::new(self.engine.client_once(wire.clone()), self.engine.name("levels"));
        let problems = ProblemTable::new(self.engine.client_once(wire.clone()), self.engine.name("problems"), levels);
        let events = self.engine.events_by(self.engine.client_once(wire.clone()));
        let iot = Iot::new(weir_tests::iot::data_plane(&endpoint, key, Builder::new().build_http(), wire.clone()));
        let certificate = self.certificate_over(wire);
        let delivery =
            Delivery::new(devices.clone(), iot, weir_tests::lambda::certificate(certificate), self.clock.clone());
        Device::new(Parts { devices, calibrations, problems, events, delivery, clock: self.clock.clone() })
    }

    /// The function `certificate` in the same way.
    fn certificate_over(&self, wire: Arc<dyn Wire>) -> Certificate {
        let endpoint = self.local.stack.cloud().endpoint().to_owned();
        let key = &self.local.stack.key;
        let http = || Builder::new().build_http();
        Certificate::new(::certificate::Parts {
            devices: DeviceTable::new(self.engine.client_once(wire.clone()), self.engine.name("devices")),
            events: self.engine.events_by(self.engine.client_once(wire.clone())),
            iot: Iot::new(weir_tests::iot::data_plane(&endpoint, key, http(), wire.clone())),
            certificates: Certificates::new(weir_tests::iot::control_plane(&endpoint, key, http(), wire)),
            policy: self.local.stack.output("DevicePolicyName").expect("the device policy").into(),
            renew_days: 30,
            most_days: 365,
            clock: self.clock.clone(),
        })
    }

    fn function(&self) -> Device {
        self.function_over(Arc::new(Ledger::default()))
    }

    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> u64 {
        let answer = self.answer_over(Arc::new(Ledger::default()), method, path, body).await;
        answer["statusCode"].as_u64().expect("an answer")
    }

    /// Asks the function that serves the path.
    async fn answer_over(&self, wire: Arc<dyn Wire>, method: &str, path: &str, body: Option<&Value>) -> Value {
        let request = request(method, path, body);
        if path.contains("/certificates") {
            return self.certificate_over(wire).answer(request).await.unwrap();
        }
        self.function_over(wire).answer(request).await.unwrap()
    }

    /// Asks the function, while the call `at` that it makes to AWS breaks in this way. Returns whether there was such a call, and
    /// what happened.
    async fn broken(&self, at: usize, how: Break, method: &str, path: &str, body: Option<&Value>) -> (bool, String) {
        let wire = Breaking::new(at, how);
        let answer = wire.run(self.answer_over(wire.clone(), method, path, body)).await;
        let status = answer.as_ref().map(|answer| answer["statusCode"].as_u64().unwrap());
        let here = format!("{method} {body:?}, {how:?} of request {at} ({}): {answer:?}", wire.what());
        assert!(matches!(status, None | Some(200 | 204 | 503)), "{here}");
        (wire.broke(), here)
    }

    /// When no lease is held any more.
    async fn sweep(&self) {
        self.clock.set(self.clock.now().plus_seconds(61));
        self.function().answer(event("device", "sweep")).await.unwrap();
    }
}

#[tokio::test]
async fn disabling_and_enabling_end_right_wherever_they_are_killed() {
    let bed = Bed::new().await;
    assert_eq!(bed.ask("POST", "/devices", Some(&json!({"id": "ck-01"}))).await, 201);
    let (held, off) = (make(&bed.local, "ck-01").await, make(&bed.local, "ck-01").await);
    super::by_hand(&bed.local, &off.id, "INACTIVE").await;
    for how in Break::ALL {
        for by_repeating in [true, false] {
            let mut broke_once = false;
            for at in 0..MOST {
                let mut broke = false;
                for (enabled, expected) in [(false, "INACTIVE"), (true, "ACTIVE")] {
                    let body = json!({"enabled": enabled});
                    let (did, here) = bed.broken(at, how, "PATCH", "/devices/ck-01", Some(&body)).await;
                    broke |= did;
                    bed.clock.set(bed.clock.now().plus_seconds(61));
                    let row = bed.function().answer(request("GET", "/devices/ck-01", None)).await.unwrap();
                    let row: Value = serde_json::from_str(row["body"].as_str().unwrap()).unwrap();
                    // If it was killed before the row was written, only the same request again can help.
                    if by_repeating || row["enabled"] != enabled {
                        assert_eq!(bed.ask("PATCH", "/devices/ck-01", Some(&body)).await, 200, "{here}");
                    } else {
                        bed.sweep().await;
                    }
                    assert_eq!(status(&bed.local, &held.id).await.as_deref(), Some(expected), "{here}");
                    assert_eq!(status(&bed.local, &off.id).await.as_deref(), Some("INACTIVE"), "{here}");
                }
                broke_once |= broke;
                if !broke {
                    break;
                }
                assert!(at + 1 < MOST, "{how:?}: more requests than expected");
            }
            assert!(broke_once);
        }
    }
}

#[tokio::test]
async fn deleting_ends_right_wherever_it_is_killed() {
    let bed = Bed::new().await;
    for how in Break::ALL {
        for at in 0..MOST {
            let id = format!("ck-{how:?}-{at}");
            let path = format!("/devices/{id}");
            assert_eq!(bed.ask("POST", "/devices", Some(&json!({"id": id}))).await, 201);
            let held = make(&bed.local, &id).await;
            let (broke, here) = bed.broken(at, how, "DELETE", &path, None).await;
            bed.clock.set(bed.clock.now().plus_seconds(61));
            let again = bed.ask("DELETE", &path, None).await;
            assert!(matches!(again, 204 | 404), "{here}: {again}");
            bed.sweep().await;
            assert_eq!(status(&bed.local, &held.id).await, None, "{here}");
            assert_eq!(principals(&bed.local, &id).await, None, "{here}");
            let rows = bed.engine.rows("devices");
            let left =
                |row: &Value| ["certificates", "doomed", "pending", "lease"].iter().any(|name| row.get(name).is_some());
            assert!(!rows.iter().any(left), "{here}: {rows:?}");
            if !broke {
                assert!(at > 10, "{here}");
                break;
            }
            assert!(at + 1 < MOST, "{how:?}: more requests than expected");
        }
    }
}

#[tokio::test]
async fn taking_a_certificate_away_ends_right_wherever_it_is_killed() {
    let bed = Bed::new().await;
    assert_eq!(bed.ask("POST", "/devices", Some(&json!({"id": "ck-03"}))).await, 201);
    let kept = make(&bed.local, "ck-03").await;
    for how in Break::ALL {
        for at in 0..MOST {
            let held = make(&bed.local, "ck-03").await;
            let path = format!("/devices/ck-03/certificates/{}", held.id);
            let (broke, here) = bed.broken(at, how, "DELETE", &path, None).await;
            bed.clock.set(bed.clock.now().plus_seconds(61));
            let again = bed.ask("DELETE", &path, None).await;
            assert!(matches!(again, 204 | 404), "{here}: {again}");
            bed.sweep().await;
            assert_eq!(status(&bed.local, &held.id).await, None, "{here}");
            assert_eq!(status(&bed.local, &kept.id).await.as_deref(), Some("ACTIVE"), "{here}");
            if !broke {
                break;
            }
            assert!(at + 1 < MOST, "{how:?}: more requests than expected");
        }
    }
}
