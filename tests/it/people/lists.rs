//! Lists of users: Cognito's pages, escaped filters, and the number of requests for a page.

use std::sync::Arc;
use weir_runtime::Function as _;

use cognito_get_users_info::UsersInfo;
use serde_json::Value;
use weir_tests::pool::{Recorded, person};

use crate::http::ask::{Ask, body, status};

/// This many users; every tenth is an admin, every seventh is in no group.
fn people(many: u32) -> Arc<Recorded> {
    let groups = |number: u32| match number {
        number if number % 10 == 0 => vec!["admin"],
        number if number % 7 == 0 => vec![],
        _ => vec!["user"],
    };
    Recorded::of((1..=many).map(|number| person(number, &format!("p{number:05}"), &groups(number), "")).collect())
}

async fn list(pool: &Arc<Recorded>, query: &str) -> Value {
    let ask = Ask::new("GET", &format!("/cognito/users{query}")).admin();
    let answer = UsersInfo::new(pool.pool()).answer(ask.event()).await.unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
    body(&answer)
}

fn requests(pool: &Recorded) -> Vec<String> {
    let mut asked: Vec<_> = pool.asked().into_iter().map(|(operation, _)| operation).collect();
    asked.sort();
    asked
}

#[tokio::test]
async fn the_pages_of_a_list_contain_every_user_once_with_the_role() {
    let pool = people(143);
    let (mut named, mut next) = (Vec::new(), String::new());
    loop {
        let page = list(&pool, &format!("?limit=25{next}")).await;
        named.extend(page["items"].as_array().unwrap().iter().map(|one| (one["email"].clone(), one["role"].clone())));
        match page["next"].as_str() {
            Some(cursor) => next = format!("&next={cursor}"),
            None => break,
        }
    }
    assert_eq!(named.len(), 143);
    for (place, (email, role)) in named.iter().enumerate() {
        let number = place + 1;
        assert_eq!(*email, format!("p{number:05}@example.com"));
        let expected = if number % 10 == 0 {
            "admin".into()
        } else if number % 7 == 0 {
            Value::Null
        } else {
            "user".into()
        };
        assert_eq!(*role, expected, "{email}");
    }
}

#[tokio::test]
async fn a_page_of_a_small_pool_takes_three_requests_whatever_its_size() {
    let pool = people(60);
    for limit in [2, 10, 50, 60] {
        list(&pool, &format!("?limit={limit}")).await;
        assert_eq!(requests(&pool), ["ListUsers", "ListUsersInGroup", "ListUsersInGroup"], "limit {limit}");
    }
}

#[tokio::test]
async fn roles_in_a_large_pool_are_read_with_the_fewest_requests() {
    // 600 users: 60 admins (1 request), 462 in `user` (8). A page of 200 takes 4 requests, and 180 of them are not admins: so
    // the group is listed, after a request for the size of the pool.
    let pool = people(600);
    list(&pool, "?limit=200").await;
    let asked = requests(&pool);
    let count = |operation: &str| asked.iter().filter(|asked| *asked == operation).count();
    assert_eq!((count("ListUsers"), count("DescribeUserPool"), count("AdminListGroupsForUser")), (4, 1, 0));
    assert_eq!(count("ListUsersInGroup"), 1 + 8);

    // 6,000 users, none of them an admin, 100 requests for the group. A page of 20 takes one request for each user, after the
    // first page of the group, which shows that it is long.
    let pool =
        Recorded::of((1..=6_000).rev().map(|number| person(number, &format!("p{number}"), &["user"], "")).collect());
    list(&pool, "?limit=20").await;
    pool.asked();
    let last = people_of_the_end(&pool).await;
    assert_eq!(last["ListUsersInGroup"], 2, "{last}");
    assert_eq!(last["AdminListGroupsForUser"], 20, "{last}");
    assert_eq!(last["DescribeUserPool"], 1, "{last}");
}

