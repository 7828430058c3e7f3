//! Every request that issuing a certificate makes is broken once, in every way: the same request of the device again, or the sweep,
//! ends right. AWS IoT is the local cloud's; the table is this test's own.

use std::sync::Arc;

use ::certificate::{Certificate, Parts};
use aws_smithy_http_client::Builder;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use tooling::certificate;
use weir_aws::certificates::Certificates;
use weir_aws::device::DeviceTable;
use weir_aws::iot::Iot;
use weir_aws::lease::LEASE_SECONDS;
use weir_runtime::Function as _;
use weir_runtime::clock::{Clock, SetClock, SystemClock};
use weir_tests::breaking::{Break, Breaking};
use weir_tests::engine::Engine;
use weir_tests::local::Local;
use weir_tests::wire::{Ledger, Wire};

/// More requests than issuing takes.
const MOST: usize = 30;

struct Bed {
    local: Local,
    engine: Engine,
    clock: Arc<SetClock>,
}

impl Bed {
    fn function_over(&self, wire: Arc<dyn Wire>) -> Certificate {
        let endpoint = self.local.stack.cloud().endpoint().to_owned();
        let key = &self.local.stack.key;
        let http = || Builder::new().build_http();
        Certificate::new(Parts {
            devices: DeviceTable::new(self.engine.client_once(wire.clone()), self.engine.name("devices")),
            events: self.engine.events_by(self.engine.client_once(wire.clone())),
            iot: Iot::new(weir_tests::iot::data_plane(&endpoint, key, http(), wire.clone())),
            certificates: Certificates::new(weir_tests::iot::control_plane(&endpoint, key, http(), wire)),
            policy: self.local.stack.output("DevicePolicyName").unwrap().into(),
            renew_days: 30,
            most_days: 365,
            clock: self.clock.clone(),
        })
    }

    async fn principals(&self, device: &str) -> Vec<String> {
        let path = format!("/things/{device}/principals");
        let answer = self.local.stack.cloud().json("iot", "GET", &path, &[], None).await.unwrap();
        serde_json::from_value(answer["principals"].clone()).unwrap()
    }

    async fn status(&self, id: &str) -> Option<String> {
        let path = format!("/certificates/{id}");
        let answer = self.local.stack.cloud().json("iot", "GET", &path, &[], None).await.ok()?;
        Some(answer["certificateDescription"]["status"].as_str()?.to_owned())
    }
}

fn message(device: &str, request: &str) -> Value {
    json!({"payload": STANDARD.encode(request), "topic": format!("{device}/certificate/csr"), "received_at": 1})
}

#[tokio::test]
async fn issuing_ends_right_wherever_it_is_killed() {
    let clock = Arc::new(SetClock::new(SystemClock.now()));
    let bed = Bed { local: Local::running(), engine: Engine::start().await, clock };
    let policy = bed.local.stack.output("DevicePolicyName").unwrap();
    for how in Break::ALL {
        for at in 0..MOST {
            let device = format!("fk-{how:?}-{at}");
            bed.engine.put("devices", &json!({"id": device, "enabled": true, "version": 1, "settings_version": 1, "delivered": 1, "sensors": []}));
            certificate::make(&bed.local.stack, &device, &[policy]).await.unwrap();
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
            let request = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
            let wire = Breaking::new(at, how);
            let broken = bed.function_over(wire.clone());
            let _ = wire.run(broken.answer(message(&device, &request))).await;
            let here = format!("{how:?} of request {at} ({})", wire.what());
            // The lease of an attempt without an answer runs out, and Lambda or the device sends it again.
            bed.clock.set(bed.clock.now().plus_seconds(LEASE_SECONDS + 31));
            let outcome =
                bed.function_over(Arc::new(Ledger::default())).answer(message(&device, &request)).await.unwrap();
            assert!(
                outcome == json!({"outcome": "issued"}) || outcome == json!({"outcome": "same"}),
                "{here}: {outcome}"
            );
            let rows = bed.engine.rows("devices");
            let row = rows.iter().find(|row| row["id"] == device.as_str()).unwrap();
            let known: Value = serde_json::from_str(row["rotation"].as_str().unwrap()).unwrap();
            let next = known["next"]["id"].as_str().unwrap_or_else(|| panic!("{here}: {row}"));
            assert_eq!(bed.status(next).await.as_deref(), Some("ACTIVE"), "{here}");
            let attached = bed.principals(&device).await;
            assert!(attached.len() == 2 && attached.iter().any(|arn| arn.ends_with(next)), "{here}: {attached:?}");
            assert!(known["issued"].as_u64().unwrap() <= 2, "{here}: {known}");
            assert!(["certificates", "lease", "pending"].iter().all(|name| row.get(*name).is_none()), "{here}: {row}");
            if !wire.broke() {
                assert!(at > 8, "{here}");
                break;
            }
            assert!(at + 1 < MOST, "{how:?}: more requests than expected");
        }
    }
}
