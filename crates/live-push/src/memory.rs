//! Who watches what, read at most once a second: one query finds the topics that are watched at all, so changes that nobody watches cost
//! no request of their own; one more query for each watched topic finds its watchers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{MutexGuard, PoisonError};

use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::AwsError;
use weir_aws::live::{Overview, Watcher};
use weir_core::domain::Timestamp;
use weir_core::domain::live::{REMEMBERED_MS, Topic};

use super::LivePush;

/// Topics that are read concurrently.
const CONCURRENT: usize = 16;

/// The cache, each entry with the time at which it was read.
#[derive(Debug, Default)]
pub(super) struct Memory {
    overview: Option<(Timestamp, Overview)>,
    watchers: HashMap<Topic, (Timestamp, Vec<Watcher>)>,
}

/// Who watches the topics of a batch.
#[derive(Debug, Default)]
pub(super) struct Audience {
    /// The watchers whose sessions go on.
    pub watchers: BTreeMap<Topic, Vec<Watcher>>,
    /// The watchers who were signed out: each is to be closed.
    pub stopped: Vec<(Topic, Watcher)>,
}

fn is_fresh(asked: Timestamp, now: Timestamp) -> bool {
    (0..REMEMBERED_MS).contains(&now.millis_since(asked))
}

impl LivePush {
    /// Who watches these topics.
    ///
    /// # Errors
    /// When the table does not answer.
    pub(super) async fn audience(&self, topics: impl Iterator<Item = &Topic>) -> Result<Audience, AwsError> {
        let topics: Vec<&Topic> = topics.collect();
        if topics.is_empty() {
            return Ok(Audience::default());
        }
        let overview = self.overview().await?;
        let watched = topics.into_iter().filter(|topic| overview.topics.contains(topic));
        let ask = async |topic: &Topic| Ok::<_, AwsError>((topic.clone(), self.watchers(topic).await?));
        let found: Vec<(Topic, Vec<Watcher>)> =
            stream::iter(watched).map(ask).buffer_unordered(CONCURRENT).try_collect().await?;
        let now = self.clock.now();
        let mut audience = Audience::default();
        for (topic, watchers) in found {
            let lasting = watchers.into_iter().filter(|watcher| watcher.expires_at > now);
            let (stopped, going_on): (Vec<_>, Vec<_>) = lasting
                .partition(|watcher| overview.stopped.get(&watcher.sub).is_some_and(|at| watcher.issued_at <= *at));
            audience.stopped.extend(stopped.into_iter().map(|watcher| (topic.clone(), watcher)));
            audience.watchers.insert(topic, going_on);
        }
        Ok(audience)
    }

    async fn overview(&self) -> Result<Overview, AwsError> {
        // The time before the question: what is written after it may be missing in the answer.
        let now = self.clock.now();
        if let Some((asked, overview)) = &self.memory().overview
            && is_fresh(*asked, now)
        {
            return Ok(overview.clone());
        }
        let overview = self.live.overview(now).await?;
        self.memory().overview = Some((now, overview.clone()));
        Ok(overview)
    }

    async fn watchers(&self, topic: &Topic) -> Result<Vec<Watcher>, AwsError> {
        let now = self.clock.now();
        if let Some((asked, watchers)) = self.memory().watchers.get(topic)
            && is_fresh(*asked, now)
        {
            return Ok(watchers.clone());
        }
        let watchers = self.live.watchers(topic, now).await?;
        let mut memory = self.memory();
        // What is older is of no use, and would grow without an end.
        memory.watchers.retain(|_, (asked, _)| is_fresh(*asked, now));
        memory.watchers.insert(topic.clone(), (now, watchers.clone()));
        Ok(watchers)
    }

    /// Records that a watcher has a gap, or no longer has one.
    pub(super) fn remember_gap(&self, topic: &Topic, id: &str, gap: bool) {
        if let Some((_, watchers)) = self.memory().watchers.get_mut(topic) {
            for watcher in watchers.iter_mut().filter(|watcher| watcher.connection == id) {
                watcher.gap = gap;
            }
        }
    }

    /// Forgets a watcher.
    pub(super) fn forget_watcher(&self, id: &str) {
        for (_, watchers) in self.memory().watchers.values_mut() {
            watchers.retain(|watcher| watcher.connection != id);
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
