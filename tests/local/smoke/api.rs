//! The HTTP API from outside: what everybody sees, and that nobody gets in who has no token of ours.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tooling::ask::Request;
use weir_tests::deployed::Deployed;
use weir_tests::local::now;
use weir_tests::probe::NOBODY;

/// The API's document as these tests know it.
const DOCUMENT: &str = include_str!("../../../crates/cognito-get-role/openapi.json");

fn get(stack: &Deployed, path: &str, token: Option<String>) -> Request {
    Request {
        method: "GET".to_owned(),
        address: format!("{}{path}", stack.output("ApiUrl")),
        token,
        ..Request::default()
    }
}

#[tokio::test]
async fn everybody_is_shown_the_document_of_this_version() {
    let stack = Deployed::find().await;
    let pages = stack.fetch(&[get(stack, "/openapi.json", None)]).await;
    let page = &pages[0];
    assert_eq!(page.status, 200, "{}", page.body);
    let shown: Value = serde_json::from_str(&page.body).expect("the document is JSON");
    let ours: Value = serde_json::from_str(DOCUMENT).expect("the document is JSON");
    assert!(shown == ours, "the API shows the document of another version");
}

#[tokio::test]
async fn no_route_lets_in_who_has_no_token() {
    let stack = Deployed::find().await;
    let template = Deployed::template();
    let routes = template.resources("AWS::ApiGatewayV2::Route").into_values();
    let guarded = routes.filter(|route| route["AuthorizationType"] != "NONE");
    let requests: Vec<Request> = guarded
        .map(|route| {
            let (method, path) = route["RouteKey"].as_str().and_then(|key| key.split_once(' ')).expect("a route");
            let path: Vec<&str> =
                path.split('/').map(|part| if part.starts_with('{') { NOBODY } else { part }).collect();
            Request { method: method.to_owned(), ..get(stack, &path.join("/"), None) }
        })
        .collect();
    assert!(!requests.is_empty(), "the template has no route");
    for (request, page) in requests.iter().zip(stack.fetch(&requests).await) {
        assert_eq!(page.status, 401, "{} {}: {}", request.method, request.address, page.body);
    }
}

#[tokio::test]
async fn a_token_that_somebody_made_up_is_refused() {
    let stack = Deployed::find().await;
    let pool = stack.output("UserPoolId");
    let issuer = format!("https://cognito-idp.{}.amazonaws.com/{pool}", stack.region);
    let keys = format!("{issuer}/.well-known/jwks.json");
    let page =
        stack.fetch(&[Request { method: "GET".to_owned(), address: keys, ..Request::default() }]).await.remove(0);
    let keys: Value = serde_json::from_str(&page.body).unwrap_or_default();
    let key = keys.pointer("/keys/0/kid").unwrap_or_else(|| panic!("the pool shows no key: {page:?}"));
    // An administrator's token in everything but the signature, which only the pool can make.
    let seconds = now() / 1000;
    let claims = json!({"iss": issuer, "aud": stack.output("UserPoolClientId"), "token_use": "id", "sub": NOBODY,
        "cognito:username": NOBODY, "cognito:groups": ["admin"], "iat": seconds - 60, "auth_time": seconds - 60,
        "exp": seconds + 600});
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let said = format!("{}.{}", part(&json!({"alg": "RS256", "kid": key, "typ": "JWT"})), part(&claims));
    let forged = format!("{said}.{}", URL_SAFE_NO_PAD.encode([7; 256]));
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none", "kid": key, "typ": "JWT"})), part(&claims));
    for token in [forged, unsigned, "nonsense".to_owned()] {
        let pages = stack.fetch(&["/devices", "/quarantine"].map(|path| get(stack, path, Some(token.clone())))).await;
        assert!(pages.iter().all(|page| page.status == 401), "{token} is let in: {pages:?}");
    }
}
