//! Ids in JSON, in paths and in queries: the text of the id, checked when it is read.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::firmware::FirmwareVersion;
use crate::id::{
    AlertId, CertificateId, Checksum, CommandId, CommandName, DeviceId, EventId, FleetJobId, JobId, LevelId, NoticeId,
    QuarantineId, SensorCode, Serial, Sub, SubscriptionId, Tube, Username,
};

macro_rules! as_text {
    ($($id:ident),*) => {$(
        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

as_text!(
    AlertId,
    CertificateId,
    Checksum,
    CommandId,
    CommandName,
    QuarantineId,
    DeviceId,
    EventId,
    FleetJobId,
    JobId,
    LevelId,
    NoticeId,
    SensorCode,
    Serial,
    Sub,
    SubscriptionId,
    Tube,
    Username
);

impl Serialize for FirmwareVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FirmwareVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_text_and_an_invalid_one_names_the_rule() {
        let id: DeviceId = serde_json::from_str("\"buoy-01\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"buoy-01\"");
        let error = serde_json::from_str::<SensorCode>("\"PH\"").unwrap_err().to_string();
        assert!(error.contains("not a sensor code") && error.contains("lower-case"), "{error}");
        assert!(serde_json::from_str::<LevelId>("1").is_err());
    }
}
