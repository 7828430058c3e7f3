//! The fields of an alert: for adding, changing and trying one.

use leptos::prelude::*;
use weir_core::domain::alert::MAX_ALERTS;
use weir_core::wire::alert::SeverityJson;

use super::{Shared, trial};
use crate::components::field::{Field, Typed};
use crate::components::states::Failed;
use crate::components::words;
use crate::messages as m;
use crate::model::alert::{KINDS, with};
use crate::model::inbox::{SEVERITIES, name};
use crate::problem::ApiError;
use crate::text::{Text, fill, t};

#[component]
pub(super) fn Editor(shared: Shared) -> impl IntoView {
    let Shared { form, replaces, wrong, .. } = shared;
    let title = move || match replaces.get() {
        Some(id) => fill(m::CHANGE_ALERT, &[("id", &id)]),
        None if shared.is_admin => t(m::NEW_ALERT).to_owned(),
        None => t(m::TRY_AN_ALERT).to_owned(),
    };
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if !shared.is_admin {
            return;
        }
        match form.with_untracked(crate::model::alert::Form::alert) {
            Err(errors) => wrong.set(errors),
            Ok(alert) => {
                wrong.set(Vec::new());
                let known = shared.load.here(|known| known.sensor.alerts.clone()).unwrap_or_default();
                let told = if alert.enabled == Some(false) { m::ALERT_SAVED_OFF } else { m::ALERT_SAVED };
                let told = fill(told, &[("id", alert.id.as_str())]);
                let (alerts, place) = with(known, replaces.get_untracked().as_deref(), alert);
                shared.write(alerts, place, None, told);
            }
        }
    };
    // Errors of the alert as a whole, or of fields that are not shown.
    let whole = move || shared.of_field(&["", "/alerts"]);
    let is_full = move || {
        let count = shared.load.here(|known| known.sensor.alerts.len()).unwrap_or_default();
        replaces.with(Option::is_none) && count >= MAX_ALERTS
    };
    let conflict = move || {
        let is_conflict = shared.failed.with(|failed| failed.as_ref().is_some_and(ApiError::is_outdated));
        is_conflict
            .then(|| view! { <button type="button" on:click=move |_| shared.renew()>{t(m::LOAD_AGAIN)}</button> })
    };
    view! {
        <section class="card" aria-labelledby="editor">
            <h2 id="editor">{title}</h2>
            <form on:submit=save novalidate=true>
                <Fields shared/>
                {move || whole().map(|text| view! { <p class="wrong" role="alert">{text}</p> })}
                {move || shared.failed.get().map(|error| view! { <Failed error/> })}
                {conflict}
                {shared.is_admin.then(|| view! {
                    <div class="buttons">
                        <button type="submit" class="primary" disabled=move || shared.saving.get() || is_full()>{t(m::SAVE)}</button>
                        <Show when=move || replaces.with(Option::is_some)>
                            <button type="button" on:click=move |_| shared.begin(None)>{t(m::CANCEL)}</button>
                        </Show>
                        <Show when=is_full><p class="faint">{fill(m::MOST_ALERTS, &[("count", &MAX_ALERTS.to_string())])}</p></Show>
                    </div>
                })}
            </form>
            <trial::Trial shared/>
        </section>
    }
}

#[component]
fn Fields(shared: Shared) -> impl IntoView {
    let Shared { form, replaces, .. } = shared;
    let wrong = move |pointers: &'static [&'static str]| Signal::derive(move || shared.of_field(pointers));
    let kind = Memo::new(move |_| form.with(|form| form.kind.clone()));
    let is_range = move || kind.get() == "outside";
    let option = |code: &'static str, text: Text| view! { <option value=code selected=move || kind.get() == code>{t(text)}</option> };
    let severity = Memo::new(move |_| form.with(|form| form.severity));
    let limit_name = move || if is_range() { m::LOWER_LIMIT } else { m::LIMIT };
    view! {
        <div class="fields">
            {move || {
                let fixed = replaces.with(Option::is_some);
                view! {
                    <Field name="id" label=m::ALERT_ID typed=Typed::of(form, |form| &mut form.id) wrong=wrong(&["/id"]) hint=m::ALERT_ID_RULE most=32 fixed/>
                }
            }}
            <label>
                {t(m::ALERT_WHEN)}
                <select name="kind" prop:value=move || kind.get() on:change=move |event| form.update(|form| form.kind = event_target_value(&event))>
                    {KINDS.map(|code| option(code, match code {
                        "above" => m::WHEN_ABOVE,
                        "below" => m::WHEN_BELOW,
                        _ => m::WHEN_OUTSIDE,
                    }))}
                </select>
            </label>
            {move || view! {
                <Field name="limit" label=limit_name() typed=Typed::of(form, |form| &mut form.limit)
                    wrong=wrong(&["/above", "/below", "/outside/0", "/outside"]) keyboard="decimal"/>
            }}
            <Show when=is_range>
                <Field name="high" label=m::UPPER_LIMIT typed=Typed::of(form, |form| &mut form.high) wrong=wrong(&["/outside/1"]) keyboard="decimal"/>
            </Show>
            {move || {
                let hint = if is_range() { m::CLEAR_WITHIN_HINT } else { m::CLEAR_HINT };
                view! {
                    <Field name="clear" label=m::CLEAR typed=Typed::of(form, |form| &mut form.clear) wrong=wrong(&["/clear"]) hint keyboard="decimal"/>
                }
            }}
            <Field name="for" label=m::FOR_READINGS typed=Typed::of(form, |form| &mut form.count) wrong=wrong(&["/for"]) hint=m::FOR_HINT keyboard="numeric"/>
            <label>
                {t(m::SEVERITY)}
                <select
                    name="severity"
                    prop:value=move || name(&SEVERITIES, severity.get())
                    on:change=move |event| {
                        let code = event_target_value(&event);
                        let chosen = SEVERITIES.iter().find(|(known, _)| *known == code).map(|(_, severity)| *severity);
                        form.update(|form| form.severity = chosen.unwrap_or(SeverityJson::Warning));
                    }
                >
                    {SEVERITIES.map(|(code, one)| view! {
                        <option value=code selected=move || severity.get() == one>{t(words::severity(one))}</option>
                    })}
                </select>
            </label>
            <Field name="note" label=m::WHAT_TO_DO typed=Typed::of(form, |form| &mut form.note) wrong=wrong(&["/note"]) most=200/>
        </div>
        <label class="check">
            <input type="checkbox" name="enabled" prop:checked=move || form.with(|form| form.enabled)
                on:change=move |event| form.update(|form| form.enabled = event_target_checked(&event))/>
            {t(m::SWITCHED_ON)}
        </label>
    }
}
