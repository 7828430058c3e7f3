//! `subscribe` and `unsubscribe`: which topics a connection watches.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, sleep_until};
use weir_aws::live::Connection;
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::live::{MOST_TOPICS, NoTopic, REMEMBERED_MS, Topic, Visible};
use weir_core::wire::live::Message;

use super::Parts;

/// Topics that are handled concurrently.
const CONCURRENT: usize = 8;
/// Attempts to change the topics of a connection that sends several messages at once.
const ATTEMPTS: u32 = 10;
/// The time after which every sender knows of a subscription.
const KNOWN: Duration = Duration::from_millis(REMEMBERED_MS as u64 + 100);

impl Parts {
    /// Subscribes the connection to these topics, and sends the state of each.
    ///
    /// Senders cache for a second who watches what, so changes in the first second may not be sent. The state is therefore read again
    /// after that, and sent again if it has changed. Later changes are sent.
    pub(super) async fn subscribe(&self, connection: Connection, topics: Vec<String>) -> Result<(), AwsError> {
        let id = connection.id.clone();
        let (topics, mut refused) = read(topics);
        let session = &connection.session;
        let look = async |topic: Topic| Ok::<_, AwsError>((self.visible(session, &topic).await?, topic));
        let seen: Vec<(Option<Visible>, Topic)> =
            stream::iter(topics).map(look).buffered(CONCURRENT).try_collect().await?;
        let (seen, hidden): (Vec<_>, Vec<_>) = seen.into_iter().partition(|(visible, _)| visible.is_some());
        if !hidden.is_empty() {
            let hidden = hidden.iter().map(|(_, topic)| topic.to_string()).collect();
            refused.push(Message::error("not_found", "it does not exist, or you may not see it", hidden));
        }
        let seen = seen.into_iter().filter_map(|(visible, topic)| Some((topic, visible?))).collect();
        let Some((taken, left)) = self.add(&connection, seen).await? else { return Ok(()) };
        if !left.is_empty() {
            let detail = format!("a connection watches at most {MOST_TOPICS} topics");
            refused.push(Message::error("too_many", detail, left.iter().map(ToString::to_string).collect()));
        }
        self.tell(&id, &refused).await;

        let watch = async |(topic, visible): &(Topic, Visible)| self.live.watch(topic, &id, session, visible).await;
        stream::iter(&taken).map(watch).buffer_unordered(CONCURRENT).try_collect::<()>().await?;
        let known = Instant::now() + KNOWN;
        let first = self.snapshots(&taken).await?;
        for snapshot in &first {
            self.tell(&id, std::slice::from_ref(snapshot)).await;
        }
        if taken.is_empty() {
            return Ok(());
        }
        sleep_until(known).await;
        let second = self.snapshots(&taken).await?;
        for (before, now) in first.iter().zip(&second) {
            if before != now {
                self.tell(&id, std::slice::from_ref(now)).await;
            }
        }
        Ok(())
    }

    /// Adds topics to those of the connection: which were taken, and which were too many. `None` when it was closed.
    async fn add(
        &self,
        connection: &Connection,
        seen: Vec<(Topic, Visible)>,
    ) -> Result<Option<(Vec<(Topic, Visible)>, Vec<Topic>)>, AwsError> {
        let mut attempts = Attempts::new("live", &connection.id, ATTEMPTS);
        let mut read = connection.clone();
        loop {
            attempts.next().await?;
            let (mut topics, mut taken, mut left) = (read.topics.clone(), Vec::new(), Vec::new());
            for (topic, visible) in &seen {
                if topics.contains(topic) || topics.len() < MOST_TOPICS {
                    topics.insert(topic.clone());
                    taken.push((topic.clone(), visible.clone()));
                } else {
                    left.push(topic.clone());
                }
            }
            let new = Connection { topics, ..read.clone() };
            if new == read || self.live.change(&read, &new).await? == WriteOutcome::Done {
                return Ok(Some((taken, left)));
            }
            let Some(now) = self.again(connection).await? else { return Ok(None) };
            read = now;
        }
    }

    /// Unsubscribes the connection from these topics.
    pub(super) async fn unsubscribe(&self, connection: Connection, topics: Vec<String>) -> Result<(), AwsError> {
        let id = connection.id.clone();
        let (topics, mut answer) = read(topics);
        let unwatch = async |topic: &Topic| self.live.unwatch(topic, &id).await;
        stream::iter(&topics).map(unwatch).buffer_unordered(CONCURRENT).try_collect::<()>().await?;
        let mut attempts = Attempts::new("live", &connection.id, ATTEMPTS);
        let mut read = connection.clone();
        loop {
            attempts.next().await?;
            let mut new = read.clone();
            new.topics.retain(|topic| !topics.contains(topic));
            if new == read || self.live.change(&read, &new).await? == WriteOutcome::Done {
                break;
            }
            let Some(now) = self.again(&connection).await? else { return Ok(()) };
            read = now;
        }
        answer.push(Message::Unsubscribed { topics: topics.iter().map(ToString::to_string).collect() });
        self.tell(&id, &answer).await;
        Ok(())
    }

    async fn snapshots(&self, topics: &[(Topic, Visible)]) -> Result<Vec<Message>, AwsError> {
        let state = async |(topic, visible): &(Topic, Visible)| self.snapshot(topic, visible).await;
        stream::iter(topics).map(state).buffered(CONCURRENT).try_collect().await
    }
}

/// The topics in these texts, each once and in their order, and the refusal of those that are not topics.
fn read(texts: Vec<String>) -> (Vec<Topic>, Vec<Message>) {
    let (mut topics, mut known, mut wrong) = (Vec::new(), BTreeSet::new(), Vec::new());
    for text in texts {
        match text.parse::<Topic>() {
            Ok(topic) if known.insert(topic.clone()) => topics.push(topic),
            Ok(_) => {}
            Err(NoTopic) => wrong.push(text.chars().take(80).collect::<String>()),
        }
    }
    // A message may hold thousands.
    wrong.truncate(MOST_TOPICS);
    let refused = (!wrong.is_empty()).then(|| Message::error("invalid", NoTopic.to_string(), wrong));
    (topics, refused.into_iter().collect())
}
