//! Records that Timestream rejects do not affect others, and requests that fail temporarily are repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use weir_runtime::Function as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, NOW};
use weir_tests::timestream::{Timestream, accepted, records, refused, rejected};
use weir_tests::wire::{Outage, answer};

use super::{counts, hundred, into, time};

/// Words of AWS for an instant that it has no place for.
const OLD: &str =
    "The record timestamp is outside the time range [2026-11-19T06:24:44Z, 2026-11-20T06:44:44Z) of the memory store.";
const THERE: &str = "A higher or equal version of the record is there already.";

fn ranks(request: &Value) -> Vec<i64> {
    records(request).iter().map(|record| record["Version"].as_i64().expect("a version")).collect()
}

fn times(request: &Value) -> Vec<Value> {
    records(request).iter().map(|record| record["Time"].clone()).collect()
}

#[tokio::test]
async fn of_a_hundred_records_two_are_refused_and_the_other_98_are_written_again_without_them() {
    let timestream = Timestream::answering(|call, request| match call {
        0 => rejected(&[(7, THERE, Some(ranks(request)[7])), (42, OLD, None)]),
        _ => accepted(request),
    });
    let (engine, calibration) = into(&timestream).await;
    assert_eq!(calibration.answer(hundred()).await.unwrap(), counts(98, 1, 1));
    let requests = timestream.take();
    assert_eq!(times(&requests[0]), (0..100).map(time).collect::<Vec<_>>());
    assert_eq!(times(&requests[1]), (0..100).filter(|place| ![7, 42].contains(place)).map(time).collect::<Vec<_>>());
    assert_eq!(requests.len(), 2);

    let row = engine.row("quarantine");
    assert_eq!((&row["reason"], &row["detail"]), (&"outside_retention".into(), &OLD.into()));
    let at = NOW.plus_seconds(-42).millis();
    assert_eq!((&row["device_id"], &row["sensor"], &row["at"]), (&"buoy-01".into(), &"ph".into(), &at.into()));
    let payload = STANDARD.decode(row["payload"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(payload).unwrap(), format!(r#"{{"ts":{at},"values":{{"ph":442.0}}}}"#));
}

#[tokio::test]
async fn a_record_that_is_there_with_an_equal_or_newer_version_is_known_and_with_an_older_one_refused() {
    for (more, expected) in [(0, counts(0, 1, 0)), (1, counts(0, 1, 0)), (-1, counts(0, 0, 1))] {
        let timestream =
            Timestream::answering(move |_, request| rejected(&[(0, THERE, Some(ranks(request)[0] + more))]));
        let (engine, calibration) = into(&timestream).await;
        let answer = calibration.answer(event("calibration", "number")).await.unwrap();
        assert_eq!(answer, expected, "existing version is ours {more:+}");
        let reasons: Vec<_> = engine.rows("quarantine").iter().map(|row| row["reason"].clone()).collect();
        assert_eq!(reasons, if more < 0 { vec![json!("store_refused")] } else { vec![] });
        assert_eq!(timestream.take().len(), 1, "nothing is left to write again");
    }
}

#[tokio::test]
async fn a_refusal_for_another_reason_keeps_the_words_of_aws() {
    const WORDS: &str = "Measure name length exceeds the maximum supported limit";
    let timestream = Timestream::answering(|_, _| rejected(&[(0, WORDS, None)]));
    let (engine, calibration) = into(&timestream).await;
    calibration.answer(event("calibration", "number")).await.unwrap();
    let row = engine.row("quarantine");
    assert_eq!((&row["reason"], &row["detail"]), (&"store_refused".into(), &WORDS.into()));
}

#[tokio::test]
async fn a_refusal_that_names_no_record_of_ours_is_asked_again() {
    let timestream = Timestream::answering(|_, _| rejected(&[(100, OLD, None)]));
    let (engine, calibration) = into(&timestream).await;
    assert!(calibration.answer(hundred()).await.is_err());
    assert!(engine.rows("quarantine").is_empty());
}

/// A Timestream for which every request with one of these records is invalid.
fn choking_on(places: Vec<i64>) -> Arc<Timestream> {
    Timestream::answering(move |_, request| {
        let bad = places.iter().any(|place| times(request).contains(&time(*place)));
        let fault = json!({"message": "The request is invalid: a measure value is not a double."});
        if bad { refused("ValidationException", fault) } else { accepted(request) }
    })
}

#[tokio::test]
async fn a_request_that_is_invalid_as_a_whole_is_halved_until_the_one_bad_record_is_found() {
    for place in [0, 42, 99] {
        let timestream = choking_on(vec![place]);
        let (engine, calibration) = into(&timestream).await;
        assert_eq!(calibration.answer(hundred()).await.unwrap(), counts(99, 0, 1));
        let row = engine.row("quarantine");
        let expected = (&json!("store_refused"), &json!(NOW.plus_seconds(-place).millis()));
        assert_eq!((&row["reason"], &row["at"]), expected);
        assert!(timestream.take().len() <= 15, "halving 100 takes 7 steps of two requests");
    }
}

#[tokio::test]
async fn several_bad_records_are_all_found_and_nothing_else_is_quarantined() {
    let (engine, calibration) = into(&choking_on(vec![3, 4, 77])).await;
    assert_eq!(calibration.answer(hundred()).await.unwrap(), counts(97, 0, 3));
    assert_eq!(engine.rows("quarantine").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_timestream_that_throttles_or_fails_is_asked_again_and_loses_nothing() {
    for (status, kind) in
        [(400, "ThrottlingException"), (500, "InternalServerException"), (400, "AccessDeniedException")]
    {
        let down = Arc::new(AtomicBool::new(true));
        let still = down.clone();
        // Only the request with the last 50 of 250 values meets it.
        let timestream = Timestream::answering(move |_, request| match records(request).len() {
            50 if still.load(Ordering::SeqCst) => {
                let kind = format!("com.amazonaws.timestream.v20181101#{kind}");
                answer(status, &json!({"__type": kind, "message": "not now"}))
            }
            _ => accepted(request),
        });
        let (engine, calibration) = into(&timestream).await;
        let again = calibration.answer(event("calibration", "batch.250-values")).await.unwrap_err().to_string();
        assert!(again.contains("deliver again: 50 of 250"), "{kind}: {again}");
        down.store(false, Ordering::SeqCst);
        let answered = calibration.answer(event("calibration", "batch.250-values")).await.unwrap();
        assert_eq!(answered, counts(250, 0, 0), "{kind}");
        assert!(engine.rows("quarantine").is_empty(), "{kind}: nothing is wrong with the readings");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_record_that_cannot_be_quarantined_now_is_delivered_again() {
    let timestream = Timestream::answering(|_, _| rejected(&[(0, OLD, None)]));
    let engine = Engine::start().await;
    engine.register();
    let outage = Outage::of("PutItem", "quarantine");
    let calibration = Functions::calibration_by(&engine, &engine.client_over(outage.clone()), timestream.store());
    assert!(calibration.answer(event("calibration", "number")).await.is_err());
    outage.end();
    assert_eq!(calibration.answer(event("calibration", "number")).await.unwrap(), counts(0, 0, 1));
    assert_eq!(engine.row("quarantine")["reason"], "outside_retention");
}
