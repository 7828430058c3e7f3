//! A service with slow answers, which counts concurrent requests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::wire::{Answer, Request, Wire};

/// Delays all answers of one kind by the same time.
#[derive(Debug)]
pub struct Slow {
    operation: &'static str,
    takes: Mutex<Duration>,
    asked: AtomicUsize,
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Slow {
    /// Delays every request by this time.
    pub fn always(takes: Duration) -> Arc<Self> {
        Self::of("", takes)
    }

    /// Delays every request of this operation by this time.
    pub fn of(operation: &'static str, takes: Duration) -> Arc<Self> {
        let (asked, open, most) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { operation, takes: Mutex::new(takes), asked, open, most })
    }

    /// Sets the delay from now on.
    pub fn takes(&self, takes: Duration) {
        *self.takes.lock().unwrap() = takes;
    }

    /// Number of requests, and the maximum of concurrent ones.
    pub fn seen(&self) -> (usize, usize) {
        (self.asked.load(Ordering::SeqCst), self.most.load(Ordering::SeqCst))
    }
}

impl Wire for Slow {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        if !self.operation.is_empty() && request.operation() != self.operation {
            return Box::pin(request.deliver());
        }
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let open = Open::one_more(&self.open);
            self.most.fetch_max(open.0.load(Ordering::SeqCst), Ordering::SeqCst);
            let takes = *self.takes.lock().unwrap();
            tokio::time::sleep(takes).await;
            request.deliver().await
        })
    }
}

/// A request under way; it is no longer counted when it is dropped.
struct Open<'a>(&'a AtomicUsize);

impl<'a> Open<'a> {
    fn one_more(open: &'a AtomicUsize) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        Self(open)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
