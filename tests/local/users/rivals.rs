//! The guards under concurrency: however many admins are removed at the same time, one who can sign in remains.

use std::sync::Arc;

use serde_json::{Value, json};
use weir_runtime::clock::Clock;
use weir_tests::local::Local;
use weir_tests::own_pool::OwnPool;
use weir_tests::wire::Interlude;

use super::ask;

async fn restore(own: &OwnPool, admins: &[String]) {
    for username in admins {
        own.ask("AdminAddUserToGroup", json!({"Username": username, "GroupName": "admin"})).await;
        own.ask("AdminEnableUser", json!({"Username": username})).await;
    }
}

#[tokio::test]
async fn of_two_admins_who_demote_each_other_one_remains() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let (ann, bob) = (own.add("ann@example.com", "admin").await, own.add("bob@example.com", "admin").await);
    let (first, second) = (own.function(), own.function());
    let both = [ann.clone(), bob.clone()];
    for round in 0..12 {
        let body = if round % 2 == 0 { json!({"role": "user"}) } else { json!({"enabled": false}) };
        let (path_ann, path_bob) = (format!("/cognito/users/{ann}"), format!("/cognito/users/{bob}"));
        let (one, other) = tokio::join!(
            ask(&first, &ann, "PATCH", &path_bob, Some(&body)),
            ask(&second, &bob, "PATCH", &path_ann, Some(&body)),
        );
        let mut statuses = [one, other];
        statuses.sort_unstable();
        // The second one is no longer an admin.
        assert_eq!(statuses, [200, 403], "round {round}");
        assert_eq!(own.active_admins().await, 1, "round {round}");
        restore(&own, &both).await;
    }
}

#[tokio::test]
async fn of_many_admins_who_remove_each_other_only_current_admins_succeed() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let mut admins = Vec::new();
    for number in 0..5 {
        admins.push(own.add(&format!("a{number}@example.com"), "admin").await);
    }
    let functions: Vec<_> = admins.iter().map(|_| own.function()).collect();
    let attack = async |place: usize| {
        let (me, victim) = (&admins[place], &admins[(place + 1) % admins.len()]);
        let path = format!("/cognito/users/{victim}");
        for _ in 0..10 {
            let status = match place % 3 {
                0 => ask(&functions[place], me, "DELETE", &path, None).await,
                1 => ask(&functions[place], me, "PATCH", &path, Some(&json!({"enabled": false}))).await,
                _ => ask(&functions[place], me, "PATCH", &path, Some(&json!({"role": "user"}))).await,
            };
            // Contention is reported as such, and the request is repeated.
            if status != 503 {
                return status;
            }
        }
        503
    };
    let statuses = futures_util::future::join_all((0..admins.len()).map(attack)).await;
    // A removed admin removes nobody after that, so each success means one admin less, and the last one remains.
    let taken = statuses.iter().filter(|status| matches!(status, 200 | 204)).count();
    assert!(statuses.iter().all(|status| matches!(status, 200 | 204 | 403 | 503)), "{statuses:?}");
    assert_eq!((own.active_admins().await, taken > 0), (admins.len() - taken, true), "{statuses:?}");
}

/// Before the first request for this operation a minute passes, and Bob demotes Ann.
fn demoted_before(operation: &'static str, own: &Arc<OwnPool>, ann: &str, bob: &str) -> Interlude {
    let (own, path, bob) = (Arc::clone(own), format!("/cognito/users/{ann}"), bob.to_owned());
    Interlude::new(operation, 1, move || {
        let (own, path, bob) = (Arc::clone(&own), path.clone(), bob.clone());
        Box::pin(async move {
            own.clock.set(own.clock.now().plus_seconds(60));
            let status = ask(&own.function(), &bob, "PATCH", &path, Some(&json!({"role": "user"}))).await;
            assert_eq!(status, 200);
        })
    })
}

#[tokio::test]
async fn a_slow_holder_of_the_lock_stops_before_somebody_else_begins() {
    let local = Local::running();
    let own = Arc::new(OwnPool::new(&local).await);
    let (ann, bob) = (own.add("ann@example.com", "admin").await, own.add("bob@example.com", "admin").await);
    // Ann holds the lock, and is demoted before she reads anything.
    let function = own.function_over(Arc::new(demoted_before("AdminGetUser", &own, &ann, &bob)));
    let status = ask(&function, &ann, "PATCH", &format!("/cognito/users/{bob}"), Some(&json!({"role": "user"}))).await;
    // What she reads then shows that she is no longer an admin: her own record, or that Bob is the only admin.
    assert!(matches!(status, 403 | 409), "{status}");
    assert_eq!(own.active_admins().await, 1);

    // The same after she has read everything: then the lock stops her.
    restore(&own, &[ann.clone(), bob.clone()]).await;
    own.a_minute_later();
    let function = own.function_over(Arc::new(demoted_before("AdminAddUserToGroup", &own, &ann, &bob)));
    let status = ask(&function, &ann, "PATCH", &format!("/cognito/users/{bob}"), Some(&json!({"role": "user"}))).await;
    assert_eq!((status, own.active_admins().await), (503, 1));
}

#[tokio::test]
async fn users_cannot_delete_themselves_and_the_last_admin_cannot_be_removed() {
    let local = Local::running();
    let own = OwnPool::new(&local).await;
    let (ann, off) = (own.add("ann@example.com", "admin").await, own.add("off@example.com", "admin").await);
    own.ask("AdminDisableUser", json!({"Username": off})).await;
    let function = own.function();
    let path = format!("/cognito/users/{ann}");
    let all = json!({"role": "user", "email": "x@example.com", "password": {"value": "Correct-Horse-7"}});
    let tries: [(&str, &str, Option<Value>, u64); 5] = [
        (&ann, "DELETE", None, 409),
        (&off, "DELETE", None, 403),
        (&off, "PATCH", Some(json!({"role": "user"})), 403),
        (&ann, "PATCH", Some(json!({"enabled": false})), 409),
        (&ann, "PATCH", Some(all), 409),
    ];
    for (caller, method, body, expected) in tries {
        assert_eq!(ask(&function, caller, method, &path, body.as_ref()).await, expected, "{method} {body:?}");
    }
    // A disabled admin cannot come back with a token that is still valid.
    let back = Some(json!({"enabled": true}));
    assert_eq!(ask(&function, &off, "PATCH", &format!("/cognito/users/{off}"), back.as_ref()).await, 403);
    let friend = json!({"email": "friend@example.com", "role": "admin", "password": {"value": "Correct-Horse-7"}});
    assert_eq!(ask(&function, &off, "POST", "/cognito/users", Some(&friend)).await, 403);
    assert_eq!(own.active_admins().await, 1);
    // The same with the own address.
    assert_eq!(ask(&function, &ann, "DELETE", "/cognito/users/ann@example.com", None).await, 409);
    // With another admin who can sign in she may be removed.
    let new = own.add("new@example.com", "admin").await;
    assert_eq!(ask(&function, &off, "DELETE", &path, None).await, 403, "a disabled one deletes nobody");
    assert_eq!(ask(&function, &new, "DELETE", &path, None).await, 204);
}
