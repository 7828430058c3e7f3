//! The reader's own subscriptions to problems, by e-mail and by webhook.

use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;

use crate::api::Api;
use crate::components::heading::Heading;
use crate::components::load::Load;
use crate::components::zone;
use crate::messages as m;
use crate::model::address::part;
use crate::model::subscription::{Form, channel};
use crate::problem::ApiError;
use crate::session::Session;
use crate::text::t;
use crate::wire::Page;
use crate::wire::subscription::Subscription;

mod form;
mod row;

/// The path of the caller's subscriptions.
const OWN: &str = "/users/me/subscriptions";

/// State that the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    api: StoredValue<Api, LocalStorage>,
    load: Load<Vec<Subscription>>,
    /// The form, as typed; `None` while it is closed.
    form: RwSignal<Option<Form>>,
    /// The subscription that is being changed; `None` for a new one.
    changes: RwSignal<Option<Subscription>>,
    /// The version that the reader has seen; the change is conditional on it. `None` after reading it again: then the version in the list
    /// counts.
    seen: RwSignal<Option<u64>>,
    saving: RwSignal<bool>,
    failed: RwSignal<Option<ApiError>>,
    /// New subscriptions with their secrets, which are shown once, until the reader confirms that they are saved.
    made: RwSignal<Vec<Subscription>>,
}

impl Shared {
    /// Opens the form, for a new subscription or with the fields of an existing one.
    fn begin(self, known: Option<Subscription>) {
        let zone = zone::zone().get_untracked().name;
        self.form.set(Some(known.as_ref().map_or_else(|| Form::new(&zone), |known| Form::of(known, &zone))));
        self.seen.set(known.as_ref().map(|known| known.version));
        self.changes.set(known);
        self.failed.set(None);
    }

    /// Reads the list again after a change elsewhere. The form keeps what is typed.
    fn renew(self) {
        self.failed.set(None);
        self.seen.set(None);
        self.load.again();
    }

    /// The subscription in the list with this id.
    fn known(self, id: &str) -> Option<Subscription> {
        self.load.here(|all| all.iter().find(|known| known.id == id).cloned()).flatten()
    }

    /// Whether the form is changing this subscription.
    fn is_changing(self, id: &str) -> bool {
        self.changes.with_untracked(|changes| changes.as_ref().is_some_and(|known| known.id == id))
    }

    /// Closes the form.
    fn end(self) {
        self.form.set(None);
        self.changes.set(None);
        self.failed.set(None);
    }

    /// Puts a subscription from an answer of the API into the list.
    fn take(self, written: Subscription) {
        self.load.written(|all| match all.iter_mut().find(|known| known.id == written.id) {
            Some(known) => *known = written,
            None => all.push(written),
        });
    }

    /// Creates a subscription, or changes the edited one unless it has changed since the reader saw it.
    fn save(self, body: Value) {
        let changes = self.changes.get_untracked().map(|changed| {
            let listed = || self.known(&changed.id).map_or(changed.version, |known| known.version);
            let version = self.seen.get_untracked().unwrap_or_else(listed);
            (changed.id, version)
        });
        let api = self.api.get_value();
        self.saving.set(true);
        self.failed.set(None);
        spawn_local(async move {
            let answer = match &changes {
                None => api.post::<Value, Subscription>(OWN, &body).await,
                Some((id, version)) => api.patch(&path(id), &body, Some(&tag(*version))).await,
            };
            self.saving.set(false);
            match answer {
                Ok(answer) => {
                    self.end();
                    let written = answer.value;
                    if written.secret.is_some() {
                        self.made.update(|made| made.push(written.clone()));
                    }
                    // The secret is shown once, and not kept in the list.
                    self.take(Subscription { secret: None, ..written });
                }
                Err(error) => self.failed.set(Some(error)),
            }
        });
    }

