//! The fields of a subscription.

use leptos::prelude::*;
use weir_core::wire::problem::KindJson;

use super::Shared;
use crate::components::devices::DeviceOptions;
use crate::components::field::{Field, Typed};
use crate::components::states::Failed;
use crate::components::words;
use crate::messages as m;
use crate::model::inbox::{KINDS, SEVERITIES};
use crate::model::subscription::{Form, kind_code, severity_code};
use crate::text::{fill, t};

#[component]
pub(super) fn Editor(shared: Shared, email: String) -> impl IntoView {
    // The form has its own signal, so that it is rendered only once.
    let form = RwSignal::new(shared.form.get_untracked().unwrap_or_else(|| Form::new("UTC")));
    let is_new = shared.changes.with_untracked(Option::is_none);
    let unread = RwSignal::new(Vec::<&'static str>::new());
    let wrong = move |pointers: &'static [&'static str]| {
        Signal::derive(move || {
            if unread.with(|unread| pointers.iter().any(|at| unread.contains(at))) {
                return Some(t(m::NO_WHOLE_NUMBER).to_owned());
            }
            shared.failed.with(|failed| {
                let problem = failed.as_ref()?.problem()?;
                pointers.iter().find_map(|at| problem.of_field(at)).map(str::to_owned)
            })
        })
    };
    let of_devices = Signal::derive(move || {
        shared.failed.with(|failed| {
            let errors = &failed.as_ref()?.problem()?.errors;
            let own = errors
                .iter()
                .filter(|error| error.pointer.as_deref().is_some_and(|at| at.starts_with("/filter/devices")));
            let told: Vec<&str> = own.map(|error| error.detail.as_str()).collect();
            Some(told.join("; ")).filter(|told| !told.is_empty())
        })
    });
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        // A typed device is meant even if it was not added: without it, the subscription would be for all devices.
        form.update(Form::add);
        match form.with_untracked(Form::body) {
            Ok(body) => {
                unread.set(Vec::new());
                shared.save(body);
            }
            Err(wrong) => unread.set(wrong),
        }
    };
    let is_webhook = Memo::new(move |_| form.with(|form| form.webhook.is_some()));
    let quiet = Memo::new(move |_| form.with(|form| form.quiet));
    let channel = move || {
        let choose = move |webhook: bool| form.update(|form| form.webhook = webhook.then(String::new));
        let radio = move |webhook: bool, text: String| {
            view! {
                <label class="check">
                    <input type="radio" name="channel" prop:checked=move || is_webhook.get() == webhook on:change=move |_| choose(webhook)/>
                    {text}
                </label>
            }
        };
        view! {
            <fieldset class="checks">
                <legend>{t(m::CHANNEL)}</legend>
                {radio(false, fill(m::BY_EMAIL, &[("email", &email)]))}
                {radio(true, t(m::WEBHOOK).to_owned())}
            </fieldset>
        }
    };
    let heading = NodeRef::<leptos::html::H2>::new();
    Effect::new(move |_| {
        if let Some(heading) = heading.get() {
            let _ = heading.focus();
        }
    });
    view! {
        <section class="card" aria-labelledby="subscription">
            <h2 id="subscription" node_ref=heading tabindex="-1">{t(if is_new { m::NEW_SUBSCRIPTION } else { m::CHANGE_SUBSCRIPTION })}</h2>
            <form on:submit=save novalidate=true>
                {is_new.then(channel)}
                <Show when=move || is_webhook.get()>
                    <Field name="url" label=m::WEBHOOK_URL typed=Typed::of(form, |form| form.webhook.get_or_insert_default())
                        wrong=wrong(&["/channel/webhook/url", "/channel"]) hint=m::WEBHOOK_HINT kind="url" most=1000/>
                </Show>
                <Kinds form/>
                <Devices form wrong=of_devices/>
                <label class="field">
                    {t(m::LEAST_SEVERITY)}
                    <select
                        name="severity"
                        prop:value=move || form.with(|form| severity_code(form.severity))
                        on:change=move |event| {
                            let code = event_target_value(&event);
                            let chosen = SEVERITIES.iter().find(|(known, _)| *known == code).map(|(_, severity)| *severity);
                            form.update(|form| form.severity = chosen);
                        }
                    >
                        <option value="">{t(m::ANY)}</option>
                        {SEVERITIES.map(|(code, one)| view! {
                            <option value=code selected=move || form.with(|form| form.severity == Some(one))>{t(words::severity(one))}</option>
                        })}
                    </select>
                </label>
                <div class="fields">
                    <Field name="remind" label=m::REMIND typed=Typed::of(form, |form| &mut form.remind) wrong=wrong(&["/remind_hours"]) hint=m::REMIND_HINT keyboard="numeric"/>
                    <Field name="digest" label=m::DIGEST typed=Typed::of(form, |form| &mut form.digest) wrong=wrong(&["/digest_minutes"]) hint=m::DIGEST_HINT keyboard="numeric"/>
                    <Field name="zone" label=m::ZONE typed=Typed::of(form, |form| &mut form.zone) wrong=wrong(&["/quiet/zone", "/zone"]) hint=m::ZONE_HINT/>
                </div>
                <label class="check">
                    <input type="checkbox" name="quiet" prop:checked=move || quiet.get()
                        on:change=move |event| form.update(|form| form.quiet = event_target_checked(&event))/>
                    {t(m::QUIET)}
                </label>
                <Show when=move || quiet.get()>
                    <div class="fields">
                        <Field name="from" label=m::QUIET_FROM typed=Typed::of(form, |form| &mut form.from) wrong=wrong(&["/quiet/from", "/quiet"]) kind="time"/>
                        <Field name="to" label=m::QUIET_TO typed=Typed::of(form, |form| &mut form.to) wrong=wrong(&["/quiet/to"]) kind="time"/>
                    </div>
                    <label class="check">
                        <input type="checkbox" name="critical" prop:checked=move || form.with(|form| form.critical)
                            on:change=move |event| form.update(|form| form.critical = event_target_checked(&event))/>
                        {t(m::QUIET_BUT_CRITICAL)}
                    </label>
                </Show>
                {move || shared.failed.get().map(|error| {
                    let is_outdated = error.is_outdated();
                    view! {
                        <Failed error/>
                        {is_outdated.then(|| view! {
                            <button type="button" on:click=move |_| shared.renew()>{t(m::LOAD_AGAIN)}</button>
                        })}
                    }
                })}
                <div class="buttons">
                    <button type="submit" class="primary" disabled=move || shared.saving.get()>{t(if is_new { m::SUBSCRIBE } else { m::SAVE })}</button>
                    <button type="button" on:click=move |_| shared.end()>{t(m::CANCEL)}</button>
                </div>
            </form>
        </section>
    }
}

