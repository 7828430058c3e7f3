//! Reads what the charts show: intervals that fit the pixels, single readings where they are few, and what the feed tells meanwhile.

use std::sync::Arc;

use chart::{Curve, Event as Marked, Shown, Span};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{Chosen, Series};
use crate::api::Api;
use crate::browser;
use crate::components::words;
use crate::live;
use crate::model::address::{Query, part};
use crate::model::every::{around, every};
use crate::model::{moment, series};
use crate::problem::ApiError;
use crate::wire::Page;
use crate::wire::event::Event;
use crate::wire::reading::{Interval, Reading};

/// Time in which the reader must not move what is shown before it is read, in ms.
const REST: u32 = 200;
/// Pages of an answer that are read at most, of 5,000 values each.
const PAGES: usize = 8;
/// How often what ends now is read again, in ms: sums become exact, and late readings arrive.
const AGAIN: f64 = 60_000.0;

/// What was read.
#[derive(Clone, Copy)]
pub(super) struct Read {
    /// The curves by sensor.
    pub series: RwSignal<Series>,
    /// What happened meanwhile.
    pub events: RwSignal<Arc<Vec<Marked>>>,
    /// Whether something is being read.
    pub loading: RwSignal<bool>,
    /// Why nothing could be read.
    pub error: RwSignal<Option<ApiError>>,
    again: RwSignal<u32>,
}

impl Read {
    /// Reads it again.
    pub fn again(self) {
        self.again.update(|count| *count = count.wrapping_add(1));
    }
}

/// What was asked for last.
#[derive(Debug, Clone, PartialEq)]
struct Done {
    sensors: Vec<String>,
    span: Span,
    every: &'static str,
    at: f64,
    again: u32,
}

/// Reads what is chosen, whenever it is no longer what was read.
pub(super) fn read(id: &str, report_every: Option<f64>, chosen: Chosen) -> Read {
    let read = Read {
        series: RwSignal::new(Series::new()),
        events: RwSignal::new(Arc::default()),
        loading: RwSignal::new(true),
        error: RwSignal::new(None),
        again: RwSignal::new(0),
    };
    let api = StoredValue::new_local(Api::here());
    let id = StoredValue::new(id.to_owned());
    let (done, turn) = (StoredValue::new(None::<Done>), StoredValue::new(0_u32));
    let Chosen { window, sensors, span, width } = chosen;
    Effect::new(move |_| {
        let (shown, pixels, codes, again) = (span.get(), width.get(), sensors.get(), read.again.get());
        if pixels <= 0.0 {
            return;
        }
        let (name, width_of) = every(shown, pixels);
        let is_read = done.with_value(|done| {
            done.as_ref().is_some_and(|done| {
                let fresh = !window.get_untracked().is_live() || browser::now() - done.at < AGAIN;
                let holds = done.span.from() <= shown.from()
                    && (done.span.until() >= shown.until() || window.get_untracked().is_live());
                fresh && holds && done.every == name && done.sensors == codes && done.again == again
            })
        });
        if is_read {
            return;
        }
        let own = turn.get_value().wrapping_add(1);
        turn.set_value(own);
        let first = done.with_value(Option::is_none);
        // What is asked for counts as read, so that a span which moves on each second does not begin anew each second.
        let asked =
            Done { sensors: codes.clone(), span: around(shown, width_of), every: name, at: browser::now(), again };
        done.set_value(Some(asked));
        read.loading.set(true);
        spawn_local(async move {
            if !first {
                TimeoutFuture::new(REST).await;
            }
            let newest = move || turn.try_get_value() == Some(own);
            if !newest() {
                return;
            }
            // A span that moves has gone on meanwhile.
            let shown = span.get_untracked();
            let answer = curves(&api.get_value(), &id.get_value(), &codes, shown, pixels, report_every).await;
            if !newest() {
                return;
            }
            read.loading.set(false);
            match answer {
                Ok((found, whole)) => {
                    done.update_value(|done| {
                        if let Some(done) = done {
                            done.span = whole;
                        }
                    });
                    read.error.set(None);
                    read.series.set(found);
                    if let Ok(found) = happened(&api.get_value(), &id.get_value(), whole).await
                        && newest()
                    {
                        read.events.set(Arc::new(found));
                    }
                }
                // What is there stays; the frame says that there is no connection.
                Err(ApiError::Offline | ApiError::SignedOut) if !first => {}
                Err(error) => read.error.set(Some(error)),
            }
        });
    });
    hear(id, read, chosen);
    read
}

