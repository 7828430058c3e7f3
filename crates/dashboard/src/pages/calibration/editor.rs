//! Reference points, the model that fits them, its curve and the residuals, computed with every key press.

use leptos::prelude::*;
use weir_core::domain::calibration::Options;
use weir_core::domain::fit::Unfit;
use weir_core::wire::device::SensorJson;

use super::{effect, entering};
use crate::components::clock::Ago;
use crate::components::xy::Xy;
use crate::live;
use crate::messages as m;
use crate::model::fitting::{Fitted, MODELS, Row, fitted, kind, points};
use crate::model::source::Source;
use crate::model::{moment, number};
use crate::text::{Text, fill, t};
use crate::wire::reading::Reading;

/// Initial number of rows.
const ROWS: usize = 3;

/// The rows, each with a key that stays the same when other rows are removed.
type Rows = RwSignal<Vec<(u32, RwSignal<Row>)>>;

/// The result of the fit: nothing yet, a model, or an error.
pub(super) type Outcome = Option<Result<Fitted, Unfit>>;

#[component]
pub(super) fn Editor(whose: Source, sensor: SensorJson, entered: Callback<()>) -> impl IntoView {
    let next = StoredValue::new(0_u32);
    let fresh = move || {
        let id = next.get_value();
        next.set_value(id.wrapping_add(1));
        (id, RwSignal::new(Row::default()))
    };
    let rows: Rows = RwSignal::new((0..ROWS).map(|_| fresh()).collect());
    let (model, degree) = (RwSignal::new("linear".to_owned()), RwSignal::new(2_usize));
    let typed = Memo::new(move |_| rows.with(|rows| rows.iter().map(|(_, row)| row.get()).collect::<Vec<Row>>()));
    let outcome = Memo::new(move |_| typed.with(|rows| fitted(kind(&model.get(), degree.get()), rows)));
    let wrong = Memo::new(move |_| typed.with(|rows| points(rows).1));
    let raw = RwSignal::new(None::<Reading>);
    hear(&whose, raw);
    let take = move |_| {
        let Some(reading) = raw.get_untracked() else { return };
        let text = reading.raw.to_string();
        let empty = rows.with_untracked(|rows| {
            rows.iter().find(|(_, row)| row.with_untracked(|row| row.raw.trim().is_empty())).map(|(_, row)| *row)
        });
        match empty {
            Some(row) => row.update(|row| row.raw = text),
            None => {
                let (id, row) = fresh();
                row.update(|row| row.raw = text);
                rows.update(|rows| rows.push((id, row)));
            }
        }
    };
    let options = sensor.calibration.as_ref().map(|known| known.model.options).unwrap_or_default();
    let unit = sensor.unit.clone();
    let title = fill(m::CURVE_OF, &[("sensor", sensor.code.as_str())]);
    view! {
        <section class="card" aria-labelledby="points">
            <h2 id="points">{t(m::NEW_CALIBRATION)}</h2>
            <p class="faint">{t(m::POINTS_EXPLAINED)}</p>
            <div class="columns">
                <div>
                    <table class="points">
                        <caption class="spoken">{t(m::POINTS)}</caption>
                        <thead><tr>
                            <th scope="col">{t(m::RAW)}</th>
                            <th scope="col">{format!("{} {}", t(m::REFERENCE), sensor.unit)}</th>
                            <th scope="col" class="number">{t(m::RESIDUAL)}</th>
                            <td></td>
                        </tr></thead>
                        <tbody>
                            <For each=move || rows.get() key=|(id, _)| *id let:one>
                                <Line id=one.0 row=one.1 rows outcome wrong/>
                            </For>
                        </tbody>
                    </table>
                    <div class="buttons">
                        <button type="button" on:click=move |_| { let row = fresh(); rows.update(|rows| rows.push(row)); }>{t(m::ADD_POINT)}</button>
                        <button type="button" disabled=move || raw.with(Option::is_none) on:click=take>{t(m::TAKE_RAW)}</button>
                        {move || raw.get().map(|reading| view! {
                            <span class="faint">
                                {fill(m::RAW_NOW, &[("raw", &number::shown(reading.raw)), ("value", &number::with_unit(reading.value, &reading.unit))])}
                                " · "<Ago at=moment::parse(&reading.at).unwrap_or_default()/>
                            </span>
                        })}
                    </div>
                </div>
                <div>
                    <Choice model degree/>
                    {move || shown(outcome.get(), &title, &unit, options)}
                </div>
            </div>
            <effect::Effect whose=whose.clone() sensor=sensor.clone() options outcome/>
            <entering::Entering whose outcome options entered/>
        </section>
    }
}

