//! The function `recalculation`, as Lambda starts it.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use recalculation::Recalculation;
use serde_json::Value;
use weir_core::http::gateway::in_time;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    weir_core::telemetry::start();
    let function = Recalculation::from_environment().await?;
    function.warm_up().await;
    run(service_fn(async |event: LambdaEvent<Value>| {
        in_time(event.context.deadline, event.payload, async |event, left| function.handle_within(event, left).await)
            .await
    }))
    .await
}
