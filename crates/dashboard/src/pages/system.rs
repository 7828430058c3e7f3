//! The state of the system itself, for administrators: alarms, queues, pending work, deployment, and the basis of the bill.

use leptos::prelude::*;
use weir_core::domain::system::{AlarmState, Waiting};
use weir_core::wire::system::{AlarmJson, QueueJson, SystemJson, TableJson, UnreadJson, WaitingJson};

use crate::api::Api;
use crate::components::admin_only::AdminOnly;
use crate::components::clock::Ago;
use crate::components::heading::Heading;
use crate::components::load::Load;
use crate::components::states::Empty;
use crate::components::status::{Status, Tone};
use crate::messages as m;
use crate::model::system::{QueueState, alarm_metrics, by_urgency, missing, queue_state, summary, total, worst_first};
use crate::model::{moment, number};
use crate::text::{Text, fill, t};

/// Time between two reads, in ms.
const AGAIN: f64 = 30_000.0;

/// The page.
#[component]
pub fn System() -> impl IntoView {
    view! {
        <Heading text=t(m::SYSTEM).to_owned()/>
        <AdminOnly><Inside/></AdminOnly>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let api = Api::here();
    let load = Load::new(move || {
        let api = api.clone();
        async move { Ok(api.get::<SystemJson>("/system").await?.value) }
    });
    load.every(AGAIN);
    load.keep(move || view! { <Parts load/> })
}

/// A part of the answer, which is rendered again only if it has changed.
fn part<T: Clone + PartialEq + Send + Sync + 'static>(
    load: Load<SystemJson>,
    of: impl Fn(&SystemJson) -> T + Send + Sync + 'static,
) -> Memo<Option<T>> {
    Memo::new(move |_| load.here(&of))
}

#[component]
fn Parts(load: Load<SystemJson>) -> impl IntoView {
    let read_at = part(load, |system| moment::of(system.read_at));
    let summary = part(load, summary);
    let alarms = part(load, |system| system.alarms.clone());
    let queues = part(load, |system| system.queues.clone());
    let waiting = part(load, |system| system.waiting.clone());
    let tables = part(load, |system| system.tables.clone());
    view! {
        <div class="tools">
            <div class="grow system-summary" role="status">
                {move || summary.get().map(|summary| {
                    let quiet = summary.rings == 0 && summary.failed == 0;
                    let count = |text, number: String| fill(text, &[("count", &number)]);
                    view! {
                        {(summary.rings > 0).then(|| view! {
                            <Status tone=Tone::Bad text=count(m::SYSTEM_ALARMS_RING, summary.rings.to_string())/>
                        })}
                        {(summary.failed > 0).then(|| view! {
                            <Status tone=Tone::Bad text=count(m::SYSTEM_FAILED_WAIT, number::count(summary.failed))/>
                        })}
                        {(!summary.complete).then(|| view! { <Status tone=Tone::Warning text=t(m::SYSTEM_UNREAD)/> })}
                        {(quiet && summary.complete).then(|| view! { <Status tone=Tone::Good text=t(m::SYSTEM_QUIET)/> })}
                    }
                })}
            </div>
            <p class="faint fresh">
                {t(m::READ)}" "{move || read_at.get().map(|at| view! { <Ago at/> })}
                <button type="button" class="small" on:click=move |_| load.again()>{t(m::READ_AGAIN)}</button>
            </p>
        </div>
        <section class="card system-part" aria-labelledby="alarms">
            <h2 id="alarms">{t(m::ALARMS)}</h2>
            {move || alarms.get().map(|alarms| view! {
                <Missing unread=alarms.unread.clone()/>
                <Alarms complete=alarms.is_complete() alarms=alarms.items/>
            })}
        </section>
        <section class="card system-part" aria-labelledby="queues">
            <h2 id="queues">{t(m::QUEUES)}</h2>
            {move || queues.get().map(|queues| view! {
                <Missing unread=queues.unread.clone()/>
                <Queues complete=queues.is_complete() queues=queues.items/>
            })}
        </section>
        <section class="card system-part" aria-labelledby="waits">
            <h2 id="waits">{t(m::WAITS)}</h2>
            {move || waiting.get().map(|waiting| view! {
                <Missing unread=waiting.unread/>
                <dl class="pairs">{waiting.items.iter().map(waits).collect_view()}</dl>
            })}
        </section>
        <section class="card system-part" aria-labelledby="tables">
            <h2 id="tables">{t(m::TABLES)}</h2>
            {move || tables.get().map(|tables| view! {
                <Missing unread=tables.unread/>
                <Tables tables=tables.items/>
            })}
        </section>
        {move || load.here(Clone::clone).map(|system| view! { <Deployed system/> })}
    }
}

