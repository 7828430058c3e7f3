//! Signing in with Cognito's managed login: authorization code with PKCE (RFC 7636). This module builds the requests and checks the
//! answers, without a browser.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use weir_core::domain::access::{Role, Scope};

use crate::text::Language;
use crate::wire::Config;

/// The path that the managed login redirects to after signing in.
pub const RETURN: &str = "/app/signed-in";
/// The path that it redirects to after signing out.
pub const GOODBYE: &str = "/app/signed-out";
/// The path of the start page.
pub const HOME: &str = "/app/";
/// The only scope is `openid`: the ID token then contains every attribute that the client may read, including the device scope. With a
/// second scope, such as `email`, it would contain only the attributes of that one.
const SCOPES: &str = "openid";
/// Number of random bytes of a sign-in: 32 each for state, nonce and verifier.
pub const RANDOM: usize = 96;

/// A sign-in under way. It is kept in the session storage until the managed login redirects back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Returned with the code, which proves that the answer belongs to this sign-in.
    pub state: String,
    /// Returned in the token, which proves that the token belongs to this sign-in.
    pub nonce: String,
    /// The secret of PKCE, without which nobody can exchange the code.
    pub verifier: String,
    /// The path of the page to return to.
    pub return_to: String,
}

/// The answer of the managed login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returned {
    /// A code, to be exchanged for tokens.
    Code(String),
    /// Signing in was refused, for this reason.
    Denied(String),
    /// It belongs to no sign-in that was started here.
    Stale,
}

impl Attempt {
    /// A sign-in that returns to `return_to`; to the start page if that is not a page of this site.
    pub fn new(random: &[u8; RANDOM], return_to: &str) -> Self {
        let part = |from: usize| URL_SAFE_NO_PAD.encode(random.get(from..from + 32).unwrap_or_default());
        Self { state: part(0), nonce: part(32), verifier: part(64), return_to: own_page(return_to).to_owned() }
    }

    /// The address of the managed login.
    pub fn address(&self, config: &Config, origin: &str, language: Language) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &config.client_id)
            .append_pair("redirect_uri", &format!("{origin}{RETURN}"))
            .append_pair("scope", SCOPES)
            .append_pair("state", &self.state)
            .append_pair("nonce", &self.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("lang", language.tag())
            .finish();
        format!("{}/oauth2/authorize?{query}", config.sign_in)
    }

    /// Checks the query of the redirect.
    pub fn returned(&self, query: &str) -> Returned {
        let value = |name: &str| {
            let pairs = form_urlencoded::parse(query.trim_start_matches('?').as_bytes());
            pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        if value("state").as_deref() != Some(&self.state) {
            return Returned::Stale;
        }
        if let Some(error) = value("error") {
            return Returned::Denied(value("error_description").unwrap_or(error));
        }
        value("code").map_or(Returned::Stale, Returned::Code)
    }
}

/// The body of the request that exchanges a code for tokens.
pub fn exchange(config: &Config, origin: &str, code: &str, verifier: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("client_id", &config.client_id)
        .append_pair("redirect_uri", &format!("{origin}{RETURN}"))
        .append_pair("code", code)
        .append_pair("code_verifier", verifier)
        .finish()
}

/// The operation that renews tokens, and its body. The token endpoint could renew them too; this operation is the documented one, and
/// supports rotation of refresh tokens.
pub fn renewal(config: &Config, refresh_token: &str) -> (&'static str, Value) {
    ("GetTokensFromRefreshToken", json!({"ClientId": config.client_id, "RefreshToken": refresh_token}))
}

/// The operation that revokes a refresh token and every token issued with it, and its body.
pub fn revocation(config: &Config, refresh_token: &str) -> (&'static str, Value) {
    ("RevokeToken", json!({"ClientId": config.client_id, "Token": refresh_token}))
}

/// The name of the lock of the tab to which a refresh token belongs. Other pages of this site can list the names of locks, so it does
/// not contain the token.
pub fn lock(refresh_token: &str) -> String {
    format!("weir.refresh.{}", URL_SAFE_NO_PAD.encode(Sha256::digest(refresh_token)))
}

