//! An alert as typed and as the API accepts it, its description in words, and the result of trying it on stored readings.

use chart::{Limit, Span};
use weir_core::domain::FieldError;
use weir_core::wire::alert::{AlertJson, SeverityJson};

use super::{age, moment, number};
use crate::messages as m;
use crate::problem::Problem;
use crate::text::{fill, t};
use crate::wire::trial::{Episode, Trial};

/// The kinds of limits, by their names in the form.
pub const KINDS: [&str; 3] = ["above", "below", "outside"];

/// The fields of the form, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The id.
    pub id: String,
    /// One of [`KINDS`].
    pub kind: String,
    /// The limit; the lower one of `outside`.
    pub limit: String,
    /// The upper limit of `outside`.
    pub high: String,
    /// The value at which the alert ends; empty: the limit.
    pub clear: String,
    /// Number of consecutive readings beyond the limit that open it; empty: one.
    pub count: String,
    /// The severity.
    pub severity: SeverityJson,
    /// The note on what to do.
    pub note: String,
    /// Whether it is enabled.
    pub enabled: bool,
}

impl Default for Form {
    fn default() -> Self {
        let empty = String::new;
        Self {
            id: empty(),
            kind: "above".to_owned(),
            limit: empty(),
            high: empty(),
            clear: empty(),
            count: empty(),
            severity: SeverityJson::Warning,
            note: empty(),
            enabled: true,
        }
    }
}

impl Form {
    /// The fields of an existing alert.
    pub fn of(alert: &AlertJson) -> Self {
        let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        let (kind, limit, high) = match (alert.above, alert.below, alert.outside) {
            (_, _, Some((low, high))) => ("outside", Some(low), Some(high)),
            (_, Some(below), None) => ("below", Some(below), None),
            (above, None, None) => ("above", above, None),
        };
        Self {
            id: alert.id.to_string(),
            kind: kind.to_owned(),
            limit: number(limit),
            high: number(high),
            clear: number(alert.clear),
            count: alert.count.map(|count| count.to_string()).unwrap_or_default(),
            severity: alert.severity.unwrap_or(SeverityJson::Warning),
            note: alert.note.clone().unwrap_or_default(),
            enabled: alert.enabled != Some(false),
        }
    }

    /// The JSON pointer of the limit's field, relative to the alert.
    pub fn limit_at(&self) -> &'static str {
        match self.kind.as_str() {
            "outside" => "/outside/0",
            "below" => "/below",
            _ => "/above",
        }
    }

    /// Reads the fields.
    ///
    /// # Errors
    /// Every wrong field, with JSON pointers relative to the alert: unreadable values, and violations of the API's rules in its own words.
    pub fn alert(&self) -> Result<AlertJson, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut read = |text: &str, at: &str| {
            let found = number::typed(text);
            if found.is_none() {
                errors.push(FieldError::new(at, t(m::NO_NUMBER)));
            }
            found.unwrap_or_default()
        };
        let is_range = self.kind == "outside";
        let limit = read(&self.limit, self.limit_at());
        let high = is_range.then(|| read(&self.high, "/outside/1"));
        let clear = Some(self.clear.trim()).filter(|text| !text.is_empty()).map(|text| read(text, "/clear"));
        let count = Some(self.count.trim()).filter(|text| !text.is_empty()).map(str::parse::<u64>);
        if matches!(count, Some(Err(_))) {
            errors.push(FieldError::new("/for", t(m::NO_WHOLE_NUMBER)));
        }
        let id = self.id.trim().parse();
        if id.is_err() {
            errors.push(FieldError::new("/id", t(m::ALERT_ID_RULE)));
        }
        let Ok(id) = id else { return Err(errors) };
        let one = |kind: &str| (self.kind == kind).then_some(limit);
        let alert = AlertJson {
            id,
            above: one("above"),
            below: one("below"),
            outside: high.map(|high| (limit, high)),
            clear,
            count: count.and_then(Result::ok),
            severity: Some(self.severity),
            note: Some(self.note.trim().to_owned()).filter(|note| !note.is_empty()),
            enabled: Some(self.enabled),
        };
        // The rules would complain about a number that could not be read.
        if errors.is_empty() {
            alert.alert()?;
            return Ok(alert);
        }
        Err(errors)
    }
}

