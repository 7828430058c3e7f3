//! What only AWS can prove: the local cloud does not carry it out, and says so. Asked after a deployment to an account: `cargo xtask smoke`.

use serde_json::{Value, json};
use weir_tests::deployed::Deployed;

/// The tables of the template that have a property, each with its name in the cloud.
fn tables_with(stack: &'static Deployed, property: &str) -> Vec<&'static str> {
    let template = Deployed::template();
    let all = template.resources("AWS::DynamoDB::Table");
    let having = stack.tables().into_iter().filter(|(word, _)| {
        let id = format!("{word}Table");
        let table = all.get(id.as_str()).unwrap_or_else(|| panic!("the template has no {id}"));
        !table[property].is_null()
    });
    let names: Vec<&str> = having.map(|(_, name)| name).collect();
    assert!(!names.is_empty(), "no table of the template has {property}");
    names
}

#[tokio::test]
#[ignore = "only AWS can prove it: the local cloud keeps no copies"]
async fn every_table_can_be_restored_to_any_second() {
    let stack = Deployed::find().await;
    for name in tables_with(stack, "PointInTimeRecoverySpecification") {
        let answer = stack.ask("dynamodb", "describe_continuous_backups", json!({ "TableName": name })).await;
        let recovery = answer.pointer("/ContinuousBackupsDescription/PointInTimeRecoveryDescription");
        let status = recovery.and_then(|recovery| recovery["PointInTimeRecoveryStatus"].as_str());
        assert_eq!(status, Some("ENABLED"), "{name}: {answer}");
    }
}

#[tokio::test]
#[ignore = "only AWS can prove it: in the local cloud no row runs out"]
async fn rows_run_out_where_the_template_says_so() {
    let stack = Deployed::find().await;
    for name in tables_with(stack, "TimeToLiveSpecification") {
        let answer = stack.ask("dynamodb", "describe_time_to_live", json!({ "TableName": name })).await;
        let known = &answer["TimeToLiveDescription"];
        // It is switched on within an hour of the first deployment.
        let on = ["ENABLED", "ENABLING"].iter().any(|status| known["TimeToLiveStatus"] == *status);
        assert!(on && known["AttributeName"] == "expires_at", "{name}: {answer}");
    }
}

#[tokio::test]
#[ignore = "only AWS can prove it: the local cloud encrypts nothing and builds no index"]
async fn every_table_is_encrypted_and_its_indexes_are_built() {
    let stack = Deployed::find().await;
    for name in tables_with(stack, "SSESpecification") {
        let answer = stack.ask("dynamodb", "describe_table", json!({ "TableName": name })).await;
        let table = &answer["Table"];
        assert_eq!(table["SSEDescription"]["Status"], "ENABLED", "{name}: {answer}");
        let indexes = table["GlobalSecondaryIndexes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let building = indexes.iter().find(|index| index["IndexStatus"] != "ACTIVE");
        assert_eq!(building, None::<&Value>, "{name} is still building an index");
    }
}
