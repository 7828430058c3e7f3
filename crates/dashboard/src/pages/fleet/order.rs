//! Creates a job. Repeating a request without an answer creates no second job.

use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen_futures::spawn_local;
use weir_core::domain::job::{MOST_PER_MINUTE, MOST_TIMEOUT};
use weir_core::wire::job::JobJson;

use super::Shared;
use crate::browser;
use crate::components::load::Load;
use crate::components::states::{Empty, Failed};
use crate::messages as m;
use crate::model::rollout::{Order, Which, Wrong};
use crate::problem::ApiError;
use crate::text::{Text, fill, t};
use crate::wire::Page;

const fn which_name(which: Which) -> Text {
    match which {
        Which::Devices => m::TARGET_DEVICES,
        Which::Tube => m::TARGET_TUBE,
        Which::All => m::TARGET_ALL,
    }
}

/// The error, in words.
fn told(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Device(id) => fill(m::JOB_WRONG_DEVICE, &[("id", id)]),
        Wrong::Devices => t(m::JOB_WRONG_DEVICES).to_owned(),
        Wrong::Tube => t(m::JOB_WRONG_TUBE).to_owned(),
        Wrong::Number(most) => fill(m::JOB_WRONG_NUMBER, &[("most", &most.to_string())]),
    }
}

#[component]
pub(super) fn Ordering(shared: Shared, firmwares: Load<Vec<String>>, load: Load<Page<JobJson>>) -> impl IntoView {
    let order = RwSignal::new(Order::default());
    let versions = Memo::new(move |_| firmwares.here(Clone::clone).unwrap_or_default());
    // By default, the highest version.
    Effect::new(move |_| {
        let first = versions.with(|all| all.first().cloned()).unwrap_or_default();
        if order.with_untracked(|order| order.firmware.is_empty()) {
            order.update(|order| order.firmware = first);
        }
    });
    let (wrong, failed) = (RwSignal::new(None::<String>), RwSignal::new(None::<ApiError>));
    let saving = RwSignal::new(false);
    // The last request with an unknown outcome, and its idempotency key.
    let unknown = StoredValue::new(None::<(Value, String)>);
    let opened = NodeRef::<leptos::html::Details>::new();
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        wrong.set(None);
        failed.set(None);
        shared.outcome.set(None);
        let body = match order.get_untracked().body() {
            Ok(body) => body,
            Err(why) => return wrong.set(Some(told(&why))),
        };
        let known = unknown.get_value().filter(|(before, _)| *before == body).map(|(_, key)| key);
        let Some(key) = known.or_else(browser::request_key) else { return failed.set(Some(ApiError::Offline)) };
        unknown.set_value(Some((body.clone(), key.clone())));
        saving.set(true);
        spawn_local(async move {
            let made = shared.api.get_value().post_once::<Value, JobJson>("/fleet/jobs", &body, &key).await;
            let _ = saving.try_set(false);
            if !made.as_ref().is_err_and(ApiError::is_passing) {
                let _ = unknown.try_set_value(None);
            }
            match made {
                Ok(answer) => {
                    let job = answer.value;
                    shared.outcome.set(Some(Ok(t(m::JOB_MADE).to_owned())));
                    shared.shown.update(|shown| {
                        shown.job = Some(job.id.to_string());
                        shown.status = None;
                    });
                    load.written(|page| {
                        page.items.retain(|known| known.id != job.id);
                        page.items.insert(0, job);
                    });
                    if let Some(details) = opened.try_get_untracked().flatten() {
                        details.set_open(false);
                    }
                }
                Err(error) => drop(failed.try_set(Some(error))),
            }
        });
    };
    let input = move |to: fn(&mut Order) -> &mut String| {
        move |event| order.update(|order| *to(order) = event_target_value(&event))
    };
    let which = Memo::new(move |_| order.with(|order| order.which));
    let number = move |text: Text, name: &'static str, most: u32, to: fn(&mut Order) -> &mut String| {
        let value = move || order.with(|order| to(&mut order.clone()).clone());
        view! {
            <label>
                {t(text)}
                <input type="number" min="1" max=most.to_string() required name=name prop:value=value on:input=input(to)/>
            </label>
        }
    };
    view! {
        <details class="card more" id="order" node_ref=opened>
            <summary>{t(m::MAKE_JOB)}</summary>
            <Show when=move || versions.with(|all| !all.is_empty()) fallback=|| view! { <Empty text=t(m::NEEDS_FIRMWARE)/> }>
                <form on:submit=send>
                    <div class="ask">
                        <label>
                            {t(m::FIRMWARE)}
                            <select name="firmware" prop:value=move || order.with(|order| order.firmware.clone()) on:change=input(|order| &mut order.firmware)>
                                {move || versions.get().into_iter().map(|version| {
                                    let is_chosen = order.with_untracked(|order| order.firmware == version);
                                    view! { <option value=version.clone() selected=is_chosen>{version.clone()}</option> }
                                }).collect_view()}
                            </select>
                        </label>
                        <label>
                            {t(m::JOB_TARGET)}
                            <select name="target" on:change=move |event| {
                                let chosen = Which::of(&event_target_value(&event));
                                order.update(|order| order.which = chosen);
                            }>
                                {Which::ALL.map(|(name, one)| view! { <option value=name>{t(which_name(one))}</option> })}
                            </select>
                        </label>
                        {move || match which.get() {
                            Which::Devices => view! {
                                <label>
                                    {t(m::TARGET_DEVICES_IDS)}
                                    <input type="text" required spellcheck="false" autocomplete="off" name="devices" prop:value=move || order.get().devices
                                        on:input=input(|order| &mut order.devices)/>
                                </label>
                            }.into_any(),
                            Which::Tube => view! {
                                <label>
                                    {t(m::TARGET_TUBE_NAME)}
                                    <input type="text" required maxlength="1" autocomplete="off" prop:value=move || order.get().tube
                                        on:input=input(|order| &mut order.tube)/>
                                </label>
                            }.into_any(),
                            Which::All => ().into_any(),
                        }}
                    </div>
                    <div class="ask">
                        {number(m::PER_MINUTE, "per-minute", MOST_PER_MINUTE, |order| &mut order.per_minute)}
                        {number(m::ABORT_PERCENT, "abort", 100, |order| &mut order.abort)}
                        {number(m::TIMEOUT_MINUTES, "timeout", MOST_TIMEOUT, |order| &mut order.timeout)}
                    </div>
                    <label class="check">
                        <input type="checkbox" name="force" prop:checked=move || order.get().force
                            on:change=move |event| order.update(|order| order.force = event_target_checked(&event))/>
                        {t(m::FORCE)}
                    </label>
                    {move || wrong.get().map(|why| view! { <p class="wrong" role="alert">{why}</p> })}
                    {move || failed.get().map(|error| view! { <Failed error/> })}
                    <div class="buttons">
                        <button type="submit" class="primary" disabled=move || saving.get()>{t(m::MAKE_JOB)}</button>
                    </div>
                </form>
            </Show>
        </details>
    }
}
