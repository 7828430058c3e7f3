//! Requests as API Gateway passes them to a function, and the responses.

use serde_json::{Map, Value, json};

/// A request to be made into an event.
#[derive(Debug, Clone)]
pub struct Ask {
    method: String,
    path: String,
    claims: Option<Value>,
    headers: Map<String, Value>,
    body: Option<String>,
    id: String,
}

impl Ask {
    /// A request for a path, which may include a query, without a token.
    pub fn new(method: &str, path: &str) -> Self {
        let headers = json!({"host": "api.example.org", "accept": "*/*"}).as_object().unwrap().clone();
        let id = "JKJaXmPLvHcESHA=".to_owned();
        Self { method: method.into(), path: path.into(), claims: None, headers, body: None, id }
    }

    /// With a token of these claims.
    pub fn claims(mut self, claims: Option<Value>) -> Self {
        self.claims = claims;
        self
    }

    /// With an admin's ID token.
    pub fn admin(self) -> Self {
        self.claims(Some(id_token("[admin user]", "")))
    }

    /// With the ID token of a user who may see these devices.
    pub fn user(self, devices: &str) -> Self {
        self.claims(Some(id_token("[user]", devices)))
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// With a body of JSON.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", &body.to_string())
    }

    /// With a body of any type.
    pub fn body(mut self, content_type: &str, body: &str) -> Self {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// With a request id of its own.
    pub fn id(mut self, id: &str) -> Self {
        self.id = id.into();
        self
    }

    /// The event, payload format 2.0.
    pub fn event(self) -> Value {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let http = json!({"method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"});
        let mut context = json!({"requestId": self.id, "stage": "$default", "http": http});
        if let Some(claims) = self.claims {
            context["authorizer"] = json!({"jwt": {"claims": claims, "scopes": null}});
        }
        let mut event = json!({"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": self.headers, "requestContext": context, "isBase64Encoded": false});
        if let Some(body) = self.body {
            event["body"] = body.into();
        }
        event
    }
}

/// The claims of an ID token as API Gateway writes them: everything is text.
pub fn id_token(groups: &str, devices: &str) -> Value {
    let mut claims = json!({"token_use": "id", "sub": "5f1e0000-0000-4000-8000-000000000001",
        "cognito:username": "5f1e0000-0000-4000-8000-000000000001", "email": "ada@example.org", "email_verified": "true", "cognito:groups": groups,
        "iat": "1795155600", "exp": "1795156500"});
    if !devices.is_empty() {
        claims["custom:devices"] = devices.into();
    }
    claims
}

/// The claims of an access token: API Gateway accepts it, and it contains no device scope.
pub fn access_token(groups: &str) -> Value {
    json!({"token_use": "access", "sub": "5f1e0000-0000-4000-8000-000000000001", "username": "ada",
        "client_id": "abc", "scope": "aws.cognito.signin.user.admin", "cognito:groups": groups})
}

/// The status of a response.
pub fn status(answer: &Value) -> u16 {
    answer["statusCode"]
        .as_u64()
        .and_then(|status| status.try_into().ok())
        .unwrap_or_else(|| panic!("no answer: {answer}"))
}

/// The JSON body of a response.
pub fn body(answer: &Value) -> Value {
    let text = answer["body"].as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {answer}"))
}
