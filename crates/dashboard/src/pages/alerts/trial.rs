//! The trial of an alert: the episodes that it would have had in the stored readings.

use chart::Span;
use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;
use weir_core::wire::alert::AlertJson;

use super::Shared;
use crate::api::Api;
use crate::browser;
use crate::components::clock::{self, Instant};
use crate::components::judged::{Judged, Shown};
use crate::components::span::SpanPicker;
use crate::components::states::Failed;
use crate::components::zone::ZonePicker;
use crate::in_address::replacing;
use crate::messages as m;
use crate::model::address::Query;
use crate::model::alert::{bands, lines, refused, summary};
use crate::model::every::Window;
use crate::model::source::Source;
use crate::model::{age, moment, number};
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::trial::{Episode, Trial as Answer};

/// The default span of a trial, in ms: the default of the API.
const DAY: f64 = 86_400e3;

/// The alert that was tried, and the result.
#[derive(Debug, Clone, PartialEq)]
struct Outcome {
    alert: AlertJson,
    trial: Answer,
    /// The span that was requested.
    asked: Span,
}

#[component]
pub(super) fn Trial(shared: Shared) -> impl IntoView {
    let window = in_address(shared);
    let now = clock::now();
    let span = Memo::new(move |_| {
        let window = window.get();
        window.span(if window.is_live() { now.get() } else { now.get_untracked() })
    });
    let (trying, failed) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let outcome = RwSignal::new(None::<Outcome>);
    let api = StoredValue::new_local(Api::here());
    let turn = StoredValue::new(0_u32);
    let try_it = Callback::new(move |()| {
        shared.wrong.set(Vec::new());
        let alert = match shared.form.with_untracked(crate::model::alert::Form::alert) {
            Ok(alert) => alert,
            Err(errors) => return shared.wrong.set(errors),
        };
        let asked = span.get_untracked();
        let body = json!({"alert": alert, "from": moment::rfc3339(asked.from()), "to": moment::rfc3339(asked.until())});
        let (api, path) = (api.get_value(), format!("{}/alerts/try", shared.source.with_value(Source::path)));
        let own = turn.get_value().wrapping_add(1);
        turn.set_value(own);
        trying.set(true);
        failed.set(None);
        spawn_local(async move {
            let answer = api.post::<Value, Answer>(&path, &body).await;
            // Of two trials only the later one counts.
            if turn.try_get_value() != Some(own) {
                return;
            }
            trying.set(false);
            match answer {
                Ok(answer) => outcome.set(Some(Outcome { alert, trial: answer.value, asked })),
                Err(error) => {
                    let wrong = error.problem().map(|problem| refused(problem, "/alert")).unwrap_or_default();
                    shared.wrong.set(wrong);
                    outcome.set(None);
                    failed.set(Some(error));
                }
            }
        });
    });
    view! {
        <h3>{t(m::TRY_ON_HISTORY)}</h3>
        <p class="faint">{t(m::TRY_EXPLAINED)}</p>
        <div class="tools">
            <SpanPicker window span/>
            <ZonePicker/>
            <button type="button" id="try" disabled=move || trying.get() on:click=move |_| try_it.run(())>{t(m::TRY_ON_HISTORY)}</button>
        </div>
        {move || failed.get().map(|error| view! { <Failed error/> })}
        <div aria-live="polite" aria-busy=move || trying.get().to_string()>
            {move || outcome.get().map(|outcome| {
                let unit = shared.load.here(|known| known.sensor.unit.clone()).unwrap_or_default();
                let go_on = {
                    let (from, until) = (moment::parse(&outcome.trial.to), outcome.asked.until());
                    Callback::new(move |()| {
                        if let Some(from) = from {
                            window.set(Window::Fixed(Span::new(from, until)));
                            try_it.run(());
                        }
                    })
                };
                view! { <Told outcome unit source=shared.source.get_value() go_on/> }
            })}
        </div>
    }
}

/// The span, which is read from the address and then kept in it.
fn in_address(shared: Shared) -> RwSignal<Window> {
    let query = Query::parse(&browser::query());
    let is_told = ["from", "last"].iter().any(|name| query.get(name).is_some());
    let replace = replacing();
    let window = RwSignal::new(if is_told { Window::of(&query) } else { Window::Last(DAY) });
    let path = shared.source.with_value(|source| format!("/app{}/alerts", source.path()));
    Effect::new(move |before: Option<()>| {
        let window = window.get();
        if before.is_some() {
            replace(&window.into_query(Query::parse(&browser::query())).address(&path));
        }
    });
    window
}

#[component]
fn Told(outcome: Outcome, unit: String, source: Source, go_on: Callback<()>) -> impl IntoView {
    let Outcome { alert, trial, .. } = outcome;
    let span = Span::new(
        moment::parse(&trial.from).unwrap_or_default(),
        moment::parse(&trial.to).unwrap_or_else(browser::now),
    );
    let is_whole = trial.complete;
    let until = moment::parse(&trial.to).unwrap_or_default();
    view! {
        <p class="notice" data-episodes=trial.episodes.len()>{summary(&trial)}</p>
        {(!is_whole).then(|| view! {
            <p class="wrong">{t(m::TRIAL_CUT)}" "<Instant at=until/>" "
                <button type="button" class="small" on:click=move |_| go_on.run(())>{t(m::TRIAL_GO_ON)}</button>
            </p>
        })}
        <Judged sensors=vec![Shown { name: source.code.clone(), source }] unit=unit.clone() span limits=lines(&alert, "") bands=bands(&trial)/>
        {(!trial.episodes.is_empty()).then(|| view! { <Episodes trial unit/> })}
    }
}

/// Maximum episodes that are listed.
const LISTED: usize = 100;

#[component]
fn Episodes(trial: Answer, unit: String) -> impl IntoView {
    let more = trial.episodes.len().saturating_sub(LISTED);
    let row = |episode: Episode| {
        let at = |text: &str| moment::parse(text).unwrap_or_default();
        let (began, opened) = (at(&episode.began), at(&episode.opened));
        let ended = episode.ended.as_deref().map(at);
        let limit = number::with_unit(episode.limit, &unit);
        view! {
            <tr>
                <td><Instant at=began/></td>
                <td><Instant at=opened/></td>
                <td>{match ended {
                    Some(ended) => view! { <Instant at=ended/>" · "{age::length(ended - began)} }.into_any(),
                    None => view! { {t(m::STILL_OPEN)} }.into_any(),
                }}</td>
                <td class="number">{number::with_unit(episode.value, &unit)}</td>
                <td class="number">{limit}</td>
            </tr>
        }
    };
    // The newest first, as everywhere.
    let rows = trial.episodes.into_iter().rev().take(LISTED).map(row).collect_view();
    view! {
        <div class="scroll" tabindex="0">
            <table class="episodes">
                <caption class="spoken">{t(m::TRIAL_EPISODES)}</caption>
                <thead><tr>
                    <th scope="col">{t(m::BEGAN)}</th>
                    <th scope="col">{t(m::OPENED)}</th>
                    <th scope="col">{t(m::ENDED)}</th>
                    <th scope="col" class="number">{t(m::VALUE_THEN)}</th>
                    <th scope="col" class="number">{t(m::LIMIT)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {(more > 0).then(|| view! { <p class="faint">{fill(m::MORE_EPISODES, &[("count", &more.to_string())])}</p> })}
    }
}
