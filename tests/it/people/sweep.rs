//! Users can delete themselves in Cognito without the API: the sweep finds the profiles that they leave, and counts the admins.

use std::sync::Arc;

use cognito_add_update_delete_user::{ChangeUser, Lock, Mfa, Parts};
use serde_json::{Value, json};
use weir_aws::device::DeviceTable;
use weir_aws::live::LiveTable;
use weir_aws::profile::{ProfileTable, StoredProfile};
use weir_core::domain::Timestamp;
use weir_runtime::Function as _;
use weir_tests::breaking::{Break, Breaking};
use weir_tests::events::event;
use weir_tests::pool::person;
use weir_tests::wire::Wire;

use super::{BOB, CYD, GUS, NOW, World, sub};
use crate::http::ask::{Ask, status};

const HOUR: i64 = 3_600;

async fn sweep(function: &ChangeUser) -> Value {
    function.answer(event("cognito-add-update-delete-user", "sweep")).await.unwrap()
}

/// An hour later, when the profiles of the world are settled.
async fn settled() -> World {
    let world = World::new().await;
    world.clock.set(NOW.plus_seconds(HOUR));
    world
}

/// A profile of somebody who is not in the pool, made at this time.
async fn left_behind(world: &World, number: u32, at: Timestamp) -> String {
    let id = id(number);
    let record = weir_core::domain::people::profile::ProfileRecord::new(
        sub(&id),
        weir_core::domain::people::profile::Profile::default(),
        0,
        "test".into(),
        at,
    );
    world.profiles().write(&record).await.unwrap();
    id
}

fn id(number: u32) -> String {
    format!("5f1e0000-0000-4000-8000-{number:012}")
}

/// The function with every request to DynamoDB over this wire.
fn over(world: &World, wire: Arc<dyn Wire>) -> ChangeUser {
    let client = world.engine.client_once(wire);
    let (profiles, events) =
        (ProfileTable::new(client.clone(), world.engine.name("users")), world.engine.events_by(client));
    let live = LiveTable::new(world.engine.client(), world.engine.name("live"));
    let devices = DeviceTable::new(world.engine.client(), world.engine.name("devices"));
    let lock = Lock::new(profiles.clone(), world.clock.clone());
    let (pool, clock) = (world.pool.pool(), world.clock.clone());
    ChangeUser::new(Parts { pool, profiles, events, devices, live, lock, clock, mfa: Mfa::Optional })
}

#[tokio::test]
async fn the_profile_of_somebody_who_deleted_themselves_becomes_a_tombstone() {
    let world = settled().await;
    assert_eq!(sweep(&world.change()).await, json!({"admins": 1, "checked": 1, "orphans": 0}));
    world.pool.forget(BOB);
    assert_eq!(sweep(&world.change()).await, json!({"admins": 1, "checked": 1, "orphans": 1}));
    assert_eq!(world.profiles().find(&sub(BOB)).await.unwrap(), StoredProfile::UserDeleted);
    // A token that is still valid restores nothing.
    let mut ask = Ask::new("PATCH", "/users/me").admin().json(&json!({"name": "Ghost"})).event();
    ask["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = BOB.into();
    assert_eq!(status(&world.handle("user", ask).await), 404);
    // A second delivery changes nothing.
    assert_eq!(sweep(&world.change()).await, json!({"admins": 1, "checked": 0, "orphans": 0}));
    assert_eq!(world.profiles().find(&sub(GUS)).await.unwrap(), StoredProfile::UserDeleted);
    assert!(matches!(world.profiles().find(&sub(CYD)).await.unwrap(), StoredProfile::Absent(_)));
}

#[tokio::test]
async fn a_profile_younger_than_an_hour_is_left_alone() {
    let world = World::new().await;
    world.clock.set(NOW.plus_seconds(HOUR - 1));
    world.pool.forget(BOB);
    assert_eq!(sweep(&world.change()).await["orphans"], 0);
    world.clock.set(NOW.plus_seconds(HOUR));
    assert_eq!(sweep(&world.change()).await["orphans"], 1);
}

#[tokio::test]
async fn a_run_checks_200_profiles_and_the_next_one_goes_on_after_them() {
    let world = settled().await;
    for number in 1_000..1_230 {
        left_behind(&world, number, NOW).await;
        world.pool.know(person(number, "x", &["user"], ""));
    }
    world.pool.forget(&id(1_229));
    assert_eq!(sweep(&world.change()).await, json!({"admins": 1, "checked": 200, "orphans": 0}));
    assert_eq!(sweep(&world.change()).await, json!({"admins": 1, "checked": 31, "orphans": 1}));
    // Then from the beginning.
    assert_eq!(sweep(&world.change()).await["checked"], 200);
}

#[tokio::test]
async fn if_many_profiles_have_no_user_none_is_removed() {
    let world = settled().await;
    for number in 2_000..2_011 {
        left_behind(&world, number, NOW).await;
    }
    let failed = world.change().answer(event("cognito-add-update-delete-user", "sweep")).await;
    let told = failed.unwrap_err().to_string();
    assert!(told.contains("11 of 50 profiles have no user"), "{told}");
    assert!(matches!(world.profiles().find(&sub(&id(2_000))).await.unwrap(), StoredProfile::Present(_)));
}

#[tokio::test]
async fn a_pool_that_does_not_answer_removes_nothing() {
    let world = settled().await;
    world.pool.forget(BOB);
    world.pool.refuse("AdminGetUser", 400, "NotAuthorizedException", "no right");
    assert!(world.change().answer(event("cognito-add-update-delete-user", "sweep")).await.is_err());
    assert!(matches!(world.profiles().find(&sub(BOB)).await.unwrap(), StoredProfile::Present(_)));
}

#[tokio::test]
async fn a_run_that_breaks_anywhere_is_made_good_by_the_next_one() {
    for how in Break::ALL {
        for at in 0..20 {
            let world = settled().await;
            world.pool.forget(BOB);
            let wire = Breaking::new(at, how);
            let broken = over(&world, wire.clone());
            let _ = wire.run(broken.answer(event("cognito-add-update-delete-user", "sweep"))).await;
            sweep(&world.change()).await;
            sweep(&world.change()).await;
            let here = format!("{how:?} of request {at} ({})", wire.what());
            assert_eq!(world.profiles().find(&sub(BOB)).await.unwrap(), StoredProfile::UserDeleted, "{here}");
            if !wire.broke() {
                assert!(at > 2, "{here}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn only_admins_who_can_sign_in_with_a_password_of_their_own_are_counted() {
    let world = settled().await;
    // Of Ann, Hal (invited) and Ida (disabled) it is Ann alone.
    assert_eq!(sweep(&world.change()).await["admins"], 1);
    world.pool.know(person(20, "zoe", &["admin"], ""));
    assert_eq!(sweep(&world.change()).await["admins"], 2);
}
