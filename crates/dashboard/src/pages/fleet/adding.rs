//! Adds serial numbers to the allow list. Added numbers leave the field; the others stay in it, with the reasons beside it.

use leptos::prelude::*;
use serde_json::{Map, Value};
use wasm_bindgen_futures::spawn_local;

use super::Shared;
use crate::components::states::Failed;
use crate::messages as m;
use crate::model::serials::{Common, Wrong, files, read};
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::board::Upload;

/// Maximum malformed lines that are shown.
const TOLD: usize = 5;

/// The result: why no request was sent, or the answer of the API.
#[derive(Debug, Clone)]
enum Reply {
    Wrong(Vec<String>),
    /// The answers to the files so far, and the error of the file that failed.
    Sent(Option<Upload>, Option<ApiError>),
}

#[component]
pub(super) fn Adding(shared: Shared, added: Callback<()>) -> impl IntoView {
    let (numbers, template) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (with_codes, blocked) = (RwSignal::new(false), RwSignal::new(false));
    let (result, saving) = (RwSignal::new(None::<Reply>), RwSignal::new(false));
    let count = Memo::new(move |_| numbers.with(|text| text.lines().filter(|line| !line.trim().is_empty()).count()));
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (lines, common) = match (read(&numbers.get_untracked()), map(&template.get_untracked())) {
            (Err(wrong), _) => return result.set(Some(Reply::Wrong(told(&wrong)))),
            (_, Err(why)) => return result.set(Some(Reply::Wrong(vec![why]))),
            (Ok(lines), Ok(template)) => {
                let (blocked, claim_code) = (blocked.get_untracked(), with_codes.get_untracked());
                (lines, Common { template, blocked, claim_code })
            }
        };
        let files = files(&lines, &common);
        saving.set(true);
        result.set(None);
        shared.outcome.set(None);
        spawn_local(async move {
            let api = shared.api.get_value();
            let (mut known, mut failed) = (None::<Upload>, None);
            // What stays in the field: lines that were not added, and lines that were not sent after a failure.
            let mut left = Vec::new();
            for file in files {
                if failed.is_some() {
                    left.extend(file.lines.iter().map(ToString::to_string));
                    continue;
                }
                match api.post_text::<Upload>("/fleet/serials", "text/csv", file.text.clone()).await {
                    Err(error) => {
                        left.extend(file.lines.iter().map(ToString::to_string));
                        failed = Some(error);
                    }
                    Ok(answer) => {
                        left.extend(file.left(&answer.value));
                        let codes = answer
                            .value
                            .items
                            .iter()
                            .filter_map(|item| item.serial.clone().zip(item.claim_code.clone()));
                        let codes: Vec<_> = codes.collect();
                        let _ = shared.codes.try_update(|known| known.extend(codes));
                        match &mut known {
                            None => known = Some(answer.value),
                            Some(known) => {
                                known.added = known.added.saturating_add(answer.value.added);
                                known.items.extend(answer.value.items);
                            }
                        }
                    }
                }
            }
            let _ = saving.try_set(false);
            if known.is_some() {
                let _ = numbers.try_set(left.join("\n"));
                added.run(());
            }
            let _ = result.try_set(Some(Reply::Sent(known, failed)));
        });
    };
    let check = |to: RwSignal<bool>| move |event| to.set(event_target_checked(&event));
    view! {
        <details class="card more" id="add-serials">
            <summary>{t(m::ADD_SERIALS)}</summary>
            <form on:submit=send>
                <label>
                    {t(m::SERIALS_EXPLAINED)}
                    <textarea class="json" rows="5" required spellcheck="false" name="serials" placeholder="SN-0001" readonly=move || saving.get()
                        prop:value=move || numbers.get()
                        on:input=move |event| numbers.set(event_target_value(&event))></textarea>
                </label>
                <label>
                    {t(m::TEMPLATE)}
                    <textarea class="json" rows="3" spellcheck="false" placeholder="{\"sensors\": [{\"code\": \"ph\", \"unit\": \"pH\"}]}"
                        prop:value=move || template.get() on:input=move |event| template.set(event_target_value(&event))></textarea>
                </label>
                <label class="check">
                    <input type="checkbox" name="codes" prop:checked=move || with_codes.get() on:change=check(with_codes)/>{t(m::WITH_CLAIM_CODES)}
                </label>
                <label class="check">
                    <input type="checkbox" prop:checked=move || blocked.get() on:change=check(blocked)/>{t(m::AS_BLOCKED)}
                </label>
                <div class="buttons">
                    <button type="submit" class="primary" disabled=move || saving.get() || count.get() == 0>
                        {move || fill(m::ADD_COUNT, &[("count", &count.get().to_string())])}
                    </button>
                </div>
            </form>
            <div aria-live="polite">
                {move || result.get().map(|result| match result {
                    Reply::Wrong(lines) => view! {
                        <ul class="wrong" role="alert">{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
                    }.into_any(),
                    Reply::Sent(upload, failed) => view! {
                        {upload.map(|upload| view! { <Answered upload/> })}
                        {failed.map(|error| view! { <Failed error/> })}
                    }.into_any(),
                })}
            </div>
        </details>
    }
}

/// The typed JSON object; an empty one if nothing is typed.
fn map(text: &str) -> Result<Map<String, Value>, String> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(text).map_err(|error| fill(m::NO_JSON, &[("detail", &error.to_string())]))
}

/// The first errors, in words.
fn told(wrong: &[(usize, Wrong)]) -> Vec<String> {
    let line = |(line, why): &(usize, Wrong)| {
        let why = match why {
            Wrong::Serial => m::WRONG_SERIAL,
            Wrong::Device => m::WRONG_DEVICE,
            Wrong::Repeated => m::WRONG_REPEATED,
            Wrong::TooMany => m::WRONG_TOO_MANY,
        };
        fill(m::LINE_WRONG, &[("line", &line.to_string()), ("why", t(why))])
    };
    let more = wrong.len().saturating_sub(TOLD);
    let more = (more > 0).then(|| fill(m::MORE_WRONG, &[("count", &more.to_string())]));
    wrong.iter().take(TOLD).map(line).chain(more).collect()
}

/// The outcome for each number.
#[component]
fn Answered(upload: Upload) -> impl IntoView {
    let left: Vec<_> = upload.items.into_iter().filter(|item| item.outcome != "added").collect();
    let sentence = fill(m::SERIALS_ADDED, &[("added", &upload.added.to_string()), ("left", &left.len().to_string())]);
    let reasons = left.into_iter().map(|item| {
        let why = match item.outcome.as_str() {
            "exists" => t(m::SERIAL_EXISTS).to_owned(),
            "device_taken" => t(m::SERIAL_DEVICE_TAKEN).to_owned(),
            _ => item.detail.clone().unwrap_or(item.outcome),
        };
        view! { <li><code>{item.serial.unwrap_or_default()}</code>" "{why}</li> }
    });
    view! {
        <div class="notice">
            <p>{sentence}</p>
            <ul>{reasons.collect_view()}</ul>
        </div>
    }
}
