//! Recalculates stored readings with the new version, and shows the progress.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;

use crate::api::Api;
use crate::browser;
use crate::components::clock::Instant;
use crate::components::states::Failed;
use crate::components::status::{Status, Tone};
use crate::messages as m;
use crate::model::address::part;
use crate::model::moment;
use crate::model::source::Source;
use crate::problem::ApiError;
use crate::text::{Text, fill, t};

/// Time between two polls of the job, in ms.
const LOOK: u32 = 2_000;

/// A recalculation: `GET …/recalculate/{job}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Job {
    job: String,
    state: String,
    from: String,
    to: String,
    done_until: String,
    seen: u64,
    changed: u64,
    begins_at: String,
    #[serde(default)]
    reason: Option<String>,
}

impl Job {
    fn is_over(&self) -> bool {
        !matches!(self.state.as_str(), "waiting" | "running")
    }

    /// Share of the span that is done, in percent.
    fn percent(&self) -> f64 {
        let at = |text: &str| moment::parse(text).unwrap_or_default();
        let (from, to) = (at(&self.from), at(&self.to));
        if self.state == "done" || to <= from {
            100.0
        } else {
            ((at(&self.done_until) - from) / (to - from) * 100.0).clamp(0.0, 100.0)
        }
    }

    fn word(&self) -> (Tone, Text) {
        match self.state.as_str() {
            "waiting" => (Tone::Neutral, m::JOB_WAITING),
            "running" => (Tone::Neutral, m::JOB_RUNNING),
            "done" => (Tone::Good, m::JOB_DONE),
            "cancelled" => (Tone::Neutral, m::JOB_CANCELLED),
            _ => (Tone::Bad, m::JOB_FAILED),
        }
    }
}

#[component]
pub(super) fn Recalculation(
    whose: Source,
    /// The start of the version's validity, in ms since the epoch.
    from: f64,
) -> impl IntoView {
    let api = StoredValue::new_local(Api::here());
    let (job, error) = (RwSignal::new(None::<Job>), RwSignal::new(None::<ApiError>));
    let begun = RwSignal::new(false);
    let is_past = from < browser::now() - 1_000.0;
    let path = format!("{}/recalculate", whose.path());
    let begin = move |_| {
        let (api, path) = (api.get_value(), path.clone());
        begun.set(true);
        error.set(None);
        spawn_local(async move {
            let body = json!({"from": moment::rfc3339(from), "to": moment::rfc3339(browser::now())});
            match api.post::<Value, Job>(&path, &body).await {
                Ok(answer) => {
                    job.set(Some(answer.value.clone()));
                    follow(&api, &path, answer.value, job, error).await;
                }
                Err(refused) => {
                    begun.set(false);
                    error.set(Some(refused));
                }
            }
        });
    };
    view! {
        {if is_past {
            view! {
                <p>{t(m::RECALCULATE_EXPLAINED)}</p>
                <button type="button" disabled=move || begun.get() on:click=begin>{t(m::RECALCULATE)}</button>
            }.into_any()
        } else {
            view! { <p class="faint">{t(m::NOTHING_TO_RECALCULATE)}</p> }.into_any()
        }}
        {move || job.get().map(|job| {
            let (tone, word) = job.word();
            let percent = job.percent();
            let begins = moment::parse(&job.begins_at).filter(|_| job.state == "waiting");
            let counts = fill(m::RECALCULATED, &[("seen", &job.seen.to_string()), ("changed", &job.changed.to_string())]);
            view! {
                <div role="status" data-job=job.state.clone()>
                    <Status tone text=t(word)/>" "
                    <progress max="100" value=percent aria-label=t(m::RECALCULATE)></progress>" "
                    <span class="number">{counts}</span>
                    {begins.map(|at| view! { <p class="faint">{t(m::BEGINS)}" "<Instant at/></p> })}
                    {job.reason.map(|reason| view! { <p class="wrong">{reason}</p> })}
                </div>
            }
        })}
        {move || error.get().map(|error| view! { <Failed error/> })}
    }
}

/// Polls the job until it has ended, or the page is left.
async fn follow(api: &Api, path: &str, mut known: Job, job: RwSignal<Option<Job>>, error: RwSignal<Option<ApiError>>) {
    while !known.is_over() {
        TimeoutFuture::new(LOOK).await;
        if job.is_disposed() {
            return;
        }
        match api.get::<Job>(&format!("{path}/{}", part(&known.job))).await {
            Ok(answer) => {
                known = answer.value;
                let _ = job.try_set(Some(known.clone()));
            }
            // The job goes on, whether it can be asked for or not.
            Err(error) if error.is_passing() => {}
            Err(refused) => {
                let _ = error.try_set(Some(refused));
                return;
            }
        }
    }
}
