//! Certificate requests of devices: the effect on the device's row, and the answers. Issuing is tested on the emulator, in
//! `tests/local/fleet`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use weir_core::wire::x509::SigningRequest;
use weir_runtime::Function as _;

use super::sweep::{DAY, ending, id};
use crate::device::{NOW, World};

/// A request, and its key as a row has it.
fn request() -> (String, Value) {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let pem = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    let key = serde_json::to_value(SigningRequest::read(&pem).unwrap().key).unwrap();
    (pem, key)
}

async fn ask(world: &World, pem: &str) -> Value {
    let event = json!({"payload": STANDARD.encode(pem), "topic": "b/certificate/csr", "received_at": NOW.millis()});
    world.certificate().answer(event).await.unwrap()
}

#[tokio::test]
async fn a_request_with_the_key_of_the_certificate_that_is_to_be_replaced_is_answered() {
    let (pem, key) = request();
    for (days, since, rejected) in [(20, 0, true), (8_400, 365, true), (8_400, 364, false), (800, 0, false)] {
        let world = World::new().await;
        let (ends, since) = (NOW.seconds() + days * DAY, NOW.seconds() - since * DAY);
        ending(&world, "b", 0, &json!({"current": {"id": id('a'), "ends": ends, "since": since, "key": key}}));
        let outcome = if rejected { "rejected" } else { "same" };
        assert_eq!(ask(&world, &pem).await, json!({"outcome": outcome}), "{days}");
        let told = world.cloud.published("b/certificate/rejected");
        let detail = "its key is that of the certificate that is to be replaced: make a new one";
        assert_eq!(told, if rejected { vec![json!({"detail": detail})] } else { vec![] }, "{days}");
    }
}

#[tokio::test]
async fn a_request_with_the_key_of_the_next_certificate_is_the_same_request() {
    let (pem, key) = request();
    let world = World::new().await;
    let next = json!({"id": id('c'), "ends": NOW.seconds() + 800 * DAY, "key": key});
    ending(&world, "b", 20, &json!({"next": next}));
    assert_eq!(ask(&world, &pem).await, json!({"outcome": "same"}));
}
