//! How the system is, as an administrator of the deployed stack is told: of every alarm, queue and table, with the function's own role.

use serde_json::{Value, json};
use weir_tests::deployed::Deployed;
use weir_tests::local::{Local, until};

async fn system(local: &Local) -> Value {
    let answer = local.admin().await.expect(&[200], "GET", "/system", None).await.expect("the API answers");
    serde_json::from_slice(&answer.bytes).expect("an answer is JSON")
}

fn names(part: &Value) -> Vec<&str> {
    let items = part["items"].as_array().expect("a list");
    items.iter().map(|item| item["name"].as_str().expect("a name")).collect()
}

/// Asks CloudWatch, as its client does.
async fn cloudwatch(local: &Local, operation: &str, body: Value) -> Value {
    let target = format!("GraniteServiceVersion20100801.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")];
    let cloud = local.stack.cloud();
    cloud.json("monitoring", "POST", "/", &headers, Some(&body)).await.expect("CloudWatch answers")
}

#[tokio::test]
async fn an_admin_is_told_of_everything_that_the_stack_has() {
    let local = Local::running();
    let said = system(&local).await;
    for part in ["alarms", "queues", "waiting", "tables"] {
        assert_eq!(said[part]["unread"], json!([]), "{part}: what the role or the cloud does not allow");
    }
    let template = Deployed::template();
    // The emulator has no alarms on metric math, and no backups.
    let resources = template.section("Resources");
    let alarms = template.resources("AWS::CloudWatch::Alarm").into_keys();
    let mut expected: Vec<_> = alarms.filter(|id| resources[*id]["Condition"].is_null()).collect();
    let mut shown = names(&said["alarms"]);
    expected.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, expected);
    let first = &said["alarms"]["items"][0];
    assert!(first["description"].as_str().is_some_and(|text| text.contains("weir-local")), "{first}");
    assert!(first["since"].is_string(), "{first}");
    for (part, kind) in [("queues", "AWS::SQS::Queue"), ("tables", "AWS::DynamoDB::Table")] {
        assert_eq!(names(&said[part]).len(), template.resources(kind).len(), "{part}");
    }
    assert!(names(&said["queues"]).contains(&"ingest") && names(&said["tables"]).contains(&"devices"));
    let what: Vec<_> = said["waiting"]["items"].as_array().unwrap().iter().map(|item| item["what"].clone()).collect();
    assert_eq!(what, ["deliveries", "recalculations", "jobs"]);
    let deployment = &said["deployment"];
    assert_eq!((&deployment["environment"], &deployment["switches"]["email"]), (&json!("local"), &json!(true)));
    assert!(deployment["function_version"].as_str().is_some_and(|version| !version.is_empty()), "{deployment}");
}

#[tokio::test]
async fn an_alarm_that_rings_comes_first() {
    let local = Local::running();
    let listed = cloudwatch(&local, "DescribeAlarms", json!({"AlarmNamePrefix": "weir-local-NewLevelsAlarm"})).await;
    let name = listed["MetricAlarms"][0]["AlarmName"].as_str().expect("the alarm is there").to_owned();
    let state = |state: &str| json!({"AlarmName": name, "StateValue": state, "StateReason": "a test says so"});
    cloudwatch(&local, "SetAlarmState", state("ALARM")).await;
    let rings = until("an alarm that rings", async || {
        let said = system(&local).await;
        (said["alarms"]["items"][0]["state"] == "ALARM").then(|| said["alarms"]["items"].clone())
    })
    .await;
    cloudwatch(&local, "SetAlarmState", state("OK")).await;
    let own = rings.as_array().unwrap().iter().find(|alarm| alarm["name"] == "NewLevelsAlarm");
    assert_eq!(own.map(|alarm| &alarm["state"]), Some(&json!("ALARM")), "{rings}");
}

#[tokio::test]
async fn nobody_else_is_told() {
    let local = Local::running();
    for (api, status) in [(local.nobody(), 401), (local.user("health-user", "buoy-01").await, 403)] {
        assert_eq!(api.call("GET", "/system", None).await.expect("the API answers").status, status);
    }
}
