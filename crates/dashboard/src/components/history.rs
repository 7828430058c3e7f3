//! Reads the data of charts, for sensors of one device or several: intervals that fit the pixels, or single readings if there are few, and
//! updates from the live feed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chart::{Curve, Event as Marked, Point, Shown as Values, Span};
use futures_util::future::join_all;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

use super::words::device_of_job;
use crate::api::Api;
use crate::browser;
use crate::live;
use crate::model::address::{Query, part};
use crate::model::every::{Window, around, every};
use crate::model::source::Source;
use crate::model::{marks, moment, series};
use crate::problem::ApiError;
use crate::text::t;
use crate::wire::event::Event;
use crate::wire::reading::{Interval, Reading};

/// Time without a change of the span before it is read, in ms.
const REST: u32 = 200;
/// Maximum pages of an answer that are read, of 5,000 values each.
const PAGES: usize = 8;
/// Time after which a span that ends now is read again, in ms: aggregates become exact, and late readings arrive.
const AGAIN: f64 = 60_000.0;

/// Time after which it is read again when the API could not answer, in ms.
const SOON: f64 = 5_000.0;
/// Maximum readings that are kept for the answer of a request under way, which may take long.
const REPORTED: usize = 10_000;
/// Maximum pages of events that are read.
const EVENT_PAGES: usize = 3;

/// The curves of each sensor.
pub type Series = BTreeMap<Source, Arc<Vec<Curve>>>;

/// A sensor to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The sensor.
    pub source: Source,
    /// The expected time between two messages of its device, in seconds.
    pub report_every: Option<f64>,
}

/// The sensors and the span to be read.
#[derive(Clone, Copy)]
pub struct Shown {
    /// The sensors.
    pub wanted: Signal<Vec<Wanted>>,
    /// The span, which may follow the time.
    pub window: RwSignal<Window>,
    /// The span at the moment, which the charts show.
    pub span: Memo<Span>,
    /// The width of the charts, in pixels.
    pub width: RwSignal<f64>,
}

/// The data that was read.
#[derive(Clone, Copy)]
pub struct Read {
    /// The curves by sensor.
    pub series: RwSignal<Series>,
    /// The events in the span.
    pub events: RwSignal<Arc<Vec<Marked>>>,
    /// Whether something is being read.
    pub loading: RwSignal<bool>,
    /// Why something could not be read, if anything.
    pub error: RwSignal<Option<ApiError>>,
    again: RwSignal<u32>,
    /// What the live feed has reported since the request under way began, which its answer may lack: each reading with its device.
    reported: StoredValue<VecDeque<(String, Reading)>>,
}

impl Read {
    /// Reads everything again.
    pub fn again(self) {
        self.again.update(|count| *count = count.wrapping_add(1));
    }
}

/// The last request.
#[derive(Debug, Clone, PartialEq)]
struct Done {
    wanted: Vec<Wanted>,
    span: Span,
    every: &'static str,
    at: f64,
    again: u32,
}

