//! The client of the public API.

use gloo_net::http::{Method, Request, RequestBuilder, Response};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

use crate::browser;
use crate::problem::{ApiError, Problem};
use crate::session::{Session, State};
use crate::wire::Page;

/// Time between two attempts to reach the API after the connection is lost, in ms.
const ASK_AGAIN: u32 = 3_000;

/// The media type of nearly all bodies.
const JSON: &str = "application/json";

/// A successful answer, with its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The body.
    pub value: T,
    /// The entity tag, for `If-Match` of a later write.
    pub etag: Option<String>,
    /// The address of the created resource: `Location`.
    pub location: Option<String>,
}

/// A client of the API with the token of the person who is signed in. Copies are the same client; pages get it with [`Api::here`].
#[derive(Debug, Clone)]
pub struct Api {
    session: Session,
    online: RwSignal<bool>,
}

/// How Leptos keeps a context that is bound to the page's only thread.
type Kept = StoredValue<Api, LocalStorage>;

impl Api {
    /// A client for a session.
    pub fn new(session: Session) -> Self {
        Self { session, online: RwSignal::new(true) }
    }

    /// Provides the client to everything below.
    pub fn provide(self) {
        // The browser knows at once that the network is gone; but that it is back is only certain when the API answers.
        if let Some(window) = browser::window() {
            let own = self.clone();
            browser::listen(window.as_ref(), "offline", move |_| {
                if own.online.get_untracked() {
                    own.lost();
                }
            });
        }
        provide_context::<Kept>(StoredValue::new_local(self));
    }

    /// The client of the page. Only for components below the one that calls [`Api::provide`].
    pub fn here() -> Self {
        let kept = use_context::<Kept>();
        kept.map_or_else(|| Self::new(Session::begin()), |kept| kept.get_value())
    }

    /// The session that it acts for.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Whether the last request got an answer.
    pub fn online(&self) -> ReadSignal<bool> {
        self.online.read_only()
    }

    /// Whether requests can be answered: the last one was, and somebody is signed in.
    pub fn is_usable(&self) -> Memo<bool> {
        let (online, state) = (self.online, self.session.state());
        Memo::new(move |_| online.get() && state.with(|state| matches!(state, State::SignedIn(_))))
    }

