//! Sends a batch: one message for each connection, a bounded number of them concurrently.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::Instant;
use weir_aws::AwsError;
use weir_aws::live::Watcher;
use weir_aws::sockets::Sent;
use weir_core::domain::live::Topic;
use weir_core::wire::live::{Message, changes};

use super::LivePush;
use super::batch::Batch;
use super::memory::Audience;

/// Maximum posts under way.
const CONCURRENT: usize = 32;
/// How long new posts are started. Connections not reached by then get a gap, and there is time left to record it.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is sent to a connection.
#[derive(Debug)]
struct Post {
    id: String,
    sub: String,
    /// The topics of these changes.
    topics: Vec<Topic>,
    /// Those of them with a gap from before.
    gaps: Vec<Topic>,
    text: Arc<str>,
}

impl LivePush {
    /// Sends the batch to its audience.
    pub(super) async fn send(&self, batch: &Batch, audience: Audience) {
        for (_, watcher) in &audience.stopped {
            self.end(&watcher.connection, &watcher.sub).await;
        }
        let begun = Instant::now();
        let send = async |post: Post| {
            let sent = if begun.elapsed() < PATIENCE {
                self.sockets.send(&post.id, &post.text).await
            } else {
                Sent::Failed(AwsError::OutOfTime("PostToConnection"))
            };
            self.settle(&post, sent).await;
        };
        stream::iter(posts(batch, &audience)).map(send).buffer_unordered(CONCURRENT).collect::<()>().await;
    }

    /// Handles the outcome of a post.
    async fn settle(&self, post: &Post, sent: Sent) {
        match sent {
            Sent::Done => {
                for topic in &post.gaps {
                    self.note_gap(topic, post, false).await;
                }
            }
            Sent::Gone => {
                tracing::debug!(connection = post.id, "gone");
                self.forget(&post.id, &post.sub, &post.topics).await;
            }
            Sent::Failed(error) => {
                tracing::warn!(connection = post.id, %error, "not sent; the next message tells of the gap");
                for topic in &post.topics {
                    self.note_gap(topic, post, true).await;
                }
            }
        }
    }

    /// Records a gap in the table. If that fails, the connection is closed, because it would never learn of the gap.
    async fn note_gap(&self, topic: &Topic, post: &Post, gap: bool) {
        self.remember_gap(topic, &post.id, gap);
        let Err(error) = self.live.set_gap(topic, &post.id, gap).await else { return };
        tracing::warn!(connection = post.id, %error, "a gap is not noted");
        if gap {
            self.end(&post.id, &post.sub).await;
        }
    }

    /// Closes a connection and removes its rows.
    async fn end(&self, id: &str, sub: &str) {
        if let Sent::Failed(error) = self.sockets.close(id).await {
            tracing::warn!(connection = id, %error, "not closed");
        }
        self.forget(id, sub, &[]).await;
    }

    /// Removes the rows of a connection and of its watchers. If this fails, the next post repeats it, or the rows expire.
    async fn forget(&self, id: &str, sub: &str, topics: &[Topic]) {
        self.forget_watcher(id);
        let forgotten = async {
            let known = self.live.forget(id).await?;
            let all = known.map(|connection| connection.topics).unwrap_or_default();
            for topic in topics.iter().filter(|topic| !all.contains(topic)).chain(&all) {
                self.live.unwatch(topic, id).await?;
            }
            self.live.count_out(sub, &[id.to_owned()]).await
        };
        if let Err(error) = forgotten.await {
            tracing::warn!(connection = id, %error, "a connection that is gone is not forgotten");
        }
    }
}

/// The content of a post: the positions of the changes in the batch by topic, and the topics with a gap.
type Told<'a> = (Vec<(&'a Topic, usize)>, Vec<Topic>);

/// The posts of a batch.
fn posts(batch: &Batch, audience: &Audience) -> Vec<Post> {
    let mut by_connection: BTreeMap<&str, Vec<(&Topic, &Watcher)>> = BTreeMap::new();
    for (topic, watchers) in &audience.watchers {
        for watcher in watchers {
            by_connection.entry(&watcher.connection).or_default().push((topic, watcher));
        }
    }
    // Most connections of a topic are told the same.
    let mut texts: HashMap<Told<'_>, Option<Arc<str>>> = HashMap::new();
    let mut posts = Vec::new();
    for (id, watched) in by_connection {
        let mut told: Vec<(&Topic, usize)> = Vec::new();
        let mut messages: Vec<&Message> = Vec::new();
        for (topic, watcher) in &watched {
            for (place, change) in batch.of(topic).iter().enumerate() {
                if watcher.visible.is_shown(&change.levels, change.of_device) {
                    told.push((*topic, place));
                    messages.push(&change.message);
                }
            }
        }
        let gaps: Vec<Topic> =
            watched.iter().filter(|(_, watcher)| watcher.gap).map(|(topic, _)| (*topic).clone()).collect();
        let text =
            texts.entry((told, gaps.clone())).or_insert_with(|| changes(&messages, &gaps).map(Arc::from)).clone();
        if let (Some(text), Some((_, first))) = (text, watched.first()) {
            let topics = watched.iter().map(|(topic, _)| (*topic).clone()).collect();
            posts.push(Post { id: id.to_owned(), sub: first.sub.clone(), topics, gaps, text });
        }
    }
    posts
}
