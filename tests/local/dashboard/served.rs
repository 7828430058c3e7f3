//! What the function `site` answers through the API, without a browser.

use weir_tests::local::Local;

#[tokio::test]
async fn the_page_and_its_files_are_for_everybody_and_keep_to_themselves() {
    let local = Local::running();
    let api = local.nobody();
    let root = api.call("GET", "/", None).await.unwrap();
    assert_eq!((root.status, root.header("location")), (303, "/app/"));
    let page = api.call("GET", "/app/devices/buoy-01?from=1", None).await.unwrap();
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), "no-cache");
    let policy = page.header("content-security-policy");
    for part in
        ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains('*'), "{policy}");
    assert_eq!((page.header("x-content-type-options"), page.header("referrer-policy")), ("nosniff", "no-referrer"));
    let again = api.call_with("GET", "/app/", &[("if-none-match", page.header("etag"))], None).await.unwrap();
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    let text = String::from_utf8(page.bytes.clone()).unwrap();
    let files: Vec<&str> = text.split('"').filter(|word| word.starts_with("/app/assets/")).collect();
    assert!(files.len() >= 5, "{text}");
    for file in files {
        let answer = api.call("GET", file, None).await.unwrap();
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, "public, max-age=31536000, immutable"),
            "{file}"
        );
    }
    assert_eq!(api.call("GET", "/app/assets/dashboard-0.js", None).await.unwrap().status, 404);
    let config = api.call("GET", "/app/config.json", None).await.unwrap().json();
    assert_eq!(config["client_id"], local.stack.output("UserPoolClientId").unwrap());
    assert_eq!(config["sign_in"], local.stack.endpoint.as_str());
    // The API is as it was.
    assert_eq!(api.call("GET", "/devices", None).await.unwrap().status, 401);
    assert_eq!(api.call("GET", "/nowhere", None).await.unwrap().status, 404);
    assert_eq!(api.call("POST", "/app/", None).await.unwrap().status, 405);
}
