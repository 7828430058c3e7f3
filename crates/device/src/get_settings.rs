//! `GET /devices/{id}/settings`: the desired settings, the reported ones, and their difference.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use weir_aws::device::StoredDevice;
use weir_core::id::DeviceId;
use weir_core::wire::settings::{SettingsJson, group_json, reported, settings_json};
use weir_http::{ApiError, Member, Path, Preconditions};

use super::Parts;
use super::change::delivery;
use super::tag::tag;

/// The desired settings and those that the device reports.
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
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    caller.sees(&id)?;
    let StoredDevice { device, settings_delivered, .. } = parts.registered(&id).await?;
    let settings = &device.details.settings;
    // The desired settings are shown even while AWS IoT does not answer.
    let shadow = parts.delivery.iot().shadow(&id).await;
    let said = shadow.map_err(|error| tracing::warn!(device = %id, %error, "the shadow cannot be read")).ok();
    let none = Map::new();
    let said = said.map(|shadow| {
        let object = shadow.reported.get("settings").and_then(Value::as_object).unwrap_or(&none).clone();
        (reported(&object), object)
    });
    let shown = SettingsJson {
        version: device.versions.settings,
        desired: settings_json(settings),
        difference: said.as_ref().map(|(said, _)| group_json(&settings.difference(said))),
        reported: said.map(|(_, object)| Value::Object(object)),
        delivery: delivery(settings_delivered),
    };
    conditions.answer_tagged(&tag(device.versions.device, &shown), || Json(&shown).into_response())
}
