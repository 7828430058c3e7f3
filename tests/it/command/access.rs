//! Access to commands: every route is called by every kind of caller, and the document and the template are checked against the same table.

use ::command::Command;
use serde_json::json;
use weir_http::openapi;
use weir_runtime::Function as _;

use super::World;
use crate::http::ask::{Ask, body, status};
use crate::http::matrix::{Line, differences, line, walk, with_body};
use crate::http::routed::{operations, own, routed};

const SENT: &str = "/devices/dispenser-123/commands/1795155884123";

fn lines() -> Vec<Line> {
    let order = json!({"name": "dispense"});
    vec![
        with_body("POST", "/devices/dispenser-123/commands", order.clone(), [401, 401, 404, 202, 202]),
        line("GET", "/devices/dispenser-123/commands", [401, 401, 404, 200, 200]),
        line("GET", SENT, [401, 401, 404, 200, 200]),
        line("DELETE", SENT, [401, 401, 404, 200, 200]),
        // Another's.
        with_body("POST", "/devices/dispenser-124/commands", order.clone(), [401, 401, 404, 404, 202]),
        line("GET", "/devices/dispenser-124/commands", [401, 401, 404, 404, 200]),
        line("GET", "/devices/dispenser-124/commands/1795155884123", [401, 401, 404, 404, 404]),
        line("DELETE", "/devices/dispenser-124/commands/1795155884123", [401, 401, 404, 404, 404]),
        // What is not there.
        with_body("POST", "/devices/x/commands", order, [401, 401, 404, 404, 404]),
        line("GET", "/devices/x/commands", [401, 401, 404, 404, 404]),
        line("GET", "/devices/x/commands/1795155884123", [401, 401, 404, 404, 404]),
    ]
}

#[tokio::test]
async fn everyone_may_command_what_they_see_and_nothing_else() {
    let answer = async |event| World::recorded().await.function().answer(event).await.unwrap();
    walk(&lines(), "dispenser-123 x", answer).await;
}

#[tokio::test]
async fn a_device_of_somebody_else_looks_like_none_and_nothing_is_entered() {
    let world = World::recorded().await;
    for ask in [
        Ask::new("POST", "/devices/dispenser-124/commands").json(&json!({"name": "dispense"})),
        Ask::new("GET", "/devices/dispenser-124/commands"),
        Ask::new("POST", "/devices/nowhere/commands").json(&json!({"name": "dispense"})),
        Ask::new("GET", "/devices/nowhere/commands"),
    ] {
        let answer = world.ask(ask.id("same")).await;
        let refusal = body(&answer);
        assert_eq!((status(&answer), &refusal["type"]), (404, &json!("urn:weir:problem:not_found")));
        assert_eq!(refusal["detail"], "nothing exists at this path, or you may not see it");
    }
    assert!(world.engine.rows("commands").iter().all(|row| row["device"] == super::DISPENSER));
}

#[test]
fn the_table_the_document_and_the_template_name_the_same_operations() {
    let document = own(openapi(Command::document()));
    assert_eq!(differences(&lines(), &document), Vec::<String>::new());
    assert_eq!(routed("CommandIntegration"), operations(&document), "left the template, right the document");
}