    /// Enables or disables a subscription.
    fn switch(self, known: &Subscription, busy: RwSignal<bool>, failed: RwSignal<Option<ApiError>>) {
        let (api, path, tag) = (self.api.get_value(), path(&known.id), tag(known.version));
        let body = json!({"enabled": !known.enabled});
        busy.set(true);
        failed.set(None);
        spawn_local(async move {
            let answer = api.patch::<Value, Subscription>(&path, &body, Some(&tag)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(answer) => {
                    // This changed none of the fields in the form.
                    if self.is_changing(&answer.value.id) {
                        self.seen.set(Some(answer.value.version));
                    }
                    self.take(answer.value);
                }
                Err(error) => self.refused(error, failed),
            }
        });
    }

    /// Removes a subscription.
    fn remove(self, known: &Subscription, busy: RwSignal<bool>, failed: RwSignal<Option<ApiError>>) {
        let (api, path, tag, id) = (self.api.get_value(), path(&known.id), tag(known.version), known.id.clone());
        busy.set(true);
        failed.set(None);
        spawn_local(async move {
            let answer = api.delete(&path, Some(&tag)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(()) => {
                    if self.is_changing(&id) {
                        self.end();
                    }
                    self.load.written(|all| all.retain(|known| known.id != id));
                }
                Err(error) => self.refused(error, failed),
            }
        });
    }

    /// Shows an error. After a change elsewhere the list is read again, so that the next attempt is based on the new version.
    fn refused(self, error: ApiError, failed: RwSignal<Option<ApiError>>) {
        if error.is_outdated() {
            self.load.again();
        }
        let _ = failed.try_set(Some(error));
    }
}

/// The path of a subscription in the API.
fn path(id: &str) -> String {
    format!("{OWN}/{}", part(id))
}

/// The entity tag of a version, for `If-Match`.
fn tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The page.
#[component]
pub fn Subscriptions() -> impl IntoView {
    let api = Api::here();
    let kept = StoredValue::new_local(api.clone());
    let email = untrack(|| Session::person(api.session()).map(|person| person.email).unwrap_or_default());
    let load = Load::new(move || {
        let api = api.clone();
        async move { Ok(api.get::<Page<Subscription>>(&format!("{OWN}?limit=50")).await?.value.items) }
    });
    let shared = Shared {
        api: kept,
        load,
        form: RwSignal::new(None),
        changes: RwSignal::new(None),
        seen: RwSignal::new(None),
        saving: RwSignal::new(false),
        failed: RwSignal::new(None),
        made: RwSignal::new(Vec::new()),
    };
    // Another subscription makes a new form.
    let open = Memo::new(move |_| {
        let changes = shared.changes.with(|changes| changes.as_ref().map(|known| known.id.clone()));
        shared.form.with(Option::is_some).then_some(changes)
    });
    let own = email.clone();
    view! {
        <Heading text=t(m::SUBSCRIPTIONS).to_owned()/>
        <p>{t(m::SUBSCRIPTIONS_EXPLAINED)}</p>
        {load.keep(move || view! { <row::List shared email=email.clone()/> })}
        <Show when=move || shared.made.with(|made| !made.is_empty())>
            <div id="secret">
                <For each=move || shared.made.get() key=|made| made.id.clone() let(made)><Secret made shared/></For>
            </div>
        </Show>
        {move || if open.get().is_some() {
            view! { <form::Editor shared email=own.clone()/> }.into_any()
        } else {
            view! { <button type="button" id="add" class="primary" on:click=move |_| shared.begin(None)>{t(m::SUBSCRIBE)}</button> }.into_any()
        }}
    }
}

/// The secret for signing webhooks.
#[component]
fn Secret(made: Subscription, shared: Shared) -> impl IntoView {
    let Subscription { id, secret, .. } = made.clone();
    view! {
        <div class="notice" role="status">
            <p><strong class="break">{channel(&made, "")}</strong></p>
            <label>
                {t(m::SECRET)}
                <input type="text" class="id" readonly=true prop:value=secret/>
            </label>
            <p>{t(m::SECRET_ONCE)}</p>
            <button type="button" on:click=move |_| shared.made.update(|made| made.retain(|one| one.id != id))>{t(m::SECRET_KEPT)}</button>
        </div>
    }
}
