//! Names of the system's own parts: what AWS calls alarms, queues and tables, and what people call them.

use serde::{Deserialize, Serialize};

/// The state of an alarm, in CloudWatch's words.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumString,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
// The order is that of a list: what rings comes first.
pub enum AlarmState {
    /// It is raised.
    Alarm,
    /// There is not enough data, for example right after it was created.
    InsufficientData,
    /// It is not raised.
    Ok,
}

impl AlarmState {
    /// The state with this name in CloudWatch.
    pub fn of(code: &str) -> Option<Self> {
        code.parse().ok()
    }

    /// Its name in CloudWatch.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// What a queue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum QueueKind {
    /// Messages on their way to a function.
    Work,
    /// Events that failed after all retries. A person has to deliver them again: see "Redrive" in `docs/operations.md`.
    Failed,
}

impl QueueKind {
    /// What the queue with this name is for: that of failed events ends in `-on-failure` or `-dead-letter`.
    pub fn of(name: &str) -> Self {
        if name.ends_with("-on-failure") || name.ends_with("-dead-letter") { Self::Failed } else { Self::Work }
    }
}

/// Work that is waiting for a function that looks for it on a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Waiting {
    /// Devices whose settings or certificates have not been delivered yet.
    Deliveries,
    /// Recalculations that are not done yet.
    Recalculations,
    /// Jobs of the fleet that have something left to do.
    Jobs,
}

impl Waiting {
    /// Every kind of work.
    pub const ALL: [Self; 3] = [Self::Deliveries, Self::Recalculations, Self::Jobs];

    /// Its name in an answer.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// The name of a resource without the parts that CloudFormation added: `weir-dev-SiteErrorsAlarm-1X2Y3Z` of the stack `weir-dev` is
/// `SiteErrorsAlarm`. A name that is not of that form stays as it is.
pub fn logical_name<'a>(name: &'a str, prefix: &str) -> &'a str {
    let Some(own) = name.strip_prefix(prefix) else { return name };
    own.rsplit_once('-').map_or(own, |(logical, _)| logical)
}

/// The name of a table or queue without project and environment: `weir-dev-devices` is `devices`. Also of a queue's URL.
pub fn noun<'a>(name: &'a str, prefix: &str) -> &'a str {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.strip_prefix(prefix).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_template() {
        assert_eq!(logical_name("weir-dev-SiteErrorsAlarm-1X2Y3Z", "weir-dev-"), "SiteErrorsAlarm");
        assert_eq!(logical_name("weir-dev-SiteErrorsAlarm", "weir-dev-"), "SiteErrorsAlarm");
        assert_eq!(logical_name("somebodys-own", "weir-dev-"), "somebodys-own");
        assert_eq!(noun("weir-dev-devices", "weir-dev-"), "devices");
        assert_eq!(noun("https://sqs.eu-central-1.amazonaws.com/123456789012/weir-dev-ingest", "weir-dev-"), "ingest");
        assert_eq!(noun("other", "weir-dev-"), "other");
    }

    #[test]
    fn a_queue_of_failed_events_is_known_by_its_name() {
        for (name, kind) in [
            ("ingest", QueueKind::Work),
            ("ingest-dead-letter", QueueKind::Failed),
            ("live-push-on-failure", QueueKind::Failed),
        ] {
            assert_eq!(QueueKind::of(name), kind, "{name}");
        }
    }

    #[test]
    fn what_rings_comes_first_and_is_called_as_cloudwatch_calls_it() {
        let mut states = vec![AlarmState::Ok, AlarmState::Alarm, AlarmState::InsufficientData];
        states.sort();
        assert_eq!(states.iter().map(|state| state.code()).collect::<Vec<_>>(), ["ALARM", "INSUFFICIENT_DATA", "OK"]);
        for state in states {
            assert_eq!(AlarmState::of(state.code()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.code());
        }
        assert_eq!(AlarmState::of("RINGS"), None);
    }
}
