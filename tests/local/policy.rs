//! What a device's certificate is good for, by the policies of the template.

use serde_json::json;
use tooling::certificate::{self, Identity};
use tooling::mqtt::Connection;
use weir_tests::local::{LEVEL_TOPIC, Local, bytes};

/// A device with the device's policy alone, as every buoy has it.
async fn buoy(local: &Local, name: &str) -> Identity {
    let policy = local.stack.output("DevicePolicyName").expect("the device policy");
    certificate::make(&local.stack, name, &[policy]).await.expect("a certificate")
}

async fn open(local: &Local, identity: &Identity) -> Result<Connection, String> {
    Connection::open(&local.stack, identity).await.map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn a_certificate_connects_only_as_its_own_thing() {
    let local = Local::running();
    let (own, other) = (buoy(&local, "k-01").await, buoy(&local, "k-02").await);
    open(&local, &own).await.expect("each is let in as itself");
    open(&local, &other).await.expect("each is let in as itself");
    let forged = Identity { name: "k-02".to_owned(), ..own };
    assert!(
        open(&local, &forged).await.is_err(),
        "the first device's certificate was let in under the second one's id"
    );
}

#[tokio::test]
async fn a_device_publishes_only_under_its_own_id() {
    let local = Local::running();
    let (own, _other) = (buoy(&local, "k-03").await, buoy(&local, "k-04").await);
    let reading = || bytes(&json!({"value": 1}));
    let mut device = open(&local, &own).await.unwrap();
    device.publish("k-03/reading/sensor/ph", reading()).await.expect("its own readings are taken");
    let rule = local.stack.output("ReadingRuleName").unwrap();
    device
        .publish(&format!("$aws/rules/{rule}/k-03/reading/sensor/ph"), reading())
        .await
        .expect("through the rule as well");
    for topic in [
        "k-04/reading/sensor/ph",
        "k-04/readings",
        &format!("$aws/rules/{rule}/k-04/reading/sensor/ph"),
        LEVEL_TOPIC,
        "k-04/config",
    ] {
        let mut device = open(&local, &own).await.unwrap();
        assert!(device.publish(topic, reading()).await.is_err(), "a device published to {topic}");
    }
    assert!(local.quarantine("k-04/reading/sensor/ph").await.is_empty(), "the other's topic reached a function");
}

#[tokio::test]
async fn a_device_hears_only_what_is_for_it() {
    let local = Local::running();
    let (own, _other) = (buoy(&local, "k-05").await, buoy(&local, "k-06").await);
    let mut device = open(&local, &own).await.unwrap();
    device.subscribe("k-05/config").await.expect("its own settings");
    for filter in ["k-06/config", "+/config", "#", "k-06/readings", "$aws/things/k-06/shadow/update/delta"] {
        let mut device = open(&local, &own).await.unwrap();
        assert!(device.subscribe(filter).await.is_err(), "a device subscribed to {filter}");
    }
}
