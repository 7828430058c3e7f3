//! Changes and deletions that are interrupted anywhere: a user never has more rights than before or after and is never without
//! a role, an admin always remains, and the same request again completes the change.

use serde_json::{Value, json};
use weir_aws::profile::StoredProfile;
use weir_core::domain::people::profile::{Profile, ProfileRecord};
use weir_core::id::Sub;
use weir_runtime::Function as _;
use weir_tests::breaking::{Break, Breaking};
use weir_tests::local::Local;
use weir_tests::own_pool::{OwnPool, attribute};

use super::{ask, asked};

const MOST: usize = 30;

/// Adds an admin who stays, and one more user.
async fn two(own: &OwnPool, email: &str, group: &str) -> String {
    let other = own.add(email, group).await;
    let sub: Sub = other.parse().unwrap();
    let record =
        ProfileRecord::new(sub, Profile::default(), 0, "test".into(), weir_runtime::clock::Clock::now(&*own.clock));
    own.profiles().write(&record).await.unwrap();
    other
}

async fn user(own: &OwnPool, username: &str) -> Option<Value> {
    own.everyone().await.into_iter().find(|user| user["Username"] == username)
}

/// The rights of a user: whether enabled, and the groups.
async fn rights(own: &OwnPool, username: &str) -> (bool, Vec<String>) {
    let mut groups = own.groups(username).await;
    groups.sort();
    (user(own, username).await.unwrap()["Enabled"] == true, groups)
}