/// Reads the data for a page of the device `own`, whenever what is shown is no longer covered by what was read.
pub fn read(own: &str, shown: Shown) -> Read {
    let read = Read {
        series: RwSignal::new(Series::new()),
        events: RwSignal::new(Arc::default()),
        loading: RwSignal::new(true),
        error: RwSignal::new(None),
        again: RwSignal::new(0),
        reported: StoredValue::default(),
    };
    let reader = shown;
    let api = StoredValue::new_local(Api::here());
    let own_device = StoredValue::new(own.to_owned());
    let (done, turn) = (StoredValue::new(None::<Done>), StoredValue::new(0_u32));
    let Shown { wanted, window, span, width } = shown;
    let usable = api.with_value(Api::is_usable);
    // As soon as the connection is back, or somebody has signed in again, what is shown is read again.
    Effect::new(move |before: Option<()>| {
        if usable.get() && before.is_some() {
            read.again();
        }
    });
    Effect::new(move |_| {
        let (shown, pixels, all, again) = (span.get(), width.get(), wanted.get(), read.again.get());
        if pixels <= 0.0 {
            return;
        }
        let (name, width_of) = every(shown, pixels);
        let is_read = done.with_value(|done| {
            done.as_ref().is_some_and(|done| {
                let fresh = !window.get_untracked().is_live() || browser::now() - done.at < AGAIN;
                let holds = done.span.from() <= shown.from()
                    && (done.span.until() >= shown.until() || window.get_untracked().is_live());
                fresh && holds && done.every == name && done.wanted == all && done.again == again
            })
        });
        if is_read {
            return;
        }
        let own = turn.get_value().wrapping_add(1);
        turn.set_value(own);
        let first = done.with_value(Option::is_none);
        // A request counts as read at once, so that a span that moves each second does not start a new one each second.
        let asked = Done { wanted: all.clone(), span: around(shown, width_of), every: name, at: browser::now(), again };
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
            // By now a moving span has advanced.
            let shown = span.get_untracked();
            let api = api.get_value();
            let devices: BTreeSet<&str> = all.iter().map(|one| one.source.device.as_str()).collect();
            let answers = join_all(devices.iter().map(|device| {
                let of_device = all.iter().filter(|one| one.source.device == *device).collect::<Vec<_>>();
                curves(&api, device, of_device, shown, pixels)
            }));
            let answers = answers.await;
            if !newest() {
                return;
            }
            read.loading.set(false);
            let reported = read.reported.try_update_value(std::mem::take).unwrap_or_default();
            let whole = around(shown, every(shown, pixels).1);
            // An error of one device does not remove the curves of the others, and one that passes not its own either.
            let (mut found, mut error) = (Series::new(), None);
            for (device, answer) in devices.iter().zip(answers) {
                match answer {
                    Ok(series) => found.extend(series),
                    Err(refused) => {
                        if refused.is_passing() {
                            let present = read.series.get_untracked();
                            found.extend(present.into_iter().filter(|(source, _)| source.device == *device));
                        }
                        error = Some(refused);
                    }
                }
            }
            let asked_again = error.as_ref().filter(|error| error.is_passing()).map(|_| browser::now() - AGAIN + SOON);
            // The present curves stay; the frame shows that there is no connection.
            if !first && matches!(error, Some(ApiError::Offline | ApiError::SignedOut)) {
                return;
            }
            done.update_value(|done| {
                if let Some(done) = done {
                    done.span = whole;
                    done.at = asked_again.unwrap_or(done.at);
                }
            });
            read.error.set(error);
            read.series.set(found);
            let mut told_of = BTreeMap::<String, Vec<Reading>>::new();
            for (device, told) in reported {
                told_of.entry(device).or_default().push(told);
            }
            for (device, told) in told_of {
                add(&device, told, read, reader, true);
            }
            let own_device = own_device.get_value();
            let marks = join_all(devices.iter().map(|device| {
                let other = Some(*device).filter(|device| **device != own_device);
                happened(&api, device, other, whole)
            }));
            let marks = marks.await;
            if newest() {
                read.events.set(Arc::new(marks.into_iter().filter_map(Result::ok).flatten().collect()));
            }
        });
    });
    let devices = Memo::new(move |_| {
        wanted.with(|all| all.iter().map(|one| one.source.device.clone()).collect::<BTreeSet<String>>())
    });
    // The subscriptions end when this effect runs again.
    Effect::new(move |_| devices.get().into_iter().for_each(|device| hear(device, read, shown)));
    read
}

/// Adds what the live feed reports about a device to the curves.
fn hear(device: String, read: Read, shown: Shown) {
    let topic = format!("device/{device}");
    live::watch(topic, move |message| match message.r#type.as_str() {
        "reading" => {
            if let Some(told) = message.read::<Reading>() {
                if read.loading.get_untracked() {
                    let one = (device.clone(), told.clone());
                    read.reported.update_value(|reported| series::keep(reported, one, REPORTED));
                }
                add(&device, vec![told], read, shown, false);
            }
        }
        "gap" => read.again(),
        _ => {}
    });
}

