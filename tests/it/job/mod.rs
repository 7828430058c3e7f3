//! The function `job` on a real engine: firmware and jobs over the API, their remaining work, and the events of AWS IoT.

mod access;
mod cloud;
mod events;
mod faults;
mod jobs;
mod routes;
mod told;

use std::sync::Arc;

use ::job::{Job, Parts};
use aws_sdk_dynamodb::Client;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use weir_aws::WriteOutcome;
use weir_aws::device::DeviceTable;
use weir_aws::event::{EventTable, WithEvents};
use weir_aws::job::{JobTable, StoredJob, Work};
use weir_core::domain::Timestamp;
use weir_core::domain::job::{Job as FleetJob, Order, Target};
use weir_runtime::Function as _;
use weir_runtime::clock::{Clock as _, SetClock};
use weir_tests::engine::Engine;

use crate::http::ask::{Ask, body, status};
use cloud::Cloud;

/// When these tests begin.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);
/// The job of the recorded events.
pub const JOB: &str = "1795155884123-9f3a07c1";

/// Boards with firmware of several versions, and a cloud.
pub struct World {
    pub engine: Engine,
    pub cloud: Cloud,
    pub clock: Arc<SetClock>,
}

/// The file of the firmware 1.4.2, its checksum, and that in base 64.
pub fn file() -> (u64, String, String) {
    let bytes = Sha256::digest(b"firmware 1.4.2");
    (14, bytes.iter().map(|byte| format!("{byte:02x}")).collect(), STANDARD.encode(bytes))
}

impl World {
    /// `board-old` has 1.4.1, `board-new` 1.5.0, `board-silent` reports none, `board-off` is disabled, and of `board-unseen` there is no
    /// thing. On the tube 7 is `board-old` alone.
    pub async fn new() -> Self {
        let world =
            Self { engine: Engine::start().await, cloud: Cloud::default(), clock: Arc::new(SetClock::new(NOW)) };
        let boards =
            [("old", Some("1.4.1")), ("new", Some("1.5.0")), ("silent", None), ("off", None), ("unseen", None)];
        for (name, firmware) in boards {
            let (id, on) = (format!("board-{name}"), name != "off");
            let listed = if on { "enabled" } else { "disabled" };
            let mut row = json!({"id": id, "enabled": on, "sensors": [], "version": 1, "listed": listed});
            if let Some(firmware) = firmware {
                row["firmware"] = firmware.into();
            }
            if name == "old" {
                (row["level_id"], row["tube"]) = (json!("71"), json!("7#enabled"));
            }
            world.engine.put("devices", &row);
            if name != "unseen" {
                world.cloud.thing(&id);
            }
        }
        world
    }

    /// What the recorded events speak of: the firmware 1.4.2 with its file, the firmware 1.5.0 without, and the job `JOB`, which AWS
    /// IoT has for `board-old`.
    pub async fn recorded() -> Self {
        let world = Self::new().await;
        world.uploaded("1.4.2").await;
        assert_eq!(status(&world.announce("1.5.0").await), 201);
        let order = Order {
            firmware: "1.4.2".parse().unwrap(),
            target: Target::Devices(vec!["board-old".parse().unwrap()]),
            rollout_per_minute: 100,
            abort_percent: 10,
            timeout_minutes: 60,
            force: false,
        };
        let (size, sha256, _) = file();
        let sha256 = sha256.parse().unwrap();
        let job = FleetJob::new(JOB.parse().unwrap(), order, sha256, size, "ada@example.org".into(), NOW);
        let new = StoredJob::new(job, Work { position: None, due: Some(NOW) });
        let jobs = JobTable::new(world.engine.client(), world.engine.name("jobs"));
        assert_eq!(jobs.enter(&new, None, WithEvents::NONE).await.unwrap(), WriteOutcome::Done);
        assert_eq!(world.sweep().await, json!({"looked": 1, "failed": 0}));
        world
    }

    pub fn function(&self) -> Job {
        self.function_by(&self.engine.client())
    }

    pub fn function_by(&self, client: &Client) -> Job {
        let name = |noun: &str| self.engine.name(noun);
        Job::new(Parts {
            jobs: JobTable::new(client.clone(), name("jobs")),
            devices: DeviceTable::new(client.clone(), name("devices")),
            events: EventTable::new(client.clone(), name("events"), 400),
            bucket: self.cloud.bucket(),
            iot: self.cloud.iot(),
            clock: self.clock.clone(),
        })
    }

    pub fn later(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }

    /// The answer to a request of an admin.
    pub async fn ask(&self, ask: Ask) -> Value {
        self.function().answer(ask.admin().event()).await.unwrap()
    }

    /// Announces a version of the file.
    pub async fn announce(&self, version: &str) -> Value {
        let (size, sha256, _) = file();
        let firmware = json!({"version": version, "sha256": sha256, "size": size});
        self.ask(Ask::new("POST", "/fleet/firmware").json(&firmware)).await
    }

    /// Announces a version and uploads its file.
    pub async fn uploaded(&self, version: &str) {
        assert_eq!(status(&self.announce(version).await), 201);
        let (size, sha256, base64) = file();
        self.cloud.upload(&format!("firmware/{version}/{sha256}"), size, &base64);
    }

    /// Makes a job.
    pub async fn make(&self, order: &Value) -> Value {
        let answer = self.ask(Ask::new("POST", "/fleet/jobs").json(order)).await;
        assert_eq!(status(&answer), 202, "{answer}");
        body(&answer)
    }

    pub async fn read(&self, id: &Value) -> Value {
        let answer = self.ask(Ask::new("GET", &path(id))).await;
        assert_eq!(status(&answer), 200, "{answer}");
        body(&answer)
    }

    pub async fn cancel(&self, id: &Value) -> Value {
        self.ask(Ask::new("DELETE", &path(id))).await
    }

    pub async fn sweep(&self) -> Value {
        self.function().answer(weir_tests::events::event("job", "sweep")).await.unwrap()
    }

    /// AWS IoT tells this; returns what came of it.
    pub async fn hear(&self, topic: &str, said: &Value) -> Value {
        self.function().answer(told(topic, said)).await.unwrap()["outcome"].clone()
    }

    /// The ids of the events of jobs, oldest first.
    pub fn told(&self) -> Vec<String> {
        let mut events = self.engine.rows("events");
        events.sort_by_key(|event| event["row"].as_str().unwrap_or_default().to_owned());
        events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    }
}

pub fn path(id: &Value) -> String {
    format!("/fleet/jobs/{}", id.as_str().unwrap())
}

/// The event of a rule.
pub fn told(topic: &str, said: &Value) -> Value {
    json!({"payload": STANDARD.encode(said.to_string()), "received_at": NOW.millis(), "topic": topic})
}
