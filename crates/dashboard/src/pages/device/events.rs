//! The events of the device, the newest first.

use leptos::prelude::*;

use crate::api::Api;
use crate::components::clock::{Ago, Instant};
use crate::components::load::{Load, Loaded};
use crate::components::more::More;
use crate::components::states::{Empty, Failed, Loading};
use crate::components::told::{Outcome, Told};
use crate::components::words;
use crate::live;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::{moment, presence};
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::Page;
use crate::wire::event::Event;

/// Maximum changed values of an event that are shown.
const CHANGES: usize = 6;

#[component]
pub(super) fn Events(id: String) -> impl IntoView {
    let path = StoredValue::new(format!("/devices/{}/events", part(&id)));
    let api = StoredValue::new_local(Api::here());
    let load = Load::new(move || {
        let api = api.get_value();
        async move { page(&api, &path.get_value(), None).await }
    });
    live::watch(format!("device/{id}"), move |message| match message.r#type.as_str() {
        "event" => {
            if let Some(event) = message.field::<Event>("event") {
                load.report(move |page| {
                    if !page.items.iter().any(|known| known.id == event.id && known.at == event.at) {
                        page.items.insert(0, event.clone());
                    }
                });
            }
        }
        "gap" => load.again(),
        _ => {}
    });
    let outcome: Outcome = RwSignal::new(None);
    let more = move |cursor: String| async move { page(&api.get_value(), &path.get_value(), Some(&cursor)).await };
    view! {
        <section class="card" aria-labelledby="events">
            <h2 id="events">{t(m::EVENTS)}</h2>
            {move || load.with(|loaded| match loaded {
                Loaded::Loading => view! { <Loading/> }.into_any(),
                Loaded::Failed(error) => view! { <Failed error=error.clone() retry=Callback::new(move |()| load.again())/> }.into_any(),
                Loaded::Here(page) if page.items.is_empty() => view! { <Empty text=t(m::NO_EVENTS)/> }.into_any(),
                Loaded::Here(page) => {
                    let rows = page.items.iter().map(|event| view! { <Line event=event.clone()/> });
                    view! { <ol class="list">{rows.collect_view()}</ol> }.into_any()
                }
            })}
            <Told outcome/>
            <More load outcome read=more key=|event| (event.at.clone(), event.id.clone()) label=m::OLDER/>
        </section>
    }
}

async fn page(api: &Api, path: &str, next: Option<&str>) -> Result<Page<Event>, ApiError> {
    let query = Query::default().with("limit", Some("20")).with("next", next);
    Ok(api.get(&query.address(path)).await?.value)
}

#[component]
fn Line(event: Event) -> impl IntoView {
    let at = moment::parse(&event.at).unwrap_or_default();
    let more = event.changes.len().saturating_sub(CHANGES);
    let value = |value: Option<&serde_json::Value>| value.map_or_else(|| "–".to_owned(), ToString::to_string);
    let changes = event.changes.iter().take(CHANGES).map(|change| {
        let text = format!("{} → {}", value(change.before.as_ref()), value(change.after.as_ref()));
        view! { <li><code>{change.pointer.clone()}</code>" "<code class="faint">{text}</code></li> }
    });
    let changes = changes.collect_view();
    let any = !event.changes.is_empty();
    let is_end = event.kind == "disconnected";
    let detail = event.detail.map(|detail| if is_end { presence::reason(&detail) } else { detail });
    view! {
        <li>
            <div class="row">
                <strong>{words::event(&event.kind)}</strong>
                {event.target.map(|target| view! { <code>{target}</code> })}
                {detail.map(|detail| view! { <span>{detail}</span> })}
            </div>
            {any.then(|| view! { <ul class="changes">{changes}</ul> })}
            {(more > 0).then(|| view! { <p class="faint">{fill(m::MORE_CHANGES, &[("count", &more.to_string())])}</p> })}
            <p class="faint"><Ago at/>" · "<Instant at/>{event.by.map(|by| format!(" · {by}"))}</p>
        </li>
    }
}
