//! What only AWS can prove: the local cloud does not carry it out, and says so. Asked after a deployment to an account: `cargo operate smoke`.

mod by_hand;
mod firmware;

use serde_json::{Value, json};
use weir_tests::deployed::Deployed;

/// What AWS tells of each table of the template that has a property, by its name in the cloud.
async fn tables_with(property: &str, question: &str) -> Vec<(&'static str, Value)> {
    let stack = Deployed::find().await;
    let template = Deployed::template();
    let all = template.resources("AWS::DynamoDB::Table");
    let having = stack.tables().into_iter().filter(|(word, _)| {
        let id = format!("{word}Table");
        let table = all.get(id.as_str()).unwrap_or_else(|| panic!("the template has no {id}"));
        !table[property].is_null()
    });
    let names: Vec<&str> = having.map(|(_, name)| name).collect();
    assert!(!names.is_empty(), "no table of the template has {property}");
    let asks: Vec<Value> = names.iter().map(|name| json!({ "TableName": name })).collect();
    names.into_iter().zip(stack.ask_each("dynamodb", question, &asks).await).collect()
}

#[tokio::test]
#[ignore = "only AWS can prove it: the local cloud keeps no copies"]
async fn every_table_can_be_restored_to_any_second() {
    for (name, answer) in tables_with("PointInTimeRecoverySpecification", "describe_continuous_backups").await {
        let recovery = answer.pointer("/ContinuousBackupsDescription/PointInTimeRecoveryDescription");
        let status = recovery.and_then(|recovery| recovery["PointInTimeRecoveryStatus"].as_str());
        assert_eq!(status, Some("ENABLED"), "{name}: {answer}");
    }
}

#[tokio::test]
#[ignore = "only AWS can prove it: in the local cloud no row runs out"]
async fn rows_run_out_where_the_template_says_so() {
    for (name, answer) in tables_with("TimeToLiveSpecification", "describe_time_to_live").await {
        let known = &answer["TimeToLiveDescription"];
        // It is switched on within an hour of the first deployment.
        let on = ["ENABLED", "ENABLING"].iter().any(|status| known["TimeToLiveStatus"] == *status);
        assert!(on && known["AttributeName"] == "expires_at", "{name}: {answer}");
    }
}

#[tokio::test]
#[ignore = "only AWS can prove it: the local cloud encrypts nothing and builds no index"]
async fn every_table_is_encrypted_and_its_indexes_are_built() {
    for (name, answer) in tables_with("SSESpecification", "describe_table").await {
        let table = &answer["Table"];
        assert_eq!(table["SSEDescription"]["Status"], "ENABLED", "{name}: {answer}");
        let indexes = table["GlobalSecondaryIndexes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let building = indexes.iter().find(|index| index["IndexStatus"] != "ACTIVE");
        assert_eq!(building, None::<&Value>, "{name} is still building an index");
    }
}
