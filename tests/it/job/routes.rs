//! Firmware over the API: announced, uploaded, listed.

use serde_json::json;

use super::{World, file};
use crate::http::ask::{Ask, body, status};

#[tokio::test]
async fn an_announcement_says_where_the_file_goes_and_the_size_and_the_checksum_are_part_of_the_signature() {
    let world = World::new().await;
    let answer = world.announce("1.4.2").await;
    assert_eq!(status(&answer), 201, "{answer}");
    let (_, sha256, base64) = file();
    let said = body(&answer);
    let upload = &said["upload"];
    assert_eq!(upload["headers"], json!({"content-length": "14", "x-amz-checksum-sha256": base64}));
    assert_eq!(upload["expires_in"], 900);
    let url = upload["url"].as_str().unwrap();
    let place = format!("https://s3.eu-central-1.amazonaws.com/weir-test-firmware/firmware/1.4.2/{sha256}?");
    assert!(url.starts_with(&place), "{url}");
    for part in [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "X-Amz-Expires=900",
        "X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-sha256",
        "X-Amz-Signature=",
        "X-Amz-Date=20261120T062444Z",
    ] {
        assert!(url.contains(part), "{part} is missing: {url}");
    }
    assert!(said.get("uploaded_at").is_none());
}

#[tokio::test]
async fn a_version_without_a_file_may_be_announced_again_and_one_with_a_file_may_not() {
    let world = World::new().await;
    assert_eq!(status(&world.announce("1.4.2").await), 201);
    world.later(60);
    // The same: another address, and nothing is written.
    assert_eq!(status(&world.announce("1.4.2").await), 201);
    assert_eq!(world.told().len(), 1);
    // Another file, before the first one is there.
    let other = json!({"version": "1.4.2", "sha256": "0".repeat(64), "size": 5});
    assert_eq!(status(&world.ask(Ask::new("POST", "/fleet/firmware").json(&other)).await), 201);
    assert_eq!(world.engine.rows("jobs")[0]["size"], 5);
    assert_eq!(status(&world.announce("1.4.2").await), 201);
    let (size, sha256, base64) = file();
    world.cloud.upload(&format!("firmware/1.4.2/{sha256}"), size, &base64);
    for again in [json!({"version": "1.4.2", "sha256": sha256, "size": size}), other] {
        let answer = world.ask(Ask::new("POST", "/fleet/firmware").json(&again)).await;
        assert_eq!((status(&answer), &body(&answer)["type"]), (409, &json!("urn:weir:problem:exists")), "{again}");
    }
}

#[tokio::test]
async fn a_file_counts_only_with_its_own_size_and_checksum() {
    let world = World::new().await;
    let (size, sha256, base64) = file();
    world.announce("1.4.2").await;
    let key = format!("firmware/1.4.2/{sha256}");
    let order = json!({"firmware": "1.4.2", "target": "all"});
    for (size, checksum) in [(size + 1, base64.as_str()), (size, "bm90IHRoZSBmaWxl")] {
        world.cloud.upload(&key, size, checksum);
        let answer = world.ask(Ask::new("POST", "/fleet/jobs").json(&order)).await;
        assert_eq!(status(&answer), 409, "{answer}");
    }
    world.cloud.upload(&key, size, &base64);
    assert_eq!(status(&world.ask(Ask::new("POST", "/fleet/jobs").json(&order)).await), 202);
}

#[tokio::test]
async fn firmwares_are_listed_by_version_and_a_file_is_asked_for_until_it_is_there() {
    let world = World::new().await;
    for version in ["1.9.0", "1.10.0", "0.99.9"] {
        world.uploaded(version).await;
        world.later(1);
    }
    world.announce("2.0.0").await;
    world.cloud.asked();
    let list = async || body(&world.ask(Ask::new("GET", "/fleet/firmware")).await);
    let listed = list().await;
    let versions: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| item["version"].clone()).collect();
    assert_eq!(versions, ["2.0.0", "1.10.0", "1.9.0", "0.99.9"]);
    let there: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|item| item.get("uploaded_at").is_some()).collect();
    assert_eq!(there, [false, true, true, true]);
    assert_eq!(world.cloud.asked().len(), 4);
    list().await;
    assert_eq!(world.cloud.asked().len(), 1, "only about the one that was not there");
    let page = body(&world.ask(Ask::new("GET", "/fleet/firmware?limit=3")).await);
    let rest = format!("/fleet/firmware?limit=3&next={}", page["next"].as_str().unwrap());
    let rest = body(&world.ask(Ask::new("GET", &rest)).await);
    assert_eq!(
        (rest["items"][0]["version"].clone(), rest.get("next").cloned().unwrap_or_default()),
        (json!("0.99.9"), json!(null))
    );
}

#[tokio::test]
async fn when_s3_does_not_answer_the_request_may_be_repeated() {
    let world = World::new().await;
    world.uploaded("1.4.2").await;
    world.cloud.next("HeadObject", super::cloud::Fate::Lost);
    let order = json!({"firmware": "1.4.2", "target": "all"});
    let answer = world.ask(Ask::new("POST", "/fleet/jobs").json(&order)).await;
    assert_eq!(status(&answer), 503, "{answer}");
    world.cloud.next("HeadObject", super::cloud::Fate::Refused(403));
    let answer = world.ask(Ask::new("POST", "/fleet/jobs").json(&order)).await;
    assert_eq!(status(&answer), 500, "{answer}");
    assert_eq!(status(&world.ask(Ask::new("POST", "/fleet/jobs").json(&order)).await), 202);
}