/// The address that ends the session of the managed login.
pub fn goodbye(config: &Config, origin: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &config.client_id)
        .append_pair("logout_uri", &format!("{origin}{GOODBYE}"))
        .finish();
    format!("{}/logout?{query}", config.sign_in)
}

/// The path, if it is a page of this site that may be returned to after signing in; otherwise the start page. Without this check a link
/// could redirect people to another site after they have signed in here (open redirect).
fn own_page(path: &str) -> &str {
    let own = path.starts_with(HOME) && ![RETURN, GOODBYE].iter().any(|page| path.starts_with(page));
    if own && !path.contains('\\') { path } else { HOME }
}

/// Tokens, as returned by the token endpoint and the identity service.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Tokens {
    /// The ID token, which the API requires.
    #[serde(alias = "IdToken")]
    pub id_token: String,
    /// A new refresh token; absent if the old one stays valid.
    #[serde(default, alias = "RefreshToken")]
    pub refresh_token: Option<String>,
}

/// The answer of the identity service to a renewal.
#[derive(Debug, Deserialize)]
pub struct Renewed {
    /// The new tokens.
    #[serde(rename = "AuthenticationResult")]
    pub tokens: Tokens,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tokens(…)")
    }
}

/// A person who is signed in, from the claims of the ID token. Its signature is not checked here: the API does that, and the page only
/// shows answers of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user name in the pool.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The role; absent when the person is in neither group.
    pub role: Option<Role>,
    /// The devices that the person may see.
    pub scope: Scope,
}

impl Person {
    /// Whether the person is an administrator.
    pub fn is_admin(&self) -> bool {
        self.role == Some(Role::Admin)
    }

    /// Whether the person may see any device.
    pub fn sees_something(&self) -> bool {
        self.scope != Scope::NOTHING
    }
}

/// The claims of the ID token that the page reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Claims {
    aud: String,
    nonce: Option<String>,
    iat: i64,
    exp: i64,
    token_use: String,
    email: String,
    #[serde(rename = "cognito:username")]
    username: String,
    #[serde(rename = "cognito:groups")]
    groups: Vec<String>,
    #[serde(rename = "custom:devices")]
    devices: String,
    #[serde(rename = "custom:adding")]
    adding: String,
}

/// The content of an ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person that it was issued to.
    pub person: Person,
    /// Its validity from its issue, in seconds.
    pub lifetime: i64,
    /// Time until its renewal, in seconds: four fifths of its validity, so that a page with a wrong clock also renews in time.
    pub renew_after: i64,
}

