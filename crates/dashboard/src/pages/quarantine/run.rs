//! Replays a whole group in parts, and shows the progress. A replay can be stopped and resumed; entries that are not accepted stay in the
//! quarantine.

use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;

use super::Shared;
use crate::api::Api;
use crate::components::states::Failed;
use crate::components::status::{Status, Tone};
use crate::components::words;
use crate::messages as m;
use crate::model::address::part;
use crate::model::quarantine::{Filter, Group, Progress, replay};
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::quarantine::{Replay, Replayed};

/// The remaining entries.
#[derive(Debug, Clone)]
enum Rest {
    /// The entries of the group, from a cursor on; `None` is the beginning.
    From(Option<String>),
    /// These entries, one by one: the API has no filter for entries without a device.
    These(Vec<String>),
}

/// The state of a replay.
#[derive(Debug, Clone)]
enum Stage {
    Running,
    Done,
    Stopped(Rest),
    Failed(ApiError, Rest),
}

/// A replay of a group.
#[derive(Debug, Clone)]
struct State {
    group: Group,
    filter: Filter,
    progress: Progress,
    stage: Stage,
}

/// The replay of the page, if there is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    state: RwSignal<Option<State>>,
    stop: RwSignal<bool>,
}

impl Run {
    pub(super) fn new() -> Self {
        Self { state: RwSignal::new(None), stop: RwSignal::new(false) }
    }

    /// Whether a replay is running; only one can.
    pub(super) fn is_running(self) -> bool {
        self.state.with(|state| state.as_ref().is_some_and(|state| matches!(state.stage, Stage::Running)))
    }
}

/// Replays a group from its beginning.
pub(super) fn begin(shared: Shared, group: Group) {
    if untrack(|| shared.run.is_running()) {
        return;
    }
    shared.outcome.set(None);
    let total = u64::try_from(group.entries.len()).unwrap_or(u64::MAX);
    let rest = match group.device {
        Some(_) => Rest::From(None),
        None => Rest::These(group.entries.iter().map(|entry| entry.id.clone()).collect()),
    };
    let filter = shared.filter.get_untracked();
    let progress = Progress { total, ..Progress::default() };
    shared.run.state.set(Some(State { group, filter, progress, stage: Stage::Running }));
    go_on(shared, rest);
}

fn go_on(shared: Shared, rest: Rest) {
    let Run { state, stop } = shared.run;
    stop.set(false);
    state.update(|state| {
        if let Some(state) = state {
            state.stage = Stage::Running;
        }
    });
    spawn_local(async move {
        let api = shared.api.get_value();
        let mut rest = rest;
        let stage = loop {
            let Some(Some(State { group, filter, .. })) = state.try_get_untracked() else { return };
            match step(&api, &group, &filter, rest.clone()).await {
                Err(error) => break Stage::Failed(error, rest),
                Ok((part, further)) => {
                    let _ = state.try_update(|state| {
                        if let Some(state) = state {
                            state.progress = state.progress.and(&part);
                        }
                    });
                    match further {
                        None => break Stage::Done,
                        Some(further) if stop.try_get_untracked() == Some(true) => break Stage::Stopped(further),
                        Some(further) => rest = further,
                    }
                }
            }
        };
        let _ = state.try_update(|state| {
            if let Some(state) = state {
                state.stage = stage;
            }
        });
        // Refused entries may have a new reason.
        shared.load.again();
    });
}

/// Sends one request, and returns its result and the remaining entries.
async fn step(api: &Api, group: &Group, filter: &Filter, rest: Rest) -> Result<(Replayed, Option<Rest>), ApiError> {
    match rest {
        Rest::From(next) => {
            let body = replay(group, filter, next.as_deref());
            let part = api.post::<Value, Replayed>("/quarantine/replay", &body).await?.value;
            let further = part.next.clone().map(|next| Rest::From(Some(next)));
            Ok((part, further))
        }
        Rest::These(mut ids) => {
            let Some(id) = ids.pop() else {
                return Ok((Replayed { accepted: 0, refused: 0, failed: 0, next: None }, None));
            };
            let answer = api.post::<Value, Replay>(&format!("/quarantine/{}/replay", part(&id)), &json!({})).await;
            let (accepted, refused, failed) = match answer {
                Ok(answer) => (u64::from(answer.value.entry.is_none()), u64::from(answer.value.entry.is_some()), 0),
                Err(error) => match error.problem().map(|problem| problem.status) {
                    // By now somebody else has replayed or deleted it.
                    Some(404) => (0, 0, 0),
                    Some(503) => (0, 0, 1),
                    _ => return Err(error),
                },
            };
            let further = Some(ids).filter(|ids| !ids.is_empty()).map(Rest::These);
            Ok((Replayed { accepted, refused, failed, next: None }, further))
        }
    }
}

/// The progress of the replay, and its outcome.
#[component]
pub(super) fn Shown(shared: Shared) -> impl IntoView {
    let Run { state, stop } = shared.run;
    move || {
        state.get().map(|State { group, progress, stage, .. }| {
        let device = group.device.clone().unwrap_or_else(|| t(m::NO_DEVICE_KNOWN).to_owned());
        let title = fill(m::REPLAY_OF, &[("reason", &words::reason_named(&group.reason)), ("device", &device)]);
        let (done, total) = (progress.done(), progress.total());
        let numbers = [progress.accepted, progress.refused, progress.failed].map(|number| number.to_string());
        let [accepted, refused, failed] = &numbers;
        let result = fill(m::REPLAY_RESULT, &[("accepted", accepted), ("refused", refused), ("failed", failed)]);
        let (tone, word) = match &stage {
            Stage::Running => {
                let values = [("done", done.to_string()), ("total", total.to_string())];
                let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
                (Tone::Neutral, fill(m::REPLAYING, &values))
            }
            Stage::Done if progress.refused + progress.failed == 0 => (Tone::Good, t(m::REPLAY_DONE).to_owned()),
            Stage::Done => (Tone::Warning, t(m::REPLAY_TRIED).to_owned()),
            Stage::Stopped(_) => (Tone::Neutral, t(m::REPLAY_STOPPED).to_owned()),
            Stage::Failed(..) => (Tone::Bad, t(m::FAILED).to_owned()),
        };
        let is_running = matches!(stage, Stage::Running);
        let (error, rest) = match stage {
            Stage::Running | Stage::Done => (None, None),
            Stage::Stopped(rest) => (None, Some(rest)),
            Stage::Failed(error, rest) => (Some(error), Some(rest)),
        };
        view! {
            <div class="notice" role="status" id="replay">
                <p><strong>{title.clone()}</strong>" "<Status tone text=word/></p>
                <p>
                    <progress max=total.max(1).to_string() value=done.to_string() aria-label=title></progress>" "
                    <span class="number">{result}</span>
                </p>
                {error.map(|error| view! { <Failed error/> })}
                <div class="buttons">
                    {is_running.then(|| view! {
                        <button type="button" class="small" disabled=move || stop.get() on:click=move |_| stop.set(true)>{t(m::STOP)}</button>
                    })}
                    {rest.map(|rest| view! {
                        <button type="button" class="small" on:click=move |_| go_on(shared, rest.clone())>{t(m::GO_ON)}</button>
                    })}
                    {(!is_running).then(|| view! {
                        <button type="button" class="small" on:click=move |_| state.set(None)>{t(m::CLOSE)}</button>
                    })}
                </div>
            </div>
        }
    })
    }
}
