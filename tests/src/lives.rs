//! The functions as Lambda runs them: each instance handles one event at a time, is told how much time it has, and may be killed
//! at any await; then the next event finds a new one that remembers nothing.

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

/// How long a function may work in AWS, without the margin it keeps for its report.
const ALL_OF_IT: Duration = Duration::from_secs(29);
/// Instances that wait for an event; what is beyond goes.
const IDLE: usize = 3;
/// Of 100 calls so many end before their time, while things go wrong.
const KILLED: u8 = 20;

/// A function that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the function of that name")]
pub enum Which {
    Alert,
    Calibration,
    Organizer,
    Detector,
}

/// Where a call ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Before its nth request is sent.
    Before(usize),
    /// After that was done, and before the answer is there.
    After(usize),
    /// With that under way: it arrives when nobody waits for it any more.
    UnderWay(usize),
    /// At its nth await, whatever it awaits.
    Await(usize),
}

/// How often each thing has happened.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Happened {
    /// Calls that ended before their time.
    pub killed: usize,
    /// Calls that had less than their whole time.
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
    /// Over this engine and these faults; `wild` when calls are to be killed as well.
    pub fn over(engine: &'a Engine, faults: Arc<Faults>, seed: u64, wild: bool) -> Self {
        let (rng, wild) = (Arc::new(Mutex::new(Rng::with_seed(seed))), AtomicBool::new(wild));
        Self { engine, faults, wild, rng, idle: Mutex::default(), happened: Mutex::default() }
    }

    /// From now on nothing goes wrong.
    pub fn calm(&self) {
        self.faults.end();
        self.wild.store(false, Ordering::SeqCst);
    }

    /// Whether things go wrong.
    pub fn wild(&self) -> bool {
        self.wild.load(Ordering::SeqCst)
    }

    /// What has happened to calls.
    pub fn happened(&self) -> Happened {
        *self.happened.lock().unwrap()
    }

    /// Calls a function with an event, as Lambda does: an error is all that its caller learns when it was killed.
    ///
    /// # Errors
    /// When the function says so, and when it was killed.
    pub async fn call(&self, which: Which, event: Value) -> Result<Value, String> {
        let (instance, cut, left) = self.draw();
        *instance.line.cut.lock().unwrap() = cut;
        instance.line.asked.store(0, Ordering::SeqCst);
        let functions = &instance.functions;
        // Boxed, since a type of all that a function awaits is more than the compiler follows.
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

    /// An instance for the next event, where it is killed, and how much time it has.
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

/// Does the work up to an await of it; `None` when it was not done before.
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

/// What lies between one instance and the service: every request takes a moment, so that calls meet, and one of them may be the
/// last.
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

    /// The process ends here.
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
