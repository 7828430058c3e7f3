//! Who may command which device: every route asked by everyone, and the document and the template checked against the same table.

use std::collections::BTreeMap;

use ::command::Command;
use serde_json::{Value, json};
use weir_http::openapi;
use weir_runtime::Function as _;
use weir_tests::root;
use weir_tests::template::Template;

use super::World;
use crate::http::ask::{Ask, body, status};
use crate::http::matrix::{Line, differences, line, walk, with_body};

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
    let mut document = openapi(Command::document());
    document["paths"].as_object_mut().unwrap().remove("/openapi.json");
    assert_eq!(differences(&lines(), &document), Vec::<String>::new());
    let of_path = |(path, item): (&String, &Value)| -> Vec<String> {
        item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())).collect()
    };
    let said: BTreeMap<_, _> =
        document["paths"].as_object().unwrap().iter().flat_map(of_path).map(|key| (key, "JWT".to_owned())).collect();
    let template = Template::read(&root());
    let routes = template.resources("AWS::ApiGatewayV2::Route").into_values();
    let ours = routes.filter(|route| route["Target"]["Fn::Sub"] == "integrations/${CommandIntegration}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let routed: BTreeMap<_, _> =
        ours.map(|route| (text(&route["RouteKey"]), text(&route["AuthorizationType"]))).collect();
    assert_eq!(routed, said, "left the template, right the document");
}
