//! The list of queries that both stores answer alike: the stored readings, the query, the exact queries to Timestream with its answers, and
//! the expected result.

use serde_json::json;
use weir_aws::time_series::{Bucket, HistoryPage, SeriesPosition, Span};
use weir_core::domain::Timestamp;
use weir_core::domain::aggregate::{Aggregate, Aggregates};
use weir_core::domain::reading::{Quality, Reading, Series};
use weir_tests::timestream_query::{Recorded, followed, rows};

use super::conform::{COLUMNS, SUMMED, recorded, written};
use super::{DAY, HOUR, MIDNIGHT, ph, reading, series};

/// What is asked.
pub enum Question {
    Points(Span, Option<SeriesPosition>, usize),
    Buckets(Span, &'static str, Option<SeriesPosition>, usize),
    Latest,
}

/// What comes out.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Points(HistoryPage<Reading>),
    Buckets(HistoryPage<Bucket>),
    Latest(Vec<Reading>),
}

pub struct Case {
    pub name: &'static str,
    pub of: Vec<Series>,
    pub question: Question,
    /// What Timestream is asked, and its answers.
    pub sql: Vec<&'static str>,
    pub recorded: Vec<Recorded>,
    pub expected: Answer,
}

pub fn at(seconds: i64) -> Timestamp {
    MIDNIGHT.plus_seconds(seconds)
}

pub fn thursday() -> Span {
    Span { from: at(-DAY), to: at(0) }
}

pub fn tmp() -> Series {
    series("buoy-01", "tmp")
}

pub fn level() -> Series {
    series("03", "filling")
}

/// Everything that is stored.
pub fn stored() -> Vec<Reading> {
    let of = |series: Series, seconds: i64, value: f64| Reading { series, ..reading(at(seconds), value) };
    vec![
        of(ph(), -DAY - 1, 6.5),
        of(ph(), -DAY, 7.0),
        of(ph(), -DAY + 60, 7.5),
        Reading { quality: Quality::OutOfRange, ..of(ph(), -DAY + 90, 99.0) },
        of(ph(), -HOUR, 8.0),
        of(ph(), 0, 8.5),
        Reading { quality: Quality::Uncalibrated, calibration: 0, unit: String::new(), ..of(tmp(), -DAY + 30, 412.0) },
        Reading { calibration: 0, unit: "%".into(), ..of(level(), -HOUR, 50.0) },
        of(series("buoy-02", "ph"), -HOUR, 1.0),
    ]
}

pub fn pick(series: &Series, seconds: i64) -> Reading {
    stored().into_iter().find(|reading| reading.series == *series && reading.at == at(seconds)).unwrap()
}

pub fn tally(values: &[f64]) -> Aggregate {
    let mut tally = Aggregate::NONE;
    values.iter().for_each(|value| tally.add(*value));
    tally
}

pub fn good(values: &[f64]) -> Aggregates {
    Aggregates { good: tally(values), ..Aggregates::NONE }
}

pub fn bucket(series: &Series, seconds: i64, aggregates: Aggregates) -> Bucket {
    Bucket { sensor: series.sensor.clone(), start: at(seconds), aggregates }
}

pub fn place(series: &Series, seconds: i64) -> Option<SeriesPosition> {
    Some(SeriesPosition { sensor: series.sensor.clone(), at: at(seconds) })
}

pub fn whole<T>(items: Vec<T>) -> HistoryPage<T> {
    HistoryPage { items, next: None }
}

