//! `PUT /devices/{id}/settings`: replaces the settings of a device and delivers them.

use axum::Json;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::response::IntoResponse;
use serde_json::{Map, Value};
use weir_core::domain::device::{Device, DeviceDetails};
use weir_core::id::DeviceId;
use weir_core::wire::device::DeviceJson;
use weir_core::wire::schema::SettingsSchema;
use weir_core::wire::settings::{SettingsJson, settings, settings_json};
use weir_http::{ApiError, Member, Path, Preconditions, Strict};

use super::Parts;
use super::change::NewCode;
use super::tag::{is_of, tag};

/// Replaces the settings; the body is the settings themselves, at most 4,000 bytes as compact JSON, at most 5 levels, no
/// `null`. When AWS IoT does not take them now, `delivery` is `pending` and they are delivered later automatically.
#[utoipa::path(
    put, path = "/devices/{id}/settings", tag = "settings",
    params(("id" = DeviceId, Path), ("If-Match" = Option<String>, Header)),
    request_body = SettingsSchema,
    responses((status = 200, description = "Replaced.", body = SettingsJson, headers(("ETag" = String))))
)]
pub(super) async fn put_settings(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
    conditions: Preconditions,
    Strict(body): Strict<Map<String, Value>>,
) -> Result<impl IntoResponse, ApiError> {
    caller.sees(&id)?;
    let settings = settings(&body)?;
    let decide =
        |device: &Device, _: &DeviceJson| Ok(DeviceDetails { settings: settings.clone(), ..device.details.clone() });
    let check = |device: &Device| conditions.check_tag(|tag| is_of(tag, device.versions.device));
    let changed = parts.change(&id, check, &caller, NewCode::No, decide).await?;
    let device = &changed.device;
    let shown = SettingsJson {
        version: device.versions.settings,
        desired: settings_json(&device.details.settings),
        reported: None,
        difference: None,
        delivery: changed.delivery,
    };
    Ok(([(ETAG, format!("\"{}\"", tag(device.versions.device, &shown)))], Json(shown)))
}
