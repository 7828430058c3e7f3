//! What the reader is told of problems: their own subscriptions, by e-mail and by webhook.

use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;

use crate::api::Api;
use crate::components::heading::Heading;
use crate::components::load::{Load, Loaded};
use crate::components::states::{Failed, Loading};
use crate::components::zone;
use crate::messages as m;
use crate::model::address::part;
use crate::model::subscription::Form;
use crate::problem::ApiError;
use crate::session::Session;
use crate::text::t;
use crate::wire::Page;
use crate::wire::subscription::Subscription;

mod form;
mod row;

/// Where the subscriptions of the caller are.
const OWN: &str = "/users/me/subscriptions";

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    api: StoredValue<Api, LocalStorage>,
    load: Load<Vec<Subscription>>,
    /// What is typed; absent while there is no form.
    form: RwSignal<Option<Form>>,
    /// The subscription that is being changed; absent while it is a new one.
    changes: RwSignal<Option<Subscription>>,
    saving: RwSignal<bool>,
    failed: RwSignal<Option<ApiError>>,
    /// The last subscription that was made, with the secret that is shown once.
    made: RwSignal<Option<Subscription>>,
}

impl Shared {
    /// Opens the form, for a new one or with the fields of one that is there.
    fn begin(self, known: Option<Subscription>) {
        let zone = zone::zone().get_untracked().name;
        self.form.set(Some(known.as_ref().map_or_else(|| Form::new(&zone), |known| Form::of(known, &zone))));
        self.changes.set(known);
        self.failed.set(None);
        self.made.set(None);
    }

    /// Closes the form.
    fn end(self) {
        self.form.set(None);
        self.changes.set(None);
        self.failed.set(None);
    }

    /// Takes a subscription as the API has written it.
    fn take(self, written: Subscription) {
        self.load.update(|all| match all.iter_mut().find(|known| known.id == written.id) {
            Some(known) => *known = written,
            None => all.push(written),
        });
    }

    /// Makes a subscription, or changes the one that is being changed if it still is what the reader has seen.
    fn save(self, body: Value) {
        let (api, changes) = (self.api.get_value(), self.changes.get_untracked());
        self.saving.set(true);
        self.failed.set(None);
        spawn_local(async move {
            let answer = match &changes {
                None => api.post::<Value, Subscription>(OWN, &body).await,
                Some(known) => api.patch(&path(known), &body, Some(&tag(known))).await,
            };
            self.saving.set(false);
            match answer {
                Ok(answer) => {
                    self.end();
                    let written = answer.value;
                    self.made.set(changes.is_none().then(|| written.clone()));
                    // The secret is shown once, and is not kept in the list.
                    self.take(Subscription { secret: None, ..written });
                }
                Err(error) => self.failed.set(Some(error)),
            }
        });
    }

    /// Switches a subscription on or off.
    fn switch(self, known: &Subscription, busy: RwSignal<bool>, failed: RwSignal<Option<ApiError>>) {
        let (api, path, tag) = (self.api.get_value(), path(known), tag(known));
        let body = json!({"enabled": !known.enabled});
        busy.set(true);
        failed.set(None);
        spawn_local(async move {
            let answer = api.patch::<Value, Subscription>(&path, &body, Some(&tag)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(answer) => self.take(answer.value),
                Err(error) => drop(failed.try_set(Some(error))),
            }
        });
    }

    /// Removes a subscription.
    fn remove(self, known: &Subscription, busy: RwSignal<bool>, failed: RwSignal<Option<ApiError>>) {
        let (api, path, tag, id) = (self.api.get_value(), path(known), tag(known), known.id.clone());
        busy.set(true);
        failed.set(None);
        spawn_local(async move {
            let answer = api.delete(&path, Some(&tag)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(()) => self.load.update(|all| all.retain(|known| known.id != id)),
                Err(error) => drop(failed.try_set(Some(error))),
            }
        });
    }
}

/// The place of a subscription in the API.
fn path(of: &Subscription) -> String {
    format!("{OWN}/{}", part(&of.id))
}

/// Its version, for `If-Match`.
fn tag(of: &Subscription) -> String {
    format!("\"{}\"", of.version)
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
        saving: RwSignal::new(false),
        failed: RwSignal::new(None),
        made: RwSignal::new(None),
    };
    let stage = Memo::new(move |_| {
        load.with(|loaded| match loaded {
            Loaded::Loading => None,
            Loaded::Failed(error) => Some(Err(error.clone())),
            Loaded::Here(_) => Some(Ok(())),
        })
    });
    // Another subscription is another form.
    let open = Memo::new(move |_| {
        let changes = shared.changes.with(|changes| changes.as_ref().map(|known| known.id.clone()));
        shared.form.with(Option::is_some).then_some(changes)
    });
    let own = email.clone();
    view! {
        <Heading text=t(m::SUBSCRIPTIONS).to_owned()/>
        <p>{t(m::SUBSCRIPTIONS_EXPLAINED)}</p>
        {move || match stage.get() {
            None => view! { <Loading/> }.into_any(),
            Some(Err(error)) => view! { <Failed error retry=Callback::new(move |()| load.again())/> }.into_any(),
            Some(Ok(())) => view! { <row::List shared email=email.clone()/> }.into_any(),
        }}
        {move || shared.made.get().and_then(|made| made.secret).map(|secret| view! { <Secret secret shared/> })}
        {move || if open.get().is_some() {
            view! { <form::Editor shared email=own.clone()/> }.into_any()
        } else {
            view! { <button type="button" id="add" class="primary" on:click=move |_| shared.begin(None)>{t(m::SUBSCRIBE)}</button> }.into_any()
        }}
    }
}

/// The secret that webhooks are signed with.
#[component]
fn Secret(secret: String, shared: Shared) -> impl IntoView {
    view! {
        <div class="notice" role="status" id="secret">
            <label>
                {t(m::SECRET)}
                <input type="text" class="id" readonly=true prop:value=secret/>
            </label>
            <p>{t(m::SECRET_ONCE)}</p>
            <button type="button" on:click=move |_| shared.made.set(None)>{t(m::SECRET_KEPT)}</button>
        </div>
    }
}
