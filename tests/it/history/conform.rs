//! Both stores answer the same queries alike: DynamoDB on a real engine, with readings stored as the functions do it, Timestream with
//! recorded answers over a socket.

use serde_json::{Value, json};
use weir_aws::time_series::{History, HistoryError, HistoryPage, TimeSeries};
use weir_core::domain::Timestamp;
use weir_core::domain::every::Every;
use weir_core::domain::reading::{Reading, Series};
use weir_tests::timestream::{Timestream, records};
use weir_tests::timestream_query::{Recorded, Recording, refused, rows};

use super::cases::{Answer, Case, Question, at, cases, pick, stored, thursday};
use super::{World, ph};

pub const COLUMNS: [(&str, &str); 10] = [
    ("sensor", "VARCHAR"),
    ("device", "VARCHAR"),
    ("measure_name", "VARCHAR"),
    ("time", "TIMESTAMP"),
    ("raw", "DOUBLE"),
    ("value", "DOUBLE"),
    ("calibration", "BIGINT"),
    ("quality", "VARCHAR"),
    ("received_at", "TIMESTAMP"),
    ("unit", "VARCHAR"),
];

/// An instant of Thursday or Friday as Timestream writes it.
pub fn written(at: Timestamp) -> String {
    let text = weir_core::wire::time::text(at).unwrap();
    format!("{}000000", text.replace('T', " ").trim_end_matches('Z'))
}

/// Readings as rows of Timestream.
pub fn recorded(readings: &[Reading]) -> Recorded {
    let row = |reading: &Reading| {
        let unit = if reading.unit.is_empty() { Value::Null } else { json!(reading.unit) };
        json!([
            reading.series.sensor.as_str(),
            reading.series.device.as_str(),
            "reading",
            written(reading.at),
            reading.raw,
            reading.value,
            reading.calibration,
            reading.quality.code(),
            written(reading.received_at),
            unit
        ])
    };
    rows(&COLUMNS, &readings.iter().map(row).collect::<Vec<_>>())
}

pub const SUMMED: [(&str, &str); 7] = [
    ("sensor", "VARCHAR"),
    ("start", "TIMESTAMP"),
    ("quality", "VARCHAR"),
    ("n", "BIGINT"),
    ("total", "DOUBLE"),
    ("low", "DOUBLE"),
    ("high", "DOUBLE"),
];

async fn ask(history: &History, case: &Case, now: Timestamp) -> Result<Answer, HistoryError> {
    Ok(match &case.question {
        Question::Points(span, place, limit) => {
            Answer::Points(history.points(&case.of, *span, place.as_ref(), *limit, now).await?)
        }
        Question::Buckets(span, every, place, limit) => {
            let every = Every::parse(every).unwrap();
            Answer::Buckets(history.buckets(&case.of, *span, every, place.as_ref(), *limit, now).await?)
        }
        Question::Latest => Answer::Latest(history.latest(&case.of, now).await?),
    })
}

#[tokio::test]
async fn dynamodb_answers_as_agreed() {
    let world = World::new().await;
    world.write(&stored()).await;
    for case in cases() {
        for time in ["first", "second"] {
            let answer = ask(&world.history(), &case, world.now()).await.unwrap();
            assert_eq!(answer, case.expected, "{}, the {time} time", case.name);
        }
    }
}

#[tokio::test]
async fn timestream_is_asked_and_understood_as_agreed() {
    let now = World::new().await.now();
    for case in cases() {
        let answers = case.recorded.clone();
        if matches!(case.question, Question::Latest) {
            // Asked at once, so that each answer waits for its own question.
            let (mut all, mut asked) = (Vec::new(), Vec::new());
            for (series, answer) in case.of.iter().zip(answers) {
                let timestream = Recording::of(vec![answer]).await;
                all.extend(timestream.history().latest(std::slice::from_ref(series), now).await.unwrap());
                asked.extend(timestream.asked());
            }
            assert_eq!(
                (Answer::Latest(all), asked),
                (case.expected, case.sql.iter().map(|sql| (*sql).to_owned()).collect())
            );
            continue;
        }
        let pages = answers.len();
        let timestream = Recording::of(answers).await;
        let answer = ask(&timestream.history(), &case, now).await.unwrap();
        assert_eq!(answer, case.expected, "{}", case.name);
        let mut asked = timestream.asked();
        assert_eq!(asked.len(), pages, "{}", case.name);
        asked.dedup();
        assert_eq!(asked, case.sql, "{}", case.name);
        let tokens: Vec<_> = timestream.requests().iter().map(|request| request["NextToken"].clone()).collect();
        assert!(tokens.iter().skip(1).all(|token| token == "more"), "{tokens:?}");
    }
}

#[tokio::test]
async fn the_columns_that_are_asked_for_are_those_that_are_written() {
    let timestream = Timestream::willing();
    let world = World::new().await;
    let TimeSeries::Timestream(_) = timestream.store() else { panic!("another store") };
    let table = weir_aws::quarantine::QuarantineTable::new(world.engine.client(), world.engine.name("quarantine"), 30);
    let message = |_: &[(&Series, Timestamp, f64)]| (String::new(), Vec::new());
    let quarantine = weir_aws::time_series::QuarantineWriter {
        table: &table,
        clock: world.clock.as_ref(),
        function: "calibration",
        message,
        replayed: &[],
        origins: &Default::default(),
    };
    timestream.store().write(&[pick(&ph(), 0)], &quarantine).await;
    let requests = timestream.take();
    let record = &records(&requests[0])[0];
    let named = |list: &Value| {
        list.as_array().unwrap().iter().map(|one| one["Name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut names = named(&record["Dimensions"]);
    names.extend(named(&requests[0]["CommonAttributes"]["Dimensions"]));
    names.extend(["measure_name".to_owned(), "time".to_owned()]);
    names.extend(named(&record["MeasureValues"]));
    assert_eq!(names, COLUMNS.map(|(name, _)| name));
    assert_eq!(requests[0]["CommonAttributes"]["MeasureName"], "reading");
    let types: Vec<_> =
        record["MeasureValues"].as_array().unwrap().iter().map(|measure| measure["Type"].as_str().unwrap()).collect();
    assert_eq!(types, COLUMNS[4..].iter().map(|(_, kind)| *kind).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_table_without_records_has_no_columns_and_no_readings() {
    let timestream =
        Recording::of(vec![refused("ValidationException", "line 1:63: Column 'device' does not exist")]).await;
    let found = timestream.history().points(&[ph()], thursday(), None, 10, at(0)).await.unwrap();
    assert_eq!(found, HistoryPage { items: vec![], next: None });
}