/// What could not be read, if anything.
#[component]
fn Missing(unread: Vec<UnreadJson>) -> impl IntoView {
    missing(&unread).map(
        |sentence| view! { <p class="notice"><Status tone=Tone::Warning text=t(m::SYSTEM_UNREAD)/>" "{sentence}</p> },
    )
}

#[component]
fn Alarms(alarms: Vec<AlarmJson>, complete: bool) -> impl IntoView {
    if alarms.is_empty() {
        return complete.then(|| view! { <Empty text=t(m::NO_ALARMS)/> }).into_any();
    }
    let (urgent, quiet) = by_urgency(&alarms);
    let count = quiet.len().to_string();
    view! {
        {if urgent.is_empty() {
            view! { <p><Status tone=Tone::Good text=t(m::NO_ALARM_RINGS)/></p> }.into_any()
        } else {
            view! { <AlarmTable alarms=urgent caption=t(m::ALARMS).to_owned()/> }.into_any()
        }}
        {(!quiet.is_empty()).then(|| {
            let caption = fill(m::QUIET_ALARMS, &[("count", &count)]);
            view! {
                <details>
                    <summary>{caption.clone()}</summary>
                    <AlarmTable alarms=quiet caption/>
                </details>
            }
        })}
    }
    .into_any()
}

