//! The function `cognito-add-update-delete-user`, as Lambda starts it.

use cognito_add_update_delete_user::ChangeUser;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use weir_core::http::gateway::in_time;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    weir_core::telemetry::start();
    let function = ChangeUser::from_environment().await?;
    function.warm_up().await;
    run(service_fn(async |event: LambdaEvent<Value>| {
        in_time(event.context.deadline, event.payload, async |event, _| Ok::<_, Error>(function.handle(event).await))
            .await
    }))
    .await
}
