//! The live feed: one WebSocket for the whole page, with the topics that its parts watch at the moment. It reconnects by itself, gets a new
//! ticket with each new token, and is closed while the page is hidden.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::future::{Either, select};
use futures_util::{FutureExt, SinkExt, StreamExt};
use gloo_net::websocket::Message as Raw;
use gloo_net::websocket::futures::WebSocket;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use serde_json::json;
use wasm_bindgen_futures::spawn_local;

use crate::api::Api;
use crate::browser;
use crate::problem::ApiError;
use crate::wire::Ticket;
use crate::wire::feed::{Frame, Message};

/// Time between two checks of the connection, in ms.
const LOOK: u32 = 10_000;
/// Checks between two pings. API Gateway closes connections that are idle for ten minutes.
const PING: u32 = 30;
/// First and longest wait before reconnecting, in ms.
const AGAIN: (u32, u32) = (1_000, 30_000);
/// Wait between the message that the scope has changed and the request of a token with the new scope, in ms.
const SCOPE: u32 = 1_000;
/// Shortest time between two deliveries of messages to the page, in ms. Every delivery makes the browser draw the page again.
const COLLECT: f64 = 250.0;
/// A connection that ends sooner than this counts as failed, in ms.
const STEADY: f64 = 30_000.0;

/// Whether changes arrive by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// Nothing is watched, or the page is hidden.
    Paused,
    /// The page connects.
    Connecting,
    /// Changes arrive.
    Live,
    /// The feed cannot be reached; the page tries again.
    Off,
}

type Heard = Rc<dyn Fn(&Message)>;

struct Watcher {
    id: u64,
    topic: String,
    heard: Heard,
    /// Whether something may have happened that it has not heard of: it has had a snapshot before, or there was no connection meanwhile.
    has_missed: Cell<bool>,
}

struct Inner {
    api: Api,
    liveness: RwSignal<Liveness>,
    watchers: RefCell<Vec<Watcher>>,
    next: Cell<u64>,
    nudge: UnboundedSender<()>,
}

/// The live feed. Copies are the same feed.
#[derive(Clone)]
pub struct Live(Rc<Inner>);

type Kept = StoredValue<Live, LocalStorage>;

/// Calls `heard` with each message about the topic (`device/buoy-01`, `tube/0`, `problems`, `quarantine`) until the calling component is
/// removed. The first message is a `snapshot`; after a reconnection there is another one, and a `gap`.
pub fn watch(topic: impl Into<String>, heard: impl Fn(&Message) + 'static) {
    let Some(kept) = use_context::<Kept>() else { return };
    let id = kept.with_value(|live| live.add(topic.into(), Rc::new(heard)));
    on_cleanup(move || {
        let _ = kept.try_with_value(|live| live.remove(id));
    });
}

/// The state of the live feed; `None` if none is provided.
pub fn liveness() -> Option<ReadSignal<Liveness>> {
    Some(use_context::<Kept>()?.with_value(|live| live.0.liveness.read_only()))
}

impl Live {
    /// Starts the live feed, and provides it to everything below.
    pub fn provide(api: Api) {
        let (nudge, nudged) = unbounded();
        let inner = Inner {
            api,
            liveness: RwSignal::new(Liveness::Paused),
            watchers: RefCell::default(),
            next: Cell::new(0),
            nudge: nudge.clone(),
        };
        let live = Self(Rc::new(inner));
        provide_context::<Kept>(StoredValue::new_local(live.clone()));
        if let Some(document) = browser::document() {
            let nudge = nudge.clone();
            browser::listen(document.as_ref(), "visibilitychange", move |_| drop(nudge.unbounded_send(())));
        }
        let (state, online) = (live.0.api.session().state(), live.0.api.online());
        Effect::new(move |_| {
            state.track();
            online.track();
            let _ = nudge.unbounded_send(());
        });
        spawn_local(async move { live.run(nudged).await });
    }

    fn add(&self, topic: String, heard: Heard) -> u64 {
        let id = self.0.next.get() + 1;
        self.0.next.set(id);
        self.0.watchers.borrow_mut().push(Watcher { id, topic, heard, has_missed: Cell::new(false) });
        let _ = self.0.nudge.unbounded_send(());
        id
    }

    fn remove(&self, id: u64) {
        self.0.watchers.borrow_mut().retain(|watcher| watcher.id != id);
        let _ = self.0.nudge.unbounded_send(());
    }

    /// The topics that are watched; none while the page is hidden.
    fn wanted(&self) -> BTreeSet<String> {
        if browser::hidden() {
            return BTreeSet::new();
        }
        self.0.watchers.borrow().iter().map(|watcher| watcher.topic.clone()).collect()
    }

    fn is(&self, liveness: Liveness) {
        if self.0.liveness.get_untracked() != liveness {
            self.0.liveness.set(liveness);
        }
    }

    /// Hands a message to those whom it concerns. A snapshot after an interruption has only a part of what may have changed meanwhile: it is
    /// followed by a `gap`.
    fn tell(&self, message: &Message) {
        let is_snapshot = message.r#type == "snapshot";
        // A callback may watch another topic, so the list must not be borrowed during the calls.
        let concerned = |watcher: &&Watcher| message.concerns(&watcher.topic);
        let of = |watcher: &Watcher| {
            let missed = is_snapshot && watcher.has_missed.replace(true);
            (Rc::clone(&watcher.heard), missed.then(|| Message::gap(&watcher.topic)))
        };
        let all: Vec<_> = self.0.watchers.borrow().iter().filter(concerned).map(of).collect();
        for (heard, gap) in all {
            heard(message);
            gap.iter().for_each(|gap| heard(gap));
        }
    }

