//! The function `cognito-get-role`, as Lambda starts it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), weir_runtime::Error> {
    weir_runtime::run::<cognito_get_role::GetRole>().await
}