/// A page of users at the end of the group's list.
async fn people_of_the_end(pool: &Arc<Recorded>) -> Value {
    let mut next = String::new();
    for _ in 0..10 {
        let page = list(pool, &format!("?limit=200{next}")).await;
        next = format!("&next={}", page["next"].as_str().unwrap());
    }
    pool.asked();
    // The same cursor with another limit: a cursor belongs to a list, not to a page size.
    list(pool, &format!("?limit=20{next}")).await;
    let mut counts = serde_json::Map::new();
    for operation in requests(pool) {
        let before = counts.get(&operation).and_then(Value::as_u64).unwrap_or(0);
        counts.insert(operation, (before + 1).into());
    }
    counts.into()
}

#[tokio::test]
async fn a_list_by_role_reads_only_the_group() {
    let pool = people(60);
    let page = list(&pool, "?role=admin").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 6);
    assert_eq!(requests(&pool), ["ListUsersInGroup"]);
    let page = list(&pool, "?role=user&limit=200").await;
    assert!(page["items"].as_array().unwrap().iter().all(|one| one["role"] == "user"));
    assert_eq!(requests(&pool), ["ListUsersInGroup", "ListUsersInGroup"]);
}

#[tokio::test]
async fn a_member_of_both_groups_is_an_admin_and_not_listed_as_a_user() {
    let pool = Recorded::of(vec![person(1, "ann", &["user", "admin"], ""), person(2, "bob", &["user"], "")]);
    let emails =
        |page: Value| page["items"].as_array().unwrap().iter().map(|one| one["email"].clone()).collect::<Vec<_>>();
    assert_eq!(emails(list(&pool, "?role=user").await), ["bob@example.com"]);
    assert_eq!(emails(list(&pool, "?role=admin").await), ["ann@example.com"]);
}

#[tokio::test]
async fn a_quotation_mark_in_a_filter_is_escaped() {
    let pool = people(3);
    // A blank is a plus, since no address has a blank.
    let page = list(&pool, "?email=x%22%20or%20email%20%5E%3D%20%22").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 0);
    let (operation, asked) = pool.asked().remove(0);
    assert_eq!((operation.as_str(), asked["Filter"].as_str()), ("ListUsers", Some(r#"email ^= "x\"+or+email+^=+\"""#)));
}

#[tokio::test]
async fn a_filter_that_cognito_would_refuse_is_refused_by_name() {
    let pool = people(1);
    for (beginning, expected) in
        [("a".repeat(120), 200), ("a".repeat(121), 400), ("%22".repeat(120), 200), ("a%00".to_owned(), 400)]
    {
        let ask = Ask::new("GET", &format!("/cognito/users?email={beginning}")).admin();
        let answer = UsersInfo::new(pool.pool()).answer(ask.event()).await.unwrap();
        assert_eq!(status(&answer), expected, "{beginning}: {answer}");
        assert!(expected == 200 || body(&answer)["errors"][0]["parameter"] == "email", "{answer}");
    }
}

#[tokio::test]
async fn filters_that_cognito_cannot_combine_are_combined_here() {
    let pool = people(60);
    let page = list(&pool, "?email=P0001&role=user&status=confirmed").await;
    let emails: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap()).collect();
    let expected: Vec<_> = [11, 12, 13, 15, 16, 17, 18, 19].map(|number| format!("p{number:05}@example.com")).into();
    assert_eq!(emails, expected);
    assert_eq!(list(&pool, "?status=disabled").await["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn an_expired_pagination_token_is_a_bad_page() {
    let pool = people(9);
    let next = list(&pool, "?limit=2").await["next"].as_str().unwrap().to_owned();
    pool.refuse("ListUsers", 400, "InvalidParameterException", "FieldError pagination token given.");
    let ask = Ask::new("GET", &format!("/cognito/users?limit=2&next={next}")).admin();
    let answer = UsersInfo::new(pool.pool()).answer(ask.event()).await.unwrap();
    assert_eq!((status(&answer), body(&answer)["type"].as_str()), (400, Some("urn:weir:problem:bad_page")));
    // A cursor does not open the list under other filters either.
    let ask = Ask::new("GET", &format!("/cognito/users?status=enabled&next={next}")).admin();
    assert_eq!(status(&UsersInfo::new(pool.pool()).answer(ask.event()).await.unwrap()), 400);
}
