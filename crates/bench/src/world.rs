//! What the functions find: the tables, the variables that name them, and one registered buoy.

use crate::endpoint::Endpoint;
use anyhow::{Result, anyhow};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use weir_core::aws::device::DeviceTable;
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, Interval, Linear, Model, Options, Outside, Piecewise, TwoPoint};
use weir_core::domain::device::{Device, Sensor};

/// The sensors of the buoy.
pub const SENSORS: [&str; 10] = ["ch4", "co2", "cond", "do", "flw", "lvl", "ph", "tmp", "tds", "tbd"];

/// The tables' nouns.
pub const TABLES: [&str; 7] = ["devices", "calibrations", "readings", "rollups", "levels", "problems", "quarantine"];

/// Creates the tables as template.yaml has them, as far as keys and indexes go.
pub fn create_tables(endpoint: &Endpoint) -> Result<()> {
    let mut devices = table("devices", &[("id", "S", "HASH")]);
    let index = json!([{
        "IndexName": "links",
        "KeySchema": [
            {"AttributeName": "link", "KeyType": "HASH"},
            {"AttributeName": "level_id", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["followed_by"]},
    }]);
    if let Value::Object(fields) = &mut devices {
        fields.insert("GlobalSecondaryIndexes".to_owned(), index);
    }
    if let Some(attributes) = devices.get_mut("AttributeDefinitions").and_then(Value::as_array_mut) {
        attributes.extend(["link", "level_id"].map(|name| json!({"AttributeName": name, "AttributeType": "S"})));
    }
    let tables = [
        devices,
        table("calibrations", &[("sensor", "S", "HASH"), ("since", "S", "RANGE")]),
        table("readings", &[("sensor", "S", "HASH"), ("at", "N", "RANGE")]),
        table("rollups", &[("sensor", "S", "HASH"), ("cell", "S", "RANGE")]),
        table("levels", &[("id", "S", "HASH")]),
        table("problems", &[("problem_id", "S", "HASH")]),
        table("quarantine", &[("id", "S", "HASH")]),
    ];
    tables.iter().try_for_each(|body| endpoint.call("CreateTable", body).map(drop))
}

/// Registers `buoy-01`, every sensor calibrated, by one model or another in turn.
pub fn register_buoy(endpoint: &Endpoint) -> Result<()> {
    let models = [
        Model::Linear(Linear::new(0.017, 0.1).map_err(|invalid| anyhow!(invalid))?),
        Model::TwoPoint(TwoPoint::new([100.0, 900.0], [4.01, 9.18]).map_err(|invalid| anyhow!(invalid))?),
        Model::Piecewise(
            Piecewise::new(vec![(0.0, 0.0), (250.0, 3.1), (500.0, 7.4), (1000.0, 12.0)], Outside::Extend)
                .map_err(|invalid| anyhow!(invalid))?,
        ),
    ];
    let valid = Interval::new(-1000.0, 1000.0).map_err(|invalid| anyhow!(invalid))?;
    let options = Options { round: Some(2), clamp: None, valid: Some(valid) };
    let sensor = |(code, model): (&&str, &Model)| -> Result<Sensor> {
        let calibration =
            Calibration { version: 1, valid_from: Timestamp::from_millis(0), model: model.clone(), options };
        Ok(Sensor {
            code: code.parse()?,
            unit: "mg/l".to_owned(),
            enabled: true,
            limits: Some(valid),
            latest: Some(Arc::new(calibration)),
            versions: 1,
        })
    };
    let sensors = SENSORS.iter().zip(models.iter().cycle()).map(sensor).collect::<Result<_>>()?;
    let buoy = Device { id: "buoy-01".parse()?, enabled: true, level_id: None, followed_by: None, sensors };
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
        .endpoint_url(endpoint.engine_url())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let table = DeviceTable::new(aws_sdk_dynamodb::Client::from_conf(config), name("devices"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(table.put(&buoy, HashMap::new()))?)
}

/// What a function finds in its environment beside Lambda's own variables.
pub fn variables(endpoint: &Endpoint, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<_> = TABLES.iter().map(|table| (format!("{}_TABLE", table.to_uppercase()), name(table))).collect();
    let rest =
        [("TIME_SERIES_STORE", "dynamodb"), ("TIMESTREAM_DATABASE", "weir-bench"), ("TIMESTREAM_TABLE", "readings")];
    all.extend(rest.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all.push(("AWS_ENDPOINT_URL".to_owned(), endpoint.url()));
    all
}

/// A table's name in AWS.
pub fn name(table: &str) -> String {
    format!("weir-bench-{table}")
}

fn table(noun: &str, key: &[(&str, &str, &str)]) -> Value {
    let attributes: Vec<_> =
        key.iter().map(|(name, kind, _)| json!({"AttributeName": name, "AttributeType": kind})).collect();
    let schema: Vec<_> = key.iter().map(|(name, _, role)| json!({"AttributeName": name, "KeyType": role})).collect();
    json!({
        "TableName": name(noun), "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes, "KeySchema": schema,
    })
}
