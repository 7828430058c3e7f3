//! The names and ratings of kinds, states and severities.

use weir_core::domain::Reason;
use weir_core::domain::access::Role;
use weir_core::domain::serial::SerialState;
use weir_core::wire::alert::SeverityJson;
use weir_core::wire::command::StateJson as CommandState;
use weir_core::wire::job::StateJson as JobState;
use weir_core::wire::problem::{KindJson, ProblemJson, StatusJson};

use super::status::Tone;
use crate::messages as m;
use crate::model::fleet::Condition;
use crate::model::number;
use crate::model::people::Standing;
use crate::text::{Text, fill, t};

/// The name of a kind of problem.
pub const fn kind(kind: KindJson) -> Text {
    match kind {
        KindJson::Obstruction => m::KIND_OBSTRUCTION,
        KindJson::Problem => m::KIND_PROBLEM,
        KindJson::Silent => m::KIND_SILENT,
        KindJson::Limit => m::KIND_LIMIT,
    }
}

/// The name of a problem's status.
pub const fn status(status: StatusJson) -> Text {
    match status {
        StatusJson::Unresolved => m::STATUS_UNRESOLVED,
        StatusJson::Acknowledged => m::STATUS_ACKNOWLEDGED,
        StatusJson::Resolved => m::STATUS_RESOLVED,
    }
}

/// The name of a severity.
pub const fn severity(severity: SeverityJson) -> Text {
    match severity {
        SeverityJson::Info => m::SEVERITY_INFO,
        SeverityJson::Warning => m::SEVERITY_WARNING,
        SeverityJson::Critical => m::SEVERITY_CRITICAL,
    }
}

/// The rating of a problem.
pub const fn tone(status: StatusJson, severity: Option<SeverityJson>) -> Tone {
    match (status, severity) {
        (StatusJson::Resolved, _) => Tone::Good,
        (StatusJson::Acknowledged, _) | (StatusJson::Unresolved, Some(SeverityJson::Info)) => Tone::Neutral,
        (StatusJson::Unresolved, Some(SeverityJson::Critical)) => Tone::Bad,
        (StatusJson::Unresolved, _) => Tone::Warning,
    }
}

/// The rating and the name of a device's condition.
pub const fn condition(condition: Condition) -> (Tone, Text) {
    match condition {
        Condition::Critical => (Tone::Bad, m::CONDITION_CRITICAL),
        Condition::Problem => (Tone::Warning, m::CONDITION_PROBLEM),
        Condition::Acknowledged => (Tone::Neutral, m::CONDITION_ACKNOWLEDGED),
        Condition::Offline => (Tone::Neutral, m::CONDITION_OFFLINE),
        Condition::Good => (Tone::Good, m::CONDITION_GOOD),
        Condition::Disabled => (Tone::Neutral, m::CONDITION_DISABLED),
    }
}

/// The rating and the name of a command's state.
pub const fn command(state: CommandState) -> (Tone, Text) {
    match state {
        CommandState::Queued => (Tone::Neutral, m::COMMAND_QUEUED),
        CommandState::Sent => (Tone::Neutral, m::COMMAND_SENT),
        CommandState::Accepted => (Tone::Neutral, m::COMMAND_ACCEPTED),
        CommandState::Succeeded => (Tone::Good, m::COMMAND_SUCCEEDED),
        CommandState::Failed => (Tone::Bad, m::COMMAND_FAILED),
        CommandState::Expired => (Tone::Warning, m::COMMAND_EXPIRED),
        CommandState::Cancelled => (Tone::Neutral, m::COMMAND_CANCELLED),
    }
}

/// The name of a span that ends now.
pub fn last(name: &str) -> Text {
    match name {
        "15m" => m::LAST_15M,
        "1h" => m::LAST_1H,
        "6h" => m::LAST_6H,
        "24h" => m::LAST_24H,
        "7d" => m::LAST_7D,
        "30d" => m::LAST_30D,
        "90d" => m::LAST_90D,
        _ => m::LAST_366D,
    }
}

