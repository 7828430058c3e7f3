//! A signed address of S3 is for one file: of the size and with the checksum that were announced.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tooling::ask::{Request, field};
use weir_tests::deployed::Deployed;
use weir_tests::probe;

/// A firmware whose file never comes: every run announces it as the run before did. `FILE` is of this size and has this checksum.
const VERSION: &str = "0.0.0";
const FILE: &str = "weir-smoke";
const SHA256: &str = "2811e4b69e73cfc01b6b8b1e9d005c019e15af1e837d83307122c0d34b12a68b";

/// Announces the firmware as an administrator; the address and the headers for its upload.
async fn announce(stack: &Deployed) -> (String, BTreeMap<String, String>) {
    let claims = json!({"token_use": "id", "sub": probe::NOBODY, "cognito:username": probe::NOBODY, "cognito:groups": "[admin]"});
    let mut event = probe::request("POST", "/fleet/firmware", "", Some(&claims));
    event["headers"]["content-type"] = "application/json".into();
    event["body"] = json!({"version": VERSION, "sha256": SHA256, "size": FILE.len()}).to_string().into();
    let answer = stack.call_each(&[(stack.output("JobFunctionName"), event.to_string())]).await.remove(0);
    assert_eq!(answer["statusCode"], 201, "{answer}");
    let said: Value = serde_json::from_str(field(&answer, "body").as_str().unwrap()).unwrap();
    let headers = serde_json::from_value(said["upload"]["headers"].clone()).unwrap();
    (said["upload"]["url"].as_str().unwrap().to_owned(), headers)
}

#[tokio::test]
#[ignore = "only AWS can prove it: the local cloud looks at signatures in its own way"]
async fn s3_takes_no_file_of_another_size_or_with_another_checksum() {
    let stack = Deployed::find().await;
    let (address, signed) = announce(stack).await;
    assert_eq!(signed.get("content-length").map(String::as_str), Some("10"), "{signed:?}");
    let put = |file: &str, checksum: Option<&str>| {
        // Whoever sends it says how long it is.
        let mut headers = signed.clone();
        headers.remove("content-length");
        match checksum {
            Some("") => headers.remove("x-amz-checksum-sha256"),
            Some(other) => headers.insert("x-amz-checksum-sha256".to_owned(), other.to_owned()),
            None => None,
        };
        Request {
            method: "PUT".to_owned(),
            address: address.clone(),
            token: None,
            headers,
            body: Some(file.to_owned()),
        }
    };
    let other = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let refused = [
        ("longer", put("weir-smoke!", None), 403),
        ("shorter", put("weir-smok", None), 403),
        ("nothing", put("", None), 403),
        ("another file of this size", put("weir-smoky", None), 400),
        ("another checksum", put("weir-smoke", Some(other)), 403),
        ("no checksum", put("weir-smoke", Some("")), 403),
    ];
    let (what, requests): (Vec<_>, Vec<_>) =
        refused.into_iter().map(|(what, request, status)| ((what, status), request)).unzip();
    let pages = stack.fetch(&requests).await;
    for ((what, status), page) in what.into_iter().zip(pages) {
        assert_eq!(page.status, status, "{what}: {}", page.body);
    }
}
