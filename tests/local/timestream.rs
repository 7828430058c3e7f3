//! The Timestream store on the wire: the deployed program writes to moto, which shows what it was sent.

use serde_json::{Map, Value, json};
use tooling::cloud::{Call, Cloud};
use tooling::timestream::{ENDPOINT, FUNCTION};
use weir_aws::time_series::Span;
use weir_core::domain::Timestamp;
use weir_core::domain::every::Every;
use weir_core::domain::reading::Series;
use weir_tests::local::{Local, bytes, now, until};
use weir_tests::timestream_query::{history_at, rows};

/// What moto holds of a span of time. It forgets what the records of a request have in common, the device among it.
async fn records(local: &Local, from: i64, to: i64) -> Vec<Value> {
    let moto = Cloud::new(local.stack.output(ENDPOINT).unwrap(), &local.stack.region, &local.stack.key);
    let call = Call { service: "timestream", method: "GET", path: "/moto-api/data.json", ..Call::default() };
    let all: Value = serde_json::from_slice(&moto.bytes(call).await.unwrap()).unwrap();
    let within = |record: &&Value| record["Time"].as_str().is_some_and(|at| (from..to).contains(&at.parse().unwrap()));
    let records = all["timestreamwrite"]["TimestreamTable"][0]["records"].as_array().expect("moto shows records");
    records.iter().filter(within).cloned().collect()
}

#[tokio::test]
async fn a_message_of_250_values_is_written_whole() {
    let local = Local::running();
    local.register_buoy("t-01", &json!({"model": "linear", "slope": 0.5, "intercept": 1})).await;
    let start = now() - 250_000;
    let group = |place: i64| json!({"ts": start + place * 1000, "values": {"ph": place}});
    let batch = json!({"batch": (0..250).map(group).collect::<Vec<_>>()});
    let copy = local.stack.output(FUNCTION).unwrap().to_owned();
    let answer = local.invoke_named(&copy, "t-01/readings", &bytes(&batch)).await;
    assert_eq!(answer, json!({"stored": 250, "duplicate": 0, "quarantined": 0}));

    let written = records(&local, start, start + 250_000).await;
    assert_eq!(written.len(), 250);
    let measures = |record: &Value| -> Map<String, Value> {
        let values = record["MeasureValues"].as_array().expect("multi-measure records");
        values.iter().map(|value| (value["Name"].as_str().unwrap().to_owned(), value["Value"].clone())).collect()
    };
    let of_seven = written
        .iter()
        .find(|record| record["Time"] == json!((start + 7_000).to_string()))
        .expect("the reading of second 7");
    let measures = measures(of_seven);
    let number = |name: &str| measures[name].as_str().unwrap().parse::<f64>().unwrap();
    assert_eq!((number("raw"), number("value")), (7.0, 4.5));
    // The same message again is accepted and stored by nobody twice on AWS, by its version; moto only shows that it is the same.
    assert!(of_seven["Version"].is_number() || of_seven["Version"].is_string(), "{of_seven}");
}

#[tokio::test]
async fn a_reading_that_is_stored_in_timestream_opens_the_problem_of_its_alert() {
    let local = Local::running();
    let alert = json!({"id": "low-oxygen", "below": 4});
    local.register(&json!({"id": "t-02", "sensors": [{"code": "do", "unit": "mg/L", "alerts": [alert]}]})).await;
    let copy = local.stack.output(FUNCTION).unwrap().to_owned();
    // Before the readings of the test above, from which moto does not tell it apart.
    let at = now() - 3_600_000;
    let answer = local.invoke_named(&copy, "t-02/reading/sensor/do", &bytes(&json!({"ts": at, "value": 3.5}))).await;
    assert_eq!(answer, json!({"stored": 1, "duplicate": 0, "quarantined": 0}));
    assert_eq!(records(&local, at, at + 1).await.len(), 1);
    let admin = local.admin().await;
    until("the problem", async || {
        let answer = admin.call("GET", "/problems/t-02:do:low-oxygen", None).await.unwrap();
        (answer.status == 200 && answer.json()["value"] == 3.5).then_some(())
    })
    .await;
}

#[tokio::test]
async fn questions_are_understood_by_another_timestream_and_its_answers_by_us() {
    let local = Local::running();
    let address = local.stack.output(ENDPOINT).unwrap();
    let moto = Cloud::new(address, &local.stack.region, &local.stack.key);
    let at = Timestamp::from_millis(1_795_155_884_000);
    let span = Span { from: at, to: at.plus_seconds(1) };
    let question = "SELECT sensor, bin(time, 1h) AS start, quality, count(*) AS n, sum(value) AS total, min(value) AS low, max(value) AS high FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(1795155884000) AND time < from_milliseconds(1795155885000) AND measure_name = 'reading' AND device = 'buoy-01' AND sensor IN ('ph') GROUP BY sensor, bin(time, 1h), quality ORDER BY sensor ASC, start ASC, quality ASC LIMIT 6";
    let columns = [
        ("sensor", "VARCHAR"),
        ("start", "TIMESTAMP"),
        ("quality", "VARCHAR"),
        ("n", "BIGINT"),
        ("total", "DOUBLE"),
        ("low", "DOUBLE"),
        ("high", "DOUBLE"),
    ];
    let row = json!(["ph", "2026-11-20 06:00:00.000000000", "good", 2, 15.0, 7.0, 8.0]);
    let (_, canned) = rows(&columns, &[row]);
    // moto answers what it was told for exactly this text.
    let told = json!({"region": "eu-central-1", "results": {question: [canned]}});
    let path = "/moto-api/static/timestream/query-results";
    let call =
        Call { service: "timestream", method: "POST", path, body: told.to_string().into_bytes(), ..Call::default() };
    moto.bytes(call).await.unwrap();
    let series = [Series { device: "buoy-01".parse().unwrap(), sensor: "ph".parse().unwrap() }];
    let hour = Every::parse("1h").unwrap();
    let found = history_at(address).buckets(&series, span, hour, None, 1, at.plus_seconds(60)).await.unwrap();
    assert_eq!((found.items.len(), found.next), (1, None));
    let tally = found.items[0].aggregates.good;
    assert_eq!((tally.count, tally.mean(), tally.min, tally.max), (2, Some(7.5), 7.0, 8.0));
}