#[tokio::test]
async fn an_interrupted_change_is_harmless_and_a_repetition_completes_it() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let boss = own.add("boss@example.com", "admin").await;
    for (case, (from, body, end)) in [
        ("admin", json!({"role": "user", "devices": "buoy-01"}), (true, ["user"])),
        ("user", json!({"role": "admin"}), (true, ["admin"])),
        ("admin", json!({"enabled": false, "password": {"value": "Correct-Horse-7"}}), (false, ["admin"])),
        ("user", json!({"enabled": false, "role": "admin"}), (false, ["admin"])),
    ]
    .into_iter()
    .enumerate()
    {
        for how in Break::ALL {
            for at in 0..MOST {
                let other = two(&own, &format!("{how:?}-{case}-{at}@example.com").to_lowercase(), from).await;
                let path = format!("/cognito/users/{other}");
                let wire = Breaking::new(at, how);
                let function = own.function_over(wire.clone());
                let answer =
                    wire.run(async { function.answer(asked(&boss, "PATCH", &path, Some(&body))).await.unwrap() }).await;
                let here = format!("{how:?} of request {at} ({}), case {case}: {answer:?}", wire.what());
                let status = answer.map(|answer| answer["statusCode"].as_u64().unwrap());
                assert!(matches!(status, None | Some(200 | 503)), "{here}");
                let (enabled, groups) = rights(&own, &other).await;
                assert!(!groups.is_empty(), "nobody is without a role: {here}");
                // The group before or after, or both, which makes an admin, as one of the two does.
                assert!(groups.iter().all(|group| group == from || *group == end.1[0]), "{here}");
                let rules = enabled && groups.iter().any(|group| group == "admin");
                assert!(!rules || from == "admin" || end == (true, ["admin"]), "an admin by accident: {here}");
                assert!(own.active_admins().await >= 1, "{here}");
                let broke = wire.broke();
                if status != Some(200) {
                    own.a_minute_later();
                    assert_eq!(ask(&own.function(), &boss, "PATCH", &path, Some(&body)).await, 200, "{here}");
                }
                assert_eq!(rights(&own, &other).await, (end.0, end.1.map(str::to_owned).to_vec()), "{here} {enabled}");
                // Keeps the pool small.
                own.a_minute_later();
                own.ask("AdminDeleteUser", json!({"Username": other})).await;
                if !broke {
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn an_interrupted_deletion_leaves_nothing_after_a_repetition() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let boss = own.add("boss@example.com", "admin").await;
    for how in Break::ALL {
        for at in 0..MOST {
            let other = two(&own, &format!("{how:?}-{at}@example.com").to_lowercase(), "admin").await;
            let path = format!("/cognito/users/{other}");
            let wire = Breaking::new(at, how);
            let function = own.function_over(wire.clone());
            let answer = wire.run(async { function.answer(asked(&boss, "DELETE", &path, None)).await.unwrap() }).await;
            let here = format!("{how:?} of request {at} ({}): {answer:?}", wire.what());
            let status = answer.map(|answer| answer["statusCode"].as_u64().unwrap());
            assert!(matches!(status, None | Some(204 | 503)), "{here}");
            let there = user(&own, &other).await.is_some();
            assert!(status != Some(204) || !there, "{here}");
            own.a_minute_later();
            if status != Some(204) {
                let again = ask(&own.function(), &boss, "DELETE", &path, None).await;
                assert_eq!(again, if there { 204 } else { 404 }, "{here}");
            }
            assert_eq!(user(&own, &other).await, None, "{here}");
            let left = own.profiles().find(&other.parse().unwrap()).await.unwrap();
            assert_eq!(left, StoredProfile::UserDeleted, "{here}");
            own.a_minute_later();
            if !wire.broke() {
                break;
            }
        }
    }
    assert_eq!(own.everyone().await.len(), 1);
    assert_eq!(own.profiles().list(10, None).await.unwrap().0.len(), 0);
}

#[tokio::test]
async fn a_taken_address_and_a_refused_password_change_nothing() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let boss = own.add("boss@example.com", "admin").await;
    let other = own.add("other@example.com", "user").await;
    let path = format!("/cognito/users/{other}");
    for (body, expected) in [
        (json!({"email": "BOSS@example.com", "devices": "*", "password": {"value": "Correct-Horse-7"}}), 409),
        (json!({"devices": "*", "role": "admin", "password": {"value": "no-capital-letter-7"}}), 422),
    ] {
        assert_eq!(ask(&own.function(), &boss, "PATCH", &path, Some(&body)).await, expected, "{body}");
        let user = user(&own, &other).await.unwrap();
        assert_eq!((attribute(&user, "email"), attribute(&user, "custom:devices")), ("other@example.com", ""));
        assert_eq!(own.groups(&other).await, ["user"]);
    }
    let body = json!({"email": "New@Example.com", "email_verified": true, "devices": " b a "});
    assert_eq!(ask(&own.function(), &boss, "PATCH", &path, Some(&body)).await, 200);
    let user = user(&own, &other).await.unwrap();
    assert_eq!((attribute(&user, "email"), attribute(&user, "custom:devices")), ("new@example.com", "a b"));
}

/// A user who signed in at least a second ago. The emulator compares whole seconds, so a token that was issued in the second of a
/// sign-out would stay valid.
struct SignedIn {
    username: String,
    refresh_token: String,
    at: usize,
    how: Break,
}

#[tokio::test]
async fn a_new_password_and_a_vouched_address_sign_out_wherever_the_change_is_interrupted() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let (boss, app) = (own.add("boss@example.com", "admin").await, own.app().await);
    for (case, body) in ["password", "address"].into_iter().enumerate() {
        let mut people = Vec::new();
        for how in Break::ALL {
            for at in 0..16 {
                let email = format!("{how:?}-{case}-{at}@example.com").to_lowercase();
                let username = own.add(&email, "user").await;
                let refresh_token = own.sign_in(&app, &email).await.refresh;
                people.push(SignedIn { username, refresh_token, at, how });
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let mut unbroken = 0;
        for SignedIn { username, refresh_token, at, how } in people {
            let path = format!("/cognito/users/{username}");
            let change = match body {
                "password" => json!({"password": {"value": "Correct-Horse-7", "permanent": true}}),
                _ => json!({"email": format!("new-{how:?}-{at}@example.com"), "email_verified": true}),
            };
            let wire = Breaking::new(at, how);
            let function = own.function_over(wire.clone());
            let answer =
                wire.run(async { function.answer(asked(&boss, "PATCH", &path, Some(&change))).await.unwrap() }).await;
            let here = format!("{body}, {how:?} of request {at} ({}): {answer:?}", wire.what());
            let status = answer.map(|answer| answer["statusCode"].as_u64().unwrap());
            assert!(matches!(status, None | Some(200 | 503)), "{here}");
            own.a_minute_later();
            if status != Some(200) {
                assert_eq!(ask(&own.function(), &boss, "PATCH", &path, Some(&change)).await, 200, "{here}");
            }
            assert!(!own.is_signed_in(&app, &refresh_token).await, "the session goes on: {here}");
            unbroken += usize::from(!wire.broke());
        }
        assert!(unbroken >= Break::ALL.len(), "every request was broken once: {unbroken}");
    }
}

#[tokio::test]
async fn what_takes_nothing_away_signs_nobody_out() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let (boss, app) = (own.add("boss@example.com", "admin").await, own.app().await);
    let other = own.add("other@example.com", "user").await;
    let token = own.sign_in(&app, "other@example.com").await.refresh;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    for body in [
        json!({"devices": "buoy-01"}),
        json!({"role": "admin"}),
        json!({"enabled": true}),
        json!({"email": "unconfirmed@example.com"}),
    ] {
        let path = format!("/cognito/users/{other}");
        assert_eq!(ask(&own.function(), &boss, "PATCH", &path, Some(&body)).await, 200, "{body}");
        assert!(own.is_signed_in(&app, &token).await, "{body}");
    }
}
