//! Schemas of ids and instants in the OpenAPI document.

use std::borrow::Cow;

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Object, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::firmware::FirmwareVersion;
use crate::domain::{Reason, Timestamp};
use crate::id::{
    AlertId, CertificateId, Checksum, CommandId, CommandName, DeviceId, EventId, FleetJobId, JobId, LevelId, NoticeId,
    QuarantineId, SensorCode, Serial, Sub, SubscriptionId, Username,
};

macro_rules! text_schema {
    ($($of:ident = $name:literal $description:literal $example:literal $more:expr;)*) => {$(
        impl PartialSchema for $of {
            fn schema() -> RefOr<Schema> {
                let more: fn(ObjectBuilder) -> ObjectBuilder = $more;
                let text = ObjectBuilder::new().schema_type(Type::String).description(Some($description));
                let object: Object = more(text).examples([$example]).build();
                RefOr::T(Schema::Object(object))
            }
        }

        impl ToSchema for $of {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )*};
}

macro_rules! object_schema {
    ($($(#[$doc:meta])* $of:ident = $name:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $of;

        impl PartialSchema for $of {
            fn schema() -> RefOr<Schema> {
                RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::Object).build()))
            }
        }

        impl ToSchema for $of {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )*};
}

object_schema! {
    /// Settings of a device; `weir_http::openapi` says what they may be.
    SettingsSchema = "Settings";
    /// Arguments of a command; `weir_http::openapi` says what they may be.
    ArgumentsSchema = "Arguments";
    /// Preferences of a person; `weir_http::openapi` says what they may be.
    PreferencesSchema = "Preferences";
}

text_schema! {
    QuarantineId = "QuarantineId" "A quarantine entry." "7dcf887bbe815f8e3047ff2c84bd7c3c"
        |text| text.pattern(Some("^[0-9a-f]{32}$"));
    CertificateId = "CertificateId" "A certificate in AWS IoT."
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        |text| text.pattern(Some("^[0-9a-f]{64}$"));
    DeviceId = "DeviceId" "A device: MQTT client id and thing name." "buoy-01"
        |text| text.pattern(Some("^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"));
    Serial = "Serial" "The serial number of a board, as its firmware sends it. Upper and lower case differ." "SN-0001"
        |text| text.pattern(Some("^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"));
    SensorCode = "SensorCode" "A sensor of a device: what it measures. Unique within the device." "ph"
        |text| text.pattern(Some("^[a-z][a-z0-9_]{0,31}$"));
    AlertId = "AlertId" "An alert of a sensor. Unique within the sensor." "low-oxygen"
        |text| text.pattern(Some("^[a-z][a-z0-9-]{0,31}$"));
    LevelId = "LevelId" "A flow sensor: the character of its tube, then its number on the tube." "01"
        |text| text.pattern(Some("^[A-Za-z0-9][0-9]{1,9}$"));
    Reason = "Reason" "Why a message, or one value of it, was quarantined." "unknown_device"
        |text| text.enum_values(Some(Reason::ALL.iter().map(|reason| reason.code())));
    Username = "Username" "The name of a user in the user pool, or the user's e-mail address."
        "5f1e0000-0000-4000-8000-000000000001"
        |text| text.min_length(Some(1)).max_length(Some(128)).pattern(Some("^[^\\s\\x00-\\x1f\\x7f-\\x9f]+$"));
    Sub = "Sub" "Cognito's id of a user, which never changes." "5f1e0000-0000-4000-8000-000000000001"
        |text| text.pattern(Some("^[A-Za-z0-9][A-Za-z0-9-]{0,63}$"));
    EventId = "EventId" "An event: its kind, and a key that distinguishes it from others of this kind." "settings-7"
        |text| text.pattern(Some("^[A-Za-z0-9._:-]{1,160}$"));
    SubscriptionId = "SubscriptionId" "A subscription to notices." "3f0c6a7e9b1d4c58a2e67f9013b5d8c4"
        |text| text.pattern(Some("^[0-9a-f]{32}$"));
    NoticeId = "NoticeId" "A notice." "3f0c6a7e9b1d4c58a2e67f9013b5d8c4-7dcf887bbe815f8e3047ff2c84bd7c3c"
        |text| text.pattern(Some("^[0-9a-f]{32}-[0-9a-f]{32}$"));
    JobId = "JobId" "A recalculation job." "0123456789abcdef0123456789abcdef"
        |text| text.pattern(Some("^[0-9a-f]{32}$"));
    FleetJobId = "FleetJobId" "A job of the fleet. Of two jobs the later one has the greater id." "1795155884123-9f3a07c1"
        |text| text.pattern(Some("^[0-9]{13}-[0-9a-f]{8}$"));
    FirmwareVersion = "FirmwareVersion" "A version of a firmware: three numbers." "1.4.2"
        |text| text.pattern(Some("^(0|[1-9][0-9]{0,5})\\.(0|[1-9][0-9]{0,5})\\.(0|[1-9][0-9]{0,5})$"));
    Checksum = "Checksum" "The SHA-256 of a file."
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        |text| text.pattern(Some("^[0-9a-f]{64}$"));
    CommandId = "CommandId" "A command of a device. Of two commands of a device the later one has the greater id." "1795155884123"
        |text| text.pattern(Some("^[0-9]{13}$"));
    CommandName = "CommandName" "What a device is asked to do." "dispense"
        |text| text.pattern(Some("^[a-z][a-z0-9_-]{0,31}$"));
    Timestamp = "Instant" "An instant: RFC 3339, UTC, with milliseconds." "2026-11-20T06:24:44.123Z"
        |text| text.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
}
