//! Commands as JSON: in the API and the live feed, in the device's shadow, and the device's answers there.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::settings::{group_json, reported_value, setting_json};
use super::time;
use crate::domain::Timestamp;
use crate::domain::command::{Answer, Command, MOST_DETAIL, MOST_RESULT, State, Status};
use crate::id::{CommandId, CommandName};

/// The state of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = CommandState))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StateJson {
    /// It waits for the commands before it, or until AWS IoT has accepted it.
    Queued,
    /// AWS IoT has it and delivers it to the device.
    Sent,
    /// The device has begun.
    Accepted,
    /// The device has done it.
    Succeeded,
    /// The device could not do it.
    Failed,
    /// The device did not finish it in time.
    Expired,
    /// A person cancelled it before the device answered, or the device was deleted.
    Cancelled,
}

/// A command of a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Command))]
pub struct CommandJson {
    /// Its id, unique within the device.
    pub id: CommandId,
    /// What to do.
    pub name: CommandName,
    /// Its arguments.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub args: Value,
    /// The state.
    pub state: StateJson,
    /// Who asked for it.
    pub by: String,
    /// When it was entered.
    #[serde(with = "time")]
    pub created_at: Timestamp,
    /// The time by which the device must have finished it.
    #[serde(with = "time")]
    pub expires_at: Timestamp,
    /// When AWS IoT confirmed that it has the command.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When the device first answered.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// An explanation of how it ended, from the device or from Weir.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What the device returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Value>))]
    pub result: Option<Value>,
}

impl CommandJson {
    /// The JSON of a command.
    pub fn of(command: &Command) -> Self {
        let state = match command.state {
            State::Queued => StateJson::Queued,
            State::Sent => StateJson::Sent,
            State::Accepted => StateJson::Accepted,
            State::Succeeded => StateJson::Succeeded,
            State::Failed => StateJson::Failed,
            State::Expired => StateJson::Expired,
            State::Cancelled => StateJson::Cancelled,
        };
        Self {
            id: command.id.clone(),
            name: command.name.clone(),
            args: group_json(&command.args),
            state,
            by: command.by.clone(),
            created_at: command.created_at,
            expires_at: command.expires_at,
            sent_at: command.sent_at,
            answered_at: command.answered_at,
            ended_at: command.ended_at,
            detail: command.detail.clone(),
            result: command.result.as_ref().map(setting_json),
        }
    }
}

/// A command as the device finds it, under `desired.command` of its shadow. `expires_at` is in seconds since the epoch.
pub fn desired(command: &Command) -> Value {
    json!({
        "id": command.id,
        "name": command.name,
        "args": group_json(&command.args),
        "expires_at": command.expires_at.seconds(),
    })
}

/// What an accepted update of a shadow says about a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Reported {
    /// Nothing.
    Nothing,
    /// An answer.
    Answer(Answer),
    /// An answer that cannot be read, and why. Quotes at most 80 characters of it.
    Unreadable(String),
}

