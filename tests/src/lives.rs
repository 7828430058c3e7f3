//! The functions as run by Lambda: each instance handles one event at a time, knows its remaining time, and may be killed at any await;
//! then the next event gets a new instance with empty memory.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use weir_runtime::Function as _;

use fastrand::Rng;
use futures_util::future::{BoxFuture, LocalBoxFuture, poll_fn};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::engine::Engine;
use crate::faults::{Faults, later};
use crate::functions::{Functions, Settings};
use crate::wire::{Answer, Request, Wire};

/// Maximum time of a function in AWS, without the margin that it keeps for its report.
const ALL_OF_IT: Duration = Duration::from_secs(29);
/// Maximum idle instances; others are dropped.
const IDLE: usize = 3;
/// Percentage of calls that are killed while there are faults.
const KILLED: u8 = 20;

/// A function that can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the function of that name")]
pub enum Which {
    Alert,
    Calibration,
    Organizer,
    Detector,
}

/// Where a call is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Before its nth request is sent.
    Before(usize),
    /// After its nth request is executed, but before the answer arrives.
    After(usize),
    /// During its nth request, which then arrives without anybody waiting for the answer.
    UnderWay(usize),
    /// At its nth await of any kind.
    Await(usize),
}

/// Counters of disturbances.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Happened {
    /// Calls that were killed.
    pub killed: usize,
    /// Calls with less than the full time.
    pub hurried: usize,
}

/// The instances.
pub struct Lives<'a> {
    engine: &'a Engine,
    faults: Arc<Faults>,
    wild: AtomicBool,
    rng: Arc<Mutex<Rng>>,
    idle: Mutex<Vec<Instance>>,
    happened: Mutex<Happened>,
}

impl fmt::Debug for Lives<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lives")
    }
}

struct Instance {
    functions: Functions,
    line: Arc<Line>,
}

impl<'a> Lives<'a> {
    /// With this engine and these faults; `wild` means that calls are killed as well.
    pub fn over(engine: &'a Engine, faults: Arc<Faults>, seed: u64, wild: bool) -> Self {
        let (rng, wild) = (Arc::new(Mutex::new(Rng::with_seed(seed))), AtomicBool::new(wild));
        Self { engine, faults, wild, rng, idle: Mutex::default(), happened: Mutex::default() }
    }

    /// Ends all disturbances.
    pub fn calm(&self) {
        self.faults.end();
        self.wild.store(false, Ordering::SeqCst);
    }

    /// Whether there are disturbances.
    pub fn wild(&self) -> bool {
        self.wild.load(Ordering::SeqCst)
    }

    /// The counters of disturbances.
    pub fn happened(&self) -> Happened {
        *self.happened.lock().unwrap()
    }

    /// Calls a function with an event, like Lambda: if it is killed, its caller only gets an error.
    ///
    /// # Errors
    /// When the function fails, and when it is killed.
    pub async fn call(&self, which: Which, event: Value) -> Result<Value, String> {
        let (instance, cut, left) = self.draw();
        *instance.line.cut.lock().unwrap() = cut;
        instance.line.asked.store(0, Ordering::SeqCst);
        let functions = &instance.functions;
        // Boxed, since the type of everything that a function awaits is too complex for the compiler.
        let handled: LocalBoxFuture<'_, Result<Value, String>> = Box::pin(async {
            match which {
                Which::Alert => functions.alert.answer_within(event, left).await.map_err(|e| e.to_string()),
                Which::Calibration => functions.calibration.answer_within(event, left).await.map_err(|e| e.to_string()),
                Which::Organizer => functions.organizer.answer_within(event, left).await.map_err(|e| e.to_string()),
                Which::Detector => functions.detector.answer_within(event, left).await.map_err(|e| e.to_string()),
            }
        });
        let awaits = match cut {
            Some(Cut::Await(awaits)) => awaits,
            _ => usize::MAX,
        };
        let ended = tokio::select! {
            biased;
            () = instance.line.reached.notified() => None,
            ended = up_to(awaits, handled) => ended,
        };
        let Some(ended) = ended else {
            self.happened.lock().unwrap().killed += 1;
            return Err("killed".to_owned());
        };
        let mut idle = self.idle.lock().unwrap();
        if idle.len() < IDLE {
            idle.push(instance);
        }
        ended
    }

    /// Draws an instance for the next event, where to kill it, and its remaining time.
    fn draw(&self) -> (Instance, Option<Cut>, Duration) {
        let mut rng = self.rng.lock().unwrap();
        let mut idle = self.idle.lock().unwrap();
        let known = if idle.is_empty() || (self.wild() && rng.u8(..4) == 0) { None } else { idle.pop() };
        let instance = known.unwrap_or_else(|| {
            let line = Arc::new(Line { rng: Arc::clone(&self.rng), ..Line::to(Arc::clone(&self.faults)) });
            let client = self.engine.client_timed(line.clone());
            Instance { functions: Functions::by(self.engine, &client, &Settings::default()), line }
        });
        if !self.wild() {
            return (instance, None, ALL_OF_IT);
        }
        let place = rng.usize(..10);
        let cut = (rng.u8(..100) < KILLED).then(|| match rng.u8(..4) {
            0 => Cut::Before(place),
            1 => Cut::After(place),
            2 => Cut::UnderWay(place),
            _ => Cut::Await(rng.usize(1..40)),
        });
        if rng.u8(..10) > 0 {
            return (instance, cut, ALL_OF_IT);
        }
        self.happened.lock().unwrap().hurried += 1;
        (instance, cut, Duration::from_millis(rng.u64(..3_000)))
    }
}

/// Does the work up to this number of awaits; `None` if it was not complete by then.
pub async fn up_to<T>(awaits: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), awaits);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => {
            left -= 1;
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await
}

/// The wire between one instance and the service: every request takes some time, so that calls overlap, and one of them may be the last.
#[derive(Debug)]
struct Line {
    faults: Arc<Faults>,
    rng: Arc<Mutex<Rng>>,
    cut: Mutex<Option<Cut>>,
    asked: AtomicUsize,
    reached: Notify,
}

impl Line {
    fn to(faults: Arc<Faults>) -> Self {
        let (rng, asked) = (Arc::default(), AtomicUsize::new(0));
        Self { faults, rng, cut: Mutex::default(), asked, reached: Notify::new() }
    }

    fn moment(&self) -> Duration {
        Duration::from_millis(self.rng.lock().unwrap().u64(1..30))
    }

    /// Kills the process here.
    async fn end<T>(&self) -> T {
        self.reached.notify_one();
        std::future::pending().await
    }
}

impl Wire for Line {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let place = self.asked.fetch_add(1, Ordering::SeqCst);
            sleep(self.moment()).await;
            let cut = *self.cut.lock().unwrap();
            if cut == Some(Cut::Before(place)) {
                return self.end().await;
            }
            if cut == Some(Cut::UnderWay(place)) {
                later(request, &mut self.rng.lock().unwrap());
                return self.end().await;
            }
            let answer = Arc::clone(&self.faults).carry(request).await;
            if cut == Some(Cut::After(place)) {
                return self.end().await;
            }
            sleep(self.moment()).await;
            answer
        })
    }
}
