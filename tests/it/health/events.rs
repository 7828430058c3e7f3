//! Every recorded request, exactly as API Gateway sends it, with the expected response.

use std::collections::BTreeSet;

use weir_runtime::Function as _;
use weir_tests::events::{event, names};

use super::World;
use crate::http::recorded::{Expected, wrong};

const EXPECTED: &[Expected] = &[
    ("system", 200, "", &[]),
    ("refused-no-token", 401, "unauthorized", &[]),
    ("refused-not-admin", 403, "forbidden", &[]),
    ("refused-method", 405, "method_not_allowed", &[]),
];

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    let world = World::new().await;
    for expected in EXPECTED {
        let answer = world.function().answer(event("health", expected.0)).await.unwrap();
        assert_eq!(wrong(expected, &answer), None);
    }
}

#[test]
fn every_recorded_event_is_asked_here() {
    let asked: BTreeSet<_> = EXPECTED.iter().map(|expected| expected.0.to_owned()).collect();
    assert_eq!(asked, names("health").into_iter().collect());
}
