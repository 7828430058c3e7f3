//! Adding a user is all or nothing, whichever request fails; and the same request again succeeds.

use serde_json::{Value, json};
use weir_aws::profile::StoredProfile;
use weir_runtime::Function as _;
use weir_tests::breaking::{Break, Breaking};
use weir_tests::local::Local;
use weir_tests::own_pool::{OwnPool, attribute};

use super::{ask, asked};

/// The number of requests that are made to fail; adding takes fewer.
const MOST: usize = 20;

/// Whether the address belongs to a complete user: no flag, the group, a profile.
async fn is_complete(own: &OwnPool, email: &str) -> bool {
    let users = own.with_email(email).await;
    assert!(users.len() <= 1, "{email} is there {} times", users.len());
    let Some(user) = users.first() else { return false };
    if !attribute(user, "custom:adding").is_empty() {
        return false;
    }
    assert_eq!(
        own.groups(user["Username"].as_str().unwrap()).await,
        ["user"],
        "{email} has no flag but is not complete"
    );
    let profile = own.profiles().find(&attribute(user, "sub").parse().unwrap()).await.unwrap();
    assert!(matches!(&profile, StoredProfile::Present(record) if record.profile.name == "New"), "{email}: {profile:?}");
    assert_eq!((user["Enabled"].as_bool(), attribute(user, "custom:devices")), (Some(true), "buoy-01"));
    true
}

/// Each way of adding takes different requests.
fn ways() -> [Value; 3] {
    let password = |permanent: bool| json!({"value": "Correct-Horse-7", "permanent": permanent});
    [Value::Null, password(false), password(true)]
}

#[tokio::test]
async fn whichever_request_fails_no_user_stays_incomplete_and_a_repetition_succeeds() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let boss = own.add("boss@example.com", "admin").await;
    let mut whole = 0;
    let mut broken = Vec::new();
    for (way, password) in ways().into_iter().enumerate() {
        for how in Break::ALL {
            for at in 0..MOST {
                let email = format!("{how:?}-{way}-{at}@example.com").to_lowercase();
                let mut body =
                    json!({"email": email, "role": "user", "devices": "buoy-01", "profile": {"name": "New"}});
                if !password.is_null() {
                    body["password"] = password.clone();
                }
                let wire = Breaking::new(at, how);
                let function = own.function_over(wire.clone());
                let event = asked(&boss, "POST", "/cognito/users", Some(&body));
                let answer = wire.run(async { function.answer(event).await.unwrap() }).await;
                let status = answer.as_ref().map(|answer| answer["statusCode"].as_u64().unwrap());
                let here = format!("{how:?} of request {at} ({}), way {way}: {answer:?}", wire.what());
                if !wire.broke() {
                    assert_eq!(status, Some(201), "{here}");
                    assert!(is_complete(&own, &email).await, "{here}");
                    whole += 1;
                    break;
                }
                broken.push(wire.what());
                assert!(matches!(status, None | Some(201 | 503)), "{here}");
                let there = is_complete(&own, &email).await;
                if status == Some(201) {
                    assert!(there, "{here}");
                } else if how.is_survived() {
                    // Not even an incomplete user is left.
                    assert_eq!(own.with_email(&email).await, Vec::<Value>::new(), "{here}");
                }
                // At once: done, already there, or to be retried, but never an error.
                let again = ask(&own.function(), &boss, "POST", "/cognito/users", Some(&body)).await;
                assert!(matches!((again, there), (201 | 503, false) | (409 | 503, true)), "{again}: {here}");
                if again == 503 {
                    own.a_minute_later();
                    let later = ask(&own.function(), &boss, "POST", "/cognito/users", Some(&body)).await;
                    assert_eq!(later, if there { 409 } else { 201 }, "{here}");
                }
                assert!(is_complete(&own, &email).await, "{here}");
                whole += 1;
            }
        }
    }
    // No other user and no other profile, except for the admin who adds them.
    assert_eq!(own.everyone().await.len(), whole + 1);
    let (mut profiles, mut after) = (0, None);
    loop {
        let (some, next) = own.profiles().list(200, after).await.unwrap();
        profiles += some.len();
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(profiles, whole);
    // Each step has failed once.
    for step in
        ["AdminCreateUser", "PutItem", "AdminSetUserPassword", "AdminAddUserToGroup", "AdminUpdateUserAttributes"]
    {
        assert!(broken.iter().any(|what| what == step), "{step} never broke: {broken:?}");
    }
}

#[tokio::test]
async fn of_concurrent_requests_to_add_the_same_address_one_succeeds() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let boss = own.add("boss@example.com", "admin").await;
    let function = own.function();
    let body = json!({"email": "new@example.com", "role": "user", "devices": "buoy-01", "profile": {"name": "New"}});
    let all = (0..6).map(|_| ask(&function, &boss, "POST", "/cognito/users", Some(&body)));
    let mut statuses = futures_util::future::join_all(all).await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| matches!(status, 409 | 503)), "{statuses:?}");
    assert!(is_complete(&own, "new@example.com").await);
    assert_eq!(own.profiles().list(10, None).await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn a_refused_password_adds_no_user() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let boss = own.add("boss@example.com", "admin").await;
    for permanent in [true, false] {
        let password = json!({"value": "no-capital-letter-7", "permanent": permanent});
        let body = json!({"email": "new@example.com", "role": "user", "password": password});
        let answer = own.function().answer(asked(&boss, "POST", "/cognito/users", Some(&body))).await.unwrap();
        assert_eq!(answer["statusCode"], 422, "{answer}");
        let error: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(error["type"], "urn:weir:problem:password_policy");
        let errors = json!([{"pointer": "/password/value", "detail": "must have an upper-case letter"}]);
        assert_eq!(error["errors"], errors);
        assert_eq!(own.everyone().await.len(), 1, "nobody but the admin");
    }
}
