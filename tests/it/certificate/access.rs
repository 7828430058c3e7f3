//! Access to certificates: every route is called by every kind of caller, and the document is checked against the same table.

use ::certificate::Certificate;
use weir_http::openapi;
use weir_runtime::Function as _;

use crate::device::World;
use crate::http::matrix::{Line, differences, line, walk};
use crate::http::routed::own;

/// A certificate that no device has.
const CERTIFICATE: &str =
    "/devices/buoy-01/certificates/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// For each route the status for nobody, an access token, a user without scope, a user in scope, and an admin.
fn lines() -> Vec<Line> {
    vec![
        line("GET", "/devices/buoy-01/certificates", [401, 401, 403, 403, 200]),
        line("DELETE", CERTIFICATE, [401, 401, 403, 403, 404]),
        // The same of a device that is not there.
        line("GET", "/devices/buoy-77/certificates", [401, 401, 403, 403, 404]),
    ]
}

#[tokio::test]
async fn everyone_may_do_what_the_contract_says_and_no_more() {
    let world = World::registered().await;
    walk(&lines(), "buoy-01 buoy-77", async |event| world.certificate().answer(event).await.unwrap()).await;
}

#[test]
fn the_table_and_the_document_name_the_same_operations() {
    assert_eq!(differences(&lines(), &own(openapi(Certificate::document()))), Vec::<String>::new());
}
