//! A value that is read from the API: loading, failed or loaded, and read again on request.

use std::future::Future;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::clock;
use super::states::{Failed, Loading};
use crate::api::Api;
use crate::browser;
pub use crate::model::load::Loaded;
use crate::model::load::{Change, Turns, with};
use crate::problem::ApiError;

/// A value that is read from the API. It stays shown while it is read again, so that nothing flickers.
pub struct Load<T: Send + Sync + 'static> {
    loaded: RwSignal<Loaded<T>>,
    again: RwSignal<u32>,
    turns: StoredValue<Turns<Change<T>>, LocalStorage>,
}

impl<T: Send + Sync + 'static> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Load<T> {}

impl<T: Clone + Send + Sync + 'static> Load<T> {
    /// Reads with `read`, and again whenever a signal changes that `read` accesses before its first await. Of two concurrent requests only
    /// the later one counts.
    pub fn new<F: Future<Output = Result<T, ApiError>> + 'static>(read: impl Fn() -> F + 'static) -> Self {
        let load = Self {
            loaded: RwSignal::new(Loaded::Loading),
            again: RwSignal::new(0),
            turns: StoredValue::new_local(Turns::default()),
        };
        let read = Rc::new(read);
        let usable = Api::here().is_usable();
        Effect::new(move |before: Option<()>| {
            load.again.track();
            // As soon as the connection is back, or somebody has signed in again, the value is read again.
            if !usable.get() && before.is_some() {
                return;
            }
            let Some(turn) = load.turns.try_update_value(Turns::begin) else { return };
            let reading = read();
            spawn_local(async move {
                let outcome = reading.await;
                if let Some(reported) = load.turns.try_update_value(|turns| turns.end(turn)).flatten() {
                    load.take(outcome.map(|value| with(value, &reported)));
                }
            });
        });
        load
    }

    fn take(self, outcome: Result<T, ApiError>) {
        let kept = self.loaded.with_untracked(|loaded| matches!(loaded, Loaded::Here(_)));
        match outcome {
            Ok(value) => self.loaded.set(Loaded::Here(value)),
            // The earlier value is still the best one; the frame shows that there is no connection or no session.
            Err(error) if kept && error.is_passing() => {}
            Err(error) => self.loaded.set(Loaded::Failed(error)),
        }
    }

    /// Reads it again.
    pub fn again(self) {
        self.again.update(|count| *count = count.wrapping_add(1));
    }

    /// Reads it again every `ms` milliseconds while the page is visible, also after a failure that may be over.
    pub fn every(self, ms: f64) {
        // The time of the last request, which is later than the value while requests fail.
        let (now, asked) = (clock::now(), StoredValue::new(browser::now()));
        Effect::new(move |_| {
            let now = now.get();
            if self.with(Loaded::may_change) && now - asked.get_value() > ms {
                asked.set_value(now);
                self.again();
            }
        });
    }

    /// The state of the value.
    pub fn get(self) -> Loaded<T> {
        self.loaded.get()
    }

    /// Passes the state to `look` without cloning the value.
    pub fn with<R>(self, look: impl FnOnce(&Loaded<T>) -> R) -> R {
        self.loaded.with(look)
    }

    /// The result of `look` on the value, if it is loaded.
    pub fn here<R>(self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.with(|loaded| match loaded {
            Loaded::Here(value) => Some(look(value)),
            _ => None,
        })
    }

    /// Changes the loaded value by a message of the live feed. If it is being read, the change is made once more to the answer, which may
    /// be older: a change that was made already must have no further effect.
    pub fn report(self, change: impl Fn(&mut T) + 'static) {
        let change: Change<T> = Rc::new(change);
        let own = Rc::clone(&change);
        self.turns.update_value(|turns| turns.report(own));
        self.update(|value| change(value));
    }

    /// Changes the loaded value on this page only: what is read later does not have the change.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        self.loaded.maybe_update(|loaded| match loaded {
            Loaded::Here(value) => {
                change(value);
                true
            }
            _ => false,
        });
    }

    /// Changes the loaded value by the answer to a write. The answer of a request under way may be older than the write, so it no longer
    /// counts, and another request begins.
    pub fn written(self, change: impl FnOnce(&mut T)) {
        let was_reading = self.turns.try_update_value(Turns::invalidate) == Some(true);
        self.update(change);
        if was_reading {
            self.again();
        }
    }

    /// Renders the value with `here`; loading and failures look the same on every page.
    pub fn show<V: IntoView + 'static>(self, here: impl Fn(T) -> V + Send + 'static) -> impl IntoView {
        move || match self.get() {
            Loaded::Loading => view! { <Loading/> }.into_any(),
            Loaded::Failed(error) => view! { <Failed error retry=Callback::new(move |()| self.again())/> }.into_any(),
            Loaded::Here(value) => here(value).into_any(),
        }
    }

    /// Renders the value like [`Load::show`], but calls `here` only once: it has to follow the value by itself, so that unchanged elements
    /// are not rendered again, and keep typed text and the focus.
    pub fn keep<V: IntoView + 'static>(self, here: impl Fn() -> V + Send + 'static) -> impl IntoView {
        let stage = Memo::new(move |_| {
            self.with(|loaded| match loaded {
                Loaded::Loading => None,
                Loaded::Failed(error) => Some(Err(error.clone())),
                Loaded::Here(_) => Some(Ok(())),
            })
        });
        move || match stage.get() {
            None => view! { <Loading/> }.into_any(),
            Some(Err(error)) => view! { <Failed error retry=Callback::new(move |()| self.again())/> }.into_any(),
            Some(Ok(())) => here().into_any(),
        }
    }
}
