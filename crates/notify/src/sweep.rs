//! What the schedule does: reminders, digests, and deliveries that have to be tried again.

use futures_util::{StreamExt, stream};
use serde_json::json;
use weir_aws::AwsError;
use weir_aws::notice::{Address, Due};
use weir_core::domain::problem::Subject;
use weir_runtime::{Response, Retry, Until};

use super::Notify;
use super::batch::CONCURRENT;

/// Pages of what is due for one call; the next call goes on.
const MOST_PAGES: usize = 20;

impl Notify {
    /// Does what is due. What fails is due again the next time.
    pub(super) async fn sweep(&self, until: Until) -> Result<Response, Retry> {
        let (mut page, mut done, mut failed) = (None, 0, 0);
        for _ in 0..MOST_PAGES {
            let Some(next) = until.finish(self.parts.notices.due(self.now(), page.take())).await else { break };
            let next = next?;
            let work = async |due: &Due| self.one(due, until).await;
            let all: Vec<_> = stream::iter(&next.rows).map(work).buffer_unordered(CONCURRENT).collect::<Vec<_>>().await;
            for outcome in all {
                match outcome {
                    Ok(()) => done += 1,
                    Err(error) => {
                        failed += 1;
                        tracing::warn!(%error, "a notice that was due could not be looked after");
                    }
                }
            }
            if next.is_last() || until.is_over() {
                break;
            }
            page = Some(next);
        }
        Ok(json!({"done": done, "failed": failed}).into())
    }

    async fn one(&self, due: &Due, until: Until) -> Result<(), AwsError> {
        let work = async {
            match due {
                Due::Queue(of) => self.deliver(of, until).await,
                Due::Reminder(of, problem) => {
                    if self.reminded(of, problem).await? {
                        self.deliver(of, until).await?;
                    }
                    Ok(())
                }
            }
        };
        // What is cut off goes on when its lease is over.
        until.finish(work).await.unwrap_or(Ok(()))
    }

    /// Tells a problem again. Whether the outbox has something to send.
    async fn reminded(&self, of: &Address, problem: &str) -> Result<bool, AwsError> {
        let stored = self.parts.subscriptions.find(&of.owner, &of.subscription).await?;
        let stored = stored.filter(|stored| stored.subscription.disabled.is_none());
        let (Some(stored), Some(subject)) = (stored, Subject::parse(problem)) else {
            self.forget_reminder(of, problem).await?;
            return Ok(false);
        };
        let begun = self.now();
        let devices = self.devices_of(&subject).await?;
        let wanted = stored.subscription.filter.matches_device(devices.iter());
        if !wanted || !self.who(&of.owner, &devices, begun).await?.sees(&devices) {
            self.forget_reminder(of, problem).await?;
            return Ok(false);
        }
        self.tell(&stored, &subject, &devices, begun).await
    }
}
