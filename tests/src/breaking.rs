//! A wire that fails at one request: by trying each request of a task in turn, the state between any two steps is tested.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::result::ConnectorError;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::wire::{Answer, Request, Wire, refusal};

/// How the request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// It is refused with an internal error of the service, without any effect.
    Refused,
    /// It is lost before it reaches the service.
    LostBefore,
    /// It is executed, and the answer is lost.
    LostAfter,
    /// The caller is killed before the request reaches the service.
    KilledBefore,
    /// It is executed, and the caller is killed.
    KilledAfter,
    /// This and all later requests are lost.
    Dead,
    /// It is executed and its answer is lost, as are all later requests.
    DeadAfter,
}

impl Break {
    /// All variants.
    pub const ALL: [Self; 7] = [
        Self::Refused,
        Self::LostBefore,
        Self::LostAfter,
        Self::KilledBefore,
        Self::KilledAfter,
        Self::Dead,
        Self::DeadAfter,
    ];

    /// Whether the caller can still react.
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
    /// Fails in this way at the request number `at`, counted from 0.
    pub fn new(at: usize, how: Break) -> Arc<Self> {
        let (seen, killed, asked) = (AtomicUsize::new(0), Notify::new(), Mutex::default());
        Arc::new(Self { at, how, seen, killed, asked })
    }

    /// Whether that request was reached.
    pub fn broke(&self) -> bool {
        self.seen.load(Ordering::SeqCst) > self.at
    }

    /// The operation of the request that failed.
    pub fn what(&self) -> String {
        self.asked.lock().unwrap().get(self.at).cloned().unwrap_or_default()
    }

    /// The result of the work; `None` if it is killed.
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
