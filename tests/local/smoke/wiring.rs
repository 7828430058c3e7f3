//! What stands behind the functions, and what wakes them.

use serde_json::{Value, json};
use weir_tests::deployed::Deployed;

#[tokio::test]
async fn every_table_of_the_template_is_active() {
    let stack = Deployed::find().await;
    let mut found: Vec<String> = stack.tables().iter().map(|(word, _)| format!("{word}Table")).collect();
    let template = Deployed::template();
    let mut expected: Vec<&str> = template.resources("AWS::DynamoDB::Table").into_keys().collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "left the stack, right the template");
    for (_, name) in stack.tables() {
        let table = stack.ask("dynamodb", "describe_table", json!({ "TableName": name })).await;
        assert_eq!(table["Table"]["TableStatus"], "ACTIVE", "{name}");
    }
}

#[tokio::test]
async fn every_call_goes_to_the_newest_version() {
    let stack = Deployed::find().await;
    for (_, name) in stack.functions() {
        let alias = stack.ask("lambda", "get_alias", json!({"FunctionName": name, "Name": "live"})).await;
        let newest = newest_version(stack, name).await;
        let pointed = alias["FunctionVersion"].as_str().and_then(|version| version.parse().ok());
        assert_eq!(pointed, Some(newest), "{name}:live: {alias}");
        let elsewhere = alias.pointer("/RoutingConfig/AdditionalVersionWeights").and_then(Value::as_object);
        assert!(elsewhere.is_none_or(serde_json::Map::is_empty), "some calls of {name} go to another version: {alias}");
    }
}

async fn newest_version(stack: &Deployed, name: &str) -> u64 {
    let mut newest = 0;
    let mut ask = json!({ "FunctionName": name });
    loop {
        let page = stack.ask("lambda", "list_versions_by_function", ask.clone()).await;
        let versions = page["Versions"].as_array().expect("a page has versions").iter();
        // `$LATEST` is no number: nobody calls it.
        let numbers = versions.filter_map(|version| version["Version"].as_str()?.parse().ok());
        newest = numbers.fold(newest, u64::max);
        match &page["NextMarker"] {
            Value::String(next) if !next.is_empty() => ask["Marker"] = next.as_str().into(),
            _ => return newest,
        }
    }
}

#[tokio::test]
async fn streams_and_the_queue_wake_their_functions() {
    let stack = Deployed::find().await;
    let template = Deployed::template();
    let mut expected: Vec<String> = template
        .resources("AWS::Lambda::EventSourceMapping")
        .into_values()
        .map(|mapping| mapping["FunctionName"]["Ref"].as_str().expect("an alias").replace("Function.Alias", ""))
        .collect();
    let mut found = Vec::new();
    for (word, name) in stack.functions() {
        let ask = json!({ "FunctionName": format!("{name}:live") });
        let page = stack.ask("lambda", "list_event_source_mappings", ask).await;
        for mapping in page["EventSourceMappings"].as_array().expect("a page has mappings") {
            assert_eq!(mapping["State"], "Enabled", "{mapping}");
            // One call that failed may be long ago; whoever cannot read the stream at all is told so too.
            let last = mapping["LastProcessingResult"].as_str().unwrap_or_default();
            let cannot = last.starts_with("PROBLEM") && last != "PROBLEM: Function call failed";
            assert!(!cannot, "{name} cannot be woken: {mapping}");
            found.push(word.to_owned());
        }
    }
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "left the stack, right the template");
}