/// Reads the document of an accepted update of a shadow, which AWS IoT received at `at`. A result that is too large is left out,
/// and the detail says so; the command ends nevertheless.
pub fn reported(document: &[u8], at: Timestamp) -> Reported {
    #[derive(Deserialize)]
    struct Said {
        id: CommandId,
        status: String,
        #[serde(default)]
        detail: Option<String>,
        #[serde(default)]
        result: Option<Value>,
    }
    let Ok(document) = serde_json::from_slice::<Value>(document) else {
        return Reported::Unreadable("the update of the shadow is not JSON".to_owned());
    };
    let Some(said) = document.pointer("/state/reported/command").filter(|said| !said.is_null()) else {
        return Reported::Nothing;
    };
    let said = match Said::deserialize(said) {
        Ok(said) => said,
        Err(error) => {
            return Reported::Unreadable(format!("reported.command: {}", cut(&error.to_string(), MOST_DETAIL)));
        }
    };
    let Some(status) = Status::of_code(&said.status) else {
        let shown = cut(&said.status, 80);
        return Reported::Unreadable(format!("{shown:?} is not a status: ACCEPTED, SUCCEEDED or FAILED"));
    };
    let Some(version) = document.get("version").and_then(Value::as_u64) else {
        return Reported::Unreadable("the update of the shadow has no version".to_owned());
    };
    let bytes = said.result.as_ref().map_or(0, |result| result.to_string().len());
    let mut detail = said.detail.map(|detail| cut(&detail, MOST_DETAIL));
    let mut result = said.result.as_ref().and_then(reported_value);
    if bytes > MOST_RESULT {
        result = None;
        detail = Some(format!("the result takes {bytes} bytes, more than {MOST_RESULT}, and was left out"));
    }
    Reported::Answer(Answer { id: said.id, status, detail, result, at, version })
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::Order;

    const AT: Timestamp = Timestamp::from_millis(1_795_155_884_123);

    fn update(command: &Value) -> Reported {
        let document = json!({"state": {"reported": {"command": command}}, "version": 7, "timestamp": 1_795_155_884});
        reported(document.to_string().as_bytes(), AT)
    }

    #[test]
    fn a_device_finds_its_command_with_the_time_in_seconds() {
        let order =
            Order { name: "dispense".parse().unwrap(), args: reported_group(&json!({"ml": 30})), expires_in: 60 };
        let id = "1795155884123".parse().unwrap();
        let command = Command::new("dispenser-123".parse().unwrap(), id, order, "ann@example.com".into(), AT);
        let wanted =
            json!({"id": "1795155884123", "name": "dispense", "args": {"ml": 30}, "expires_at": 1_795_155_944});
        assert_eq!(desired(&command), wanted);
        let shown = serde_json::to_value(CommandJson::of(&command)).unwrap();
        let all = json!({"id": "1795155884123", "name": "dispense", "args": {"ml": 30}, "state": "QUEUED",
            "by": "ann@example.com", "created_at": "2026-11-20T06:24:44.123Z", "expires_at": "2026-11-20T06:25:44.123Z"});
        assert_eq!(shown, all);
    }

    fn reported_group(value: &Value) -> crate::domain::settings::Group {
        super::super::settings::reported(value.as_object().unwrap())
    }

    #[test]
    fn an_answer_is_read_with_what_it_returns() {
        let said =
            json!({"id": "1795155884123", "status": "SUCCEEDED", "detail": "done", "result": {"ml": 30.0, "x": null}});
        let Reported::Answer(answer) = update(&said) else { panic!("an answer") };
        assert_eq!((answer.status, answer.version, answer.at), (Status::Succeeded, 7, AT));
        assert_eq!(
            (answer.detail.as_deref(), answer.result.as_ref().map(setting_json)),
            (Some("done"), Some(json!({"ml": 30})))
        );
        let Reported::Answer(plain) = update(&json!({"id": "1795155884123", "status": "FAILED", "result": null}))
        else {
            panic!("an answer")
        };
        assert_eq!((plain.status, plain.detail, plain.result), (Status::Failed, None, None));
    }

    #[test]
    fn a_large_result_is_left_out_and_a_long_detail_cut() {
        let fill =
            |bytes: usize| json!({"id": "1795155884123", "status": "SUCCEEDED", "result": "x".repeat(bytes - 2)});
        let Reported::Answer(fits) = update(&fill(MOST_RESULT)) else { panic!("an answer") };
        assert!(fits.result.is_some() && fits.detail.is_none());
        let Reported::Answer(large) = update(&fill(MOST_RESULT + 1)) else { panic!("an answer") };
        assert!(large.result.is_none() && large.detail.unwrap().contains("1025 bytes"));
        let long = json!({"id": "1795155884123", "status": "FAILED", "detail": "ä".repeat(500)});
        let Reported::Answer(long) = update(&long) else { panic!("an answer") };
        assert_eq!(long.detail.unwrap().chars().count(), MOST_DETAIL);
    }

    #[test]
    fn what_is_no_answer_is_told_from_one_that_cannot_be_read() {
        for nothing in [
            json!({}),
            json!({"state": {"desired": {"command": {"id": "1"}}}}),
            json!({"state": {"reported": {"led": 1}}}),
            json!({"state": {"reported": {"command": null}}}),
            json!([]),
        ] {
            assert_eq!(reported(nothing.to_string().as_bytes(), AT), Reported::Nothing, "{nothing}");
        }
        for unreadable in [
            json!(1),
            json!({}),
            json!({"id": "1795155884123"}),
            json!({"id": 1, "status": "FAILED"}),
            json!({"id": "x".repeat(5_000), "status": "FAILED"}),
            json!({"id": "1795155884123", "status": "DONE".repeat(500)}),
            json!({"id": "1795155884123", "status": "FAILED", "detail": 1}),
        ] {
            match update(&unreadable) {
                Reported::Unreadable(why) => assert!(why.chars().count() < 300, "{why}"),
                other => panic!("{unreadable}: {other:?}"),
            }
        }
        assert!(matches!(reported(b"\xff", AT), Reported::Unreadable(_)));
    }
}
