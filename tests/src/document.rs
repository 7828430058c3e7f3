//! The OpenAPI document of the whole API, merged from the documents of the functions.

use certificate::Certificate;
use cognito_add_update_delete_user::ChangeUser;
use cognito_get_role::GetRole;
use cognito_get_users_info::UsersInfo;
use command::Command;
use device::Device;
use event::Events;
use flow::Flow;
use health::Health;
use job::Job;
use live::Live;
use provision::Provision;
use quarantine::Quarantine;
use reading::Reading;
use recalculation::Recalculation;
use serde_json::Value;
use subscription::SubscriptionApi;
use user::User;
use weir_http::openapi;

/// The merged document, as `GET /openapi.json` returns it.
pub fn whole() -> Value {
    let mut said = Device::document();
    let people = [User::document(), UsersInfo::document(), GetRole::document(), ChangeUser::document()];
    for other in people.into_iter().chain([
        Certificate::document(),
        Provision::document(),
        Events::document(),
        Command::document(),
        Flow::document(),
        Health::document(),
        Job::document(),
        Live::document(),
        Quarantine::document(),
        Reading::document(),
        Recalculation::document(),
        SubscriptionApi::document(),
    ]) {
        said.merge(other);
    }
    openapi(said)
}
