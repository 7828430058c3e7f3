//! The routes of the template to a function, and the operations of a document.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use weir_tests::root;
use weir_tests::template::Template;

/// Routes such as `GET /devices`, each with how a caller is authorised: `JWT` or `NONE`.
pub type Routes = BTreeMap<String, String>;

/// The routes of the template with this integration.
pub fn routed(integration: &str) -> Routes {
    let template = Template::read(&root());
    let target = format!("integrations/${{{integration}}}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let routes = template.resources("AWS::ApiGatewayV2::Route").into_values();
    let ours = routes.filter(|route| route["Target"]["Fn::Sub"] == target.as_str());
    let routed: Routes = ours.map(|route| (text(&route["RouteKey"]), text(&route["AuthorizationType"]))).collect();
    assert!(!routed.is_empty(), "nothing is routed to {integration}");
    routed
}

/// The operations of a document.
pub fn operations(document: &Value) -> Routes {
    let open = |operation: &Value| if operation["security"] == json!([]) { "NONE" } else { "JWT" }.to_owned();
    let items = document["paths"].as_object().expect("a document has paths").iter();
    let of_path = |(path, item): (&String, &Value)| -> Vec<_> {
        let operations = item.as_object().expect("a path has operations").iter();
        operations.map(|(method, operation)| (format!("{} {path}", method.to_uppercase()), open(operation))).collect()
    };
    items.flat_map(of_path).collect()
}

/// A document of one function without the path of the document itself, which `cognito-get-role` alone serves.
pub fn own(mut document: Value) -> Value {
    document["paths"].as_object_mut().expect("a document has paths").remove("/openapi.json");
    document
}