/// Reads an ID token that was issued to `client_id`; `nonce` is that of the sign-in, `None` at a renewal. Returns `None` for any other
/// token.
pub fn identify(token: &str, client_id: &str, nonce: Option<&str>) -> Option<Identity> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let meant = claims.aud == client_id && claims.token_use == "id";
    if !meant || nonce.is_some_and(|nonce| claims.nonce.as_deref() != Some(nonce)) {
        return None;
    }
    // A person whose creation was interrupted has no role, whatever the groups are.
    let role = Role::from_groups(claims.groups.iter().map(String::as_str)).filter(|_| claims.adding.is_empty());
    let lifetime = (claims.exp - claims.iat).max(0);
    Some(Identity {
        person: Person {
            username: claims.username,
            email: claims.email,
            role,
            scope: Scope::of(role, &claims.devices),
        },
        lifetime,
        renew_after: lifetime * 4 / 5,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            client_id: "client".to_owned(),
            sign_in: "https://weir-dev.auth.eu-central-1.amazoncognito.com".to_owned(),
            identity: "https://cognito-idp.eu-central-1.amazonaws.com/".to_owned(),
            live: "wss://live".to_owned(),
            tiles: None,
        }
    }

    fn attempt() -> Attempt {
        let mut random = [0; RANDOM];
        random.iter_mut().enumerate().for_each(|(place, byte)| *byte = u8::try_from(place).unwrap());
        Attempt::new(&random, "/app/problems?status=open")
    }

    fn token(claims: &Value) -> String {
        format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn the_challenge_is_the_digest_of_the_verifier() {
        // The example of RFC 7636, appendix B.
        let example = Attempt { verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(), ..attempt() };
        let address = example.address(&config(), "https://weir.example", Language::German);
        assert!(address.contains("code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&"), "{address}");
        assert!(address.contains("redirect_uri=https%3A%2F%2Fweir.example%2Fapp%2Fsigned-in&"), "{address}");
        let parts = [&attempt().state, &attempt().nonce, &attempt().verifier].map(String::len);
        assert_eq!(parts, [43, 43, 43]);
    }

    #[test]
    fn each_token_has_a_lock_of_its_own_that_does_not_tell_it() {
        let (one, other) = (lock("one-token"), lock("other-token"));
        assert!(one == lock("one-token") && one != other && !one.contains("token"));
    }

    #[test]
    fn only_the_answer_to_this_sign_in_has_a_code() {
        let attempt = attempt();
        let good = format!("?code=abc&state={}", attempt.state);
        assert_eq!(attempt.returned(&good), Returned::Code("abc".to_owned()));
        assert_eq!(attempt.returned("?code=abc&state=other"), Returned::Stale);
        assert_eq!(attempt.returned("?code=abc"), Returned::Stale);
        let denied = format!("?error=access_denied&error_description=no+way&state={}", attempt.state);
        assert_eq!(attempt.returned(&denied), Returned::Denied("no way".to_owned()));
    }

    #[test]
    fn nobody_is_sent_to_another_site() {
        let ends = |path: &str| Attempt::new(&[0; RANDOM], path).return_to;
        assert_eq!(ends("/app/devices/buoy-01?from=1#a"), "/app/devices/buoy-01?from=1#a");
        for foreign in
            ["https://evil.example/app/", "//evil.example/app/", "/\\evil", "/app/\\evil", "", "/app/signed-in?code=1"]
        {
            assert_eq!(ends(foreign), HOME, "{foreign}");
        }
    }

    #[test]
    fn a_token_says_who_somebody_is() {
        let claims = json!({"aud": "client", "token_use": "id", "nonce": "n", "iat": 1000, "exp": 1900, "email": "ann@weir.example",
            "cognito:username": "ann", "cognito:groups": ["user"], "custom:devices": "buoy-01"});
        let identity = identify(&token(&claims), "client", Some("n")).unwrap();
        assert_eq!((identity.lifetime, identity.renew_after), (900, 720));
        assert_eq!(identity.person.role, Some(Role::User));
        assert!(identity.person.sees_something() && !identity.person.is_admin());
    }

    #[test]
    fn a_token_for_somebody_else_is_refused() {
        let claims = json!({"aud": "client", "token_use": "id", "nonce": "n", "iat": 0, "exp": 900});
        assert!(identify(&token(&claims), "client", None).is_some());
        assert!(identify(&token(&claims), "other", None).is_none());
        assert!(identify(&token(&claims), "client", Some("m")).is_none());
        let access = json!({"aud": "client", "token_use": "access", "iat": 0, "exp": 900});
        assert!(identify(&token(&access), "client", None).is_none());
        assert!(identify("", "client", None).is_none() && identify("a.b.c", "client", None).is_none());
    }

    #[test]
    fn tokens_are_read_in_both_forms() {
        let exchanged: Tokens =
            serde_json::from_str(r#"{"id_token": "a", "refresh_token": "b", "expires_in": 900}"#).unwrap();
        assert_eq!((exchanged.id_token.as_str(), exchanged.refresh_token.as_deref()), ("a", Some("b")));
        let renewed: Renewed =
            serde_json::from_str(r#"{"AuthenticationResult": {"IdToken": "c", "ExpiresIn": 900}}"#).unwrap();
        assert_eq!((renewed.tokens.id_token.as_str(), renewed.tokens.refresh_token), ("c", None));
    }

    #[test]
    fn somebody_whose_creation_was_interrupted_has_no_role() {
        let claims = json!({"aud": "client", "token_use": "id", "cognito:groups": ["admin"], "custom:adding": "1"});
        let person = identify(&token(&claims), "client", None).unwrap().person;
        assert!(person.role.is_none() && !person.sees_something());
    }
}
