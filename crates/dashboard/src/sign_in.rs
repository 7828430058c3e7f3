//! Signing in with Cognito's managed login: authorization code with PKCE (RFC 7636). What is decided about it, without a browser.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use weir_core::domain::access::{Role, Scope};

use crate::text::Language;
use crate::wire::Config;

/// Where the managed login sends people back to.
pub const RETURN: &str = "/app/signed-in";
/// Where it sends them after signing out.
pub const GOODBYE: &str = "/app/signed-out";
/// The first page.
pub const HOME: &str = "/app/";
/// Nothing but `openid`: then the ID token holds every attribute that the client may read, the device scope among them. With a second
/// scope, such as `email`, it would hold only what that scope names.
const SCOPES: &str = "openid";
/// Random bytes of a sign-in: 32 each for state, nonce and verifier.
pub const RANDOM: usize = 96;

/// A sign-in that has begun. It waits in the tab (sessionStorage) until the managed login has sent the person back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Comes back with the code: the answer belongs to this sign-in.
    pub state: String,
    /// Comes back in the token: the token belongs to this sign-in.
    pub nonce: String,
    /// The secret of PKCE: nobody else can exchange the code.
    pub verifier: String,
    /// The page that was asked for.
    pub return_to: String,
}

/// What the managed login has sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returned {
    /// A code, to be exchanged for tokens.
    Code(String),
    /// It let nobody in, for this reason.
    Denied(String),
    /// It belongs to no sign-in that was begun here.
    Stale,
}

impl Attempt {
    /// A sign-in that ends at `return_to`; anything but a page of this site becomes the first page.
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

    /// What the query with which the person came back says.
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

/// The body that exchanges a code for tokens.
pub fn exchange(config: &Config, origin: &str, code: &str, verifier: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("client_id", &config.client_id)
        .append_pair("redirect_uri", &format!("{origin}{RETURN}"))
        .append_pair("code", code)
        .append_pair("code_verifier", verifier)
        .finish()
}

/// The operation that renews tokens, and what it is asked. The token endpoint renews them too; this is the way that the API's document
/// names, and the one that goes with rotating refresh tokens.
pub fn renewal(config: &Config, refresh_token: &str) -> (&'static str, Value) {
    ("GetTokensFromRefreshToken", json!({"ClientId": config.client_id, "RefreshToken": refresh_token}))
}

/// The operation that makes a refresh token, and every token that was got with it, worthless, and what it is asked.
pub fn revocation(config: &Config, refresh_token: &str) -> (&'static str, Value) {
    ("RevokeToken", json!({"ClientId": config.client_id, "Token": refresh_token}))
}

/// The address that ends the session of the managed login itself.
pub fn goodbye(config: &Config, origin: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &config.client_id)
        .append_pair("logout_uri", &format!("{origin}{GOODBYE}"))
        .finish();
    format!("{}/logout?{query}", config.sign_in)
}

/// The page, if it is one of this site that somebody may return to after signing in; the first page otherwise. Without this check a
/// link could send people to another site after they have signed in here.
fn own_page(path: &str) -> &str {
    let own = path.starts_with(HOME) && ![RETURN, GOODBYE].iter().any(|page| path.starts_with(page));
    if own && !path.contains('\\') { path } else { HOME }
}

/// Tokens, as the token endpoint and the identity service write them.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Tokens {
    /// The ID token, which the API expects.
    #[serde(alias = "IdToken")]
    pub id_token: String,
    /// A new refresh token; absent where the old one goes on.
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

/// A person who is signed in, as the ID token says it. Its signature is not checked here: the API does that, and the page shows nothing but what
/// the API gives.
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
    /// Whether the person may do everything.
    pub fn is_admin(&self) -> bool {
        self.role == Some(Role::Admin)
    }

    /// Whether there is any device that the person could see.
    pub fn sees_something(&self) -> bool {
        self.scope != Scope::NOTHING
    }
}

/// The claims of an ID token that the page reads.
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

/// An ID token that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Whose it is.
    pub person: Person,
    /// How long it is valid from when it was given out, in seconds.
    pub lifetime: i64,
    /// After how many seconds to renew it: at four fifths of its life, so that a page with a wrong clock renews in time too.
    pub renew_after: i64,
}

/// Reads an ID token that was given to the page with `client_id`; `nonce` is that of the sign-in, absent at a renewal.
pub fn identify(token: &str, client_id: &str, nonce: Option<&str>) -> Option<Identity> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let meant = claims.aud == client_id && claims.token_use == "id";
    if !meant || nonce.is_some_and(|nonce| claims.nonce.as_deref() != Some(nonce)) {
        return None;
    }
    // Somebody whose creation was interrupted has no role, whatever the groups say.
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
