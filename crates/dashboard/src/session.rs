//! The session of the person who is signed in: tokens in memory, the refresh token in the session storage, renewal in time, signing out.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::lock::Mutex;
use gloo_net::http::Request;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::browser::{self, keep};
use crate::problem::{ApiError, Problem};
use crate::sign_in::{self, Attempt, GOODBYE, HOME, Identity, Person, RETURN, Renewed, Returned, Tokens};
use crate::text::language;
use crate::wire::Config;

mod own;
pub mod window;

use window::Hindrance;

/// The key of the refresh token in the session storage.
const REFRESH: &str = "weir.refresh";
/// The key of a sign-in under way in the session storage.
const ATTEMPT: &str = "weir.attempt";
/// Time before a renewal without an answer is repeated, in ms.
const AGAIN: u32 = 5_000;

/// The state of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The page is finding out whether somebody is signed in.
    Starting,
    /// Nobody is signed in, after signing out.
    SignedOut,
    /// Signing in failed.
    Failed(Failure),
    /// Somebody is signed in.
    SignedIn(Person),
    /// Somebody was signed in, and the session has expired since. The page stays as it is.
    Over(Person),
}

/// Why signing in failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// There is no connection.
    Offline,
    /// The answer belongs to no sign-in that was started here.
    Stale,
    /// The managed login refused it, for this reason.
    Denied(String),
    /// The ID token is not meant for this page or this sign-in.
    Token,
}

/// The part of the session that only this module accesses.
#[derive(Debug, Default)]
struct Secrets {
    config: Option<Config>,
    id_token: Option<String>,
    refresh_token: Option<String>,
    /// Grows with each new ID token, so that callers that waited for a renewal see that it is done.
    generation: u64,
}

/// The session of the page. Copies are the same session.
#[derive(Clone)]
pub struct Session {
    state: RwSignal<State>,
    /// Why signing in again in a window has not succeeded; `None` if it was not tried, or is under way.
    hindrance: RwSignal<Option<Hindrance>>,
    secrets: Rc<RefCell<Secrets>>,
    renewing: Rc<Mutex<()>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Session(…)")
    }
}

impl Session {
    /// Starts a session, which begins by finding out whether somebody is signed in.
    pub fn begin() -> Self {
        let session = Self {
            state: RwSignal::new(State::Starting),
            hindrance: RwSignal::new(None),
            secrets: Rc::default(),
            renewing: Rc::new(Mutex::new(())),
        };
        let own = session.clone();
        spawn_local(async move { own.start().await });
        session
    }

    /// The state of the session.
    pub fn state(&self) -> ReadSignal<State> {
        self.state.read_only()
    }

    /// The person who is signed in, or was until the session expired.
    pub fn person(&self) -> Option<Person> {
        match self.state.get() {
            State::SignedIn(person) | State::Over(person) => Some(person),
            _ => None,
        }
    }

    /// Whether the person is an administrator.
    pub fn is_admin(&self) -> bool {
        self.person().is_some_and(|person| person.is_admin())
    }

    /// The configuration of the stack, once it is read.
    pub fn config(&self) -> Option<Config> {
        self.secrets.borrow().config.clone()
    }

    async fn start(&self) {
        let config = match config().await {
            Ok(config) => config,
            Err(failure) => return self.state.set(State::Failed(failure)),
        };
        self.secrets.borrow_mut().config = Some(config);
        let path = browser::path();
        if path == RETURN {
            return self.come_back(&browser::query()).await;
        }
        if path == GOODBYE {
            return self.state.set(State::SignedOut);
        }
        let mut refresh = keep::get::<String>(REFRESH);
        if let Some(token) = &refresh
            && !own::claim(token).await
        {
            // The tab was duplicated, and its storage is a copy: with one token for two, the session of the other one would end.
            keep::remove(REFRESH);
            refresh = None;
        }
        self.secrets.borrow_mut().refresh_token = refresh;
        match self.renew(0).await {
            Ok(()) => {}
            Err(ApiError::Offline) => self.state.set(State::Failed(Failure::Offline)),
            Err(_) => self.sign_in(&browser::address()),
        }
    }