pub fn cases() -> Vec<Case> {
    let both = || vec![ph(), tmp()];
    let day = Aggregates { out_of_range: tally(&[99.0]), ..good(&[7.0, 7.5, 8.0]) };
    let first_hour = Aggregates { out_of_range: tally(&[99.0]), ..good(&[7.0, 7.5]) };
    vec![
        Case {
            name: "a span takes its beginning in and leaves its end out",
            of: vec![ph()],
            question: Question::Points(thursday(), None, 10),
            sql: vec![
                "SELECT * FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(1795046400000) AND time < from_milliseconds(1795132800000) AND measure_name = 'reading' AND device = 'buoy-01' AND sensor IN ('ph') ORDER BY sensor ASC, time ASC LIMIT 11",
            ],
            recorded: vec![recorded(&[
                pick(&ph(), -DAY),
                pick(&ph(), -DAY + 60),
                pick(&ph(), -DAY + 90),
                pick(&ph(), -HOUR),
            ])],
            expected: Answer::Points(whole(vec![
                pick(&ph(), -DAY),
                pick(&ph(), -DAY + 60),
                pick(&ph(), -DAY + 90),
                pick(&ph(), -HOUR),
            ])),
        },
        Case {
            name: "sensor comes after sensor, a level from its own series, and a page says where the next begins",
            of: vec![level(), ph(), tmp()],
            question: Question::Points(thursday(), None, 3),
            sql: vec![
                "SELECT * FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(1795046400000) AND time < from_milliseconds(1795132800000) AND measure_name = 'reading' AND ((device = '03' AND sensor IN ('filling')) OR (device = 'buoy-01' AND sensor IN ('ph', 'tmp'))) ORDER BY sensor ASC, time ASC LIMIT 4",
            ],
            // In two pages, the first of them empty, as a query that takes its time is answered.
            recorded: vec![
                followed(rows(&COLUMNS, &[]), "more"),
                recorded(&[pick(&level(), -HOUR), pick(&ph(), -DAY), pick(&ph(), -DAY + 60), pick(&ph(), -DAY + 90)]),
            ],
            expected: Answer::Points(HistoryPage {
                items: vec![pick(&level(), -HOUR), pick(&ph(), -DAY), pick(&ph(), -DAY + 60)],
                next: place(&ph(), -DAY + 90),
            }),
        },
        Case {
            name: "the next page goes on there, with the sensors that are left",
            of: vec![level(), ph(), tmp()],
            question: Question::Points(thursday(), place(&ph(), -DAY + 90), 3),
            sql: vec![
                "SELECT * FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(1795046400000) AND time < from_milliseconds(1795132800000) AND measure_name = 'reading' AND ((device = 'buoy-01' AND sensor IN ('ph') AND time >= from_milliseconds(1795046490000)) OR (device = 'buoy-01' AND sensor IN ('tmp'))) ORDER BY sensor ASC, time ASC LIMIT 4",
            ],
            recorded: vec![recorded(&[pick(&ph(), -DAY + 90), pick(&ph(), -HOUR), pick(&tmp(), -DAY + 30)])],
            expected: Answer::Points(whole(vec![pick(&ph(), -DAY + 90), pick(&ph(), -HOUR), pick(&tmp(), -DAY + 30)])),
        },
        Case {
            name: "an empty span has nothing in it, and nothing is asked",
            of: vec![ph()],
            question: Question::Points(Span { from: at(-DAY), to: at(-DAY) }, None, 10),
            sql: vec![],
            recorded: vec![],
            expected: Answer::Points(whole(vec![])),
        },
        Case {
            name: "days are added up, apart by quality",
            of: both(),
            question: Question::Buckets(thursday(), "1d", None, 10),
            sql: vec![
                "SELECT sensor, bin(time, 1d) AS start, quality, count(*) AS n, sum(value) AS total, min(value) AS low, max(value) AS high FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(1795046400000) AND time < from_milliseconds(1795132800000) AND measure_name = 'reading' AND device = 'buoy-01' AND sensor IN ('ph', 'tmp') GROUP BY sensor, bin(time, 1d), quality ORDER BY sensor ASC, start ASC, quality ASC LIMIT 33",
            ],
            recorded: vec![rows(
                &SUMMED,
                &[
                    json!(["ph", written(at(-DAY)), "good", 3, 22.5, 7.0, 8.0]),
                    json!(["ph", written(at(-DAY)), "out_of_range", 1, 99.0, 99.0, 99.0]),
                    json!(["tmp", written(at(-DAY)), "uncalibrated", 1, 412.0, 412.0, 412.0]),
                ],
            )],
            expected: Answer::Buckets(whole(vec![
                bucket(&ph(), -DAY, day),
                bucket(&tmp(), -DAY, Aggregates { uncalibrated: tally(&[412.0]), ..Aggregates::NONE }),
            ])),
        },
        Case {
            name: "intervals are aligned to UTC, count only what lies in the span, and are left out when empty",
            of: vec![ph()],
            question: Question::Buckets(Span { from: at(-DAY + 30), to: at(1) }, "20m", None, 2),
            sql: vec![
                "SELECT sensor, bin(time, 20m) AS start, quality, count(*) AS n, sum(value) AS total, min(value) AS low, max(value) AS high FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(1795046430000) AND time < from_milliseconds(1795132801000) AND measure_name = 'reading' AND device = 'buoy-01' AND sensor IN ('ph') GROUP BY sensor, bin(time, 20m), quality ORDER BY sensor ASC, start ASC, quality ASC LIMIT 9",
            ],
            recorded: vec![rows(
                &SUMMED,
                &[
                    json!(["ph", written(at(-DAY)), "good", 1, 7.5, 7.5, 7.5]),
                    json!(["ph", written(at(-DAY)), "out_of_range", 1, 99.0, 99.0, 99.0]),
                    json!(["ph", written(at(-HOUR)), "good", 1, 8.0, 8.0, 8.0]),
                    json!(["ph", written(at(0)), "good", 1, 8.5, 8.5, 8.5]),
                ],
            )],
            expected: Answer::Buckets(HistoryPage {
                items: vec![
                    bucket(&ph(), -DAY, Aggregates { out_of_range: tally(&[99.0]), ..good(&[7.5]) }),
                    bucket(&ph(), -HOUR, good(&[8.0])),
                ],
                next: place(&ph(), 0),
            }),
        },
        Case {
            name: "the next page of intervals goes on there",
            of: both(),
            question: Question::Buckets(thursday(), "1h", place(&ph(), -HOUR), 1),
            sql: vec![
                "SELECT sensor, bin(time, 1h) AS start, quality, count(*) AS n, sum(value) AS total, min(value) AS low, max(value) AS high FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(1795046400000) AND time < from_milliseconds(1795132800000) AND measure_name = 'reading' AND ((device = 'buoy-01' AND sensor IN ('ph') AND time >= from_milliseconds(1795129200000)) OR (device = 'buoy-01' AND sensor IN ('tmp'))) GROUP BY sensor, bin(time, 1h), quality ORDER BY sensor ASC, start ASC, quality ASC LIMIT 6",
            ],
            recorded: vec![rows(
                &SUMMED,
                &[
                    json!(["ph", written(at(-HOUR)), "good", 1, 8.0, 8.0, 8.0]),
                    json!(["tmp", written(at(-DAY)), "uncalibrated", 1, 412.0, 412.0, 412.0]),
                ],
            )],
            expected: Answer::Buckets(HistoryPage {
                items: vec![bucket(&ph(), -HOUR, good(&[8.0]))],
                next: place(&tmp(), -DAY),
            }),
        },
        Case {
            name: "hours are added up",
            of: vec![ph()],
            question: Question::Buckets(thursday(), "1h", None, 5),
            sql: vec![
                "SELECT sensor, bin(time, 1h) AS start, quality, count(*) AS n, sum(value) AS total, min(value) AS low, max(value) AS high FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(1795046400000) AND time < from_milliseconds(1795132800000) AND measure_name = 'reading' AND device = 'buoy-01' AND sensor IN ('ph') GROUP BY sensor, bin(time, 1h), quality ORDER BY sensor ASC, start ASC, quality ASC LIMIT 18",
            ],
            recorded: vec![rows(
                &SUMMED,
                &[
                    json!(["ph", written(at(-DAY)), "good", 2, 14.5, 7.0, 7.5]),
                    json!(["ph", written(at(-DAY)), "out_of_range", 1, 99.0, 99.0, 99.0]),
                    json!(["ph", written(at(-HOUR)), "good", 1, 8.0, 8.0, 8.0]),
                ],
            )],
            expected: Answer::Buckets(whole(vec![bucket(&ph(), -DAY, first_hour), bucket(&ph(), -HOUR, good(&[8.0]))])),
        },
        Case {
            name: "the latest of each sensor, and nothing of one that never sent",
            of: vec![level(), ph(), series("buoy-01", "tbd"), tmp()],
            question: Question::Latest,
            sql: vec![
                "SELECT * FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(946684800000) AND time < from_milliseconds(1795179600000) AND measure_name = 'reading' AND device = '03' AND sensor IN ('filling') ORDER BY time DESC LIMIT 1",
                "SELECT * FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(946684800000) AND time < from_milliseconds(1795179600000) AND measure_name = 'reading' AND device = 'buoy-01' AND sensor IN ('ph') ORDER BY time DESC LIMIT 1",
                "SELECT * FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(946684800000) AND time < from_milliseconds(1795179600000) AND measure_name = 'reading' AND device = 'buoy-01' AND sensor IN ('tbd') ORDER BY time DESC LIMIT 1",
                "SELECT * FROM \"weir-test\".\"readings\" WHERE time >= from_milliseconds(946684800000) AND time < from_milliseconds(1795179600000) AND measure_name = 'reading' AND device = 'buoy-01' AND sensor IN ('tmp') ORDER BY time DESC LIMIT 1",
            ],
            recorded: vec![
                recorded(&[pick(&level(), -HOUR)]),
                recorded(&[pick(&ph(), 0)]),
                recorded(&[]),
                recorded(&[pick(&tmp(), -DAY + 30)]),
            ],
            expected: Answer::Latest(vec![pick(&level(), -HOUR), pick(&ph(), 0), pick(&tmp(), -DAY + 30)]),
        },
    ]
}
