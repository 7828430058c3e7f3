//! With which certificates a device may connect, which firmware it runs, and what an administrator can do about it.

use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;
use weir_core::wire::device::{DeliveryJson, DeviceJson};
use weir_core::wire::job::{JobJson, StateJson, TargetJson};

use crate::api::Api;
use crate::browser;
use crate::components::clock::Instant;
use crate::components::confirm::Confirm;
use crate::components::load::{Load, Loaded};
use crate::components::states::{Failed, Loading};
use crate::components::status::{Status, Tone};
use crate::components::words::device_of_job;
use crate::live;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::moment;
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::Page;
use crate::wire::board::{JobDetails, JobDevice};
use crate::wire::certificate::{Certificate, Certificates};

/// How many open jobs are looked at, and how many pages of the devices of each.
const JOBS: usize = 5;
const PAGES: usize = 5;
/// A certificate that ends sooner is one to look after, in ms: as the API has it.
const SOON: f64 = 7.0 * 86_400e3;

/// An open job that is for this device.
#[derive(Debug, Clone)]
struct Open {
    job: JobJson,
    /// The state of this device; absent while its devices are gathered.
    status: Option<String>,
}

impl Open {
    /// Whether it is for the device that was looked for among its devices. A job that names it has skipped it if its devices are gathered
    /// and it is not among them, for example because it runs this version already.
    const fn concerns(&self) -> bool {
        let is_named = matches!(self.job.target, TargetJson::Devices(_));
        self.status.is_some() || (is_named && matches!(self.job.state, StateJson::Preparing))
    }
}

#[component]
pub(super) fn Access(
    /// The device.
    id: String,
    /// Whether it is switched on.
    enabled: Memo<bool>,
    /// What was read of it, and is read again when it was changed.
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
        // Its firmware is among what it reports.
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
                    // What somebody else has changed is shown, and the next try is made to that.
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
            <Jobs id/>
        </section>
    }
}

/// Whether the device is connected, as it is told.
#[component]
fn Connected(load: Load<DeviceJson>) -> impl IntoView {
    move || {
        let connection = load.here(|device| device.connection.clone()).flatten();
        let Some(connection) = connection else {
            return view! { <Status tone=Tone::Neutral text=t(m::NEVER_CONNECTED)/> }.into_any();
        };
        let is_up = connection.state == weir_core::domain::presence::Presence::Connected;
        let (tone, word) = if is_up { (Tone::Good, m::CONNECTED) } else { (Tone::Neutral, m::DISCONNECTED) };
        let reason = connection.reason.filter(|_| !is_up);
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
    // A line is drawn again only if its certificate has changed: a question that it asks, and the focus, outlive changes of the others.
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

/// What the state of a certificate is called; one that this page does not know is called as the API calls it.
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

/// The jobs that bring firmware to the device.
#[component]
fn Jobs(id: String) -> impl IntoView {
    let api = Api::here();
    let own = id.clone();
    let load = Load::new(move || open(api.clone(), own.clone()));
    live::watch(format!("device/{id}"), move |message| {
        let kind = message.rest.pointer("/event/kind").and_then(Value::as_str);
        if message.r#type == "gap" || kind == Some("job") {
            load.again();
        }
    });
    move || {
        load.with(|loaded| match loaded {
            Loaded::Loading => view! { <Loading/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <Failed error=error.clone() retry=Callback::new(move |()| load.again())/> }.into_any()
            }
            Loaded::Here(jobs) if jobs.is_empty() => view! { <p class="faint">{t(m::NO_OPEN_JOB)}</p> }.into_any(),
            Loaded::Here(jobs) => {
                let line = |open: &Open| {
                    let (tone, word) = job_state(open);
                    let version = open.job.firmware.to_string();
                    view! {
                        <li class="row" data-job=open.job.id.to_string()>
                            <span>{fill(m::JOB_BRINGS, &[("version", &version)])}</span>
                            <Status tone text=word/>
                            <span class="faint">{open.job.by.clone()}" · "<Instant at=moment::of(open.job.created_at)/></span>
                        </li>
                    }
                };
                view! { <ul class="list">{jobs.iter().map(line).collect_view()}</ul> }.into_any()
            }
        })
    }
}

fn job_state(open: &Open) -> (Tone, String) {
    let Some(state) = open.status.as_deref() else { return (Tone::Neutral, t(m::JOB_PREPARING).to_owned()) };
    let known = device_of_job(state).map(|(tone, word)| (tone, t(word).to_owned()));
    known.unwrap_or_else(|| (Tone::Neutral, state.to_owned()))
}

/// The open jobs that are for a device: the API has no list of them, so it is looked for among the devices of each.
async fn open(api: Api, device: String) -> Result<Vec<Open>, ApiError> {
    let all = api.get::<Page<JobJson>>("/fleet/jobs?limit=50").await?.value.items;
    let is_open = |job: &JobJson| matches!(job.state, StateJson::Preparing | StateJson::InProgress);
    let may_concern = |job: &JobJson| match &job.target {
        TargetJson::Devices(devices) => devices.iter().any(|one| one.as_str() == device),
        TargetJson::Tube(_) | TargetJson::All => true,
    };
    let mut found = Vec::new();
    for job in all.into_iter().filter(|job| is_open(job) && may_concern(job)).take(JOBS) {
        let status = part_of(&api, &job, &device).await?;
        let open = Open { job, status };
        if open.concerns() {
            found.push(open);
        }
    }
    Ok(found)
}

/// The state of a device in a job, if it is among the first thousand that changed last.
async fn part_of(api: &Api, job: &JobJson, device: &str) -> Result<Option<String>, ApiError> {
    let path = format!("/fleet/jobs/{}", part(&job.id.to_string()));
    let mut next = None::<String>;
    for _ in 0..PAGES {
        let query = Query::default().with("limit", Some("200")).with("next", next.as_deref());
        let page = api.get::<JobDetails>(&query.address(&path)).await?.value.executions;
        if let Some(JobDevice { status, .. }) = page.items.into_iter().find(|one| one.device == device) {
            return Ok(Some(status));
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_a_job_has_skipped_is_not_being_prepared() {
        let open = |target: Value, state: &str, status: Option<&str>| {
            let job = json!({"id": "1767225600000-0000000a", "firmware": "1.2.0", "target": target, "rollout_per_minute": 50,
                "abort_percent": 10, "timeout_minutes": 60, "force": false, "state": state, "devices": 0, "skipped": 1,
                "by": "ann@example.com", "created_at": "2026-01-01T00:00:00Z"});
            Open { job: serde_json::from_value(job).unwrap(), status: status.map(str::to_owned) }
        };
        let named = || json!({"devices": ["buoy-01"]});
        assert!(open(named(), "PREPARING", None).concerns());
        assert!(!open(named(), "IN_PROGRESS", None).concerns());
        assert!(open(named(), "IN_PROGRESS", Some("QUEUED")).concerns());
        assert!(!open(json!("all"), "PREPARING", None).concerns());
    }
}
