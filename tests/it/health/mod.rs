//! The function `health`: the state of the system itself, for those who may see it.

mod access;
mod cloud;
mod events;
mod stack;
mod system;

use std::sync::Arc;

use ::health::{Health, Parts, Stack};
use serde_json::{Value, json};
use weir_aws::table_sizes::TableSizes;
use weir_aws::waiting::WaitingCounts;
use weir_core::domain::Timestamp;
use weir_core::wire::system::SwitchesJson;
use weir_runtime::Function as _;
use weir_runtime::clock::SetClock;
use weir_tests::engine::Engine;

use crate::http::ask::{Ask, body, status};
use cloud::Cloud;

/// When these tests begin.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);

/// A stack with three alarms, two queues and two tables.
pub struct World {
    pub engine: Engine,
    pub cloud: Cloud,
    pub clock: Arc<SetClock>,
}

/// An alarm as CloudWatch writes it; `watched` are the metrics of a sum, of which there may be none.
fn alarm(name: &str, state: &str, since: f64, watched: usize) -> Value {
    let mut alarm = json!({"AlarmName": name, "AlarmDescription": format!("About {name}."), "StateValue": state,
        "StateTransitionedTimestamp": since, "StateUpdatedTimestamp": since + 5.0});
    if watched > 0 {
        let stats = (0..watched).map(|number| json!({"Id": format!("m{number}"), "MetricStat": {"Period": 60}}));
        let sum = json!({"Id": "sum", "Expression": "m0"});
        alarm["Metrics"] = std::iter::once(sum).chain(stats).collect();
    }
    alarm
}

impl World {
    pub async fn new() -> Self {
        let alarms = vec![
            alarm("weir-test-AdminsAlarm-1A2B3C", "OK", 1_795_000_000.0, 0),
            alarm("weir-test-IngestAgeAlarm-4D5E6F", "INSUFFICIENT_DATA", 1_795_100_000.5, 0),
            alarm("weir-test-SiteErrorsAlarm-7G8H9I", "ALARM", 1_795_155_000.0, 2),
            alarm("other-test-SiteErrorsAlarm-0J0K0L", "ALARM", 1_795_155_000.0, 0),
        ];
        let queues = [("weir-test-ingest", 7, 2), ("weir-test-notify-on-failure", 1, 0)];
        Self { engine: Engine::start().await, cloud: Cloud::new(alarms, &queues), clock: Arc::new(SetClock::new(NOW)) }
    }

    /// The function, which has not been asked anything yet.
    pub fn function(&self) -> Health {
        self.function_of(["weir-test-devices", "weir-test-readings"])
    }

    /// The function of a stack with these tables.
    pub fn function_of(&self, tables: [&str; 2]) -> Health {
        let name = |noun| self.engine.name(noun);
        let waiting = [name("devices"), name("recalculations"), name("jobs")];
        let switches = SwitchesJson {
            email: true,
            alarm_email: false,
            device_defender: false,
            backup: true,
            tracing: false,
            mfa_required: true,
            registered_levels_only: false,
        };
        let url = |queue: &str| format!("https://sqs.eu-central-1.amazonaws.com/123456789012/{queue}");
        Health::new(Parts {
            alarms: self.cloud.alarms("weir-test-"),
            queues: self.cloud.queues(),
            sizes: TableSizes::new(self.engine.client()),
            waiting: WaitingCounts::new(self.engine.client(), waiting.clone()),
            stack: Stack {
                project: "weir".to_owned(),
                environment: "test".to_owned(),
                time_series_store: "dynamodb".to_owned(),
                switches,
                queues: ["weir-test-ingest", "weir-test-notify-on-failure"].map(url).to_vec(),
                tables: tables.map(str::to_owned).to_vec(),
                waiting,
            },
            alarm_prefix: "weir-test-".to_owned(),
            region: "eu-central-1".to_owned(),
            function_version: "12".to_owned(),
            clock: self.clock.clone(),
        })
    }
}

/// What the function says to an admin.
async fn system(function: &Health) -> Value {
    let answer = function.answer(Ask::new("GET", "/system").admin().event()).await.unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
    body(&answer)
}