#[component]
fn Kinds(form: RwSignal<Form>) -> impl IntoView {
    let toggle = move |kind: KindJson, on: bool| {
        form.update(|form| {
            form.kinds.retain(|known| *known != kind);
            if on {
                form.kinds.push(kind);
            }
        });
    };
    let boxes = KINDS.map(|(_, kind)| {
        view! {
            <label class="check">
                <input type="checkbox" value=kind_code(kind) prop:checked=move || form.with(|form| form.kinds.contains(&kind))
                    on:change=move |event| toggle(kind, event_target_checked(&event))/>
                {t(words::kind(kind))}
            </label>
        }
    });
    view! { <fieldset class="checks"><legend>{t(m::WHICH_KINDS)}</legend>{boxes}</fieldset> }
}

/// The list of devices.
#[component]
fn Devices(form: RwSignal<Form>, wrong: Signal<Option<String>>) -> impl IntoView {
    let add = move || form.update(Form::add);
    let next = Memo::new(move |_| form.with(|form| form.next.clone()));
    let chosen = Memo::new(move |_| form.with(|form| form.devices.clone()));
    let rows = move || {
        let row = |id: String| {
            let label = fill(m::REMOVE_ONE, &[("name", &id)]);
            let own = id.clone();
            view! {
                <li class="row">
                    <span class="id">{id}</span>
                    <button type="button" class="small" aria-label=label.clone() title=label
                        on:click=move |_| form.update(|form| form.devices.retain(|known| *known != own))>"×"</button>
                </li>
            }
        };
        let rows = chosen.get().into_iter().map(row).collect_view();
        let any = chosen.with(|chosen| !chosen.is_empty());
        any.then(|| view! { <ul class="list others">{rows}</ul> })
    };
    view! {
        <fieldset class="checks devices-of">
            <legend>{t(m::ONLY_DEVICES)}</legend>
            {rows}
            <div class="tools">
                <label>
                    <span class="spoken">{t(m::DEVICE_COLUMN)}</span>
                    <input type="text" name="device" list="subscription-devices" autocomplete="off" spellcheck="false" size="16"
                        prop:value=move || next.get()
                        on:input=move |event| form.update(|form| form.next = event_target_value(&event))
                        on:keydown=move |event| if event.key() == "Enter" {
                            event.prevent_default();
                            add();
                        }/>
                </label>
                <DeviceOptions id="subscription-devices"/>
                <button type="button" disabled=move || next.with(|next| next.trim().is_empty()) on:click=move |_| add()>{t(m::ADD)}</button>
            </div>
            {move || wrong.get().map(|text| view! { <p class="wrong">{text}</p> })}
        </fieldset>
    }
}
