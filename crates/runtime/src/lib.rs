//! The runtime of every Lambda function of Weir: the [`Function`] trait and its one runner, deadlines, settings
//! from the environment, events decoded record by record, and telemetry.
//!
//! A function is a type that implements [`Function`]; its `main.rs` hands that type to [`run`].

pub mod clock;
pub mod environment;
pub mod event;
pub mod telemetry;

mod function;
mod until;

pub use environment::{Environment, Settings, SettingsError};
pub use event::{Event, Response};
pub use function::{Function, Retry, StartError, run};
pub use lambda_runtime::Error;
pub use until::Until;
