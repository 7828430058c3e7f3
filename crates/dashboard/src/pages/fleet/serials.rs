//! The allow list: the boards that may become devices.

use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;
use weir_core::domain::serial::SerialState;

use super::Shared;
use super::adding::Adding;
use crate::components::clock::Ago;
use crate::components::confirm::Confirm;
use crate::components::load::Load;
use crate::components::more::More;
use crate::components::states::Empty;
use crate::components::status::Status;
use crate::components::words;
use crate::messages as m;
use crate::model::address::part;
use crate::model::moment;
use crate::model::serials::path;
use crate::text::{fill, t};
use crate::wire::Page;
use crate::wire::board::ListedSerial;

#[component]
pub(super) fn Serials(shared: Shared) -> impl IntoView {
    let state = Memo::new(move |_| shared.shown.with(|shown| shown.state));
    let load = Load::new(move || {
        let (api, path) = (shared.api.get_value(), path(state.get(), None));
        async move { Ok(api.get::<Page<ListedSerial>>(&path).await?.value) }
    });
    let tab = move |one: Option<SerialState>| {
        let text = one.map_or(m::SHOW_ALL, |one| words::serial(one).1);
        view! {
            <button
                type="button"
                aria-pressed=move || (state.get() == one).to_string()
                on:click=move |_| shared.shown.update(|shown| shown.state = one)
            >{t(text)}</button>
        }
    };
    let tabs = std::iter::once(None).chain(SerialState::all().map(Some)).map(tab).collect_view();
    view! {
        <Adding shared added=Callback::new(move |()| load.again())/>
        <div class="tools">
            <div class="tabs" role="group" aria-label=t(m::STATE)>{tabs}</div>
            <button type="button" on:click=move |_| load.again()>{t(m::READ_AGAIN)}</button>
        </div>
        {load.keep(move || view! { <List shared load/> })}
    }
}

#[component]
fn List(shared: Shared, load: Load<Page<ListedSerial>>) -> impl IntoView {
    let state = move || shared.shown.with(|shown| shown.state);
    let serials = Memo::new(move |_| load.here(|page| page.items.clone()).unwrap_or_default());
    let more = move |cursor: String| {
        let (api, path) = (shared.api.get_value(), path(untrack(state), Some(&cursor)));
        async move { Ok(api.get(&path).await?.value) }
    };
    let nothing = move || if state().is_none() { m::NO_SERIALS } else { m::NO_SERIAL_FITS };
    view! {
        <Show
            when=move || serials.with(|serials| !serials.is_empty())
            fallback=move || view! { <Empty text=t(nothing())/> }
        >
            <div class="card scroll" tabindex="0">
                <table class="devices">
                    <caption class="spoken">{t(m::SERIALS)}</caption>
                    <thead><tr>
                        <th scope="col">{t(m::STATE)}</th>
                        <th scope="col">{t(m::SERIAL)}</th>
                        <th scope="col">{t(m::DEVICE_COLUMN)}</th>
                        <th scope="col">{t(m::LISTED)}</th>
                        <th scope="col">{t(m::CHANGE)}</th>
                    </tr></thead>
                    <tbody>
                        // A change of a number renders its row again.
                        <For each=move || serials.get() key=|serial| format!("{serial:?}") let:serial>
                            <Line serial shared load/>
                        </For>
                    </tbody>
                </table>
            </div>
        </Show>
        <More load outcome=shared.outcome read=more key=|serial| serial.serial.clone()/>
    }
}

#[component]
fn Line(serial: ListedSerial, shared: Shared, load: Load<Page<ListedSerial>>) -> impl IntoView {
    let (tone, word) = words::serial(serial.state);
    let working = RwSignal::new(false);
    let busy = Signal::derive(move || working.get());
    let number = serial.serial.clone();
    let place = StoredValue::new((format!("/fleet/serials/{}", part(&number)), number.clone()));
    let remove = Callback::new(move |()| {
        let (path, number) = place.get_value();
        working.set(true);
        shared.outcome.set(None);
        spawn_local(async move {
            let answer = shared.api.get_value().delete(&path, None).await;
            let _ = working.try_set(false);
            if answer.is_ok() {
                load.written(|page| page.items.retain(|one| one.serial != number));
            }
            shared.outcome.set(Some(answer.map(|()| fill(m::SERIAL_REMOVED, &[("serial", &number)]))));
        });
    });
    let reset = Callback::new(move |()| {
        let (path, number) = place.get_value();
        working.set(true);
        shared.outcome.set(None);
        spawn_local(async move {
            let api = shared.api.get_value();
            let answer = api.post::<Value, ListedSerial>(&format!("{path}/reset"), &json!({})).await;
            let _ = working.try_set(false);
            let answer = answer.map(|answer| {
                load.written(|page| {
                    if let Some(known) = page.items.iter_mut().find(|one| one.serial == number) {
                        *known = answer.value;
                    }
                });
                fill(m::SERIAL_EXPECTED_AGAIN, &[("serial", &number)])
            });
            shared.outcome.set(Some(answer));
        });
    });
    let ask = |text| fill(text, &[("serial", &number)]);
    let called = |text| fill(text, &[("name", &number)]);
    let is_expected = serial.state == SerialState::Expected;
    let device = serial.device_id.clone();
    let at = moment::parse(&serial.created_at);
    let link = serial.state == SerialState::Provisioned;
    view! {
        <tr data-serial=number.clone()>
            <td><Status tone text=t(word)/></td>
            <th scope="row"><code>{number.clone()}</code></th>
            <td>{if link {
                view! { <A href=format!("/app/devices/{}", part(&device))>{device.clone()}</A> }.into_any()
            } else {
                view! { <code>{device.clone()}</code> }.into_any()
            }}</td>
            <td>{at.map(|at| view! { <Ago at/> })}" · "<span class="words">{serial.created_by.clone()}</span></td>
            <td>
                <div class="buttons">
                    {(!is_expected).then(|| view! {
                        <Confirm label=t(m::EXPECT_AGAIN) called=called(m::EXPECT_ONE) question=ask(m::EXPECT_AGAIN_ASK) disabled=busy confirmed=reset/>
                    })}
                    <Confirm label=t(m::REMOVE) called=called(m::REMOVE_ONE) question=ask(m::REMOVE_SERIAL_ASK) disabled=busy confirmed=remove/>
                </div>
            </td>
        </tr>
    }
}