    /// Redirects to the managed login, which sends the person back to `return_to`.
    pub fn sign_in(&self, return_to: &str) {
        let (Some(config), Some(random)) = (self.config(), browser::random()) else {
            return self.state.set(State::Failed(Failure::Offline));
        };
        let attempt = Attempt::new(&random, return_to);
        keep::put(ATTEMPT, &attempt);
        browser::go(&attempt.address(&config, &browser::origin(), language()));
    }

    /// Handles the answer of the managed login.
    async fn come_back(&self, query: &str) {
        // A window that was opened only to sign in again passes the answer to the page that waits for it.
        if window::hand_over(query) {
            return self.state.set(State::Starting);
        }
        let Some(attempt) = keep::take::<Attempt>(ATTEMPT) else {
            return self.state.set(State::Failed(Failure::Stale));
        };
        // The address contains the code, which must not stay in the history.
        browser::rename(&attempt.return_to);
        if let Err(failure) = self.accept(&attempt, query).await {
            self.state.set(State::Failed(failure));
        }
    }

    /// Exchanges the code for tokens.
    async fn accept(&self, attempt: &Attempt, query: &str) -> Result<(), Failure> {
        let code = match attempt.returned(query) {
            Returned::Code(code) => code,
            Returned::Denied(detail) => return Err(Failure::Denied(detail)),
            Returned::Stale => return Err(Failure::Stale),
        };
        let config = self.config().ok_or(Failure::Offline)?;
        let body = sign_in::exchange(&config, &browser::origin(), &code, &attempt.verifier);
        let tokens = match tokens(&config, body).await {
            Ok(tokens) => tokens,
            Err(ApiError::Offline) => return Err(Failure::Offline),
            Err(error) => return Err(Failure::Denied(error.sentence())),
        };
        let identity = sign_in::identify(&tokens.id_token, &config.client_id, Some(&attempt.nonce));
        let identity = identity.ok_or(Failure::Token)?;
        if let State::Over(before) | State::SignedIn(before) = self.state.get_untracked()
            && before.username != identity.person.username
            // For another way of signing in, the pool may name the same person by another attribute.
            && before.email != identity.person.email
        {
            // The page shows data of the previous person, none of which may stay.
            if let Some(refresh) = tokens.refresh_token {
                keep::put(REFRESH, &refresh);
            }
            browser::go(HOME);
            return Ok(());
        }
        self.enter(tokens, identity);
        Ok(())
    }

    /// Stores new tokens, and schedules their renewal.
    fn enter(&self, tokens: Tokens, identity: Identity) {
        let generation = {
            let mut secrets = self.secrets.borrow_mut();
            secrets.id_token = Some(tokens.id_token);
            if let Some(refresh) = tokens.refresh_token {
                keep::put(REFRESH, &refresh);
                secrets.refresh_token = Some(refresh.clone());
                spawn_local(async move {
                    own::claim(&refresh).await;
                });
            }
            secrets.generation += 1;
            secrets.generation
        };
        self.hindrance.set(None);
        let signed_in = State::SignedIn(identity.person);
        if self.state.get_untracked() != signed_in {
            self.state.set(signed_in);
        }
        let (own, wait) = (self.clone(), u32::try_from(identity.renew_after * 1_000).unwrap_or(u32::MAX));
        spawn_local(async move {
            TimeoutFuture::new(wait).await;
            own.keep_up(generation).await;
        });
    }

    /// Renews the token of that generation, and repeats this until there is a connection.
    async fn keep_up(&self, generation: u64) {
        while self.renew(generation).await == Err(ApiError::Offline) {
            TimeoutFuture::new(AGAIN).await;
        }
    }

