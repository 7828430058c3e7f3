//! Certificates that end soon, for real: AWS IoT takes certificates of any validity that somebody else has made.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fleet_sim::board::Board;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use serde_json::{Value, json};
use tooling::certificate::Identity;
use tooling::cloud::Call;
use tooling::mqtt::Connection;
use weir_tests::local::{Local, until};

use super::{certificates, claim, sweeps, told};

const DAY: Duration = Duration::from_secs(86_400);

/// A registered device whose certificate is valid from yesterday on, and for so long from now; and the id of the certificate.
async fn device(local: &Local, name: &str, left: Duration) -> (Identity, String) {
    local.register(&json!({"id": name, "sensors": [{"code": "ph"}]})).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut parameters = CertificateParams::default();
    let epoch = date_time_ymd(1970, 1, 1);
    (parameters.not_before, parameters.not_after) = (epoch + (now - DAY), epoch + (now + left));
    let pem = parameters.self_signed(&key).unwrap().pem();
    let identity = Identity {
        name: name.to_owned(),
        certificate: local.stack.certificates.join(format!("{name}.pem")),
        key: local.stack.certificates.join(format!("{name}.key")),
    };
    std::fs::write(&identity.certificate, &pem).unwrap();
    tooling::secret::write(&identity.key, &key.serialize_pem()).unwrap();

    let ask = async |method: &str, path: String, headers: &[(&str, &str)], body: Value| {
        local.stack.cloud().json("iot", method, &path, headers, Some(&body)).await.unwrap()
    };
    let certificate = json!({"certificatePem": pem, "status": "ACTIVE"});
    let registered = ask("POST", "/certificate/register-no-ca".to_owned(), &[], certificate).await;
    let text = |name: &str| registered[name].as_str().unwrap_or_else(|| panic!("{registered}")).to_owned();
    let (arn, id) = (text("certificateArn"), text("certificateId"));
    ask("POST", format!("/things/{name}"), &[], json!({})).await;
    let policy = local.stack.output("DevicePolicyName").unwrap();
    ask("PUT", format!("/target-policies/{policy}"), &[], json!({"target": arn})).await;
    ask("PUT", format!("/things/{name}/principals"), &[("x-amzn-principal", arn.as_str())], json!({})).await;
    (identity, id)
}

/// Sweeps until the events say so of the device. The first sweep reads when the certificate ends.
async fn swept(local: &Local, device: &str, detail: &str) {
    until(detail, async || {
        sweeps(local).await;
        told(local, device, "certificate").await.iter().any(|told| told == detail).then_some(())
    })
    .await;
}

/// The lines of the log of `certificate` with this word, as JSON.
async fn log(local: &Local, word: &str) -> Vec<Value> {
    let name = local.stack.function("certificate").unwrap();
    let body = json!({"logGroupName": format!("/aws/lambda/{name}")}).to_string().into_bytes();
    let headers = [("x-amz-target", "Logs_20140328.FilterLogEvents"), ("content-type", "application/x-amz-json-1.1")];
    let call = Call { service: "logs", method: "POST", path: "/", headers: &headers, body };
    let answer: Value = serde_json::from_slice(&local.stack.cloud().bytes(call).await.unwrap()).unwrap();
    let lines = answer["events"].as_array().unwrap().iter().filter_map(|event| event["message"].as_str());
    lines.filter(|line| line.contains(word)).filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[tokio::test]
async fn a_device_whose_certificate_ends_in_three_days_is_asked_and_renews_it() {
    let local = Local::running();
    let (identity, old) = device(&local, "fx-1", 3 * DAY).await;
    let board = Board::new(&local.stack, "fx-1", claim(&local).await.identity).unwrap();
    let mut connection = Connection::open(&local.stack, &identity).await.unwrap();
    swept(&local, "fx-1", "asked for a request: it ends within 7 days").await;
    let asked = local.retained("fx-1/certificate/request").await.expect("it is asked");
    assert_eq!(asked["certificate"], old);
    let shown = local.admin().await.expect(&[200], "GET", "/devices/fx-1/certificates", None).await.unwrap().json();
    assert_eq!(shown["items"][0]["not_after"], asked["not_after"], "{shown}");

    let own = fleet_sim::board::Own { identity: identity.clone(), certificate: old };
    let new = board.renew(&mut connection, &own).await.unwrap();
    let _connection = Connection::open(&local.stack, &new.identity).await.unwrap();
    until("the certificate that ends soon to be gone", async || {
        sweeps(&local).await;
        (certificates(&local, "fx-1").await == [(new.certificate.clone(), "active".to_owned())]).then_some(())
    })
    .await;
    assert!(Connection::open(&local.stack, &identity).await.is_err(), "with the old certificate");
}

#[tokio::test]
async fn a_certificate_that_ends_within_seven_days_and_is_not_renewed_is_counted_for_the_alarm() {
    let local = Local::running();
    let (identity, certificate) = device(&local, "fx-2", 5 * DAY).await;
    // It connects, and does nothing when it is asked.
    let _connection = Connection::open(&local.stack, &identity).await.unwrap();
    swept(&local, "fx-2", "asked for a request: it ends within 7 days").await;
    until("the metric and the line that says which device it is", async || {
        let lines = log(&local, "fx-2").await;
        let named = lines.iter().any(|line| line["device"] == "fx-2" && line["certificate"] == certificate.as_str());
        let counted = log(&local, "CertificatesEnding").await;
        let counted = counted.iter().any(|line| line["function"] == "certificate" && line["CertificatesEnding"] == 1);
        (named && counted).then_some(())
    })
    .await;
    assert_eq!(certificates(&local, "fx-2").await, [(certificate, "active".to_owned())]);
}

#[tokio::test]
async fn a_certificate_that_has_ended_opens_no_connection_and_the_events_say_so() {
    let local = Local::running();
    let life = Duration::from_secs(12);
    let ended = tokio::time::Instant::now() + life + Duration::from_secs(2);
    let (identity, certificate) = device(&local, "fx-3", life).await;
    let connection = Connection::open(&local.stack, &identity).await.expect("it has some seconds left");
    until("the certificate to be known", async || {
        let rows: Vec<Value> = local.tables.all("Devices").await.unwrap();
        let row = rows.into_iter().find(|row| row["id"] == "fx-3")?;
        row["rotation"].as_str()?.contains(&certificate).then_some(())
    })
    .await;
    drop(connection);
    tokio::time::sleep_until(ended).await;
    assert!(Connection::open(&local.stack, &identity).await.is_err());
    // A sweep of another test may have asked it while it lasted; then it is told tomorrow.
    until("the device to be told of", async || {
        sweeps(&local).await;
        let told = told(&local, "fx-3", "certificate").await;
        told.iter().any(|told| told.contains("has ended") || told.contains("within 7 days")).then_some(())
    })
    .await;
}
