//! A simulated Timestream for LiveAnalytics, which records requests and answers them like AWS.
//!
//! The formats are those of the API reference (WriteRecords, RejectedRecordsException, RejectedRecord). It has no engine, because no
//! available one rejects records for their age or version.

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

/// A Timestream with scripted answers.
pub struct Timestream {
    script: Script,
    asked: Mutex<Vec<Value>>,
}

impl Timestream {
    /// One that answers requests, counted from 0, with `script`.
    pub fn answering(script: impl Fn(usize, &Value) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { script: Box::new(script), asked: Mutex::default() })
    }

    /// One that accepts everything.
    pub fn willing() -> Arc<Self> {
        Self::answering(|_, request| accepted(request))
    }

    /// The requests since the previous call; the count starts at 0 again.
    pub fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// A time-series store that uses it.
    pub fn store(self: &Arc<Self>) -> TimeSeries {
        TimeSeries::Timestream(self.table())
    }

    /// A table that uses it.
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

/// An answer that accepts all records.
pub fn accepted(request: &Value) -> Answer {
    let total = records(request).len();
    answer(200, &json!({"RecordsIngested": {"Total": total, "MemoryStore": total, "MagneticStore": 0}}))
}

/// An answer that rejects some records: index, reason, and the existing version.
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

/// An answer that rejects the whole request.
pub fn refused(kind: &str, body: Value) -> Answer {
    let mut body = body;
    body["__type"] = format!("com.amazonaws.timestream.v20181101#{kind}").into();
    answer(400, &body)
}
