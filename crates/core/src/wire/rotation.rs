//! The messages between a device and the function `certificate` about a new certificate, and the events of a rotation.
//!
//! | topic | who | payload |
//! |---|---|---|
//! | `<id>/certificate/request` | Weir, retained | `{"certificate": <id>, "not_after": "2027-03-01T00:00:00.000Z"}`: the one to be replaced |
//! | `<id>/certificate/csr` | the device | `{"csr": "-----BEGIN CERTIFICATE REQUEST-----…"}`, or the PEM alone |
//! | `<id>/certificate/new` | Weir, retained | `{"certificate": <id>, "not_after": …, "pem": "-----BEGIN CERTIFICATE-----…"}` |
//! | `<id>/certificate/rejected` | Weir | `{"detail": …}`: why there is no certificate |

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Envelope, time};
use crate::domain::Timestamp;
use crate::domain::event::{Event, FieldChange, Kind};
use crate::domain::rotation::{Ask, Nearness};
use crate::id::{CertificateId, DeviceId};

/// The part after the device's id in the topic of a request.
const CSR: &str = "/certificate/csr";

/// A message to a device about its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Asks the device to request a certificate.
    Request,
    /// Carries the new certificate.
    New,
    /// Says why there is no new certificate.
    Rejected,
}

impl Topic {
    /// The topic of this device.
    pub fn of(self, device: &DeviceId) -> String {
        let word = match self {
            Self::Request => "request",
            Self::New => "new",
            Self::Rejected => "rejected",
        };
        format!("{device}/certificate/{word}")
    }
}

/// The device that requests a certificate, from the topic: its policy allows it no other topic.
pub fn asking(envelope: &Envelope) -> Option<DeviceId> {
    envelope.topic.strip_suffix(CSR)?.parse().ok()
}

/// The request in a message: in the field `csr`, or the whole payload.
///
/// # Errors
/// When it is neither JSON with that field nor text.
pub fn request(envelope: &Envelope) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Request {
        csr: String,
    }
    let text = std::str::from_utf8(&envelope.payload).map_err(|_| "it is not UTF-8".to_owned())?;
    if text.trim_start().starts_with('{') {
        let request: Request = serde_json::from_str(text).map_err(|_| "it is JSON without a text `csr`".to_owned())?;
        return Ok(request.csr);
    }
    Ok(text.to_owned())
}

/// The message that asks the device to request a certificate.
pub fn request_message(ask: &Ask) -> Value {
    json!({"certificate": ask.certificate, "not_after": instant(ask.ends)})
}

/// The message with a new certificate.
pub fn new_message(certificate: &CertificateId, pem: &str, ends: Option<i64>) -> Value {
    json!({"certificate": certificate, "not_after": ends.map(instant), "pem": pem})
}

/// The message that says why there is no certificate.
pub fn rejected_message(detail: &str) -> Value {
    json!({"detail": detail})
}

/// The event of a device that is asked to request a certificate. The detail says how soon the current one expires.
pub fn asked(device: &DeviceId, ask: &Ask, at: Timestamp) -> Event {
    let detail = match ask.nearness {
        Nearness::Due => "asked for a request",
        Nearness::Urgent => "asked for a request: it ends within 7 days",
        Nearness::Over => "it has ended: the device connects no more",
    };
    let day = at.seconds().div_euclid(86_400);
    let event = Event::new(Some(device.clone()), Kind::Certificate, &format!("asked-{}-{day}", ask.certificate), at);
    event.target(&ask.certificate).detail(detail)
}

/// The event of a certificate that was issued.
pub fn issued(device: &DeviceId, certificate: &CertificateId, ends: Option<i64>, at: Timestamp) -> Event {
    let event = Event::new(Some(device.clone()), Kind::Certificate, &format!("issued-{certificate}"), at);
    let change =
        FieldChange { pointer: "/not_after".to_owned(), before: None, after: ends.map(|ends| instant(ends).into()) };
    event.target(certificate).detail("issued").changes(vec![change])
}

/// The event of a device that has connected with its new certificate, after which the former one is revoked.
pub fn replaced(device: &DeviceId, new: &CertificateId, former: Option<&CertificateId>, at: Timestamp) -> Event {
    let event = Event::new(Some(device.clone()), Kind::Certificate, &format!("replaced-{new}"), at);
    let change = FieldChange {
        pointer: "/certificate".to_owned(),
        before: former.map(|former| json!(former)),
        after: Some(json!(new)),
    };
    event.target(new).detail("the device has connected with it: the former one ends").changes(vec![change])
}

fn instant(seconds: i64) -> String {
    time::text(Timestamp::from_seconds(seconds)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(topic: &str, payload: &str) -> Envelope {
        let received_at = Timestamp::from_millis(1_795_155_884_123);
        Envelope { topic: topic.to_owned(), received_at, payload: payload.into(), replay: None }
    }

    #[test]
    fn who_asks_is_known_from_the_topic_alone() {
        for (topic, device) in [
            ("board-1/certificate/csr", Some("board-1")),
            ("board-1/certificate/new", None),
            ("a/b/certificate/csr", None),
            ("/certificate/csr", None),
            ("", None),
        ] {
            assert_eq!(asking(&envelope(topic, "")).as_ref().map(DeviceId::as_str), device, "{topic}");
        }
    }

    #[test]
    fn a_request_is_the_payload_or_a_field_of_it() {
        let read = |payload: &str| request(&envelope("board-1/certificate/csr", payload));
        assert_eq!(read("-----BEGIN").unwrap(), "-----BEGIN");
        assert_eq!(read(r#" {"csr": "-----BEGIN"}"#).unwrap(), "-----BEGIN");
        for bad in [r#"{"csr": 1}"#, "{}", "{"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_messages_have_the_form_that_devices_are_told() {
        let certificate: CertificateId = "a".repeat(64).parse().unwrap();
        let ask = Ask { certificate: certificate.clone(), ends: 1_803_859_200, nearness: Nearness::Due };
        assert_eq!(request_message(&ask)["not_after"], "2027-03-01T00:00:00.000Z");
        assert_eq!(
            new_message(&certificate, "pem", None),
            json!({"certificate": certificate, "not_after": null, "pem": "pem"})
        );
        assert_eq!(Topic::New.of(&"board-1".parse().unwrap()), "board-1/certificate/new");
    }
}
