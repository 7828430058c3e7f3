//! The function `organizer`, as Lambda starts it.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use organizer::Organizer;
use serde_json::Value;
use weir_core::clock::{SystemClock, left};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    weir_core::telemetry::start();
    let function = Organizer::from_environment().await?;
    function.warm_up().await;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let left = left(event.context.deadline, &SystemClock);
        function.handle_within(event.payload, left).await.map_err(Error::from)
    }))
    .await
}
