//! One notice to one receiver, by the channel of its subscription.

use std::collections::BTreeMap;

use weir_aws::AwsError;
use weir_aws::mail::Mail;
use weir_aws::notice::{Content, Notice};
use weir_aws::subscription::StoredSubscription;
use weir_core::domain::notice::{Channel, listed};
use weir_core::domain::problem::{AlertKey, Subject};
use weir_core::domain::reading::Series;
use weir_core::wire::notice::{ToldJson, TransitionJson, WebhookBody, WebhookData};

use super::Notify;
use super::mail_body::{Link, Links, Page};
use super::person::Known;
use super::webhook::Outgoing;

/// Readings that an e-mail shows.
const READINGS: usize = 10;
/// Maximum transitions that one message lists; of the rest it only gives the number.
const MOST_LISTED: usize = 100;

/// The outcome of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    /// The receiver has it.
    Done,
    /// It is not sent, for this reason.
    Dropped(String),
    /// The receiver wants no more notices (410).
    Gone,
    /// It could not be delivered, for this reason.
    Failed(String),
}

/// The recipient of a notice.
pub(super) struct Recipient<'a> {
    pub stored: &'a StoredSubscription,
    pub person: &'a Known,
}

impl Notify {
    /// Those of the transitions that the person may see.
    pub(super) async fn in_scope(&self, person: &Known, all: Vec<ToldJson>) -> Result<Vec<ToldJson>, AwsError> {
        let (mut seen, mut known) = (Vec::new(), BTreeMap::<Subject, bool>::new());
        for told in all {
            let Some(subject) = Subject::parse(&told.problem.problem_id) else { continue };
            let sees = match known.get(&subject) {
                Some(sees) => *sees,
                None => person.sees(&self.devices_of(&subject).await?),
            };
            known.insert(subject, sees);
            seen.extend(sees.then_some(told));
        }
        Ok(seen)
    }

    /// Sends a notice that tells these transitions, and that there are `beyond` more.
    pub(super) async fn send_to(
        &self,
        recipient: &Recipient<'_>,
        notice: &Notice,
        told: Vec<ToldJson>,
        beyond: usize,
    ) -> Result<Sent, AwsError> {
        let all = told.len();
        let told = listed(told, MOST_LISTED, |told| &told.problem.problem_id);
        let more = beyond + all - told.len();
        let subscription = &recipient.stored.subscription;
        match (&subscription.channel, told.as_slice()) {
            (Channel::Webhook(url), listed) => {
                let kind = match (&notice.content, listed) {
                    (Content::Told(_), [one]) => format!("problem.{}", code(one.transition)),
                    _ => "digest".to_owned(),
                };
                let link = match listed {
                    [one] => self.link(&one.problem.problem_id),
                    _ => None,
                };
                let data =
                    WebhookData { subscription: &recipient.stored.id, notices: listed.iter().collect(), more, link };
                let body = WebhookBody { kind, timestamp: notice.created_at, data };
                self.post(recipient, url, notice.id.as_str(), &body).await
            }
            (Channel::Email, [one]) if matches!(notice.content, Content::Told(_)) => {
                let readings = self.readings_of(one).await?;
                self.mail(recipient, |page| page.problem(one, &readings)).await
            }
            (Channel::Email, listed) => self.mail(recipient, |page| page.digest(listed, more)).await,
        }
    }

    /// Sends a test.
    pub(super) async fn send_test(&self, recipient: &Recipient<'_>) -> Result<Sent, AwsError> {
        match &recipient.stored.subscription.channel {
            Channel::Webhook(url) => {
                let id = format!("{}-test-{}", recipient.stored.id, self.now().millis());
                let data = WebhookData { subscription: &recipient.stored.id, notices: Vec::new(), more: 0, link: None };
                let body = WebhookBody { kind: "test".to_owned(), timestamp: self.now(), data };
                self.post(recipient, url, &id, &body).await
            }
            Channel::Email => self.mail(recipient, Page::test).await,
        }
    }

    async fn post(
        &self,
        recipient: &Recipient<'_>,
        url: &weir_core::domain::notice::WebhookUrl,
        id: &str,
        body: &WebhookBody<'_>,
    ) -> Result<Sent, AwsError> {
        let Some(secret) = &recipient.stored.secret else { return Ok(Sent::Failed("there is no secret".to_owned())) };
        let body = serde_json::to_vec(body).map_err(|error| AwsError::request("write a webhook", error))?;
        Ok(self.parts.webhooks.send(Outgoing { url, id, secret, body, now: self.now() }).await)
    }

    async fn mail(&self, recipient: &Recipient<'_>, write: impl FnOnce(&Page) -> Mail) -> Result<Sent, AwsError> {
        let Some(mailer) = &self.parts.mailer else { return Ok(Sent::Failed("e-mail is switched off".to_owned())) };
        let Some(to) = recipient.person.address.clone() else {
            return Ok(Sent::Dropped("the person has no verified address".to_owned()));
        };
        let stored = recipient.stored;
        let Some(secret) = &stored.secret else { return Ok(Sent::Failed("there is no secret".to_owned())) };
        let token = secret.unsubscribe_token(&stored.owner, &stored.id)?;
        let page = Page {
            to,
            language: self.language(&stored.owner).await?,
            zone: stored.subscription.zone(),
            links: Links {
                page: self.parts.page_url.clone().map(Link),
                unsubscribe: Link(format!("{}/unsubscribe/{token}", self.parts.api_url)),
            },
        };
        Ok(match mailer.send(&write(&page)).await {
            Ok(()) => Sent::Done,
            Err(error) => {
                tracing::warn!(%error, "an e-mail was not taken");
                Sent::Failed("the e-mail service did not take it".to_owned())
            }
        })
    }

    /// The newest readings of an alert's sensor, the newest first.
    async fn readings_of(&self, told: &ToldJson) -> Result<Vec<(weir_core::domain::Timestamp, f64)>, AwsError> {
        let Some(Subject::Alert(AlertKey { device, sensor, .. })) = Subject::parse(&told.problem.problem_id) else {
            return Ok(Vec::new());
        };
        let (readings, _) = self.parts.readings.backwards(&Series { device, sensor }, None, READINGS).await?;
        Ok(readings.into_iter().map(|reading| (reading.at, reading.value)).collect())
    }

    /// Where the page shows a problem.
    fn link(&self, problem: &str) -> Option<String> {
        Some(format!("{}/problems/{problem}", self.parts.page_url.as_ref()?))
    }
}

/// The code of a transition.
fn code(transition: TransitionJson) -> &'static str {
    match transition {
        TransitionJson::Opened => "opened",
        TransitionJson::Changed => "changed",
        TransitionJson::Resolved => "resolved",
        TransitionJson::Reminder => "reminder",
    }
}