/// Who or what has ended a problem, in words.
pub fn ended_by(by: &str) -> String {
    match by {
        "auto" => t(m::BY_ITSELF).to_owned(),
        "removed" => t(m::BY_REMOVAL).to_owned(),
        by => by.to_owned(),
    }
}

/// The rating and the word for a problem's state: its severity until somebody acknowledges it, then its status.
pub fn state(problem: &ProblemJson) -> (Tone, Text) {
    let word = match problem.severity {
        Some(urgent) if problem.problem_status == StatusJson::Unresolved => severity(urgent),
        _ => status(problem.problem_status),
    };
    (tone(problem.problem_status, problem.severity), word)
}

/// A sentence about the problem.
pub fn about(problem: &ProblemJson) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let id = |id: Option<&str>| id.unwrap_or_default().to_owned();
    let current = id(problem.current.as_ref().map(|id| id.as_str()));
    let following = id(problem.following.as_ref().map(|id| id.as_str()));
    let device = id(problem.device.as_ref().map(|id| id.as_str()));
    match problem.problem {
        KindJson::Obstruction | KindJson::Problem => fill(
            m::ABOUT_PAIR,
            &[
                ("current", &current),
                ("following", &following),
                ("one", &text(&problem.current_value)),
                ("other", &text(&problem.following_value)),
            ],
        ),
        KindJson::Silent if device.is_empty() => fill(m::ABOUT_SILENT_SENSOR, &[("id", &current)]),
        KindJson::Silent => fill(m::ABOUT_SILENT_DEVICE, &[("id", &device)]),
        KindJson::Limit => {
            let unit = text(&problem.unit);
            let number = |value: Option<f64>| value.map(|value| number::with_unit(value, &unit)).unwrap_or_default();
            let sensor = id(problem.sensor.as_ref().map(|id| id.as_str()));
            let alert = id(problem.alert.as_ref().map(|id| id.as_str()));
            fill(
                m::ABOUT_LIMIT,
                &[
                    ("device", &device),
                    ("sensor", &sensor),
                    ("alert", &alert),
                    ("value", &number(problem.value)),
                    ("limit", &number(problem.limit)),
                ],
            )
        }
    }
}

/// The name of an event's kind; for unknown kinds that of the API.
pub fn event(kind: &str) -> String {
    let known = match kind {
        "reported" => m::EVENT_REPORTED,
        "desired" => m::EVENT_DESIRED,
        "connected" => m::EVENT_CONNECTED,
        "disconnected" => m::EVENT_DISCONNECTED,
        "device" => m::EVENT_DEVICE,
        "calibration" => m::EVENT_CALIBRATION,
        "settings" => m::EVENT_SETTINGS,
        "alert" => m::EVENT_ALERT,
        "recalculation" => m::EVENT_RECALCULATION,
        "quarantine" => m::EVENT_QUARANTINE,
        "problem" => m::EVENT_PROBLEM,
        "level" => m::EVENT_LEVEL,
        "command" => m::EVENT_COMMAND,
        "certificate" => m::EVENT_CERTIFICATE,
        "job" => m::EVENT_JOB,
        _ => return kind.to_owned(),
    };
    t(known).to_owned()
}

