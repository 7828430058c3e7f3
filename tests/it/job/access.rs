//! Access to firmware and jobs: every route is called by every kind of caller, and the document and the template are checked against the
//! same table.

use ::job::Job;
use serde_json::json;
use weir_http::openapi;
use weir_runtime::Function as _;

use super::{World, file};
use crate::http::matrix::{Line, differences, line, walk, with_body};
use crate::http::routed::{operations, own, routed};

const ONE: &str = "/fleet/jobs/1795155884123-9f3a07c1";

fn lines() -> Vec<Line> {
    let (size, sha256, _) = file();
    let firmware = json!({"version": "2.0.0", "sha256": sha256, "size": size});
    let order = json!({"firmware": "1.4.2", "target": "all"});
    vec![
        with_body("POST", "/fleet/firmware", firmware, [401, 401, 403, 403, 201]),
        line("GET", "/fleet/firmware", [401, 401, 403, 403, 200]),
        with_body("POST", "/fleet/jobs", order, [401, 401, 403, 403, 202]),
        line("GET", "/fleet/jobs", [401, 401, 403, 403, 200]),
        line("GET", ONE, [401, 401, 403, 403, 200]),
        line("DELETE", ONE, [401, 401, 403, 403, 200]),
    ]
}

#[tokio::test]
async fn only_admins_see_and_make_firmware_and_jobs() {
    let answer = async |event| World::recorded().await.function().answer(event).await.unwrap();
    walk(&lines(), "board-old", answer).await;
}

#[test]
fn the_table_the_document_and_the_template_name_the_same_operations() {
    let document = own(openapi(Job::document()));
    assert_eq!(differences(&lines(), &document), Vec::<String>::new());
    assert_eq!(routed("JobIntegration"), operations(&document), "left the template, right the document");
}