/// Keeps the newest reading, whose raw number can be used as a point.
fn hear(whose: &Source, raw: RwSignal<Option<Reading>>) {
    let code = whose.code.clone();
    let newest = move |reading: Reading| {
        let is_newer = raw.with_untracked(|known| {
            known.as_ref().is_none_or(|known| moment::parse(&known.at) <= moment::parse(&reading.at))
        });
        if reading.sensor == code && is_newer {
            raw.set(Some(reading));
        }
    };
    live::watch(format!("device/{}", whose.device), move |message| match message.r#type.as_str() {
        "reading" => drop(message.read::<Reading>().map(&newest)),
        "snapshot" => message.field::<Vec<Reading>>("readings").unwrap_or_default().into_iter().for_each(&newest),
        _ => {}
    });
}

#[component]
fn Line(id: u32, row: RwSignal<Row>, rows: Rows, outcome: Memo<Outcome>, wrong: Memo<Vec<usize>>) -> impl IntoView {
    let place = move || rows.with(|rows| rows.iter().position(|(known, _)| *known == id));
    let is_wrong = move || place().is_some_and(|place| wrong.with(|wrong| wrong.contains(&place)));
    let residual = move || {
        let place = place()?;
        outcome.with(|outcome| outcome.as_ref()?.as_ref().ok()?.residual(place))
    };
    let name = move |text: Text| move || fill(text, &[("number", &(place().unwrap_or(0) + 1).to_string())]);
    view! {
        <tr>
            <td>
                <input
                    type="text"
                    inputmode="decimal"
                    size="10"
                    aria-label=name(m::RAW_OF)
                    aria-invalid=move || is_wrong().to_string()
                    prop:value=move || row.with(|row| row.raw.clone())
                    on:input=move |event| row.update(|row| row.raw = event_target_value(&event))
                />
            </td>
            <td>
                <input
                    type="text"
                    inputmode="decimal"
                    size="10"
                    aria-label=name(m::REFERENCE_OF)
                    aria-invalid=move || is_wrong().to_string()
                    prop:value=move || row.with(|row| row.reference.clone())
                    on:input=move |event| row.update(|row| row.reference = event_target_value(&event))
                />
            </td>
            <td class="number">{move || residual().map(|residual| number::shown(if residual.abs() < 1e-9 { 0.0 } else { residual }))}</td>
            <td>
                <button
                    type="button"
                    class="small"
                    aria-label=name(m::REMOVE_POINT)
                    title=t(m::REMOVE)
                    on:click=move |_| rows.update(|rows| rows.retain(|(known, _)| *known != id))
                >"×"</button>
            </td>
        </tr>
    }
}

#[component]
fn Choice(model: RwSignal<String>, degree: RwSignal<usize>) -> impl IntoView {
    let name = |code: &str| match code {
        "two_point" => m::MODEL_TWO_POINT,
        "piecewise" => m::MODEL_PIECEWISE,
        "polynomial" => m::MODEL_POLYNOMIAL,
        "steinhart_hart" => m::MODEL_STEINHART_HART,
        _ => m::MODEL_LINEAR,
    };
    view! {
        <div class="tools">
            <label>
                {t(m::MODEL)}
                <select prop:value=move || model.get() on:change=move |event| model.set(event_target_value(&event))>
                    {MODELS.map(|code| view! { <option value=code>{t(name(code))}</option> })}
                </select>
            </label>
            <Show when=move || model.with(|model| model == "polynomial")>
                <label>
                    {t(m::DEGREE)}
                    <input type="number" min="1" max="9" prop:value=move || degree.get().to_string()
                        on:input=move |event| degree.set(event_target_value(&event).parse().unwrap_or(1))/>
                </label>
            </Show>
        </div>
    }
}

fn shown(outcome: Outcome, title: &str, unit: &str, options: Options) -> AnyView {
    let fitted = match outcome {
        None => return view! { <p class="faint">{t(m::TWO_POINTS)}</p> }.into_any(),
        Some(Err(unfit)) => {
            return view! { <p class="wrong" role="status">{crate::model::fitting::refusal(&unfit)}</p> }.into_any();
        }
        Some(Ok(fitted)) => fitted,
    };
    let points: Vec<(f64, f64)> = fitted.points.iter().map(|(_, point)| *point).collect();
    let text = crate::model::fitting::in_a_line(&fitted.json(options));
    let r_squared = fitted
        .fit
        .r_squared
        .map_or_else(|| "–".to_owned(), |r| format!("{r:.6}").replace('.', &number::decimal().to_string()));
    let quality = [
        ("rmse", number::with_unit(fitted.fit.rmse, unit)),
        ("worst", number::with_unit(fitted.fit.largest, unit)),
        ("r", r_squared),
    ];
    let quality: Vec<(&str, &str)> = quality.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let warnings = fitted
        .fit
        .warnings
        .iter()
        .map(|warning| view! { <li>{crate::model::fitting::warning(warning)}</li> })
        .collect_view();
    let is_warned = !fitted.fit.warnings.is_empty();
    view! {
        <Xy title=title.to_owned() points curve=fitted.curve()/>
        <p><code>{text}</code></p>
        <p class="number" role="status">{fill(m::FIT_QUALITY, &quality)}</p>
        {is_warned.then(|| view! { <ul class="wrong">{warnings}</ul> })}
    }
    .into_any()
}
