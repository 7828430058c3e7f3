//! The certificates of a device, its connection and firmware, and an administrator's actions on them.

use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;
use weir_core::wire::device::{DeliveryJson, DeviceJson};

use crate::api::Api;
use crate::browser;
use crate::components::clock::Instant;
use crate::components::confirm::Confirm;
use crate::components::load::Load;
use crate::components::states::Failed;
use crate::components::status::{Status, Tone};
use crate::live;
use crate::messages as m;
use crate::model::address::part;
use crate::model::{moment, presence};
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::certificate::{Certificate, Certificates};

mod jobs;

/// A certificate that expires within this time is highlighted, in ms; the same time as in the API.
const SOON: f64 = 7.0 * 86_400e3;

#[component]
pub(super) fn Access(
    /// The device.
    id: String,
    /// Whether it is enabled.
    enabled: Memo<bool>,
    /// The device as it was read; read again after changes.
    load: Load<DeviceJson>,
) -> impl IntoView {
    let path = format!("/devices/{}", part(&id));
    let api = StoredValue::new_local(Api::here());
    let own = format!("{path}/certificates");
    let certificates = Load::new(move || {
        let (api, path) = (api.get_value(), own.clone());
        async move { Ok(api.get::<Certificates>(&path).await?.value) }
    });
    live::watch(format!("device/{id}"), move |message| {
        let kind = message.rest.pointer("/event/kind").and_then(Value::as_str);
        let is_told = matches!(kind, Some("certificate" | "connected" | "disconnected" | "device"));
        if message.r#type == "gap" || is_told {
            certificates.again();
        }
        // The firmware is part of what it reports.
        if kind == Some("reported") {
            load.again();
        }
    });
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let switched = path.clone();
    let switch = Callback::new(move |()| {
        let Some((is_on, version)) = load.here(|device| (device.enabled, device.version)) else { return };
        let (api, path, tag) = (api.get_value(), switched.clone(), format!("\"{version}\""));
        busy.set(true);
        failed.set(None);
        spawn_local(async move {
            let answer = api.patch::<Value, Value>(&path, &json!({"enabled": !is_on}), Some(&tag)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(_) => {
                    load.again();
                    certificates.again();
                }
                Err(error) => {
                    // The change of somebody else is shown, and the next attempt is based on it.
                    if error.is_outdated() {
                        load.again();
                    }
                    let _ = failed.try_set(Some(error));
                }
            }
        });
    });
    let listed = path.clone();
    let remove = Callback::new(move |certificate: String| {
        let (api, path) = (api.get_value(), format!("{listed}/certificates/{}", part(&certificate)));
        busy.set(true);
        failed.set(None);
        spawn_local(async move {
            let answer = api.delete(&path, None).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(()) => certificates.again(),
                Err(error) => drop(failed.try_set(Some(error))),
            }
        });
    });
    let firmware = Memo::new(move |_| load.here(|device| device.firmware.clone()).flatten());
    let question = fill(m::SWITCH_OFF_QUESTION, &[("id", &id)]);
    view! {
        <section class="card" aria-labelledby="access">
            <h2 id="access">{t(m::ACCESS)}</h2>
            <div class="row">
                {move || if enabled.get() {
                    view! { <Status tone=Tone::Good text=t(m::SWITCHED_ON)/> }.into_any()
                } else {
                    view! { <Status tone=Tone::Warning text=t(m::SWITCHED_OFF)/> }.into_any()
                }}
                <Connected load/>
                {move || if enabled.get() {
                    view! { <Confirm label=t(m::SWITCH_IT_OFF) question=question.clone() confirmed=switch disabled=busy/> }.into_any()
                } else {
                    view! { <button type="button" class="small" disabled=move || busy.get() on:click=move |_| switch.run(())>{t(m::SWITCH_IT_ON)}</button> }.into_any()
                }}
            </div>
            {move || failed.get().map(|error| view! { <Failed error/> })}
            <h3>{t(m::CERTIFICATES)}</h3>
            {certificates.keep(move || view! { <Table certificates remove busy/> })}
            <h3>{t(m::ITS_FIRMWARE)}</h3>
            <p>{move || firmware.get().map_or_else(
                || view! { <span class="faint">{t(m::NO_VERSION_REPORTED)}</span> }.into_any(),
                |version| view! { <code>{version}</code> }.into_any(),
            )}</p>
            <jobs::Jobs id/>
        </section>
    }
}

