//! What stands behind the functions, and what wakes them.

use serde_json::{Value, json};
use weir_tests::deployed::Deployed;

#[tokio::test]
async fn every_table_of_the_template_is_active() {
    let stack = Deployed::find().await;
    let found = stack.tables().iter().map(|(word, _)| format!("{word}Table")).collect();
    let template = Deployed::template();
    Deployed::is_as_the_template_says(found, template.resources("AWS::DynamoDB::Table").into_keys());
    let asks: Vec<Value> = stack.tables().iter().map(|(_, name)| json!({ "TableName": name })).collect();
    for answer in stack.ask_each("dynamodb", "describe_table", &asks).await {
        assert_eq!(answer["Table"]["TableStatus"], "ACTIVE", "{answer}");
    }
}

#[tokio::test]
async fn every_call_goes_to_the_newest_version() {
    let stack = Deployed::find().await;
    let functions: Vec<&str> = stack.functions().iter().map(|(_, name)| *name).collect();
    let asks: Vec<Value> = functions.iter().map(|name| json!({"FunctionName": name, "Name": "live"})).collect();
    let aliases = stack.ask_each("lambda", "get_alias", &asks).await;
    for ((name, alias), newest) in functions.iter().zip(aliases).zip(newest_versions(stack, &functions).await) {
        let pointed = alias["FunctionVersion"].as_str().and_then(|version| version.parse().ok());
        assert_eq!(pointed, Some(newest), "{name}:live: {alias}");
        let elsewhere = alias.pointer("/RoutingConfig/AdditionalVersionWeights").and_then(Value::as_object);
        assert!(elsewhere.is_none_or(serde_json::Map::is_empty), "some calls of {name} go to another version: {alias}");
    }
}

/// The highest number that a version of each function has.
async fn newest_versions(stack: &Deployed, functions: &[&str]) -> Vec<u64> {
    let mut newest = vec![0; functions.len()];
    let first = functions.iter().map(|name| json!({ "FunctionName": name }));
    let mut asks: Vec<(usize, Value)> = first.enumerate().collect();
    while !asks.is_empty() {
        let questions: Vec<Value> = asks.iter().map(|(_, ask)| ask.clone()).collect();
        let pages = stack.ask_each("lambda", "list_versions_by_function", &questions).await;
        let mut more = Vec::new();
        for ((place, mut ask), page) in asks.into_iter().zip(pages) {
            let versions = page["Versions"].as_array().expect("a page has versions").iter();
            // `$LATEST` is no number: nobody calls it.
            let numbers = versions.filter_map(|version| version["Version"].as_str()?.parse().ok());
            newest[place] = numbers.fold(newest[place], u64::max);
            if let Value::String(next) = &page["NextMarker"] {
                ask["Marker"] = next.as_str().into();
                more.push((place, ask));
            }
        }
        asks = more;
    }
    newest
}

#[tokio::test]
async fn streams_and_the_queue_wake_their_functions() {
    let stack = Deployed::find().await;
    let template = Deployed::template();
    let mappings = template.resources("AWS::Lambda::EventSourceMapping").into_values();
    let woken =
        |mapping: &Value| mapping["FunctionName"]["Ref"].as_str().expect("an alias").replace("Function.Alias", "");
    let mut found = Vec::new();
    let functions = stack.functions();
    let asks: Vec<Value> =
        functions.iter().map(|(_, name)| json!({ "FunctionName": format!("{name}:live") })).collect();
    let pages = stack.ask_each("lambda", "list_event_source_mappings", &asks).await;
    for ((word, name), page) in functions.into_iter().zip(pages) {
        for mapping in page["EventSourceMappings"].as_array().expect("a page has mappings") {
            assert_eq!(mapping["State"], "Enabled", "{mapping}");
            // One call that failed may be long ago; whoever cannot read the stream at all is told so too.
            let last = mapping["LastProcessingResult"].as_str().unwrap_or_default();
            let cannot = last.starts_with("PROBLEM") && last != "PROBLEM: Function call failed";
            assert!(!cannot, "{name} cannot be woken: {mapping}");
            found.push(word.to_owned());
        }
    }
    Deployed::is_as_the_template_says(found, mappings.map(woken));
}
