//! `renew`: the connection lasts as long as a newer token, with its rights. What the person may no longer see is no longer
//! sent.

use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::live::{Connection, Ticket};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::live::{Session, Topic, Visible};
use weir_core::wire::live::Message;

use super::Parts;

/// Topics that are handled concurrently.
const CONCURRENT: usize = 8;
/// Attempts to change a connection that sends several messages at once.
const ATTEMPTS: u32 = 10;

impl Parts {
    /// Renews the connection with a ticket of the same person.
    pub(super) async fn renew(&self, connection: Connection, ticket: &str) -> Result<(), AwsError> {
        let id = connection.id.clone();
        let now = self.clock.now();
        let session = match Ticket::presented(ticket) {
            Some(ticket) => self.live.redeem(&ticket, now).await?,
            None => None,
        };
        let Some(session) = session.filter(|session| !session.is_over(now)) else {
            let detail = "the ticket is not valid: it is used once, within half a minute";
            self.tell(&id, &[Message::error("forbidden", detail, Vec::new())]).await;
            return Ok(());
        };
        if session.sub != connection.session.sub {
            self.tell(&id, &[Message::error("forbidden", "the ticket is somebody else's", Vec::new())]).await;
            return Ok(());
        }
        if session.is_stopped(self.live.stopped_at(&session.sub).await?) {
            let detail = "you were signed out: sign in again";
            self.tell(&id, &[Message::error("forbidden", detail, Vec::new())]).await;
            return Ok(());
        }
        let mut attempts = Attempts::new("live", &connection.id, ATTEMPTS);
        let mut read = connection.clone();
        let dropped = loop {
            attempts.next().await?;
            let (kept, dropped) = self.seen(&session, &read).await?;
            // First what is no longer seen, then the rest: in between nobody sees more than before or after.
            let unwatch = async |topic: &Topic| self.live.unwatch(topic, &id).await;
            stream::iter(&dropped).map(unwatch).buffer_unordered(CONCURRENT).try_collect::<()>().await?;
            let topics = kept.iter().map(|(topic, _)| topic.clone()).collect();
            let new = Connection { topics, session: session.clone(), ..read.clone() };
            if self.live.change(&read, &new).await? == WriteOutcome::Done {
                let watch =
                    async |(topic, visible): &(Topic, Visible)| self.live.watch(topic, &id, &session, visible).await;
                stream::iter(&kept).map(watch).buffer_unordered(CONCURRENT).try_collect::<()>().await?;
                break dropped;
            }
            let Some(now) = self.again(&connection).await? else { return Ok(()) };
            read = now;
        };
        let mut answer = vec![Message::Renewed { expires_at: session.expires_at }];
        if !dropped.is_empty() {
            let dropped = dropped.iter().map(ToString::to_string).collect();
            answer.push(Message::error(
                "not_found",
                "it does not exist any more, or you may not see it any more",
                dropped,
            ));
        }
        self.tell(&id, &answer).await;
        Ok(())
    }

    /// The topics of the connection that the session may still see, and those that it may not.
    async fn seen(
        &self,
        session: &Session,
        read: &Connection,
    ) -> Result<(Vec<(Topic, Visible)>, Vec<Topic>), AwsError> {
        let look = async |topic: &Topic| Ok::<_, AwsError>((topic.clone(), self.visible(session, topic).await?));
        let all: Vec<(Topic, Option<Visible>)> =
            stream::iter(&read.topics).map(look).buffered(CONCURRENT).try_collect().await?;
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        for (topic, visible) in all {
            match visible {
                Some(visible) => kept.push((topic, visible)),
                None => dropped.push(topic),
            }
        }
        Ok((kept, dropped))
    }
}
