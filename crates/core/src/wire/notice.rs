//! A notice as a webhook carries it, and as the API shows it.

use serde::{Deserialize, Serialize};

use super::problem::{KindJson, ProblemJson, StatusJson};
use crate::domain::Timestamp;
use crate::domain::notice::{Step, Transition};
use crate::domain::problem::{Problem, Subject};
use crate::id::{NoticeId, Sub, SubscriptionId};

/// What has happened to a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Transition))]
#[serde(rename_all = "lowercase")]
pub enum TransitionJson {
    /// An episode has begun.
    Opened,
    /// The kind or the severity of the open episode has changed.
    Changed,
    /// The episode is over.
    Resolved,
    /// The episode is still open, and nobody has acknowledged it.
    Reminder,
}

impl From<Transition> for TransitionJson {
    fn from(transition: Transition) -> Self {
        match transition {
            Transition::Opened => Self::Opened,
            Transition::Changed => Self::Changed,
            Transition::Resolved => Self::Resolved,
            Transition::Reminder => Self::Reminder,
        }
    }
}

/// One transition of one problem, as a webhook carries it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ToldJson {
    /// The id of the notice, by which a receiver recognises one that arrives twice.
    pub id: NoticeId,
    #[allow(missing_docs, reason = "the type says it")]
    pub transition: TransitionJson,
    /// When Weir noticed it.
    #[serde(with = "super::time")]
    pub at: Timestamp,
    /// The problem as it was then.
    pub problem: ProblemJson,
    /// The note of its alert, which says what to do, as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(example = "call the hatchery"))]
    pub alert_note: Option<String>,
}

/// The body of a webhook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WebhookBody<'a> {
    /// `problem.opened`, `problem.changed`, `problem.resolved`, `problem.reminder`, `digest` or `test`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When the notice was made.
    #[serde(with = "super::time")]
    pub timestamp: Timestamp,
    /// The content.
    pub data: WebhookData<'a>,
}

/// The content of a webhook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WebhookData<'a> {
    /// Its subscription.
    pub subscription: &'a SubscriptionId,
    /// The transitions, the first one first. A test has none.
    pub notices: Vec<&'a ToldJson>,
    /// The number of notices of a digest that are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
    /// Where the problem is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The state of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = NoticeStatus))]
#[serde(rename_all = "lowercase")]
pub enum NoticeStatus {
    /// It is to be sent, or sent again.
    Pending,
    /// It was delivered.
    Sent,
    /// It could not be delivered for 24 hours.
    Failed,
    /// It is not sent: the person was disabled or deleted or may no longer see the device, or the subscription was disabled or deleted.
    Dropped,
}

impl NoticeStatus {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Sent, Self::Failed, Self::Dropped];

    /// The code, as stored and as shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// The state with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

/// A notice as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Notice))]
pub struct NoticeJson {
    /// Its id.
    pub id: NoticeId,
    /// Its subscription.
    pub subscription: SubscriptionId,
    /// Whom it is for: Cognito's id of the person.
    pub owner: Sub,
    #[allow(missing_docs, reason = "the type says it")]
    pub status: NoticeStatus,
    /// What has happened; of a digest nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transition: Option<TransitionJson>,
    /// The problem; of a digest none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(example = "buoy-01:do:low-oxygen"))]
    pub problem_id: Option<String>,
    /// When it was made.
    #[serde(with = "super::time")]
    pub created_at: Timestamp,
    /// When it was last tried.
    #[serde(with = "super::time::option", skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<Timestamp>,
    /// Why it could not be delivered, or was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The problem as a step tells it: with the episodes up to the one that the step is about, which is open unless the step says that
/// it is over. If the problem no longer exists, the answer has what was told about it before.
pub fn told(subject: &Subject, problem: Option<&Problem>, step: &Step, now: Timestamp) -> ProblemJson {
    let of = step.of.and_then(|began| {
        let mut problem = problem?.clone();
        let place = problem.episodes.iter().position(|episode| episode.began == began)?;
        problem.episodes.truncate(place + 1);
        if let Some(last) = problem.episodes.last_mut().filter(|_| step.transition != Transition::Resolved) {
            last.end = None;
        }
        ProblemJson::of(subject, &problem)
    });
    of.unwrap_or_else(|| {
        let mut levels = subject.levels().cloned();
        let key = match subject {
            Subject::Alert(key) => Some(key),
            Subject::Pair(_) | Subject::Sensor(_) | Subject::Device(_) => None,
        };
        ProblemJson {
            problem_id: subject.key(),
            problem: KindJson::from(step.kind),
            problem_time: step.began.seconds(),
            problem_status: StatusJson::Resolved,
            current: levels.next(),
            following: levels.next(),
            current_value: None,
            following_value: None,
            device: subject.device().cloned(),
            sensor: key.map(|key| key.sensor.clone()),
            alert: key.map(|key| key.alert.clone()),
            value: None,
            limit: None,
            unit: None,
            severity: step.severity.map(Into::into),
            updated_at: now.seconds(),
            episodes: step.episode,
            acknowledged_by: None,
            acknowledged_at: None,
            resolved_by: Some("auto".to_owned()),
            resolved_at: Some(now.seconds()),
            note: None,
        }
    })
}