/// Whether the device is connected, updated by the live feed.
#[component]
fn Connected(load: Load<DeviceJson>) -> impl IntoView {
    move || {
        let connection = load.here(|device| device.connection.clone()).flatten();
        let Some(connection) = connection else {
            return view! { <Status tone=Tone::Neutral text=t(m::NEVER_CONNECTED)/> }.into_any();
        };
        let is_up = connection.state == weir_core::domain::presence::Presence::Connected;
        let (tone, word) = if is_up { (Tone::Good, m::CONNECTED) } else { (Tone::Neutral, m::DISCONNECTED) };
        let reason = connection.reason.as_deref().filter(|_| !is_up).map(presence::reason);
        view! {
            <span><Status tone text=t(word)/>" "<span class="faint"><Instant at=moment::of(connection.since)/></span></span>
            {reason.map(|reason| view! { <span class="faint">{reason}</span> })}
        }
        .into_any()
    }
}

#[component]
fn Table(certificates: Load<Certificates>, remove: Callback<String>, busy: RwSignal<bool>) -> impl IntoView {
    let is_pending =
        Memo::new(move |_| certificates.here(|known| known.delivery == DeliveryJson::Pending).unwrap_or_default());
    let items = Memo::new(move |_| certificates.here(|known| known.items.clone()).unwrap_or_default());
    view! {
        <Show when=move || is_pending.get()>
            <p><Status tone=Tone::Neutral text=t(m::CERTIFICATES_PENDING)/></p>
        </Show>
        <Show
            when=move || items.with(|items| !items.is_empty())
            fallback=|| view! { <p class="faint">{t(m::NO_CERTIFICATES)}</p> }
        >
            <Rows items remove busy/>
        </Show>
    }
}

#[component]
fn Rows(items: Memo<Vec<Certificate>>, remove: Callback<String>, busy: RwSignal<bool>) -> impl IntoView {
    // A row is only rendered again if its certificate has changed: its question and the focus survive changes of others.
    view! {
        <div class="scroll" tabindex="0">
            <table>
                <caption class="spoken">{t(m::CERTIFICATES)}</caption>
                <thead><tr>
                    <th scope="col">{t(m::CERTIFICATE)}</th>
                    <th scope="col">{t(m::STATE)}</th>
                    <th scope="col">{t(m::CREATED)}</th>
                    <th scope="col">{t(m::VALID_UNTIL)}</th>
                    <th scope="col"><span class="spoken">{t(m::ACTIONS)}</span></th>
                </tr></thead>
                <tbody>
                    <For each=move || items.get() key=Clone::clone let(one)><Line one remove busy/></For>
                </tbody>
            </table>
        </div>
        <p class="faint">{t(m::RENEWAL_EXPLAINED)}</p>
    }
}

/// The rating and name of a certificate's status; an unknown status keeps the name of the API.
fn state(one: &Certificate) -> (Tone, String) {
    let known = match (one.status.as_str(), one.by_disabling) {
        ("active", _) => (Tone::Good, m::CERTIFICATE_ACTIVE),
        ("inactive", true) => (Tone::Warning, m::CERTIFICATE_BY_DISABLING),
        ("inactive", false) => (Tone::Warning, m::CERTIFICATE_INACTIVE),
        ("revoked", _) => (Tone::Bad, m::CERTIFICATE_REVOKED),
        ("pending", _) => (Tone::Neutral, m::CERTIFICATE_PENDING),
        (other, _) => return (Tone::Neutral, other.to_owned()),
    };
    (known.0, t(known.1).to_owned())
}

#[component]
fn Line(one: Certificate, remove: Callback<String>, busy: RwSignal<bool>) -> impl IntoView {
    let (tone, word) = state(&one);
    let short: String = one.certificate.chars().take(12).collect();
    let created = moment::parse(&one.created_at);
    let ends = one.not_after.as_deref().and_then(moment::parse);
    let now = browser::now();
    let warning = ends.and_then(|ends| match ends - now {
        left if left < 0.0 => Some((Tone::Bad, m::HAS_ENDED)),
        left if left < SOON => Some((Tone::Warning, m::ENDS_SOON)),
        _ => None,
    });
    let question = if one.in_use { m::REMOVE_CERTIFICATE_IN_USE } else { m::REMOVE_CERTIFICATE_QUESTION };
    let (id, whole) = (one.certificate.clone(), one.certificate.clone());
    let act = Callback::new(move |()| remove.run(id.clone()));
    view! {
        <tr data-certificate=whole>
            <th scope="row">
                <code title=one.certificate>{short.clone()}"…"</code>
                {one.in_use.then(|| view! { <span class="under">{t(m::IN_USE)}</span> })}
            </th>
            <td><Status tone text=word/></td>
            <td>{created.map(|at| view! { <Instant at/> })}</td>
            <td>
                {ends.map(|at| view! { <Instant at/> })}
                {warning.map(|(tone, text)| view! { " "<Status tone text=t(text)/> })}
            </td>
            <td><Confirm label=t(m::REMOVE) called=fill(m::REMOVE_ONE, &[("name", &short)]) question=t(question) confirmed=act disabled=busy/></td>
        </tr>
    }
}
