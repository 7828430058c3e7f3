//! The function `health`, as Lambda starts it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), weir_runtime::Error> {
    weir_runtime::run::<health::Health>().await
}
