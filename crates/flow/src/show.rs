//! The JSON of levels; that of problems is shared with the live feed.

use serde::Serialize;
use utoipa::ToSchema;
use weir_aws::level::LevelState;
use weir_core::id::LevelId;

pub(super) use weir_core::wire::problem::{KindJson, ProblemJson, StatusJson};

/// A flow sensor: its latest level and its recent measurements.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Level)]
pub(super) struct LevelJson {
    pub id: LevelId,
    /// The latest level in percent, as text.
    #[schema(example = "100")]
    pub last_value: String,
    /// Seconds since the epoch.
    pub last_update: i64,
    /// The newest measurements, ascending.
    pub measurements: Vec<MeasurementJson>,
}

/// A level at an instant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Measurement)]
pub(super) struct MeasurementJson {
    /// In percent, as text.
    #[schema(example = "72.5")]
    pub filling: String,
    /// Seconds since the epoch.
    pub dt: i64,
}

impl LevelJson {
    pub(super) fn of(id: LevelId, state: &LevelState) -> Self {
        let measurements = state.measurements.as_slice().iter();
        let last = state.measurements.last();
        Self {
            id,
            last_value: last.map(|last| last.level.to_string()).unwrap_or_default(),
            last_update: last.map_or(0, |last| last.at.seconds()),
            measurements: measurements
                .map(|m| MeasurementJson { filling: m.level.to_string(), dt: m.at.seconds() })
                .collect(),
        }
    }
}
