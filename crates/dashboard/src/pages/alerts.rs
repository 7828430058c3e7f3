//! The alerts of a sensor: the list, adding and changing alerts, and trying them on the stored readings.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;
use weir_core::domain::FieldError;
use weir_core::wire::alert::AlertJson;
use weir_core::wire::device::SensorJson;
use weir_core::wire::problem::{ProblemJson, StatusJson};

use crate::api::{Answer, Api};
use crate::components::heading::Heading;
use crate::components::load::Load;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::alert::Form;
use crate::model::source::Source;
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::Page;

mod form;
mod list;
mod trial;

/// The data that the page has read.
#[derive(Debug, Clone)]
struct Known {
    sensor: SensorJson,
    /// The sensor as it was read; a write sends this with other alerts.
    whole: Value,
    etag: Option<String>,
    /// Unresolved problems of its alerts.
    problems: Vec<ProblemJson>,
}

/// State that the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    api: StoredValue<Api, LocalStorage>,
    source: StoredValue<Source>,
    load: Load<Known>,
    form: RwSignal<Form>,
    /// The id of the alert that is being changed; `None` for a new one.
    replaces: RwSignal<Option<String>>,
    /// The entity tag that the reader has seen; a change is conditional on it.
    etag: RwSignal<Option<String>>,
    /// Wrong fields, with JSON pointers relative to the alert.
    wrong: RwSignal<Vec<FieldError>>,
    failed: RwSignal<Option<ApiError>>,
    /// A message about the last change.
    done: RwSignal<Option<String>>,
    saving: RwSignal<bool>,
    is_admin: bool,
}

impl Shared {
    /// The error of a field, at any of these pointers.
    fn of_field(self, pointers: &[&str]) -> Option<String> {
        self.wrong.with(|wrong| {
            wrong.iter().find(|error| pointers.contains(&error.pointer.as_str())).map(|error| error.detail.clone())
        })
    }

    /// The entity tag of the shown sensor.
    fn shown(self) -> Option<String> {
        self.load.here(|known| known.etag.clone()).flatten()
    }

    /// Resets the form, to the fields of an alert or to empty ones.
    fn begin(self, alert: Option<&AlertJson>) {
        self.replaces.set(alert.map(|alert| alert.id.to_string()));
        self.form.set(alert.map(Form::of).unwrap_or_default());
        self.wrong.set(Vec::new());
        self.failed.set(None);
        self.done.set(None);
        self.etag.set(self.shown());
    }

    /// Reads the sensor again after somebody else has changed it. The form keeps what is typed.
    fn renew(self) {
        self.failed.set(None);
        self.etag.set(None);
        self.load.again();
    }

    /// Writes the sensor with these alerts, unless it has changed since the reader saw it. `place` is the index of the alert in question;
    /// `removed` is the id of the removed alert, or `None` if the form is saved.
    fn write(self, alerts: Vec<AlertJson>, place: usize, removed: Option<String>, told: String) {
        let Some(mut body) = self.load.here(|known| known.whole.clone()) else { return };
        if let Some(fields) = body.as_object_mut() {
            // It is read-only here.
            fields.remove("calibration");
            fields.insert("alerts".to_owned(), json!(alerts));
        }
        let (api, path) = (self.api.get_value(), self.source.with_value(Source::path));
        // Always conditional: at least the shown version has to be the stored one.
        let etag = self.etag.get_untracked().or_else(|| self.shown());
        self.saving.set(true);
        self.failed.set(None);
        self.done.set(None);
        spawn_local(async move {
            let answer = api.put::<Value, Value>(&path, &body, etag.as_deref()).await;
            self.saving.set(false);
            match answer.and_then(Known::of) {
                Ok(written) => {
                    self.load.written(|known| {
                        let problems = std::mem::take(&mut known.problems);
                        *known = Known { problems, ..written };
                    });
                    // The form keeps what is typed if another alert was removed.
                    if removed.is_none() || removed == self.replaces.get_untracked() {
                        self.begin(None);
                    } else {
                        self.etag.set(self.shown());
                    }
                    self.done.set(Some(told));
                }
                Err(error) => {
                    let problem = error.problem();
                    let at = format!("/alerts/{place}");
                    self.wrong
                        .set(problem.map(|problem| crate::model::alert::refused(problem, &at)).unwrap_or_default());
                    self.failed.set(Some(error));
                }
            }
        });
    }
}

impl Known {
    fn of(answer: Answer<Value>) -> Result<Self, ApiError> {
        let Answer { value: whole, etag, .. } = answer;
        let sensor = serde_json::from_value(whole.clone()).map_err(|error| ApiError::Unreadable(error.to_string()))?;
        Ok(Self { sensor, whole, etag, problems: Vec::new() })
    }
}

/// The page. Another sensor in the address makes a new page.
#[component]
pub fn Alerts() -> impl IntoView {
    let parameters = use_params_map();
    let source = Memo::new(move |_| {
        parameters.with(|parameters| {
            Source::new(parameters.get("id").unwrap_or_default(), parameters.get("code").unwrap_or_default())
        })
    });
    move || view! { <OneSensor source=source.get()/> }
}

#[component]
fn OneSensor(source: Source) -> impl IntoView {
    let api = Api::here();
    let is_admin = untrack(|| api.session().is_admin());
    let wanted = source.clone();
    let load = Load::new(move || {
        let (api, source) = (api.clone(), wanted.clone());
        async move {
            let known = Known::of(api.get::<Value>(&source.path()).await?)?;
            let query = Query::default().with("kind", Some("LIMIT")).with("device", Some(&source.device));
            let path = query.with("limit", Some("100")).address("/problems");
            let mut problems = api.get::<Page<ProblemJson>>(&path).await?.value.items;
            problems.retain(|problem| {
                let is_own = problem.sensor.as_ref().is_some_and(|code| code.as_str() == source.code);
                is_own && problem.problem_status != StatusJson::Resolved
            });
            Ok(Known { problems, ..known })
        }
    });
    let shared = Shared {
        api: StoredValue::new_local(Api::here()),
        source: StoredValue::new(source.clone()),
        load,
        form: RwSignal::new(Form::default()),
        replaces: RwSignal::new(None),
        etag: RwSignal::new(None),
        wrong: RwSignal::new(Vec::new()),
        failed: RwSignal::new(None),
        done: RwSignal::new(None),
        saving: RwSignal::new(false),
        is_admin,
    };
    // The entity tag of the version that is first shown; afterwards it changes only on the reader's request.
    Effect::new(move |_| {
        let read = load.here(|known| known.etag.clone()).flatten();
        if shared.etag.with_untracked(Option::is_none) {
            shared.etag.set(read);
        }
    });
    let title = fill(m::ALERTS_OF, &[("sensor", &source.code), ("device", &source.device)]);
    let device = format!("/app/devices/{}", part(&source.device));
    let calibration = format!("{device}/sensors/{}/calibration", part(&source.code));
    view! {
        <Heading text=title/>
        <p class="row"><A href=device>{source.device}</A><A href=calibration>{t(m::CALIBRATION)}</A></p>
        {load.keep(move || view! {
            <list::List shared/>
            <form::Editor shared/>
        })}
    }
}
