//! What kinds, states and severities are called, and how they are meant.

use weir_core::wire::alert::SeverityJson;
use weir_core::wire::command::StateJson as CommandState;
use weir_core::wire::problem::{KindJson, ProblemJson, StatusJson};

use super::status::Tone;
use crate::messages as m;
use crate::model::fleet::Condition;
use crate::model::number;
use crate::text::{Text, fill, t};

/// What a kind of problem is called.
pub const fn kind(kind: KindJson) -> Text {
    match kind {
        KindJson::Obstruction => m::KIND_OBSTRUCTION,
        KindJson::Problem => m::KIND_PROBLEM,
        KindJson::Silent => m::KIND_SILENT,
        KindJson::Limit => m::KIND_LIMIT,
    }
}

/// What a status of a problem is called.
pub const fn status(status: StatusJson) -> Text {
    match status {
        StatusJson::Unresolved => m::STATUS_UNRESOLVED,
        StatusJson::Acknowledged => m::STATUS_ACKNOWLEDGED,
        StatusJson::Resolved => m::STATUS_RESOLVED,
    }
}

/// What a severity is called.
pub const fn severity(severity: SeverityJson) -> Text {
    match severity {
        SeverityJson::Info => m::SEVERITY_INFO,
        SeverityJson::Warning => m::SEVERITY_WARNING,
        SeverityJson::Critical => m::SEVERITY_CRITICAL,
    }
}

/// How urgent a problem is meant.
pub const fn tone(status: StatusJson, severity: Option<SeverityJson>) -> Tone {
    match (status, severity) {
        (StatusJson::Resolved, _) => Tone::Good,
        (StatusJson::Acknowledged, _) | (StatusJson::Unresolved, Some(SeverityJson::Info)) => Tone::Neutral,
        (StatusJson::Unresolved, Some(SeverityJson::Critical)) => Tone::Bad,
        (StatusJson::Unresolved, _) => Tone::Warning,
    }
}

/// How a device is meant, and what that is called.
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

/// How a command is meant, and what its state is called.
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

/// What a span that ends now is called.
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

/// Who or what has ended a problem.
pub fn ended_by(by: &str) -> String {
    match by {
        "auto" => t(m::BY_ITSELF).to_owned(),
        "removed" => t(m::BY_REMOVAL).to_owned(),
        by => by.to_owned(),
    }
}

/// The word for a problem's state: how urgent it is while nobody has acknowledged it, else its status.
pub fn state(problem: &ProblemJson) -> (Tone, Text) {
    let word = match problem.severity {
        Some(urgent) if problem.problem_status == StatusJson::Unresolved => severity(urgent),
        _ => status(problem.problem_status),
    };
    (tone(problem.problem_status, problem.severity), word)
}

/// What a problem is about, in a sentence.
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

/// What an event is called; one that this page does not know is called as the API calls it.
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
