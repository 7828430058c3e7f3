//! Follows topics of the live feed for as long as a terminal is open: the connection is renewed before its token expires, and opened again
//! after it breaks.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tooling::api::Api;
use tooling::feed::Feed;
use tooling::people::Person;
use tooling::stack::Stack;

/// Time between two renewals. A token is valid for 15 minutes.
const RENEW: Duration = Duration::from_secs(10 * 60);
/// Time between two pings. API Gateway closes connections that are idle for ten minutes.
const PING: Duration = Duration::from_secs(5 * 60);
/// Wait before a broken connection is opened again.
const AGAIN: Duration = Duration::from_secs(1);
/// Attempts to open a broken connection again: a local cloud that is busy refuses some of them.
const ATTEMPTS: u32 = 10;

/// A connection that is kept open, with its topics.
#[derive(Debug)]
pub struct Follower {
    stack: Stack,
    person: Person,
    topics: Vec<String>,
    feed: Feed,
    renewed: Instant,
    said: Instant,
}

impl Follower {
    /// Opens a connection as this person, and subscribes to the topics, at most 50.
    ///
    /// # Errors
    /// When the person cannot sign in, or the stack does not answer.
    pub async fn open(stack: &Stack, person: &Person, topics: Vec<String>) -> Result<Self> {
        let feed = Feed::open(&signed_in(stack, person).await?).await?;
        let now = Instant::now();
        let mut follower = Self { stack: stack.clone(), person: person.clone(), topics, feed, renewed: now, said: now };
        follower.read_again(&follower.topics.clone()).await?;
        Ok(follower)
    }

    /// The messages of the next frame; none if no frame arrives within this time. After a reconnection there are snapshots of all topics.
    ///
    /// # Errors
    /// When the stack no longer answers.
    pub async fn next(&mut self, within: Duration) -> Result<Vec<Value>> {
        match self.try_next(within).await {
            Ok(messages) => Ok(messages),
            Err(_) => {
                *self = self.reopened().await?;
                Ok(Vec::new())
            }
        }
    }

    async fn reopened(&self) -> Result<Self> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            tokio::time::sleep(AGAIN).await;
            match Self::open(&self.stack, &self.person, self.topics.clone()).await {
                Err(_) if attempt < ATTEMPTS => {}
                opened => return opened,
            }
        }
    }

    /// Requests snapshots of these topics again, as after a `gap`.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn read_again(&mut self, topics: &[String]) -> Result<()> {
        self.feed.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    async fn try_next(&mut self, within: Duration) -> Result<Vec<Value>> {
        if self.renewed.elapsed() > RENEW {
            let api = signed_in(&self.stack, &self.person).await?;
            let answer = api.expect(&[201], "POST", "/live/tickets", None).await?.json();
            let ticket = answer.get("ticket").context("the answer has no ticket")?.clone();
            self.feed.say(&json!({"action": "renew", "ticket": ticket})).await?;
            (self.renewed, self.said) = (Instant::now(), Instant::now());
        } else if self.said.elapsed() > PING {
            self.said = Instant::now();
            self.feed.say(&json!({"action": "ping"})).await?;
        }
        Ok(self.feed.next(within).await?.unwrap_or_default())
    }
}

async fn signed_in(stack: &Stack, person: &Person) -> Result<Api> {
    Api::of(stack, Some(&person.sign_in(stack).await?.id))
}
