//! Timestamps in queries, as written by people.

use serde_json::Value;

use super::{Api, operations};
use crate::http::ask::{Ask, body, status};
use crate::people;

/// Every parameter that is an instant, with the unit of a plain number if it may be one.
const PARAMETERS: [(&str, &str, Option<&str>); 8] = [
    ("/devices/buoy-01/readings", "from", Some("milliseconds")),
    ("/devices/buoy-01/readings", "to", Some("milliseconds")),
    ("/devices/buoy-01/events", "from", Some("milliseconds")),
    ("/devices/buoy-01/events", "to", Some("milliseconds")),
    ("/events", "from", Some("milliseconds")),
    ("/events", "to", Some("milliseconds")),
    ("/problems", "since", Some("seconds")),
    ("/quarantine", "since", None),
];

#[test]
fn every_instant_of_a_query_is_asked() {
    let names = ["from", "to", "since", "until", "before", "after", "at"];
    let has = |operation: &Value| {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        parameters.iter().any(|one| one["in"] == "query" && names.iter().any(|name| one["name"] == *name))
    };
    let asked =
        ["GET /devices/{id}/events", "GET /devices/{id}/readings", "GET /events", "GET /problems", "GET /quarantine"];
    let asked: Vec<_> = asked.map(str::to_owned).into();
    assert_eq!(operations(has).into_iter().collect::<Vec<_>>(), asked);
}

#[tokio::test]
async fn the_plus_of_an_offset_may_be_a_plus() {
    let mut api = Api::default();
    for (path, name, _) in PARAMETERS {
        for text in [
            "2026-11-20T07:24:44+01:00",
            "2026-11-20T07:24:44%2B01:00",
            "2026-11-20T06:24:44Z",
            "2026-11-20T07:24:44.5+01:00",
            "2026-11-20T04:24:44-02:00",
            "2026-11-20%2007:24:44+01:00",
        ] {
            let (from, query) = (path, format!("{name}={text}"));
            // A span that does not end before it begins.
            let query = if name == "to" { format!("from=2026-11-19T00:00:00Z&{query}") } else { query };
            let query = if name == "from" { format!("to=2026-11-21T00:00:00Z&{query}") } else { query };
            let answer = api.answer(Ask::new("GET", &format!("{from}?{query}"))).await;
            assert_eq!(status(&answer), 200, "{from}?{query}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_number_in_the_wrong_unit_is_refused_and_names_the_unit() {
    let mut api = Api::default();
    for (path, name, unit) in PARAMETERS {
        let Some(unit) = unit else { continue };
        let (wrong, right) = match unit {
            "milliseconds" => (["1795155800", "1", "978307199999", "99999"], ["1795155800000", "978307200000"]),
            _ => (["1795155800123", "1", "978307199", "1795155800000"], ["1795155800", "978307200"]),
        };
        for number in wrong {
            let refused = api.answer(Ask::new("GET", &format!("{path}?{name}={number}"))).await;
            assert_eq!(status(&refused), 422, "{name}={number}: {refused}");
            let error = body(&refused);
            assert_eq!(error["errors"][0]["parameter"], name);
            let detail = error["detail"].as_str().unwrap();
            assert!(detail.contains(unit), "{name}={number}: {detail}");
        }
        for number in right {
            let query = if name == "from" { format!("from={number}&to={number}") } else { format!("{name}={number}") };
            assert_eq!(status(&api.answer(Ask::new("GET", &format!("{path}?{query}"))).await), 200, "{query}");
        }
    }
    // The beginning of time is the same in every unit.
    for query in ["/devices/buoy-01/readings?from=0", "/problems?since=0"] {
        assert_eq!(status(&api.answer(Ask::new("GET", query)).await), 200, "{query}");
    }
}

#[tokio::test]
async fn what_is_no_instant_is_400_and_one_that_is_out_of_range_422() {
    let mut api = Api::default();
    for (path, name, unit) in PARAMETERS {
        for (text, expected) in [
            ("yesterday", 400),
            ("", 400),
            ("2026-11-20", 400),
            ("2026-11-20T07:24:44", 400),
            ("%2B1795155800000", 400),
            ("1e12", 400),
            ("1795155800.5", 400),
            ("2026-11-20T07:24:44++01:00", 400),
            ("1969-12-31T23:59:59Z", 422),
            ("-1", if unit.is_some() { 422 } else { 400 }),
            ("99999999999999999999999", if unit.is_some() { 422 } else { 400 }),
        ] {
            let asked = format!("{path}?{name}={text}");
            assert_eq!(api.refused(Ask::new("GET", &asked)).await, (expected, vec![name.to_owned()]), "{asked}");
        }
    }
}

#[tokio::test]
async fn the_plus_of_an_address_may_be_a_plus() {
    for text in ["bob+x@example.com", "bob%2Bx@example.com"] {
        let world = people::World::new().await;
        let ask = Ask::new("GET", &format!("/cognito/users?email={text}"));
        let answer = world.handle("cognito-get-users-info", ask.admin().event()).await;
        assert_eq!(status(&answer), 200, "{text}: {answer}");
        let asked = format!("{:?}", world.pool.asked());
        assert!(asked.contains("bob+x@example.com"), "{text}: {asked}");
    }
}
