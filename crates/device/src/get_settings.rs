//! `GET /devices/{id}/settings`: what a device should do, what it says it does, and how far the one is from the other.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use weir_aws::device::Stored;
use weir_core::id::DeviceId;
use weir_core::wire::device::DeliveryJson;
use weir_core::wire::settings::{group_json, reported, settings_json};
use weir_http::{ApiError, Member, Path};

use super::Parts;
use super::change::{json, state};
use super::tag::Known;

/// The settings of a device and how far they have come.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettingsJson {
    /// Counts the changes of the settings; the device gets it beside them.
    pub version: u64,
    /// The settings as they should be.
    #[schema(value_type = Object)]
    pub desired: Value,
    /// The settings as the device reports them, empty when it never did; absent when AWS IoT could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub reported: Option<Value>,
    /// What of `desired` the device has not taken over; absent when AWS IoT could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub difference: Option<Value>,
    /// Whether the newest settings have reached AWS IoT.
    pub delivery: DeliveryJson,
}

/// The settings as they should be and as the device reports them.
#[utoipa::path(
    get, path = "/devices/{id}/settings", tag = "settings",
    params(("id" = DeviceId, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The settings.", body = SettingsJson, headers(("ETag" = String))),
        (status = 304, description = "The caller has exactly this already."),
    )
)]
pub(super) async fn get_settings(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
    known: Known,
) -> Result<Response, ApiError> {
    caller.sees(&id)?;
    let Stored { record, delivered } = parts.live(&id).await?;
    let settings = &record.content.settings;
    // The settings are there to be seen also while AWS IoT is not.
    let shadow = parts.delivery.iot().shadow(&id).await;
    let said = shadow.map_err(|error| tracing::warn!(device = %id, %error, "the shadow cannot be read")).ok();
    let none = Map::new();
    let said = said.map(|shadow| {
        let object = shadow.reported.get("settings").and_then(Value::as_object).unwrap_or(&none).clone();
        (reported(&object), object)
    });
    let shown = SettingsJson {
        version: record.versions.settings,
        desired: settings_json(settings),
        difference: said.as_ref().map(|(said, _)| group_json(&settings.difference(said))),
        reported: said.map(|(_, object)| Value::Object(object)),
        delivery: json(state(delivered)),
    };
    Ok(known.answer(record.versions.record, &shown))
}