/// Adds readings of a device to the curves, as far as they belong to what is shown. `again` says that they were reported while the curves
/// were read, which may have them already.
fn add(device: &str, told: Vec<Reading>, read: Read, shown: Shown, again: bool) {
    let (span, is_live) = (shown.span.get_untracked(), shown.window.get_untracked().is_live());
    let width = every(span, shown.width.get_untracked()).1;
    let belongs = |at: f64| (is_live || span.contains(at)) && at >= span.from();
    let mut points: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for told in told {
        if let Some(point) = series::point(&told).filter(|point| belongs(point.at)) {
            points.entry(told.sensor).or_default().push(point);
        }
    }
    if points.is_empty() {
        return;
    }
    read.series.update(|all| {
        for (sensor, points) in points {
            if let Some(curve) =
                all.get_mut(&Source::new(device, sensor)).and_then(|curves| Arc::make_mut(curves).first_mut())
            {
                // While finer intervals are being read, the width of the present ones counts.
                let width = match &curve.shown {
                    Values::Buckets(buckets) => buckets.first().map_or(width, |one| one.until - one.from),
                    Values::Points(_) => width,
                };
                let points = if again { series::missed(&curve.shown, points) } else { points };
                points.into_iter().for_each(|point| series::take(&mut curve.shown, width, point));
                series::forget(&mut curve.shown, span);
            }
        }
    });
}

/// The curves of these sensors of a device, for more than the span that is shown.
async fn curves(api: &Api, device: &str, wanted: Vec<&Wanted>, shown: Span, pixels: f64) -> Result<Series, ApiError> {
    let (name, width) = every(shown, pixels);
    let whole = around(shown, width);
    let path = format!("/devices/{}/readings", part(device));
    let query = Query::default()
        .with_all("sensor", wanted.iter().map(|one| one.source.code.as_str()))
        .with("from", Some(&moment::rfc3339(whole.from())))
        .with("to", Some(&moment::rfc3339(whole.until())))
        .with("limit", Some("5000"));
    let summed: Vec<Interval> = pages(api, &path, query.clone().with("every", Some(name)), PAGES).await?;
    let curve = |shown: Values, gap: f64| Arc::new(vec![Curve { shown, colour: 0, gap, label: String::new() }]);
    let mut found = Series::new();
    let mut few = Vec::new();
    for one in wanted {
        let buckets = series::buckets(&summed, &one.source.code, width);
        #[expect(clippy::cast_precision_loss, reason = "counts of readings are far below 2^53")]
        let is_few = series::readings(&buckets) as f64 <= pixels;
        if is_few && !buckets.is_empty() {
            few.push(one);
        }
        found.insert(one.source.clone(), curve(Values::Buckets(buckets), 0.0));
    }
    if !few.is_empty() {
        let codes = few.iter().map(|one| one.source.code.as_str());
        let single: Vec<Reading> = pages(api, &path, query.with_all("sensor", codes), PAGES).await?;
        for one in few {
            let points = series::points(&single, &one.source.code);
            let gap = series::gap(&points, one.report_every);
            found.insert(one.source.clone(), curve(Values::Points(points), gap));
        }
    }
    Ok(found)
}

async fn pages<T: DeserializeOwned>(api: &Api, path: &str, query: Query, most: usize) -> Result<Vec<T>, ApiError> {
    Ok(api.pages(most, |next| query.clone().with("next", next).address(path), None).await?.items)
}

/// The events of a device in a span that are marked on charts; `other` is its id if it is not the page's own device.
async fn happened(api: &Api, device: &str, other: Option<&str>, span: Span) -> Result<Vec<Marked>, ApiError> {
    let query = Query::default()
        .with_all("kind", marks::KINDS)
        .with("from", Some(&moment::rfc3339(span.from())))
        .with("to", Some(&moment::rfc3339(span.until())))
        .with("limit", Some("100"));
    let events: Vec<Event> = pages(api, &format!("/devices/{}/events", part(device)), query, EVENT_PAGES).await?;
    let of_job = |state: &str| device_of_job(state).map_or_else(|| state.to_owned(), |(_, word)| t(word).to_owned());
    Ok(events.iter().filter_map(|event| marks::mark(event, other, of_job)).collect())
}