    /// Sends a GET request.
    ///
    /// # Errors
    /// The refusal of the API; or that there is no connection, nobody is signed in, or the answer cannot be read.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, ApiError> {
        self.ask(Method::GET, path, None, None).await
    }

    /// Reads pages of a list, `most` at most, beginning with the page of the cursor `first`. `path` makes the path of the page of a cursor.
    /// The answer's `next` is the cursor of the first page that was not read.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn pages<T: DeserializeOwned>(
        &self,
        most: usize,
        path: impl Fn(Option<&str>) -> String,
        first: Option<String>,
    ) -> Result<Page<T>, ApiError> {
        let mut listed = Page { items: Vec::new(), next: first };
        for _ in 0..most {
            let page: Page<T> = self.get(&path(listed.next.as_deref())).await?.value;
            listed.items.extend(page.items);
            listed.next = page.next;
            if listed.next.is_none() {
                break;
            }
        }
        Ok(listed)
    }

    /// Sends a GET request that accepts a text, for example CSV.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn text(&self, path: &str, accept: &str) -> Result<String, ApiError> {
        let call = Call { method: Method::GET, path, body: None, media: JSON, if_match: None, key: None, accept };
        self.send(&call).await?.text().await.map_err(|_| ApiError::Offline)
    }

    /// Sends a POST request.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<Answer<T>, ApiError> {
        self.ask(Method::POST, path, Some(json(body)?), None).await
    }

    /// Sends a POST request with the idempotency key `key`, so that repeating it has no further effect.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn post_once<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
        key: &str,
    ) -> Result<Answer<T>, ApiError> {
        let body = Some(json(body)?);
        self.answer(&Call {
            method: Method::POST,
            path,
            body,
            media: JSON,
            if_match: None,
            key: Some(key),
            accept: JSON,
        })
        .await
    }

    /// Sends a POST request with a text of another media type, for example CSV.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn post_text<T: DeserializeOwned>(
        &self,
        path: &str,
        media: &str,
        body: String,
    ) -> Result<Answer<T>, ApiError> {
        let body = Some(body);
        self.answer(&Call { method: Method::POST, path, body, media, if_match: None, key: None, accept: JSON }).await
    }

    /// Changes the fields in the body, if the entity tag is still `if_match`.
    ///
    /// # Errors
    /// As [`Api::get`]; status 412 when somebody else has changed it meanwhile.
    pub async fn patch<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
        if_match: Option<&str>,
    ) -> Result<Answer<T>, ApiError> {
        self.ask(Method::PATCH, path, Some(json(body)?), if_match).await
    }

    /// Replaces a resource, if its entity tag is still `if_match`.
    ///
    /// # Errors
    /// As [`Api::patch`].
    pub async fn put<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
        if_match: Option<&str>,
    ) -> Result<Answer<T>, ApiError> {
        self.ask(Method::PUT, path, Some(json(body)?), if_match).await
    }

    /// Deletes a resource, if its entity tag is still `if_match`.
    ///
    /// # Errors
    /// As [`Api::patch`].
    pub async fn delete(&self, path: &str, if_match: Option<&str>) -> Result<(), ApiError> {
        let call = Call { method: Method::DELETE, path, body: None, media: JSON, if_match, key: None, accept: JSON };
        self.send(&call).await.map(|_| ())
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        if_match: Option<&str>,
    ) -> Result<Answer<T>, ApiError> {
        self.answer(&Call { method, path, body, media: JSON, if_match, key: None, accept: JSON }).await
    }

    async fn answer<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<Answer<T>, ApiError> {
        let answer = self.send(call).await?;
        let (etag, location) = (answer.headers().get("etag"), answer.headers().get("location"));
        let text = answer.text().await.map_err(|_| ApiError::Offline)?;
        // An empty body is read as `null`, which `()` and `Option` accept.
        let text = if text.is_empty() { "null" } else { &text };
        let value =
            serde_json::from_str(text).map_err(|error| ApiError::Unreadable(format!("{}: {error}", call.path)))?;
        Ok(Answer { value, etag, location })
    }

    /// Sends the request; and again with a new token if the API rejects the present one.
    async fn send(&self, call: &Call<'_>) -> Result<Response, ApiError> {
        let (token, generation) = self.session.token()?;
        let answer = self.once(call, &token).await?;
        if answer.status() != 401 {
            return checked(answer).await;
        }
        self.session.renew(generation).await?;
        let (token, _) = self.session.token()?;
        checked(self.once(call, &token).await?).await
    }

    async fn once(&self, call: &Call<'_>, token: &str) -> Result<Response, ApiError> {
        let mut request = RequestBuilder::new(call.path)
            .method(call.method.clone())
            .header("authorization", &format!("Bearer {token}"))
            .header("accept", call.accept)
            .credentials(web_sys::RequestCredentials::Omit);
        if let Some(tag) = call.if_match {
            request = request.header("if-match", tag);
        }
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key);
        }
        let request = match &call.body {
            Some(body) => request.header("content-type", call.media).body(body.clone()),
            None => request.build(),
        };
        let request = request.map_err(|error| ApiError::Unreadable(error.to_string()))?;
        let answer = request.send().await;
        match answer {
            Ok(_) if !self.online.get_untracked() => self.online.set(true),
            Err(_) if self.online.get_untracked() => self.lost(),
            _ => {}
        }
        answer.map_err(|_| ApiError::Offline)
    }

    /// Records that the connection is lost, and sends a small request until it is answered.
    fn lost(&self) {
        self.online.set(false);
        let online = self.online;
        spawn_local(async move {
            while online.try_get_untracked() == Some(false) {
                TimeoutFuture::new(ASK_AGAIN).await;
                if Request::get("/app/config.json").send().await.is_ok() {
                    online.try_set(true);
                }
            }
        });
    }
}

/// A request.
struct Call<'a> {
    method: Method,
    path: &'a str,
    body: Option<String>,
    /// Media type of the body.
    media: &'a str,
    if_match: Option<&'a str>,
    /// `Idempotency-Key`.
    key: Option<&'a str>,
    accept: &'a str,
}

fn json<B: Serialize>(body: &B) -> Result<String, ApiError> {
    serde_json::to_string(body).map_err(|error| ApiError::Unreadable(error.to_string()))
}

/// The answer, unless it is an error.
async fn checked(answer: Response) -> Result<Response, ApiError> {
    if answer.ok() {
        return Ok(answer);
    }
    let request_id = answer.headers().get("x-request-id");
    let text = answer.text().await.unwrap_or_default();
    Err(ApiError::Refused(Problem::read(answer.status(), &text, request_id)))
}
