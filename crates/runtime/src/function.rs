//! What a function is, and the one runner of all of them.

use std::fmt;
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::clock::{Clock, SystemClock};
use crate::{Environment, Event, Response, Settings, SettingsError, Until, telemetry};

/// A Lambda function: how it starts, and what it does with an event.
///
/// Futures need not be `Send`: a function handles one event at a time, on one thread.
#[allow(async_fn_in_trait, reason = "only implemented in this workspace, and never spawned")]
pub trait Function: Sized {
    /// What the function reads from its environment.
    type Settings: Settings;

    /// Makes the function ready for its first event. Runs in Lambda's init phase, which has a whole processor: open
    /// connections here.
    ///
    /// # Errors
    /// When the function cannot work with these settings.
    async fn start(settings: Self::Settings) -> Result<Self, StartError>;

    /// Handles one event, and stops in time to report what is unfinished at `until`.
    ///
    /// # Errors
    /// When the event has to be delivered again as a whole.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry>;

    /// Handles the event `payload` without a deadline and answers as JSON, as the caller sees it. For tests.
    ///
    /// # Errors
    /// Those of [`Function::handle`].
    async fn answer(&self, payload: Value) -> Result<Value, Retry> {
        self.answer_within(payload, Duration::MAX).await
    }

    /// As [`Function::answer`], with `time` until the deadline.
    ///
    /// # Errors
    /// Those of [`Function::handle`].
    async fn answer_within(&self, payload: Value, time: Duration) -> Result<Value, Retry> {
        let response = self.handle(Event::new(payload), Until::after(time)).await?;
        serde_json::to_value(response).map_err(Retry::new)
    }
}

/// The event has to be delivered again: something temporary was in the way, or there was not enough time. Lambda retries
/// an asynchronous event twice, then puts it into the on-failure queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("deliver again: {0}")]
pub struct Retry(String);

impl Retry {
    /// With a reason, which appears only in the log.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }

    /// The deadline was reached.
    pub fn out_of_time() -> Self {
        Self("out of time".to_owned())
    }
}

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A client of an AWS service cannot be created.
    #[error("a client of AWS cannot be made: {0}")]
    Client(String),
    /// A file next to the program cannot be read.
    #[error("a file of the function cannot be read: {0}")]
    File(#[from] std::io::Error),
}

/// Runs a function in Lambda until the execution environment ends. Every `main.rs` consists of this call.
///
/// # Errors
/// When the function cannot start, or Lambda's Runtime API cannot be reached.
pub async fn run<F: Function>() -> Result<(), Error> {
    telemetry::start();
    let started = SystemClock.now();
    let function = F::start(F::Settings::read(&Environment::of_process())?).await?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let until = Until::before(event.context.deadline, started, &SystemClock);
        function.handle(Event::new(event.payload), until).await.map_err(Error::from)
    }))
    .await
}
