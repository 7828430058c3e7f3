//! The function `cognito-add-update-delete-user`, as Lambda starts it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), weir_runtime::Error> {
    weir_runtime::run::<cognito_add_update_delete_user::ChangeUser>().await
}
