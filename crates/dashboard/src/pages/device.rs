//! One device: its latest values, curves, settings, commands and events.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;
use weir_core::wire::device::DeviceJson;
use weir_core::wire::event::ConnectionJson;

use crate::api::Api;
use crate::components::clock::Ago;
use crate::components::heading::Heading;
use crate::components::load::Load;
use crate::components::status::{Status, Tone};
use crate::live;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::presence;
use crate::text::{fill, t};

mod access;
mod commands;
mod curves;
mod events;
mod latest;
mod settings;

/// The page. Another id in the address makes a new page.
#[component]
pub fn Device() -> impl IntoView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| parameters.with(|parameters| parameters.get("id").unwrap_or_default()));
    move || view! { <OneDevice id=id.get()/> }
}

#[component]
fn OneDevice(id: String) -> impl IntoView {
    let (api, path) = (Api::here(), format!("/devices/{}", part(&id)));
    let is_admin = untrack(|| api.session().is_admin());
    let load = Load::new(move || {
        let (api, path) = (api.clone(), path.clone());
        async move { Ok(api.get::<DeviceJson>(&path).await?.value) }
    });
    live::watch(format!("device/{id}"), move |message| match message.r#type.as_str() {
        "connection" => {
            if let Ok(connection) = serde_json::from_value::<ConnectionJson>(message.rest.clone()) {
                load.report(move |device| device.connection = Some(connection.clone()));
            }
        }
        "event" => {
            // A change of the device itself by a person.
            let kind = message.rest.pointer("/event/kind").and_then(|kind| kind.as_str());
            if matches!(kind, Some("device" | "alert" | "calibration")) {
                load.again();
            }
        }
        "gap" => load.again(),
        _ => {}
    });
    let title = {
        let id = id.clone();
        Signal::derive(move || {
            let name = load.here(|device| device.name.clone()).filter(|name| !name.is_empty());
            name.unwrap_or_else(|| fill(m::DEVICE, &[("id", &id)]))
        })
    };
    // Values and curves depend on the registration of the device only, so that a change of its connection does not render them again. The
    // rest updates by itself, so that nothing typed there is lost.
    let registered = Memo::new(move |_| load.here(|device| Registered(device.clone())));
    let is_here = Memo::new(move |_| load.here(|_| ()).is_some());
    let enabled = Memo::new(move |_| load.here(|device| device.enabled).unwrap_or_default());
    let (head, body) = (id.clone(), id.clone());
    view! {
        <Heading text=title/>
        {move || load.with(|loaded| match loaded {
            crate::components::load::Loaded::Loading => view! { <crate::components::states::Loading/> }.into_any(),
            crate::components::load::Loaded::Failed(error) => view! {
                <crate::components::states::Failed error=error.clone() retry=Callback::new(move |()| load.again())/>
            }.into_any(),
            crate::components::load::Loaded::Here(device) => view! { <Head id=head.clone() device=device.clone()/> }.into_any(),
        })}
        {move || registered.get().map(|Registered(device)| view! {
            <latest::Latest device=device.clone()/>
            <curves::Curves device/>
        })}
        {move || is_here.get().then(|| {
            let id = body.clone();
            view! {
                <div class="columns">
                    <settings::Settings id=id.clone()/>
                    <commands::Commands id=id.clone() enabled/>
                </div>
                {is_admin.then(|| view! { <access::Access id=id.clone() enabled load/> })}
                <events::Events id/>
            }
        })}
    }
}

/// The device; two values are equal if the id, the version and the sensors are.
#[derive(Debug, Clone)]
struct Registered(DeviceJson);

impl PartialEq for Registered {
    fn eq(&self, other: &Self) -> bool {
        let key = |device: &DeviceJson| (device.id.clone(), device.version, format!("{:?}", device.sensors));
        key(&self.0) == key(&other.0)
    }
}

#[component]
fn Head(id: String, device: DeviceJson) -> impl IntoView {
    let problems = Query::default().with("device", Some(&id)).address("/app/problems");
    let connection = device.connection.clone();
    view! {
        <div class="facts">
            <span class="id">{id}</span>
            {match connection {
                None => view! { <Status tone=Tone::Neutral text=t(m::NEVER_CONNECTED)/> }.into_any(),
                Some(connection) => {
                    let is_up = connection.state == weir_core::domain::presence::Presence::Connected;
                    let (tone, word) = if is_up { (Tone::Good, m::CONNECTED) } else { (Tone::Neutral, m::DISCONNECTED) };
                    let since = crate::model::moment::of(connection.since);
                    let reason = connection.reason.as_deref().filter(|_| !is_up).map(presence::reason);
                    view! {
                        <span><Status tone text=t(word)/>" "<span class="faint"><Ago at=since/></span></span>
                        {reason.map(|reason| view! { <span class="faint">{reason}</span> })}
                    }.into_any()
                }
            }}
            {(!device.enabled).then(|| view! { <Status tone=Tone::Warning text=t(m::CONDITION_DISABLED)/> })}
            {device.level_id.map(|level| view! { <A href="/app/flow">{fill(m::IS_SENSOR, &[("id", level.as_str())])}</A> })}
            <A href=problems>{t(m::ITS_PROBLEMS)}</A>
        </div>
        {(!device.description.is_empty()).then(|| view! { <p class="description">{device.description}</p> })}
    }
}