    /// The ID token and its generation.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub fn token(&self) -> Result<(String, u64), ApiError> {
        let secrets = self.secrets.borrow();
        secrets.id_token.clone().map(|token| (token, secrets.generation)).ok_or(ApiError::SignedOut)
    }

    /// Replaces the ID token of that generation by a new one. Concurrent calls wait for the renewal under way.
    ///
    /// # Errors
    /// When there is no connection, or the session has expired; then the frame offers to sign in again.
    pub async fn renew(&self, generation: u64) -> Result<(), ApiError> {
        let _turn = self.renewing.lock().await;
        if let Some(changed) = self.changed_since(generation) {
            return changed;
        }
        let (config, refresh) = {
            let secrets = self.secrets.borrow();
            (secrets.config.clone(), secrets.refresh_token.clone())
        };
        let (Some(config), Some(refresh)) = (config, refresh) else { return Err(self.end()) };
        let renewed = identity(&config, sign_in::renewal(&config, &refresh)).await;
        let renewed = renewed.and_then(|text| read::<Renewed>(&text));
        // After signing out meanwhile, nobody is signed in; after signing in again, the newer tokens are kept.
        if let Some(changed) = self.changed_since(generation) {
            return changed;
        }
        match renewed.map(|renewed| renewed.tokens) {
            Ok(tokens) => match sign_in::identify(&tokens.id_token, &config.client_id, None) {
                Some(identity) => {
                    self.enter(tokens, identity);
                    Ok(())
                }
                None => Err(self.end()),
            },
            Err(ApiError::Offline) => Err(ApiError::Offline),
            Err(_) => Err(self.end()),
        }
    }

    /// The result of a renewal that is no longer needed, because there is a newer token or nobody is signed in any more; `None` while that
    /// generation is the newest.
    fn changed_since(&self, generation: u64) -> Option<Result<(), ApiError>> {
        let secrets = self.secrets.borrow();
        let there = || if secrets.id_token.is_some() { Ok(()) } else { Err(ApiError::SignedOut) };
        (secrets.generation != generation).then(there)
    }

    /// Ends the session, because its tokens are no longer valid. The page stays as it is.
    fn end(&self) -> ApiError {
        {
            let mut secrets = self.secrets.borrow_mut();
            secrets.id_token = None;
            secrets.refresh_token = None;
            secrets.generation += 1;
        }
        keep::remove(REFRESH);
        if let State::SignedIn(person) = self.state.get_untracked() {
            self.state.set(State::Over(person));
        }
        ApiError::SignedOut
    }

    /// Signs out: here, at the managed login, and by revoking the refresh token.
    pub async fn sign_out(&self) {
        let (config, refresh) = {
            let mut secrets = self.secrets.borrow_mut();
            secrets.id_token = None;
            secrets.generation += 1;
            (secrets.config.clone(), secrets.refresh_token.take())
        };
        keep::remove(REFRESH);
        keep::remove(ATTEMPT);
        let Some(config) = config else { return browser::go(HOME) };
        if let Some(refresh) = refresh {
            // If there is no connection, the token expires by itself.
            let _ = identity(&config, sign_in::revocation(&config, &refresh)).await;
        }
        browser::go(&sign_in::goodbye(&config, &browser::origin()));
    }
}

/// Reads the configuration of the stack.
async fn config() -> Result<Config, Failure> {
    let answer = Request::get("/app/config.json").send().await.map_err(|_| Failure::Offline)?;
    answer.json().await.map_err(|_| Failure::Offline)
}

/// Sends a request to the token endpoint.
async fn tokens(config: &Config, body: String) -> Result<Tokens, ApiError> {
    let request = Request::post(&format!("{}/oauth2/token", config.sign_in))
        .header("content-type", "application/x-www-form-urlencoded")
        .credentials(web_sys::RequestCredentials::Omit)
        .body(body)
        .map_err(|_| ApiError::Offline)?;
    read(&answered(request).await?)
}

/// Sends a request to the identity service.
async fn identity(config: &Config, (operation, body): (&str, serde_json::Value)) -> Result<String, ApiError> {
    let request = Request::post(&config.identity)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", &format!("AWSCognitoIdentityProviderService.{operation}"))
        .credentials(web_sys::RequestCredentials::Omit)
        .body(body.to_string())
        .map_err(|_| ApiError::Offline)?;
    answered(request).await
}

/// The body of a successful answer. Too many requests, and internal errors of the service, count as no connection: they say nothing about
/// the session.
async fn answered(request: Request) -> Result<String, ApiError> {
    let answer = request.send().await.map_err(|_| ApiError::Offline)?;
    let text = answer.text().await.map_err(|_| ApiError::Offline)?;
    if answer.status() >= 500 || answer.status() == 429 || text.contains("TooManyRequestsException") {
        return Err(ApiError::Offline);
    }
    if answer.ok() {
        return Ok(text);
    }
    Err(ApiError::Refused(Problem { detail: text, ..Problem::read(answer.status(), "", None) }))
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    serde_json::from_str(text).map_err(|error| ApiError::Unreadable(error.to_string()))
}
