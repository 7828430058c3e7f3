//! The rows of notices.

use super::super::AwsError;
use super::super::keys::{made_place, partition};
use super::super::row::{Item, n, s};
use super::{KEPT, NoticeTable, TABLE, key, number, of_json, text, to_json};
use weir_core::domain::Timestamp;
use weir_core::id::{NoticeId, Sub, SubscriptionId};
use weir_core::wire::notice::{NoticeJson, NoticeStatus, ToldJson};

/// The content of a notice.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A transition of a problem.
    Told(Box<ToldJson>),
    /// A digest: everything that was held back until this time.
    Digest(Timestamp),
    /// What was held back until this time of the problem with this id, and is sent before the rest of the digest.
    Part(Timestamp, String),
}

/// A notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Its subscription.
    pub subscription: SubscriptionId,
    /// Whom it is for.
    pub owner: Sub,
    /// Its content.
    pub content: Content,
    /// Its state.
    pub status: NoticeStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its delivery was first due. It is tried for 24 hours from then on.
    pub since: Timestamp,
    /// When it was last tried.
    pub tried_at: Option<Timestamp>,
    /// Why it could not be delivered, or was not sent.
    pub detail: Option<String>,
}

impl NoticeTable {
    /// The notice with this id, by a consistent read.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn notice(&self, id: &NoticeId) -> Result<Option<Notice>, AwsError> {
        let Some(of) = id.subscription() else { return Ok(None) };
        self.get(of.as_str(), &row(id)).await?.map(|item| notice(&item)).transpose()
    }
}

impl From<Notice> for NoticeJson {
    fn from(notice: Notice) -> Self {
        let (transition, problem_id) = match notice.content {
            Content::Told(told) => (Some(told.transition), Some(told.problem.problem_id)),
            Content::Digest(_) => (None, None),
            Content::Part(_, problem) => (None, Some(problem)),
        };
        Self {
            id: notice.id,
            subscription: notice.subscription,
            owner: notice.owner,
            status: notice.status,
            transition,
            problem_id,
            created_at: notice.created_at,
            tried_at: notice.tried_at,
            detail: notice.detail,
        }
    }
}

fn row(id: &NoticeId) -> String {
    format!("notice#{id}")
}

pub(super) fn item_of(notice: &Notice) -> Result<Item, AwsError> {
    let id = notice.id.as_str();
    let mut item = key(notice.subscription.as_str(), &row(&notice.id));
    let content = match &notice.content {
        Content::Told(told) => ("content", to_json(told, id)?),
        Content::Digest(until) | Content::Part(until, _) => ("digest", n(until.millis())),
    };
    let always = [
        ("id", s(id)),
        ("owner", s(notice.owner.as_str())),
        ("status", s(notice.status.code())),
        ("listed", s(partition(notice.status.code(), id))),
        ("place", s(made_place(notice.created_at, id))),
        ("created_at", n(notice.created_at.millis())),
        ("since", n(notice.since.millis())),
        ("expires_at", n(notice.since.plus_seconds(KEPT).seconds())),
        content,
    ];
    item.extend(always.map(|(name, value)| (name.to_owned(), value)));
    if let Content::Part(_, problem) = &notice.content {
        item.insert("problem".to_owned(), s(problem));
    }
    item.extend(notice.tried_at.map(|at| ("tried_at".to_owned(), n(at.millis()))));
    item.extend(notice.detail.as_ref().map(|detail| ("detail".to_owned(), s(detail))));
    Ok(item)
}

pub(super) fn notice(item: &Item) -> Result<Notice, AwsError> {
    let id = text(item, "id").unwrap_or_default();
    let corrupt = |name: &str| AwsError::corrupt(TABLE, id, name);
    let instant = |name: &str| number(item, name).map(Timestamp::from_millis);
    let content = match (instant("digest"), text(item, "problem")) {
        (Some(until), Some(problem)) => Content::Part(until, problem.to_owned()),
        (Some(until), None) => Content::Digest(until),
        (None, _) => Content::Told(Box::new(of_json(item, "content", id)?)),
    };
    Ok(Notice {
        id: id.parse().map_err(|_| corrupt("id"))?,
        subscription: text(item, "part").and_then(|part| part.parse().ok()).ok_or_else(|| corrupt("part"))?,
        owner: text(item, "owner").and_then(|owner| owner.parse().ok()).ok_or_else(|| corrupt("owner"))?,
        content,
        status: text(item, "status").and_then(NoticeStatus::of_code).ok_or_else(|| corrupt("status"))?,
        created_at: instant("created_at").ok_or_else(|| corrupt("created_at"))?,
        since: instant("since").ok_or_else(|| corrupt("since"))?,
        tried_at: instant("tried_at"),
        detail: text(item, "detail").map(str::to_owned),
    })
}
