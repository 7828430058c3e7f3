//! A wire that breaks at one request: each request of a task in turn can be the one, so that nothing between two steps
//! stays untried.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::result::ConnectorError;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::wire::{Answer, Request, Wire, refusal};

/// What happens to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// It is refused with an error of the service's own; nothing is done.
    Refused,
    /// It is lost on its way.
    LostBefore,
    /// It is carried out, and the answer is lost.
    LostAfter,
    /// Whoever asked is killed before it arrives.
    KilledBefore,
    /// It is carried out, and whoever asked is killed.
    KilledAfter,
    /// It and everything after it is lost.
    Dead,
    /// It is carried out, the answer is lost, and so is everything after it.
    DeadAfter,
}

impl Break {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Refused,
        Self::LostBefore,
        Self::LostAfter,
        Self::KilledBefore,
        Self::KilledAfter,
        Self::Dead,
        Self::DeadAfter,
    ];

    /// Whether whoever asked can still do something about it.
    pub fn is_survived(self) -> bool {
        matches!(self, Self::Refused | Self::LostBefore | Self::LostAfter)
    }
}

/// The wire.
#[derive(Debug)]
pub struct Breaking {
    at: usize,
    how: Break,
    seen: AtomicUsize,
    killed: Notify,
    asked: Mutex<Vec<String>>,
}

impl Breaking {
    /// Breaks so at the request number `at`, from 0.
    pub fn new(at: usize, how: Break) -> Arc<Self> {
        let (seen, killed, asked) = (AtomicUsize::new(0), Notify::new(), Mutex::default());
        Arc::new(Self { at, how, seen, killed, asked })
    }

    /// Whether the request was there to break.
    pub fn broke(&self) -> bool {
        self.seen.load(Ordering::SeqCst) > self.at
    }

    /// The request it broke, by its operation.
    pub fn what(&self) -> String {
        self.asked.lock().unwrap().get(self.at).cloned().unwrap_or_default()
    }

    /// What the work comes to; nothing when it is killed.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.killed.notified() => None,
            done = work => Some(done),
        }
    }
}

impl Wire for Breaking {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        self.asked.lock().unwrap().push(request.operation().to_owned());
        Box::pin(async move {
            let lost = || Err(ConnectorError::timeout("no answer".into()));
            match self.how {
                Break::Dead | Break::DeadAfter if number > self.at => return lost(),
                _ if number != self.at => return request.deliver().await,
                _ => {}
            }
            match self.how {
                Break::Refused => refusal(500, "InternalErrorException", "internal error"),
                Break::LostBefore | Break::Dead => lost(),
                Break::LostAfter | Break::DeadAfter => {
                    request.deliver().await?;
                    lost()
                }
                Break::KilledBefore => self.end().await,
                Break::KilledAfter => {
                    request.deliver().await?;
                    self.end().await
                }
            }
        })
    }
}

impl Breaking {
    async fn end(&self) -> Answer {
        self.killed.notify_one();
        std::future::pending().await
    }
}
