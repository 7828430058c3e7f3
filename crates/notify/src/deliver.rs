//! Sends what is in an outbox, one notice after the other.

use weir_aws::AwsError;
use weir_aws::notice::{Address, Content, Notice};
use weir_core::domain::notice::{Disabled, Next, Queue, Retry, retry};
use weir_core::id::NoticeId;
use weir_core::wire::notice::NoticeStatus;
use weir_runtime::Until;
use weir_runtime::telemetry::metric;

use super::Notify;
use super::outbox::Outbox;
use super::send::{Recipient, Sent};
use super::tell::digest;

impl Notify {
    /// Sends what is due in the outbox. If this is interrupted, the schedule continues when the lease has expired.
    pub(super) async fn deliver(&self, of: &Address, until: Until) -> Result<(), AwsError> {
        let Some(mut outbox) = self.take(of).await? else { return Ok(()) };
        loop {
            match outbox.queue.value.next(self.now()) {
                Next::Close(at) => {
                    let digest = digest(of, at, self.now())?;
                    let (id, now) = (digest.id.clone(), digest.created_at);
                    if !self.change(&mut outbox, |queue| queue.close(at, id.clone(), now), &[digest]).await? {
                        return Ok(());
                    }
                }
                Next::Send(id) if !until.is_over() => {
                    if !self.send_first(&mut outbox, &id).await? {
                        return Ok(());
                    }
                }
                Next::Send(_) | Next::Wait => {
                    let held = self.change(&mut outbox, |queue| queue.lease_until = None, &[]).await?;
                    // Somebody may have added something at the last moment, who could not send it.
                    let more = held && outbox.queue.value.next(self.now()) != Next::Wait && !until.is_over();
                    if more {
                        return Box::pin(self.deliver(of, until)).await;
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Sends the first notice of the outbox, and records the outcome. False when the lease was lost.
    async fn send_first(&self, outbox: &mut Outbox, id: &NoticeId) -> Result<bool, AwsError> {
        let Some(notice) = self.parts.notices.notice(id).await? else {
            // It has expired.
            return self.change(outbox, |queue| queue.done(id), &[]).await;
        };
        if notice.status != NoticeStatus::Pending {
            return self.change(outbox, |queue| queue.done(id), &[]).await;
        }
        let sent = self.send(&outbox.of, &notice).await?;
        let now = self.now();
        let noted = |status, detail: Option<String>| Notice { status, detail, tried_at: Some(now), ..notice.clone() };
        match sent {
            Sent::Done => {
                tracing::info!(notice = %id, "sent");
                self.change(outbox, |queue| queue.done(id), &[noted(NoticeStatus::Sent, None)]).await
            }
            Sent::Dropped(detail) => {
                tracing::info!(notice = %id, detail, "not sent");
                self.change(outbox, |queue| queue.done(id), &[noted(NoticeStatus::Dropped, Some(detail))]).await
            }
            Sent::Gone => {
                let Address { owner, subscription } = &outbox.of;
                self.parts.subscriptions.disable(owner, subscription, Disabled::Gone, now, None).await?;
                tracing::info!(%subscription, "the receiver has answered 410: the subscription ends");
                let notice = noted(NoticeStatus::Dropped, Some("the receiver has answered 410".to_owned()));
                self.change(outbox, |queue| queue.done(id), &[notice]).await
            }
            Sent::Failed(detail) => {
                let failures = outbox.queue.value.failures.saturating_add(1);
                let given_up = retry(notice.since, failures, now) == Retry::GiveUp;
                tracing::warn!(notice = %id, failures, given_up, detail, "could not be delivered");
                if given_up {
                    metric::notice_failed(now);
                }
                let status = if given_up { NoticeStatus::Failed } else { NoticeStatus::Pending };
                let failed = |queue: &mut Queue| {
                    queue.failed(id, notice.since, now);
                };
                self.change(outbox, failed, &[noted(status, Some(detail))]).await
            }
        }
    }

    /// Sends one notice, after reading again who it is for and what that person may see now.
    async fn send(&self, of: &Address, notice: &Notice) -> Result<Sent, AwsError> {
        let dropped = |detail: &str| Ok(Sent::Dropped(detail.to_owned()));
        let stored = self.parts.subscriptions.find(&of.owner, &of.subscription).await?;
        let Some(stored) = stored else { return dropped("the subscription was deleted") };
        if stored.subscription.disabled.is_some() {
            return dropped("the subscription is disabled");
        }
        let person = self.ask(&of.owner).await?;
        if !person.active {
            return dropped("the person is disabled or deleted");
        }
        let (all, count) = match &notice.content {
            Content::Told(told) => (vec![(**told).clone()], 1),
            Content::Digest(until) => self.parts.notices.held(&of.subscription, *until, None).await?,
            Content::Part(until, problem) => self.parts.notices.held(&of.subscription, *until, Some(problem)).await?,
        };
        if all.is_empty() {
            return dropped("everything in it was sent before");
        }
        let beyond = count.saturating_sub(all.len());
        let seen = self.in_scope(&person, all).await?;
        if seen.is_empty() {
            return dropped("the person may not see the device any more");
        }
        let recipient = Recipient { stored: &stored, person: &person };
        self.send_to(&recipient, notice, seen, beyond).await
    }
}
