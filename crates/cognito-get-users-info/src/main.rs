//! The function `cognito-get-users-info`, as Lambda starts it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), weir_runtime::Error> {
    weir_runtime::run::<cognito_get_users_info::UsersInfo>().await
}
