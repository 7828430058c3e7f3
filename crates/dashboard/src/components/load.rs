//! Something that is read from the API: loading, failed or there, and read again when that is asked for.

use std::future::Future;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::clock;
use super::states::{Failed, Loading};
use crate::api::Api;
use crate::browser;
use crate::problem::ApiError;

/// Where the reading stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Loaded<T> {
    /// It was asked for, and nothing is there yet.
    Loading,
    /// It is there.
    Here(T),
    /// It did not work, and nothing is there from before.
    Failed(ApiError),
}

impl<T> Loaded<T> {
    /// Whether it is worth asking again after a while: what is there may be old, and a failure may be over.
    const fn may_change(&self) -> bool {
        match self {
            Self::Loading => false,
            Self::Here(_) => true,
            Self::Failed(error) => error.is_passing(),
        }
    }
}

/// Which of the readings under way counts: the newest, unless it began before a write.
#[derive(Debug, Clone, Copy, Default)]
struct Turns {
    newest: u32,
    ended: u32,
}

impl Turns {
    /// A reading begins. The answer is its turn.
    const fn begin(&mut self) -> u32 {
        self.newest = self.newest.wrapping_add(1);
        self.newest
    }

    /// A reading ends. The answer is whether it counts.
    const fn end(&mut self, turn: u32) -> bool {
        let counts = turn == self.newest;
        if counts {
            self.ended = turn;
        }
        counts
    }

    /// The reading under way no longer counts. The answer is whether there was one.
    const fn invalidate(&mut self) -> bool {
        let is_reading = self.ended != self.newest;
        if is_reading {
            self.newest = self.newest.wrapping_add(1);
            self.ended = self.newest;
        }
        is_reading
    }
}

/// Something that is read. What is there stays there while it is read again, so nothing flickers.
pub struct Load<T: Send + Sync + 'static> {
    loaded: RwSignal<Loaded<T>>,
    again: RwSignal<u32>,
    turns: StoredValue<Turns>,
}

impl<T: Send + Sync + 'static> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Load<T> {}

impl<T: Clone + Send + Sync + 'static> Load<T> {
    /// Reads with `read`, and again whenever a signal changes that `read` looks at before its first await. Of two readings under way
    /// only the later one counts.
    pub fn new<F: Future<Output = Result<T, ApiError>> + 'static>(read: impl Fn() -> F + 'static) -> Self {
        let load = Self {
            loaded: RwSignal::new(Loaded::Loading),
            again: RwSignal::new(0),
            turns: StoredValue::new(Turns::default()),
        };
        let read = Rc::new(read);
        let online = Api::here().online();
        Effect::new(move |before: Option<()>| {
            load.again.track();
            // As soon as somebody answers again, what is shown is read again.
            if !online.get() && before.is_some() {
                return;
            }
            let Some(turn) = load.turns.try_update_value(Turns::begin) else { return };
            let reading = read();
            spawn_local(async move {
                let outcome = reading.await;
                if load.turns.try_update_value(|turns| turns.end(turn)) == Some(true) {
                    load.take(outcome);
                }
            });
        });
        load
    }

    fn take(self, outcome: Result<T, ApiError>) {
        let kept = self.loaded.with_untracked(|loaded| matches!(loaded, Loaded::Here(_)));
        match outcome {
            Ok(value) => self.loaded.set(Loaded::Here(value)),
            // What was there is still the best there is; that there is no connection or no session, the frame says.
            Err(error) if kept && error.is_passing() => {}
            Err(error) => self.loaded.set(Loaded::Failed(error)),
        }
    }

    /// Reads it again.
    pub fn again(self) {
        self.again.update(|count| *count = count.wrapping_add(1));
    }

    /// Reads it again each time that so many ms have passed, for as long as somebody looks: also after a failure that may be over.
    pub fn every(self, ms: f64) {
        // When it was asked for last, which is later than what is shown while it cannot be read.
        let (now, asked) = (clock::now(), StoredValue::new(browser::now()));
        Effect::new(move |_| {
            let now = now.get();
            if self.with(Loaded::may_change) && now - asked.get_value() > ms {
                asked.set_value(now);
                self.again();
            }
        });
    }

    /// Where the reading stands.
    pub fn get(self) -> Loaded<T> {
        self.loaded.get()
    }

    /// Looks at where the reading stands, without copying what is there.
    pub fn with<R>(self, look: impl FnOnce(&Loaded<T>) -> R) -> R {
        self.loaded.with(look)
    }

    /// Something of what is there.
    pub fn here<R>(self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.with(|loaded| match loaded {
            Loaded::Here(value) => Some(look(value)),
            _ => None,
        })
    }

    /// Changes what is there, for example by what the live feed tells.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        self.loaded.maybe_update(|loaded| match loaded {
            Loaded::Here(value) => {
                change(value);
                true
            }
            _ => false,
        });
    }

    /// Changes what is there by the answer to a write. A reading under way may have been answered before the write: it no longer counts,
    /// and another one begins.
    pub fn written(self, change: impl FnOnce(&mut T)) {
        let was_reading = self.turns.try_update_value(Turns::invalidate) == Some(true);
        self.update(change);
        if was_reading {
            self.again();
        }
    }

    /// Shows it: `here` draws what is there, the rest is the same on every page.
    pub fn show<V: IntoView + 'static>(self, here: impl Fn(T) -> V + Send + 'static) -> impl IntoView {
        move || match self.get() {
            Loaded::Loading => view! { <Loading/> }.into_any(),
            Loaded::Failed(error) => view! { <Failed error retry=Callback::new(move |()| self.again())/> }.into_any(),
            Loaded::Here(value) => here(value).into_any(),
        }
    }

    /// Shows it like [`Load::show`], but draws what is there only once: `here` follows what is there by itself, so that what stays the
    /// same is not drawn again, with what is typed in it and the focus.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    #[test]
    fn of_two_readings_under_way_only_the_later_one_counts() {
        let mut turns = Turns::default();
        let (first, second) = (turns.begin(), turns.begin());
        assert!(turns.end(second) && !turns.end(first));
    }

    #[test]
    fn a_reading_that_began_before_a_write_does_not_undo_it() {
        let mut turns = Turns::default();
        let before = turns.begin();
        assert!(turns.invalidate());
        assert!(!turns.end(before));
        let after = turns.begin();
        assert!(turns.end(after));
        // Nothing is under way any more, so nothing has to be read again.
        assert!(!turns.invalidate() && !Turns::default().invalidate());
    }

    #[test]
    fn a_failure_that_may_be_over_is_asked_about_again() {
        let failed = |status| Loaded::<()>::Failed(ApiError::Refused(Problem::read(status, "", None)));
        assert!(Loaded::Here(()).may_change() && failed(503).may_change());
        assert!(!failed(404).may_change() && !Loaded::<()>::Loading.may_change());
    }
}
