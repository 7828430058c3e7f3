//! Access to recalculation: every route is called by every kind of caller, and the document and the template are checked against the same
//! table.

use weir_runtime::Function as _;

use ::recalculation::Recalculation;
use serde_json::json;
use weir_http::openapi;

use super::{World, span};
use crate::http::ask::{Ask, body};
use crate::http::matrix::{Line, differences, line, walk, with_body};
use crate::http::routed::{operations, own, routed};

const JOB: &str = "/devices/b/sensors/ph/recalculate/0123456789abcdef0123456789abcdef";

fn lines() -> Vec<Line> {
    let points = json!({"model": "linear", "points": [[0, 0], [1, 2]]});
    vec![
        with_body("POST", "/devices/b/sensors/ph/calibrations/fit", points.clone(), [401, 401, 403, 403, 200]),
        with_body("POST", "/devices/b/sensors/ph/recalculate", span(0, 5), [401, 401, 403, 403, 202]),
        line("GET", JOB, [401, 401, 403, 403, 404]),
        // The same of what is not there.
        with_body("POST", "/devices/x/sensors/ph/calibrations/fit", points.clone(), [401, 401, 403, 403, 404]),
        with_body("POST", "/devices/b/sensors/xx/calibrations/fit", points, [401, 401, 403, 403, 404]),
        with_body("POST", "/devices/x/sensors/ph/recalculate", span(0, 5), [401, 401, 403, 403, 404]),
        with_body("POST", "/devices/b/sensors/xx/recalculate", span(0, 5), [401, 401, 403, 403, 404]),
    ]
}

#[tokio::test]
async fn everyone_may_do_what_the_contract_says_and_no_more() {
    let world = World::new(0).await;
    walk(&lines(), "b x", async |event| world.function().answer(event).await.unwrap()).await;
}

#[tokio::test]
async fn a_job_is_found_only_under_its_own_sensor() {
    let world = World::new(0).await;
    let job = world.post(0, 5).await["job"].as_str().unwrap().to_owned();
    let get = async |path: String| {
        let answer = world.function().answer(Ask::new("GET", &path).admin().event()).await.unwrap();
        (answer["statusCode"].as_u64(), body(&answer)["type"].clone())
    };
    assert_eq!(get(format!("/devices/b/sensors/ph/recalculate/{job}")).await.0, Some(200));
    for path in [format!("/devices/b/sensors/hum/recalculate/{job}"), "/devices/b/sensors/ph/recalculate/guard".into()]
    {
        assert_eq!(get(path).await, (Some(404), json!("urn:weir:problem:not_found")));
    }
}

#[test]
fn the_table_the_document_and_the_template_name_the_same_operations() {
    let document = own(openapi(Recalculation::document()));
    assert_eq!(differences(&lines(), &document), Vec::<String>::new());
    assert_eq!(routed("RecalculationIntegration"), operations(&document), "left the template, right the document");
}