    /// Whoever watches while there is no connection may miss something.
    fn is_interrupted(&self) {
        self.0.watchers.borrow().iter().for_each(|watcher| watcher.has_missed.set(true));
    }

    async fn run(&self, mut nudged: UnboundedReceiver<()>) {
        let mut wait = AGAIN.0;
        loop {
            if self.wanted().is_empty() {
                self.is_interrupted();
                self.is(Liveness::Paused);
                if nudged.next().await.is_none() {
                    return;
                }
                continue;
            }
            self.is(Liveness::Connecting);
            let begun = browser::now();
            let mut waiting = Vec::new();
            let ended = self.connection(&mut nudged, &mut waiting).await;
            // However the connection has ended, what came over it is delivered.
            waiting.iter().for_each(|message| self.tell(message));
            self.is_interrupted();
            let was_steady = browser::now() - begun >= STEADY;
            if was_steady {
                wait = AGAIN.0;
            }
            if ended.is_ok() {
                continue;
            }
            self.is(if was_steady { Liveness::Connecting } else { Liveness::Off });
            // Earlier nudges are no reason to reconnect at once.
            while let Some(Some(())) = nudged.next().now_or_never() {}
            // Signing in again, or returning to the page, ends the wait.
            let _ = select(nudged.next(), TimeoutFuture::new(spread(wait))).await;
            wait = (wait * 2).min(AGAIN.1);
        }
    }

    /// One connection, until it ends. `Ok` if nothing is watched any more. `waiting` gets the messages that came soon after a delivery.
    async fn connection(&self, nudged: &mut UnboundedReceiver<()>, waiting: &mut Vec<Message>) -> Result<(), ApiError> {
        let mut generation = self.0.api.session().token()?.1;
        let ticket = self.ticket().await?;
        let socket = WebSocket::open(&ticket.url).map_err(|_| ApiError::Offline)?;
        let (mut out, mut incoming) = socket.split();
        let mut subscribed = BTreeSet::new();
        let mut looks = 0;
        // The time of the last delivery, in ms since the epoch.
        let mut delivered = 0.0;
        loop {
            let wanted = self.wanted();
            if wanted.is_empty() {
                let _ = out.close().await;
                return Ok(());
            }
            // Without a network, the socket may seem open for minutes. It is given up, and there is another one as soon as the API answers.
            if !self.0.api.online().get_untracked() {
                return Err(ApiError::Offline);
            }
            let more: Vec<_> = wanted.difference(&subscribed).collect();
            let less: Vec<_> = subscribed.difference(&wanted).collect();
            let mut say = Vec::new();
            if !more.is_empty() {
                say.push(json!({"action": "subscribe", "topics": more}));
            }
            if !less.is_empty() {
                say.push(json!({"action": "unsubscribe", "topics": less}));
            }
            if looks >= PING {
                looks = 0;
                say.push(json!({"action": "ping"}));
            }
            // A connection lasts as long as the token of its ticket, so a new token renews it.
            if let Ok((_, newest)) = self.0.api.session().token()
                && newest != generation
            {
                generation = newest;
                say.push(json!({"action": "renew", "ticket": self.ticket().await?.ticket}));
            }
            subscribed = wanted;
            for words in say {
                out.send(Raw::Text(words.to_string())).await.map_err(|_| ApiError::Offline)?;
            }
            let since = browser::now() - delivered;
            // The clock of the computer may have been put back.
            let rest = if since < 0.0 { 0.0 } else { COLLECT - since };
            if rest <= 0.0 && !waiting.is_empty() {
                delivered = browser::now();
                std::mem::take(waiting).iter().for_each(|message| self.tell(message));
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most COLLECT")]
            let wait = if waiting.is_empty() { LOOK } else { rest.clamp(1.0, COLLECT) as u32 };
            match select(incoming.next(), select(nudged.next(), TimeoutFuture::new(wait))).await {
                Either::Left((Some(Ok(Raw::Text(text))), _)) => {
                    if let Ok(frame) = serde_json::from_str::<Frame>(&text) {
                        if !frame.has("error") {
                            self.is(Liveness::Live);
                        }
                        let is_scope = frame.has("scope");
                        waiting.extend(frame.messages);
                        if is_scope {
                            std::mem::take(waiting).iter().for_each(|message| self.tell(message));
                            // The message is sent before the user pool has the new scope.
                            TimeoutFuture::new(SCOPE).await;
                            // The connection is renewed with the new token. If this renewal fails, the next one gets the new scope.
                            let _ = self.0.api.session().renew(generation).await;
                        }
                    }
                }
                Either::Left((Some(Ok(Raw::Bytes(_))), _)) => {}
                Either::Left(_) => return Err(ApiError::Offline),
                Either::Right((Either::Left(_), _)) => {}
                Either::Right((Either::Right(_), _)) => looks += u32::from(waiting.is_empty()),
            }
        }
    }

    async fn ticket(&self) -> Result<Ticket, ApiError> {
        Ok(self.0.api.post("/live/tickets", &json!({})).await?.value)
    }
}

/// A random wait between half of `wait` and all of it, so that pages that lost their connections together do not reconnect together.
fn spread(wait: u32) -> u32 {
    let half = wait / 2;
    browser::random().map_or(wait, |bytes| half + u32::from_le_bytes(bytes) % (half + 1))
}