/// Takes what the feed tells into the curves.
fn hear(id: StoredValue<String>, read: Read, chosen: Chosen) {
    live::watch(format!("device/{}", id.get_value()), move |message| match message.r#type.as_str() {
        "reading" => {
            let Some(told) = message.read::<Reading>() else { return };
            let Some(point) = series::point(&told) else { return };
            let span = chosen.span.get_untracked();
            let is_shown = chosen.window.get_untracked().is_live() || span.contains(point.at);
            if !is_shown || point.at < span.from() {
                return;
            }
            let width = every(span, chosen.width.get_untracked()).1;
            read.series.update(|all| {
                if let Some(curve) = all.get_mut(&told.sensor).and_then(|curves| Arc::make_mut(curves).first_mut()) {
                    // Intervals that are there say how wide they are, while finer ones are being read.
                    let width = match &curve.shown {
                        Shown::Buckets(buckets) => buckets.first().map_or(width, |one| one.until - one.from),
                        Shown::Points(_) => width,
                    };
                    series::take(&mut curve.shown, width, point);
                    series::forget(&mut curve.shown, span);
                }
            });
        }
        "gap" => read.again(),
        _ => {}
    });
}

/// The curves of these sensors for a span, and what was read: more than is shown.
async fn curves(
    api: &Api,
    id: &str,
    sensors: &[String],
    shown: Span,
    pixels: f64,
    report_every: Option<f64>,
) -> Result<(Series, Span), ApiError> {
    let (name, width) = every(shown, pixels);
    let whole = around(shown, width);
    let path = format!("/devices/{}/readings", part(id));
    let query = Query::default()
        .with_all("sensor", sensors.iter().map(String::as_str))
        .with("from", Some(&moment::rfc3339(whole.from())))
        .with("to", Some(&moment::rfc3339(whole.until())))
        .with("limit", Some("5000"));
    let summed: Vec<Interval> = pages(api, &path, query.clone().with("every", Some(name))).await?;
    let mut found = Series::new();
    let mut few = Vec::new();
    for sensor in sensors {
        let buckets = series::buckets(&summed, sensor, width);
        #[expect(clippy::cast_precision_loss, reason = "counts of readings are far below 2^53")]
        let is_few = series::readings(&buckets) as f64 <= pixels;
        if is_few && !buckets.is_empty() {
            few.push(sensor.as_str());
        }
        found.insert(sensor.clone(), Arc::new(vec![Curve { shown: Shown::Buckets(buckets), colour: 0, gap: 0.0 }]));
    }
    if !few.is_empty() {
        let single: Vec<Reading> = pages(api, &path, query.with_all("sensor", few.iter().copied())).await?;
        for sensor in few {
            let points = series::points(&single, sensor);
            let gap = series::gap(&points, report_every);
            found.insert(sensor.to_owned(), Arc::new(vec![Curve { shown: Shown::Points(points), colour: 0, gap }]));
        }
    }
    Ok((found, whole))
}

async fn pages<T: serde::de::DeserializeOwned>(api: &Api, path: &str, query: Query) -> Result<Vec<T>, ApiError> {
    let (mut found, mut next) = (Vec::new(), None::<String>);
    for _ in 0..PAGES {
        let page: Page<T> = api.get(&query.clone().with("next", next.as_deref()).address(path)).await?.value;
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(found)
}

/// What happened in a span that a reader of curves wants to know: changes by people, and lost connections.
async fn happened(api: &Api, id: &str, span: Span) -> Result<Vec<Marked>, ApiError> {
    let query = Query::default()
        .with("from", Some(&moment::rfc3339(span.from())))
        .with("to", Some(&moment::rfc3339(span.until())))
        .with("limit", Some("100"));
    let page: Page<Event> = api.get(&query.address(&format!("/devices/{}/events", part(id)))).await?.value;
    let wanted = |event: &Event| {
        matches!(event.kind.as_str(), "calibration" | "settings" | "alert" | "disconnected" | "recalculation")
    };
    let marked = |event: Event| Some(Marked { at: moment::parse(&event.at)?, label: words::event(&event.kind) });
    Ok(page.items.into_iter().filter(wanted).filter_map(marked).collect())
}