/// The errors of the API in the fields of the alert at `at` in the body, with pointers relative to the alert.
pub fn refused(problem: &Problem, at: &str) -> Vec<FieldError> {
    let errors = problem.errors.iter().filter_map(|error| {
        let within = error.pointer.as_deref()?.strip_prefix(at)?;
        (within.is_empty() || within.starts_with('/')).then(|| FieldError::new(within, error.detail.clone()))
    });
    errors.collect()
}

/// Puts the alert in the place of the one with the id `replaces`, or at the end. Returns the list and the alert's index.
pub fn with(mut alerts: Vec<AlertJson>, replaces: Option<&str>, alert: AlertJson) -> (Vec<AlertJson>, usize) {
    let place = alerts.iter().position(|known| Some(known.id.as_str()) == replaces).unwrap_or(alerts.len());
    match alerts.get_mut(place) {
        Some(known) => *known = alert,
        None => alerts.push(alert),
    }
    (alerts, place)
}

/// The alert in a sentence.
pub fn sentence(alert: &AlertJson, unit: &str) -> String {
    let value = |value: f64| number::with_unit(value, unit);
    let limit = match (alert.above, alert.below, alert.outside) {
        (_, _, Some((low, high))) => fill(m::ALERT_OUTSIDE, &[("low", &number::shown(low)), ("high", &value(high))]),
        (_, Some(below), None) => fill(m::ALERT_BELOW, &[("limit", &value(below))]),
        (above, None, None) => fill(m::ALERT_ABOVE, &[("limit", &above.map(value).unwrap_or_default())]),
    };
    let count = alert.count.filter(|count| *count > 1);
    let count = count.map(|count| fill(m::ALERT_AFTER, &[("count", &count.to_string())]));
    let clear = alert.clear.map(|clear| {
        let text = if alert.outside.is_some() { m::ALERT_CLEAR_WITHIN } else { m::ALERT_CLEAR };
        fill(text, &[("clear", &number::with_unit(clear, unit))])
    });
    [Some(limit), count, clear].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The limits of an alert as lines of a chart. `before` is prepended to their labels.
pub fn lines(alert: &AlertJson, before: &str) -> Vec<Limit> {
    let line = |value: f64, sign: &str| Limit {
        value,
        label: format!("{before}{} {sign} {}", alert.id.as_str(), number::shown(value)),
    };
    let (low, high) = alert.outside.unzip();
    let below = alert.below.or(low).map(|value| line(value, "<"));
    let above = alert.above.or(high).map(|value| line(value, ">"));
    below.into_iter().chain(above).collect()
}

/// The spans of the episodes, for a chart. An open one lasts until the end of the judged span.
pub fn bands(trial: &Trial) -> Vec<Span> {
    let band = |episode: &Episode| {
        let end = episode.ended.as_deref().unwrap_or(&trial.to);
        Some(Span::new(moment::parse(&episode.began)?, moment::parse(end)?))
    };
    trial.episodes.iter().filter_map(band).collect()
}

/// The result of the trial, in a sentence.
pub fn summary(trial: &Trial) -> String {
    let readings = trial.readings.to_string();
    let lasted: f64 = bands(trial).iter().map(|band| band.length()).sum();
    match trial.episodes.len() {
        0 => fill(m::TRIAL_NONE, &[("readings", &readings)]),
        1 => fill(m::TRIAL_ONE, &[("readings", &readings), ("length", &age::length(lasted))]),
        count => fill(
            m::TRIAL_SOME,
            &[("count", &count.to_string()), ("readings", &readings), ("length", &age::length(lasted))],
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(kind: &str, limit: &str, high: &str) -> Form {
        let text = str::to_owned;
        Form { id: text("low"), kind: text(kind), limit: text(limit), high: text(high), ..Form::default() }
    }

    fn pointers(form: &Form) -> Vec<String> {
        form.alert().unwrap_err().into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn what_is_typed_becomes_an_alert_and_an_alert_what_is_typed() {
        for whole in [
            json!({"id": "low", "below": 4.0, "clear": 4.5, "for": 2, "severity": "critical", "note": "call", "enabled": false}),
            json!({"id": "range", "outside": [6.5, 8.0], "for": 1, "severity": "info", "enabled": true}),
            json!({"id": "high", "above": -1.5, "for": 1, "severity": "warning", "enabled": true}),
        ] {
            let alert: AlertJson = serde_json::from_value(whole.clone()).unwrap();
            assert_eq!(serde_json::to_value(Form::of(&alert).alert().unwrap()).unwrap(), whole);
        }
        assert_eq!(form("below", "4,5", "").alert().unwrap().below, Some(4.5));
    }

    #[test]
    fn every_wrong_field_is_named() {
        assert_eq!(pointers(&form("above", "x", "")), ["/above"]);
        assert_eq!(pointers(&form("outside", "8", "")), ["/outside/1"]);
        assert_eq!(pointers(&form("outside", "8", "7")), ["/outside/1"]);
        let wrong = Form { id: "Low".into(), count: "1.5".into(), clear: "x".into(), ..form("below", "4", "") };
        assert_eq!(pointers(&wrong), ["/clear", "/for", "/id"]);
        assert_eq!(pointers(&Form { clear: "3".into(), ..form("below", "4", "") }), ["/clear"]);
        assert_eq!(pointers(&Form { count: "25".into(), ..form("below", "4", "") }), ["/for"]);
    }

    #[test]
    fn what_the_api_refuses_is_shown_at_the_fields_of_this_alert() {
        let body = json!({"type": "urn:weir:problem:invalid", "title": "Invalid", "errors": [
            {"pointer": "/alerts/1/clear", "detail": "a"}, {"pointer": "/alerts/10/for", "detail": "b"},
            {"pointer": "/alerts/1", "detail": "c"}, {"pointer": "/unit", "detail": "d"}]});
        let problem = Problem::read(422, &body.to_string(), None);
        let found: Vec<String> = refused(&problem, "/alerts/1").iter().map(ToString::to_string).collect();
        assert_eq!(found, ["/clear: a", ": c"]);
    }

    #[test]
    fn an_alert_is_added_or_replaced_where_it_is() {
        let alert = |id: &str| AlertJson { id: id.parse().unwrap(), ..form("above", "1", "").alert().unwrap() };
        let (all, place) = with(vec![alert("a"), alert("b")], None, alert("c"));
        assert_eq!((all.len(), place), (3, 2));
        let (all, place) = with(all, Some("b"), alert("b"));
        assert_eq!((all.len(), place), (3, 1));
    }

    #[test]
    fn an_alert_is_told_in_a_sentence_and_drawn_as_lines() {
        let alert = Form { clear: "0.2".into(), count: "3".into(), ..form("outside", "6.5", "8") }.alert().unwrap();
        assert_eq!(
            sentence(&alert, "pH"),
            "outside 6.5 to 8\u{a0}pH, after 3 readings in a row, ends 0.2\u{a0}pH within"
        );
        let labels: Vec<String> = lines(&alert, "2 ").into_iter().map(|line| line.label).collect();
        assert_eq!(labels, ["2 low < 6.5", "2 low > 8"]);
        assert_eq!(sentence(&form("below", "4", "").alert().unwrap(), ""), "below 4");
    }

    #[test]
    fn a_trial_is_told_in_a_sentence() {
        let episode = |began: &str, ended: Option<&str>| Episode {
            began: began.into(),
            opened: began.into(),
            ended: ended.map(str::to_owned),
            value: 3.0,
            limit: 4.0,
        };
        let mut trial = Trial {
            from: "2026-11-20T00:00:00.000Z".into(),
            to: "2026-11-21T00:00:00.000Z".into(),
            complete: true,
            readings: 1_440,
            episodes: Vec::new(),
        };
        assert_eq!(summary(&trial), "It would not have opened: 1440 readings were judged.");
        trial.episodes.push(episode("2026-11-20T06:00:00.000Z", Some("2026-11-20T07:30:00.000Z")));
        assert!(summary(&trial).contains("once, for 2 h"), "{}", summary(&trial));
        trial.episodes.push(episode("2026-11-20T23:00:00.000Z", None));
        assert_eq!(bands(&trial)[1].length(), 3_600e3);
        assert!(summary(&trial).contains("2 times"), "{}", summary(&trial));
    }
}
