//! The function `site`: the files of the dashboard, as API Gateway asks for them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use site::{Addresses, Files, Site};
use weir_runtime::Function as _;
use weir_tests::events::{event, names};

use crate::http::ask::{Ask, status};
use crate::http::recorded::{Expected, wrong};

const STYLE: &str = "/app/assets/style-0123456789abcdef.css";

const EXPECTED: &[Expected] = &[
    ("page", 200, "", &[]),
    ("page.deep", 200, "", &[]),
    ("page.known", 200, "", &[]),
    ("file", 200, "", &[]),
    ("file.gzip", 200, "", &[]),
    ("config", 200, "", &[]),
    ("root", 303, "", &[]),
    ("refused-old-file", 404, "not_found", &[]),
    ("refused-elsewhere", 404, "not_found", &[]),
    ("refused-method", 405, "method_not_allowed", &[]),
];

/// The function with a page and a style sheet.
pub fn function() -> Site {
    let mut files = Files::default();
    files.add("index.html", b"<!doctype html><title>Weir</title>".to_vec());
    for (ending, bytes) in [("", &b"plain"[..]), (".br", &[0xff, 1]), (".gz", &[0xff, 2])] {
        files.add(&format!("{}{ending}", STYLE.trim_start_matches("/app/")), bytes.to_vec());
    }
    let addresses = Addresses {
        client_id: "client".to_owned(),
        sign_in: "https://sign-in.example".to_owned(),
        identity: "https://identity.example/".to_owned(),
        live: "wss://live.example/live".to_owned(),
        uploads: "https://store.example/bucket/firmware/".to_owned(),
        tiles: None,
    };
    Site::new(files, &addresses)
}

async fn ask(ask: Ask) -> Value {
    function().answer(ask.event()).await.expect("a request is answered")
}

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    for expected in EXPECTED {
        let answer = function().answer(event("site", expected.0)).await.unwrap();
        assert_eq!(wrong(expected, &answer), None);
    }
}

#[test]
fn every_recorded_event_is_asked_somewhere() {
    let known = EXPECTED.iter().map(|(name, ..)| (*name).to_owned());
    assert_eq!(names("site").into_iter().collect::<BTreeSet<_>>(), known.collect());
}

#[tokio::test]
async fn a_file_is_sent_as_small_as_the_browser_takes_it_and_kept_for_ever() {
    for (accepted, encoding, body) in
        [("gzip, deflate, br", json!("br"), json!("/wE=")), ("gzip", json!("gzip"), json!("/wI="))]
    {
        let answer = ask(Ask::new("GET", STYLE).header("accept-encoding", accepted)).await;
        assert_eq!(answer["headers"]["content-encoding"], encoding);
        assert_eq!((&answer["body"], &answer["isBase64Encoded"]), (&body, &json!(true)));
    }
    let answer = ask(Ask::new("GET", STYLE)).await;
    let headers = &answer["headers"];
    assert_eq!((&answer["body"], &headers["content-encoding"]), (&json!("plain"), &Value::Null));
    assert_eq!(headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(headers["vary"], "accept-encoding");
}

#[tokio::test]
async fn the_page_is_asked_for_each_time_and_sent_only_when_it_is_another_one() {
    for path in ["/app", "/app/", "/app/problems"] {
        let answer = ask(Ask::new("GET", path)).await;
        assert_eq!((status(&answer), &answer["headers"]["cache-control"]), (200, &json!("no-cache")), "{path}");
    }
    let answer = ask(Ask::new("GET", "/app/problems")).await;
    let tag = answer["headers"]["etag"].as_str().unwrap();
    let again = ask(Ask::new("GET", "/app/").header("if-none-match", tag)).await;
    assert_eq!((status(&again), &again["body"]), (304, &json!("")));
}

#[tokio::test]
async fn the_page_runs_nothing_but_its_own_files_and_stands_in_no_frame() {
    let answer = ask(Ask::new("GET", "/app/")).await;
    let headers = &answer["headers"];
    assert_eq!(
        headers["content-security-policy"],
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self' \
         https://sign-in.example https://identity.example wss://live.example https://store.example/bucket/firmware/; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    assert_eq!(
        (&headers["x-content-type-options"], &headers["referrer-policy"]),
        (&json!("nosniff"), &json!("no-referrer"))
    );
}

#[tokio::test]
async fn a_stack_without_the_dashboard_says_so() {
    let text = String::new;
    let addresses =
        Addresses { client_id: text(), sign_in: text(), identity: text(), live: text(), uploads: text(), tiles: None };
    let answer = Site::new(Files::default(), &addresses).answer(Ask::new("GET", "/app/").event()).await.unwrap();
    assert_eq!(status(&answer), 404);
    assert!(answer["body"].as_str().unwrap().contains("without the dashboard"), "{answer}");
}
