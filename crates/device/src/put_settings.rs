//! `PUT /devices/{id}/settings`: replaces the settings of a device and sends them on their way.

use axum::Json;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::response::IntoResponse;
use serde_json::{Map, Value};
use weir_core::domain::device_record::{Content, Record};
use weir_core::id::DeviceId;
use weir_core::wire::device::DeviceJson;
use weir_core::wire::settings::{settings, settings_json};
use weir_http::{ApiError, Member, Path, Strict};

use super::Parts;
use super::get_settings::SettingsJson;
use super::tag::{IfVersion, tag};

/// Replaces the settings; the body is the settings themselves, at most 4,000 bytes as compact JSON, at most 5 levels, no
/// `null`. When AWS IoT does not take them now, `delivery` is `pending` and they are delivered later by themselves.
#[utoipa::path(
    put, path = "/devices/{id}/settings", tag = "settings",
    params(("id" = DeviceId, Path), ("If-Match" = Option<String>, Header)),
    request_body = Object,
    responses((status = 200, description = "Replaced.", body = SettingsJson, headers(("ETag" = String))))
)]
pub(super) async fn put_settings(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
    IfVersion(expected): IfVersion,
    Strict(body): Strict<Map<String, Value>>,
) -> Result<impl IntoResponse, ApiError> {
    caller.sees(&id)?;
    let settings = settings(&body)?;
    let decide = |record: &Record, _: &DeviceJson| Ok(Content { settings: settings.clone(), ..record.content.clone() });
    let changed = parts.change(&id, expected, &caller, decide).await?;
    let record = &changed.record;
    let shown = SettingsJson {
        version: record.versions.settings,
        desired: settings_json(&record.content.settings),
        reported: None,
        difference: None,
        delivery: changed.delivery,
    };
    Ok(([(ETAG, tag(record.versions.record, &shown))], Json(shown)))
}
