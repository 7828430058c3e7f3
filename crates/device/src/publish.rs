//! Writes the newest settings to the retained message and the shadow of a device.

use serde_json::{Map, Value};
use weir_aws::AwsError;
use weir_aws::device::PendingDelivery;
use weir_aws::iot::{Iot, IotError};
use weir_core::id::DeviceId;

/// Publishes the settings and writes them to the shadow, or removes both when the device was deleted. It is
/// idempotent. Even if the message is refused, the settings are written to the shadow.
///
/// # Errors
/// [`IotError::Unknown`] when a request may still take effect, else the first that was refused.
pub async fn publish(iot: &Iot, id: &DeviceId, pending: &PendingDelivery) -> Result<(), IotError> {
    let message = match &pending.settings {
        Some(settings) => format!(r#"{{"version":{},"settings":{settings}}}"#, pending.version),
        None => String::new(),
    };
    let published = iot.publish_settings(id, message).await;
    if let Err(unknown @ IotError::Unknown(_)) = published {
        return Err(unknown);
    }
    let shadow = match &pending.settings {
        Some(settings) => write_shadow(iot, id, pending.version, settings).await,
        None => iot.delete_shadow(id).await,
    };
    match (published, shadow) {
        (_, Err(unknown @ IotError::Unknown(_))) => Err(unknown),
        (published, shadow) => published.and(shadow),
    }
}

/// Makes the settings the desired state, next to what others keep in the same shadow.
async fn write_shadow(iot: &Iot, id: &DeviceId, version: u64, settings: &str) -> Result<(), IotError> {
    let settings: Value = serde_json::from_str(settings).map_err(|error| {
        IotError::Refused(AwsError::Corrupt { table: "devices", key: id.to_string(), detail: error.to_string() })
    })?;
    let wanted = Map::from_iter([("version".to_owned(), version.into()), ("settings".to_owned(), settings)]);
    // Settings are small enough for a shadow; were they not, AWS IoT would say so.
    iot.write_desired(id, &wanted, usize::MAX).await.map(drop)
}
