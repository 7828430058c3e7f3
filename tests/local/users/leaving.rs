//! People who delete themselves in Cognito, with an access token and without the API.

use serde_json::{Value, json};
use weir_aws::profile::StoredProfile;
use weir_core::domain::people::profile::{Profile, ProfileRecord};
use weir_core::id::Sub;
use weir_runtime::Function as _;
use weir_runtime::clock::Clock;
use weir_tests::events::event;
use weir_tests::local::Local;
use weir_tests::own_pool::OwnPool;

async fn sweep(own: &OwnPool) -> Value {
    own.function().answer(event("cognito-add-update-delete-user", "sweep")).await.unwrap()
}

#[tokio::test]
async fn the_profile_they_leave_goes_within_the_hour_and_admins_are_counted() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let app = own.app().await;
    own.add("boss@example.com", "admin").await;
    let stays = own.add("stays@example.com", "user").await;
    let leaves = own.add("leaves@example.com", "admin").await;
    for username in [&stays, &leaves] {
        let sub: Sub = username.parse().unwrap();
        let record = ProfileRecord::new(sub, Profile::default(), 0, "test".into(), own.clock.now());
        own.profiles().write(&record).await.unwrap();
    }
    let tokens = own.sign_in(&app, "leaves@example.com").await;
    own.clock.set(own.clock.now().plus_seconds(3_600));
    assert_eq!(sweep(&own).await, json!({"admins": 2, "checked": 2, "orphans": 0}));

    own.delete_oneself(&tokens.access).await;
    assert_eq!(sweep(&own).await, json!({"admins": 1, "checked": 2, "orphans": 1}));
    assert_eq!(own.profiles().find(&leaves.parse().unwrap()).await.unwrap(), StoredProfile::UserDeleted);
    let kept = own.profiles().find(&stays.parse().unwrap()).await.unwrap();
    assert!(matches!(kept, StoredProfile::Present(_)), "{kept:?}");
}
