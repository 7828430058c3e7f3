//! The environment of the functions: the tables, the variables with their names, and one registered buoy.

use crate::endpoint::Endpoint;
use anyhow::{Result, anyhow};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use serde_json::Value;
use std::sync::LazyLock;
use weir_aws::device::DeviceTable;
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{
    Calibration, Interval, Linear, Model, Options, Outside, Piecewise, SensorCalibrations, TwoPoint,
};
use weir_core::domain::device::{Author, Calibrations, Device, DeviceDetails, Sensor, Versions};
use weir_tests::template::Template;

/// The sensors of the buoy.
pub const SENSORS: [&str; 10] = ["ch4", "co2", "cond", "do", "flw", "lvl", "ph", "tmp", "tds", "tbd"];

/// Prefix of the tables' names.
const PREFIX: &str = "weir-bench-";

/// The tables of template.yaml, as requests for `CreateTable`.
static TABLES: LazyLock<Vec<Value>> = LazyLock::new(|| weir_tests::engine::tables(PREFIX));

/// The literal environment variables that the template sets for all functions; those from parameters keep the functions' defaults.
static SHARED: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let template = Template::read(&weir_tests::root());
    let shared = template.section("Globals").get("Function").and_then(|all| all.pointer("/Environment/Variables"));
    let shared = shared.and_then(Value::as_object).into_iter().flatten();
    shared.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
});

/// The names of the tables without the prefix.
pub fn nouns() -> impl Iterator<Item = &'static str> {
    TABLES.iter().filter_map(|table| table.get("TableName")?.as_str()?.strip_prefix(PREFIX))
}

/// Creates the tables.
pub fn create_tables(endpoint: &Endpoint) -> Result<()> {
    TABLES.iter().try_for_each(|body| endpoint.call("CreateTable", body).map(drop))
}

/// Registers `buoy-01`, with all sensors calibrated, alternating between models.
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
    let sensor = |(code, model): (&&str, &Model)| -> Result<(Sensor, SensorCalibrations)> {
        let calibration =
            Calibration { version: 1, valid_from: Timestamp::from_millis(0), model: model.clone(), options };
        let sensor = Sensor { unit: "mg/l".to_owned(), limits: Some(valid), ..Sensor::new(code.parse()?) };
        Ok((sensor, SensorCalibrations { latest: calibration.into(), count: 1 }))
    };
    let sensors = SENSORS.iter().zip(models.iter().cycle()).map(sensor).collect::<Result<Vec<_>>>()?;
    let calibrations: Calibrations =
        sensors.iter().map(|(sensor, known)| (sensor.code.clone(), known.clone())).collect();
    let details =
        DeviceDetails { sensors: sensors.into_iter().map(|(sensor, _)| sensor).collect(), ..DeviceDetails::default() };
    let author = Author { by: "bench".to_owned(), at: Timestamp::from_millis(0) };
    let buoy = Device::new("buoy-01".parse()?, details, calibrations, Versions::default(), author);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
        .endpoint_url(endpoint.engine_url())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let table = DeviceTable::new(aws_sdk_dynamodb::Client::from_conf(config), name("devices"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(table.write(&buoy, weir_aws::device::Deliver::NOTHING))?;
    Ok(())
}

/// The environment variables of a function, in addition to Lambda's own.
pub fn variables(endpoint: &Endpoint, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<_> =
        nouns().map(|noun| (format!("{}_TABLE", noun.to_uppercase().replace('-', "_")), name(noun))).collect();
    let rest = [
        ("TIME_SERIES_STORE", "dynamodb"),
        ("TIMESTREAM_DATABASE", "weir-bench"),
        ("TIMESTREAM_TABLE", "readings"),
        ("USER_POOL_ID", weir_tests::pool::ID),
        ("MFA", "optional"),
        // Longer than any run on a slow machine, so that the device is read only once.
        ("DEVICE_CACHE_SECONDS", "3600"),
        ("LIVE_URL", "wss://live.execute-api.eu-central-1.amazonaws.com/live"),
        ("SIGN_IN_URL", "https://weir-bench.auth.eu-central-1.amazoncognito.com"),
        ("IDENTITY_URL", "https://cognito-idp.eu-central-1.amazonaws.com/"),
        ("UPLOADS_URL", "https://s3.eu-central-1.amazonaws.com/weir-bench-firmware/firmware/"),
        ("USER_POOL_CLIENT_ID", "bench"),
        ("CALIBRATION_FUNCTION", "calibration"),
        ("ORGANIZER_FUNCTION", "organizer"),
        ("TWIN_FUNCTION", "twin"),
        ("NOTIFY_FUNCTION", "notify"),
        ("CERTIFICATE_FUNCTION", "certificate"),
        ("DEVICE_POLICY", "weir-dev-device"),
        ("NOTICE_FROM", "weir@weir.example"),
        ("GROUP_PREFIX", "weir-bench"),
        ("FIRMWARE_BUCKET", "weir-bench-firmware"),
        ("S3_URL", "https://s3.eu-central-1.amazonaws.com"),
        ("DOWNLOAD_ROLE", "arn:aws:iam::123456789012:role/weir-bench-download"),
        ("API_URL", "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"),
        ("LOOPBACK_WEBHOOKS", "off"),
        ("PROJECT", "weir"),
        ("ENVIRONMENT", "bench"),
        ("ALARM_PREFIX", "weir-bench-"),
        ("MONITORING_URL", "https://monitoring.eu-central-1.amazonaws.com"),
        ("QUEUES", "https://sqs.eu-central-1.amazonaws.com/123456789012/weir-bench-ingest"),
        ("TABLES", "weir-bench-devices,weir-bench-readings"),
    ];
    all.extend(rest.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all.push(("AWS_ENDPOINT_URL".to_owned(), endpoint.url()));
    all.extend(SHARED.iter().cloned());
    all
}

/// A table's name in AWS.
pub fn name(table: &str) -> String {
    format!("{PREFIX}{table}")
}
