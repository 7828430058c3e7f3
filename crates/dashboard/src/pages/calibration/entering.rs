//! Enters a fitted model as the new version, and then offers to recalculate stored readings.

use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;
use weir_core::domain::calibration::Options;
use weir_core::wire::calibration::CalibrationJson;

use super::editor::Outcome;
use super::recalculation::Recalculation;
use crate::api::Api;
use crate::components::states::Failed;
use crate::components::status::{Status, Tone};
use crate::components::zone;
use crate::messages as m;
use crate::model::moment;
use crate::model::source::Source;
use crate::problem::ApiError;
use crate::text::{fill, t};

#[component]
pub(super) fn Entering(
    whose: Source,
    outcome: Memo<Outcome>,
    options: Options,
    entered: Callback<()>,
) -> impl IntoView {
    let api = StoredValue::new_local(Api::here());
    let (note, from) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let saving = RwSignal::new(false);
    let failed = RwSignal::new(None::<ApiError>);
    let saved = RwSignal::new(None::<CalibrationJson>);
    let zone = zone::zone();
    let path = format!("{}/calibrations", whose.path());
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let model = outcome.with_untracked(|outcome| match outcome {
            Some(Ok(fitted)) => serde_json::to_value(fitted.json(options)).ok(),
            _ => None,
        });
        let Some(mut body) = model else { return };
        let valid = moment::of_field(&from.get_untracked(), &zone.get_untracked().zone);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("note".to_owned(), json!(note.get_untracked().trim()));
            fields.extend(valid.map(|at| ("valid_from".to_owned(), json!(moment::rfc3339(at)))));
        }
        let (api, path) = (api.get_value(), path.clone());
        saving.set(true);
        failed.set(None);
        spawn_local(async move {
            let answer = api.post::<Value, CalibrationJson>(&path, &body).await;
            saving.set(false);
            match answer {
                Ok(answer) => {
                    saved.set(Some(answer.value));
                    entered.run(());
                }
                Err(error) => failed.set(Some(error)),
            }
        });
    };
    let ready = move || outcome.with(|outcome| matches!(outcome, Some(Ok(_))));
    view! {
        <form class="ask" on:submit=save>
            <label>
                {t(m::VALID_FROM)}
                <input type="datetime-local" prop:value=move || from.get() on:input=move |event| from.set(event_target_value(&event))/>
            </label>
            <label>
                {t(m::NOTE)}
                <input type="text" maxlength="1000" prop:value=move || note.get() on:input=move |event| note.set(event_target_value(&event))/>
            </label>
            <button type="submit" class="primary" disabled=move || !ready() || saving.get()>{t(m::ENTER_CALIBRATION)}</button>
        </form>
        <p class="faint">{t(m::VALID_FROM_EXPLAINED)}</p>
        {move || failed.get().map(|error| view! { <Failed error/> })}
        {move || saved.get().map(|version| {
            let number = version.version.to_string();
            view! {
                <div class="notice" role="status">
                    <Status tone=Tone::Good text=fill(m::CALIBRATION_ENTERED, &[("version", &number)])/>
                    <Recalculation whose=whose.clone() from=moment::of(version.valid_from)/>
                </div>
            }
        })}
    }
}
