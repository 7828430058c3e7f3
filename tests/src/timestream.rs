//! Timestream for LiveAnalytics on the wire: requests are written down, and answered as AWS answers.
//!
//! The shapes are those of the API reference (WriteRecords, RejectedRecordsException, RejectedRecord). No engine stands behind:
//! none that runs here refuses a record for its age or its version.

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_timestreamwrite::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_timestreamwrite::{Client, Config};
use aws_smithy_http_client::Builder;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_aws::time_series::{TimeSeries, TimestreamTable};

use crate::wire::{Answer, Request, Wire, answer, through};

type Script = Box<dyn Fn(usize, &Value) -> Answer + Send + Sync>;

/// A Timestream that answers by a script.
pub struct Timestream {
    script: Script,
    asked: Mutex<Vec<Value>>,
}

impl Timestream {
    /// One that answers the requests, counted from 0, by `script`.
    pub fn answering(script: impl Fn(usize, &Value) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { script: Box::new(script), asked: Mutex::default() })
    }

    /// One that takes everything.
    pub fn willing() -> Arc<Self> {
        Self::answering(|_, request| accepted(request))
    }

    /// The requests so far; from now on they are counted from 0 again.
    pub fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// The store behind which it stands.
    pub fn store(self: &Arc<Self>) -> TimeSeries {
        TimeSeries::Timestream(self.table())
    }

    /// The table behind which it stands.
    pub fn table(self: &Arc<Self>) -> TimestreamTable {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
            .endpoint_url("http://timestream.invalid")
            .http_client(through(Builder::new().build_http(), self.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .retry_partition(RetryPartition::custom(format!("{:p}", Arc::as_ptr(self))).build());
        TimestreamTable::new(Client::from_conf(config.build()), "weir-test", "readings")
    }
}

impl fmt::Debug for Timestream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Timestream")
    }
}

impl Wire for Timestream {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        assert_eq!(request.operation(), "WriteRecords");
        let body = request.body();
        let mut asked = self.asked.lock().unwrap();
        let answer = (self.script)(asked.len(), &body);
        asked.push(body);
        Box::pin(async { answer })
    }
}

/// The records of a request.
pub fn records(request: &Value) -> &Vec<Value> {
    request["Records"].as_array().expect("a request has records")
}

/// Everything is taken.
pub fn accepted(request: &Value) -> Answer {
    let total = records(request).len();
    answer(200, &json!({"RecordsIngested": {"Total": total, "MemoryStore": total, "MagneticStore": 0}}))
}

/// Some records are refused: index, reason, and the version that stands in their place.
pub fn rejected(refusals: &[(usize, &str, Option<i64>)]) -> Answer {
    let one = |(index, reason, version): &(usize, &str, Option<i64>)| {
        let mut refusal = json!({"RecordIndex": index, "Reason": reason});
        if let Some(version) = version {
            refusal["ExistingVersion"] = (*version).into();
        }
        refusal
    };
    let refusals: Vec<_> = refusals.iter().map(one).collect();
    let message = "One or more records have been rejected. See RejectedRecords for details.";
    refused("RejectedRecordsException", json!({"Message": message, "RejectedRecords": refusals}))
}

/// The request as a whole is refused.
pub fn refused(kind: &str, body: Value) -> Answer {
    let mut body = body;
    body["__type"] = format!("com.amazonaws.timestream.v20181101#{kind}").into();
    answer(400, &body)
}
