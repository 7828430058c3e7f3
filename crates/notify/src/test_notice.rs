//! A test notice, which somebody asks for to see whether a subscription reaches its receiver.

use serde::Deserialize;
use serde_json::{Value, json};
use weir_aws::notice::{Address, Write};
use weir_aws::subscription::StoredSubscription;
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::notice::{Disabled, MOST_AN_HOUR};
use weir_core::id::{Sub, SubscriptionId};
use weir_runtime::{Response, Retry, Until};

use super::Notify;
use super::send::{Recipient, Sent};
use super::tell::address;

/// Attempts to count the test while others write the outbox.
const ATTEMPTS: u32 = 10;

/// Which subscription.
#[derive(Deserialize)]
struct Of {
    owner: Sub,
    id: SubscriptionId,
}

impl Notify {
    /// Sends a test notice. It counts as a notice of this hour, so nobody is flooded with tests.
    pub(super) async fn test(&self, of: &Value, until: Until) -> Result<Response, Retry> {
        let of = Of::deserialize(of).map_err(Retry::new)?;
        let outcome = until.finish(self.tested(&of)).await.ok_or_else(Retry::out_of_time)??;
        Ok(outcome.into())
    }

    async fn tested(&self, of: &Of) -> Result<Value, AwsError> {
        let Some(stored) = self.parts.subscriptions.find(&of.owner, &of.id).await? else {
            return Ok(json!({"outcome": "not_found"}));
        };
        if !self.counted(&stored).await? {
            return Ok(json!({"outcome": "too_many"}));
        }
        let person = self.ask(&stored.owner).await?;
        if !person.active {
            return Ok(json!({"outcome": "failed", "detail": "the person is disabled or deleted"}));
        }
        let recipient = Recipient { stored: &stored, person: &person };
        Ok(match self.send_test(&recipient).await? {
            Sent::Done => json!({"outcome": "sent"}),
            Sent::Failed(detail) | Sent::Dropped(detail) => json!({"outcome": "failed", "detail": detail}),
            Sent::Gone => {
                self.parts.subscriptions.disable(&stored.owner, &stored.id, Disabled::Gone, self.now(), None).await?;
                json!({"outcome": "failed", "detail": "the receiver has answered 410: the subscription is disabled"})
            }
        })
    }

    /// Counts the test among the notices of this hour; false when there were too many.
    async fn counted(&self, stored: &StoredSubscription) -> Result<bool, AwsError> {
        let of: Address = address(stored);
        let mut attempts = Attempts::new("notices", &of.subscription, ATTEMPTS);
        loop {
            attempts.next().await?;
            let (read, now) = (self.parts.notices.queue(&of.subscription).await?, self.now());
            if !read.value.pace.window.has_room(now, MOST_AN_HOUR) {
                return Ok(false);
            }
            let mut queue = read.value.clone();
            queue.pace.window = queue.pace.window.counted(now);
            let write = Write { queue: Some((&read, queue)), ..Write::default() };
            if self.parts.notices.write(&of, write, now).await? == WriteOutcome::Done {
                return Ok(true);
            }
        }
    }
}
