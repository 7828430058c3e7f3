//! An alert of a sensor, as people write it and as the API shows it.

use serde::{Deserialize, Serialize};

use crate::domain::FieldError;
use crate::domain::alert::{Alert, Limit, Severity};
use crate::id::AlertId;

/// How urgent something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Severity))]
#[serde(rename_all = "lowercase")]
pub enum SeverityJson {
    /// Worth knowing.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody has to act.
    Critical,
}

impl From<Severity> for SeverityJson {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Critical => Self::Critical,
        }
    }
}

impl From<SeverityJson> for Severity {
    fn from(severity: SeverityJson) -> Self {
        match severity {
            SeverityJson::Info => Self::Info,
            SeverityJson::Warning => Self::Warning,
            SeverityJson::Critical => Self::Critical,
        }
    }
}

/// A limit on the calibrated values of a sensor. It has exactly one of `above`, `below` and `outside`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Alert))]
#[serde(deny_unknown_fields)]
pub struct AlertJson {
    /// Its id, unique within the sensor.
    pub id: AlertId,
    /// Values greater than this breach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Values smaller than this breach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// Values outside this range breach it: the smallest and the greatest value inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<(f64, f64)>,
    /// The value that has to be reached again for the problem to end; with `outside`, how far inside the range a value has to be.
    /// Default: the limit itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear: Option<f64>,
    /// Consecutive readings that must breach the limit before a problem opens. Default: 1.
    #[serde(rename = "for", default, with = "count", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u32>, minimum = 1, maximum = 24))]
    pub count: Option<u64>,
    /// How urgent it is. Default: `warning`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<SeverityJson>,
    /// What to do, for people; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$"))]
    pub note: Option<String>,
    /// A disabled alert opens no problems. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// A whole number that may be left out.
mod count {
    use serde::{Deserializer, Serialize, Serializer};

    pub(super) use super::super::whole::deserialize as whole;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        whole(deserializer)
    }

    pub(super) fn serialize<S: Serializer>(count: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        count.serialize(serializer)
    }
}

impl AlertJson {
    /// The alert.
    ///
    /// # Errors
    /// Every violated rule, with pointers relative to the alert.
    pub fn alert(&self) -> Result<Alert, Vec<FieldError>> {
        let given = [
            self.above.map(|limit| ("/above", Limit::Above(limit))),
            self.below.map(|limit| ("/below", Limit::Below(limit))),
            self.outside.map(|(low, high)| ("/outside", Limit::Outside { low, high })),
        ];
        let mut given = given.into_iter().flatten();
        let Some((_, limit)) = given.next() else {
            return Err(vec![FieldError::new("", "must have one of `above`, `below` and `outside`")]);
        };
        let more = given.map(|(pointer, _)| FieldError::new(pointer, "is a second limit: an alert has exactly one"));
        let mut errors: Vec<FieldError> = more.collect();
        let alert = Alert {
            id: self.id.clone(),
            limit,
            clear: self.clear,
            count: self.count.map_or(1, |count| u32::try_from(count).unwrap_or(u32::MAX)),
            severity: self.severity.map_or_else(Severity::default, Into::into),
            note: self.note.clone().unwrap_or_default(),
            enabled: self.enabled.unwrap_or(true),
        };
        errors.extend(alert.errors());
        if errors.is_empty() { Ok(alert) } else { Err(errors) }
    }

    /// The alert as the API shows it, with its defaults.
    pub fn of(alert: &Alert) -> Self {
        let (mut above, mut below, mut outside) = (None, None, None);
        match alert.limit {
            Limit::Above(limit) => above = Some(limit),
            Limit::Below(limit) => below = Some(limit),
            Limit::Outside { low, high } => outside = Some((low, high)),
        }
        Self {
            id: alert.id.clone(),
            above,
            below,
            outside,
            clear: alert.clear,
            count: Some(alert.count.into()),
            severity: Some(alert.severity.into()),
            note: Some(alert.note.clone()).filter(|note| !note.is_empty()),
            enabled: Some(alert.enabled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(value: Value) -> Result<Alert, Vec<String>> {
        let alert: AlertJson = serde_json::from_value(value).unwrap();
        alert.alert().map_err(|errors| errors.into_iter().map(|error| error.pointer).collect())
    }

    #[test]
    fn an_alert_is_shown_as_it_was_written_and_with_its_defaults() {
        let whole = json!({"id": "low-oxygen", "below": 4.0, "clear": 4.5, "for": 2, "severity": "critical",
            "note": "call the hatchery", "enabled": false});
        assert_eq!(serde_json::to_value(AlertJson::of(&read(whole.clone()).unwrap())).unwrap(), whole);
        let least = AlertJson::of(&read(json!({"id": "a", "outside": [1, 2]})).unwrap());
        let shown = json!({"id": "a", "outside": [1.0, 2.0], "for": 1, "severity": "warning", "enabled": true});
        assert_eq!(serde_json::to_value(&least).unwrap(), shown);
        assert_eq!(least.alert().ok(), read(json!({"id": "a", "outside": [1, 2], "for": 1.0, "clear": null})).ok());
    }

    #[test]
    fn an_alert_has_exactly_one_limit_and_every_wrong_field_is_named() {
        for (wrong, pointers) in [
            (json!({"id": "a"}), vec![""]),
            (json!({"id": "a", "above": 1, "below": 2}), vec!["/below"]),
            (json!({"id": "a", "above": 1, "outside": [1, 2], "for": 0}), vec!["/outside", "/for"]),
            (json!({"id": "a", "above": 1, "clear": 2}), vec!["/clear"]),
            (json!({"id": "a", "outside": [2, 1]}), vec!["/outside/1"]),
            (json!({"id": "a", "above": 1, "for": 5_000_000_000_u64}), vec!["/for"]),
        ] {
            assert_eq!(read(wrong.clone()).unwrap_err(), pointers, "{wrong}");
        }
        for no_alert in [
            json!({"above": 1}),
            json!({"id": "A", "above": 1}),
            json!({"id": "a", "above": "1"}),
            json!({"id": "a", "outside": [1]}),
            json!({"id": "a", "above": 1, "for": 1.5}),
            json!({"id": "a", "above": 1, "severity": "high"}),
            json!({"id": "a", "above": 1, "colour": "red"}),
        ] {
            assert!(serde_json::from_value::<AlertJson>(no_alert.clone()).is_err(), "{no_alert}");
        }
    }
}
