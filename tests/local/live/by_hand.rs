//! What only AWS can prove and somebody has to prepare. `cargo operate smoke` leaves it out; it is asked with the credentials of the
//! person who has prepared it:
//!
//! ```sh
//! cargo operate claim make --stack weir-dev --out secrets
//! WEIR_STACK=weir-dev AWS_REGION=eu-central-1 WEIR_CLAIM=secrets/claim-0123…cdef \
//!   cargo test --workspace --test local -- --ignored live::by_hand::
//! ```

use std::path::PathBuf;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use tooling::ask::Aws;
use tooling::certificate::Identity;
use tooling::mqtt::Connection;
use tooling::place::Place;
use weir_core::id::CertificateId;
use weir_tests::local::{now, until};
use weir_tests::root;

const CHECK: &str = "DEVICE_CERTIFICATE_EXPIRING_CHECK";

/// A variable that whoever runs these tests sets.
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: the head of this file says how"))
}

fn aws() -> Aws {
    Aws::of_the_caller(&Place::of_run("by-hand").expect("a folder for the run"), &variable("AWS_REGION"))
}

async fn ask(aws: &Aws, service: &str, operation: &str, parameters: Value) -> Value {
    aws.ask(service, operation, &parameters).await.unwrap_or_else(|error| panic!("{error:#}"))
}

#[tokio::test]
#[ignore = "only AWS can prove it: the local cloud issues nothing on $aws/certificates/create-from-csr/json"]
async fn a_board_with_the_claim_certificate_gets_a_certificate_for_a_key_of_its_own() {
    let aws = aws();
    let claim = variable("WEIR_CLAIM");
    let identity = Identity {
        name: "claim.weir-by-hand".to_owned(),
        certificate: PathBuf::from(format!("{claim}.pem")),
        key: PathBuf::from(format!("{claim}.key")),
    };
    let endpoint = ask(&aws, "iot", "describe_endpoint", json!({"endpointType": "iot:Data-ATS"})).await;
    let host = endpoint["endpointAddress"].as_str().expect("an address");
    let authorities = root().join("crates/aws/src/amazon-roots.pem");
    let mut connection = Connection::elsewhere(host, 8883, &authorities, &identity).await.unwrap();

    let topic = "$aws/certificates/create-from-csr/json";
    for word in ["accepted", "rejected"] {
        connection.subscribe(&format!("{topic}/{word}")).await.unwrap();
    }
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let request = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    let asked = json!({"certificateSigningRequest": request}).to_string().into_bytes();
    connection.publish(topic, asked).await.unwrap();
    let message = connection.message().await.unwrap();
    let answer: Value = serde_json::from_slice(&message.payload).unwrap();
    assert_eq!(message.topic, format!("{topic}/accepted"), "{answer}");
    let id: CertificateId = answer["certificateId"].as_str().unwrap_or_default().parse().unwrap();
    // It is not active before the board is provisioned, and nobody but this test knows of it.
    ask(&aws, "iot", "update_certificate", json!({"certificateId": id, "newStatus": "INACTIVE"})).await;
    ask(&aws, "iot", "delete_certificate", json!({"certificateId": id})).await;
    assert!(answer["certificateOwnershipToken"].as_str().is_some_and(|token| !token.is_empty()), "no token");
    assert!(answer["certificatePem"].as_str().is_some_and(|pem| pem.contains("BEGIN CERTIFICATE")), "no certificate");
    assert!(answer.get("privateKey").is_none(), "the key never left the board");
}

/// Needs a stack with `DeviceDefender=on`, and an audit that has found a certificate of a device of it.
#[tokio::test]
#[ignore = "only AWS can prove it: the local cloud has no Device Defender"]
async fn a_finding_of_the_audit_asks_the_device_at_once() {
    let (aws, stack) = (aws(), variable("WEIR_STACK"));
    let begun = now();
    let month = json!({"checkName": CHECK, "startTime": (begun / 1_000) - 30 * 86_400, "endTime": begun / 1_000});
    let found = ask(&aws, "iot", "list_audit_findings", month).await;
    let finding = found.pointer("/findings/0").expect("an audit of the last 30 days has found a certificate");
    let pointer = "/nonCompliantResource/resourceIdentifier/deviceCertificateId";
    let id = finding.pointer(pointer).unwrap_or_else(|| panic!("{finding}"));
    let described = ask(&aws, "iot", "describe_certificate", json!({"certificateId": id})).await;
    let principal = &described["certificateDescription"]["certificateArn"];
    let things = ask(&aws, "iot", "list_principal_things", json!({"principal": principal})).await;
    let device = things.pointer("/things/0").and_then(Value::as_str).expect("a device has the certificate");

    let task = format!("weir-by-hand-{begun}");
    let order = json!({"taskId": task, "clientRequestToken": task, "target": {"findingIds": [finding["findingId"]]},
        "auditCheckToActionsMapping": {CHECK: [format!("{stack}-findings")]}});
    ask(&aws, "iot", "start_audit_mitigation_actions_task", order).await;
    let topic = format!("{device}/certificate/request");
    until("the device to be asked", async || {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let retained = aws.ask("iot-data", "get_retained_message", &json!({"topic": topic})).await.ok()?;
        (retained["lastModifiedTime"].as_i64()? >= begun).then_some(())
    })
    .await;
}