/// The name of a quarantine reason.
pub const fn reason(reason: Reason) -> Text {
    match reason {
        Reason::Unparseable => m::REASON_UNPARSEABLE,
        Reason::DuplicateKey => m::REASON_DUPLICATE_KEY,
        Reason::TooManyValues => m::REASON_TOO_MANY_VALUES,
        Reason::TooManyRefused => m::REASON_TOO_MANY_REFUSED,
        Reason::Simulated => m::REASON_SIMULATED,
        Reason::BadTopic => m::REASON_BAD_TOPIC,
        Reason::BadDeviceId => m::REASON_BAD_DEVICE_ID,
        Reason::BadSensorCode => m::REASON_BAD_SENSOR_CODE,
        Reason::BadLevelId => m::REASON_BAD_LEVEL_ID,
        Reason::BadTimestamp => m::REASON_BAD_TIMESTAMP,
        Reason::FutureTimestamp => m::REASON_FUTURE_TIMESTAMP,
        Reason::BadValue => m::REASON_BAD_VALUE,
        Reason::NumberOutOfRange => m::REASON_NUMBER_OUT_OF_RANGE,
        Reason::UnknownDevice => m::REASON_UNKNOWN_DEVICE,
        Reason::DeviceDisabled => m::REASON_DEVICE_DISABLED,
        Reason::UnknownSensor => m::REASON_UNKNOWN_SENSOR,
        Reason::SensorDisabled => m::REASON_SENSOR_DISABLED,
        Reason::MissingInput => m::REASON_MISSING_INPUT,
        Reason::OutsideCalibration => m::REASON_OUTSIDE_CALIBRATION,
        Reason::NotFinite => m::REASON_NOT_FINITE,
        Reason::ConflictingReading => m::REASON_CONFLICTING_READING,
        Reason::OutsideRetention => m::REASON_OUTSIDE_RETENTION,
        Reason::StoreRefused => m::REASON_STORE_REFUSED,
    }
}

/// The name of the reason with this code; for unknown reasons the code itself.
pub fn reason_named(code: &str) -> String {
    Reason::of(code).map_or_else(|| code.to_owned(), |known| t(reason(known)).to_owned())
}

/// The name of a role.
pub const fn role(role: Option<Role>) -> Text {
    match role {
        Some(Role::Admin) => m::ROLE_ADMIN,
        Some(Role::User) => m::ROLE_USER,
        None => m::ROLE_NONE,
    }
}

/// The rating and the name of a person's status.
pub const fn standing(standing: Standing) -> (Tone, Text) {
    match standing {
        Standing::Active => (Tone::Good, m::PERSON_ACTIVE),
        Standing::Invited => (Tone::Neutral, m::PERSON_INVITED),
        Standing::Disabled => (Tone::Warning, m::PERSON_DISABLED),
    }
}

/// The rating and the name of a serial number's state.
pub const fn serial(state: SerialState) -> (Tone, Text) {
    match state {
        SerialState::Expected => (Tone::Neutral, m::SERIAL_EXPECTED),
        SerialState::Provisioned => (Tone::Good, m::SERIAL_PROVISIONED),
        SerialState::Blocked => (Tone::Warning, m::SERIAL_BLOCKED),
    }
}

/// The rating and the name of a job's state.
pub const fn job(state: JobState) -> (Tone, Text) {
    match state {
        JobState::Preparing => (Tone::Neutral, m::ROLLOUT_PREPARING),
        JobState::InProgress => (Tone::Neutral, m::ROLLOUT_IN_PROGRESS),
        JobState::Completed => (Tone::Good, m::ROLLOUT_COMPLETED),
        JobState::Aborted => (Tone::Bad, m::ROLLOUT_ABORTED),
        JobState::Cancelled => (Tone::Warning, m::ROLLOUT_CANCELLED),
    }
}

/// The rating and the name of a device's state in a job; `None` for unknown states.
pub fn device_of_job(state: &str) -> Option<(Tone, Text)> {
    Some(match state {
        "QUEUED" => (Tone::Neutral, m::DEVICE_QUEUED),
        "IN_PROGRESS" => (Tone::Neutral, m::DEVICE_IN_PROGRESS),
        "SUCCEEDED" => (Tone::Good, m::DEVICE_SUCCEEDED),
        "FAILED" => (Tone::Bad, m::DEVICE_FAILED),
        "REJECTED" => (Tone::Warning, m::DEVICE_REJECTED),
        "TIMED_OUT" => (Tone::Bad, m::DEVICE_TIMED_OUT),
        "CANCELLED" => (Tone::Warning, m::DEVICE_CANCELLED),
        "REMOVED" => (Tone::Neutral, m::DEVICE_REMOVED),
        _ => return None,
    })
}