#[component]
fn AlarmTable(alarms: Vec<AlarmJson>, caption: String) -> impl IntoView {
    let row = |alarm: AlarmJson| {
        let (tone, word) = match alarm.state {
            AlarmState::Alarm => (Tone::Bad, m::ALARM_RINGS),
            AlarmState::InsufficientData => (Tone::Warning, m::ALARM_UNKNOWN),
            AlarmState::Ok => (Tone::Good, m::ALARM_QUIET),
        };
        view! {
            <tr data-alarm=alarm.name>
                <td><Status tone text=t(word)/></td>
                <th scope="row">
                    <span class="id">{alarm.name.clone()}</span>
                    // Descriptions are those in the template, in English.
                    <span class="faint under" lang="en">{alarm.description}</span>
                </th>
                <td>{alarm.since.map(|at| view! { <Ago at=moment::of(at)/> })}</td>
            </tr>
        }
    };
    view! {
        <div class="scroll" tabindex="0">
            <table class="system-table">
                <caption class="spoken">{caption}</caption>
                <thead><tr>
                    <th scope="col">{t(m::STATE)}</th>
                    <th scope="col">{t(m::ALARM)}</th>
                    <th scope="col">{t(m::ALARM_SINCE)}</th>
                </tr></thead>
                <tbody>{alarms.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Queues(queues: Vec<QueueJson>, complete: bool) -> impl IntoView {
    if queues.is_empty() {
        return complete.then(|| view! { <Empty text=t(m::NO_QUEUES)/> }).into_any();
    }
    let to_do = queues.iter().any(|queue| queue_state(queue) == QueueState::ToDo);
    let row = |queue: QueueJson| {
        let (tone, word) = match queue_state(&queue) {
            QueueState::ToDo => (Tone::Bad, m::QUEUE_TO_DO),
            QueueState::Busy => (Tone::Neutral, m::QUEUE_BUSY),
            QueueState::Empty => (Tone::Good, m::QUEUE_EMPTY),
        };
        view! {
            <tr data-queue=queue.name>
                <td><Status tone text=t(word)/></td>
                <th scope="row" class="id">{queue.name.clone()}</th>
                <td class="number">{number::count(queue.waiting)}</td>
                <td class="number">{number::count(queue.in_flight)}</td>
            </tr>
        }
    };
    view! {
        {to_do.then(|| view! { <p class="notice">{t(m::REDRIVE_EXPLAINED)}</p> })}
        <div class="scroll" tabindex="0">
            <table class="system-table">
                <caption class="spoken">{t(m::QUEUES)}</caption>
                <thead><tr>
                    <th scope="col">{t(m::STATE)}</th>
                    <th scope="col">{t(m::QUEUE)}</th>
                    <th scope="col" class="number">{t(m::QUEUE_WAITING)}</th>
                    <th scope="col" class="number">{t(m::QUEUE_IN_FLIGHT)}</th>
                </tr></thead>
                <tbody>{worst_first(&queues).into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A line about pending work.
fn waits(waiting: &WaitingJson) -> impl IntoView + use<> {
    let name = match waiting.what {
        Waiting::Deliveries => m::WAITING_DELIVERIES,
        Waiting::Recalculations => m::WAITING_RECALCULATIONS,
        Waiting::Jobs => m::WAITING_JOBS,
    };
    let count = number::count(waiting.count);
    let told = if waiting.more { fill(m::AT_LEAST, &[("count", &count)]) } else { count };
    pair(name, told)
}

/// A label with its value.
fn pair(name: Text, value: impl IntoView + 'static) -> impl IntoView {
    view! { <div><dt>{t(name)}</dt><dd class="number">{value}</dd></div> }
}

#[component]
fn Tables(tables: Vec<TableJson>) -> impl IntoView {
    let (items, bytes, indexes) = total(&tables);
    let row = |table: TableJson| {
        view! {
            <tr data-table=table.name>
                <th scope="row" class="id">{table.name.clone()}</th>
                <td class="number">{number::count(table.items)}</td>
                <td class="number">{number::bytes(table.bytes)}</td>
                <td class="number">{number::bytes(table.index_bytes)}</td>
            </tr>
        }
    };
    view! {
        <p class="faint">{t(m::TABLES_EXPLAINED)}</p>
        <div class="scroll" tabindex="0">
            <table class="system-table">
                <caption class="spoken">{t(m::TABLES)}</caption>
                <thead><tr>
                    <th scope="col">{t(m::TABLE)}</th>
                    <th scope="col" class="number">{t(m::TABLE_ROWS)}</th>
                    <th scope="col" class="number">{t(m::TABLE_SIZE)}</th>
                    <th scope="col" class="number">{t(m::TABLE_INDEXES)}</th>
                </tr></thead>
                <tbody>{tables.into_iter().map(row).collect_view()}</tbody>
                <tfoot><tr>
                    <th scope="row">{t(m::TABLES_TOTAL)}</th>
                    <td class="number">{number::count(items)}</td>
                    <td class="number">{number::bytes(bytes)}</td>
                    <td class="number">{number::bytes(indexes)}</td>
                </tr></tfoot>
            </table>
        </div>
    }
}

/// The deployment, the enabled features, and the basis of the bill.
#[component]
fn Deployed(system: SystemJson) -> impl IntoView {
    let metrics = alarm_metrics(&system.alarms).map_or_else(|| "–".to_owned(), number::count);
    let (deployment, bill) = (system.deployment, system.bill);
    let switches = deployment.switches;
    let store = match deployment.time_series_store.as_str() {
        "timestream" => "Timestream".to_owned(),
        "dynamodb" => "DynamoDB".to_owned(),
        other => other.to_owned(),
    };
    let switch = |name: Text, on: bool| {
        let (tone, word) = if on { (Tone::Good, m::SWITCH_ON) } else { (Tone::Neutral, m::SWITCH_OFF) };
        pair(name, view! { <Status tone text=t(word)/> })
    };
    view! {
        <section class="card system-part" aria-labelledby="deployment">
            <h2 id="deployment">{t(m::DEPLOYMENT)}</h2>
            <dl class="pairs">
                {pair(m::DEPLOYED_VERSION, deployment.version)}
                {pair(m::DEPLOYED_FUNCTION, deployment.function_version)}
                {pair(m::DEPLOYED_AS, format!("{}-{}", deployment.project, deployment.environment))}
                {pair(m::DEPLOYED_IN, deployment.region)}
                {pair(m::DEPLOYED_STORE, store)}
                {switch(m::SWITCH_EMAIL, switches.email)}
                {switch(m::SWITCH_ALARM_EMAIL, switches.alarm_email)}
                {switch(m::SWITCH_BACKUP, switches.backup)}
                {switch(m::SWITCH_MFA, switches.mfa_required)}
                {switch(m::SWITCH_DEFENDER, switches.device_defender)}
                {switch(m::SWITCH_REGISTERED, switches.registered_levels_only)}
                {switch(m::SWITCH_TRACING, switches.tracing)}
            </dl>
        </section>
        <section class="card system-part" aria-labelledby="bill">
            <h2 id="bill">{t(m::BILL)}</h2>
            <p class="faint">{t(m::BILL_EXPLAINED)}</p>
            <dl class="pairs">
                {pair(m::BILL_ALARM_METRICS, metrics)}
                {pair(m::BILL_METRICS, number::count(bill.metrics.into()))}
                {pair(m::BILL_DASHBOARDS, number::count(bill.dashboards.into()))}
                {pair(m::BILL_SCHEDULED, number::count(bill.scheduled_invocations.into()))}
            </dl>
        </section>
    }
}
