//! Reference points as typed, and the model that fits them, computed by `weir-core` itself as the API would do.

use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, Inputs, Model, Options, Outside};
use weir_core::domain::fit::{Fit, Kind, Unfit, Warning, fit};
use weir_core::wire::ModelJson;

use super::number::{self, typed};
use crate::messages as m;
use crate::text::{fill, t};

/// Number of steps of the curve.
const STEPS: u16 = 120;

/// A row of the table of points, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The raw number of the sensor.
    pub raw: String,
    /// The value of a reference instrument.
    pub reference: String,
}

/// The models that can be fitted, by their names in the form.
pub const MODELS: [&str; 5] = ["linear", "two_point", "piecewise", "polynomial", "steinhart_hart"];

/// The kind of fit with this name.
pub fn kind(name: &str, degree: usize) -> Kind {
    match name {
        "two_point" => Kind::TwoPoint,
        "piecewise" => Kind::Piecewise(Outside::Extend),
        "polynomial" => Kind::Polynomial { degree },
        "steinhart_hart" => Kind::SteinhartHart,
        _ => Kind::Linear,
    }
}

/// A point (raw, reference), with the index of its row.
pub type Placed = (usize, (f64, f64));

/// The points of the rows that are filled in, and the indices of wrong rows: those with only one number, or with a text that is not a
/// number.
pub fn points(rows: &[Row]) -> (Vec<Placed>, Vec<usize>) {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for (place, row) in rows.iter().enumerate() {
        if row.raw.trim().is_empty() && row.reference.trim().is_empty() {
            continue;
        }
        match (typed(&row.raw), typed(&row.reference)) {
            (Some(raw), Some(reference)) => found.push((place, (raw, reference))),
            _ => wrong.push(place),
        }
    }
    (found, wrong)
}

/// A model that was fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The fit.
    pub fit: Fit,
    /// The points, in the order of the residuals, each with the index of its row.
    pub points: Vec<Placed>,
}

/// Fits a model to the rows. `None` while there are fewer than two points.
///
/// # Errors
/// The error that the API would report, with the indices of rows in place of those of points.
pub fn fitted(kind: Kind, rows: &[Row]) -> Option<Result<Fitted, Unfit>> {
    let (points, _) = points(rows);
    if points.len() < 2 {
        return None;
    }
    let plain: Vec<(f64, f64)> = points.iter().map(|(_, point)| *point).collect();
    Some(match fit(kind, &plain) {
        Ok(fit) => Ok(Fitted { fit, points }),
        Err(unfit) => Err(of_row(unfit, &points)),
    })
}

/// The error with the index of a row in place of that of a point.
fn of_row(mut unfit: Unfit, points: &[Placed]) -> Unfit {
    if let Unfit::Number { place, .. }
    | Unfit::NoResistance { place }
    | Unfit::TooCold { place }
    | Unfit::NoValue { place } = &mut unfit
        && let Some((row, _)) = points.get(*place)
    {
        *place = *row;
    }
    unfit
}

impl Fitted {
    /// The residual of a row, if it is one of the points.
    pub fn residual(&self, row: usize) -> Option<f64> {
        let place = self.points.iter().position(|(place, _)| *place == row)?;
        self.fit.residuals.get(place).copied()
    }

    /// The curve over the range of the points and a tenth of it on both sides, wherever the model has a value.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        let raws = self.points.iter().map(|(_, (raw, _))| *raw);
        let (low, high) = raws.fold((f64::MAX, f64::MIN), |(low, high), raw| (low.min(raw), high.max(raw)));
        let room = (high - low) / 10.0;
        let step = (high - low + 2.0 * room) / f64::from(STEPS);
        let at = (0..=STEPS).map(|index| low - room + step * f64::from(index));
        at.filter_map(|raw| Some((raw, value(&self.fit.model, raw)?))).collect()
    }

    /// The model as it is entered, with the options of the previous version: rounding and limits are properties of the sensor, not of the
    /// points.
    pub fn json(&self, options: Options) -> ModelJson {
        ModelJson { model: self.fit.model.clone(), options }
    }

    /// The calibration as it would be applied, with these options.
    pub fn version(&self, options: Options) -> Calibration {
        Calibration { version: 0, valid_from: Timestamp::from_millis(0), model: self.fit.model.clone(), options }
    }
}

/// The value for a raw number; `None` if the model has none, or needs other sensors.
pub fn value(model: &Model, raw: f64) -> Option<f64> {
    let calibrated = model.apply(raw, Inputs::NONE).ok()?;
    Some(calibrated.value).filter(|value| value.is_finite())
}

/// A warning of a fit, in the language of the page.
pub fn warning(warning: &Warning) -> String {
    let (text, raw, value, between) = match *warning {
        Warning::Turn { raw, between } => (m::FIT_TURNS, raw, None, between),
        Warning::Far { raw, value, between } => (m::FIT_FAR, raw, Some(value), between),
        Warning::Nothing { raw, between } => (m::FIT_NOTHING, raw, None, between),
    };
    let (raw, value) = (number::shown(raw), value.map(number::shown).unwrap_or_default());
    let place = t(if between { m::BETWEEN_POINTS } else { m::NEAR_POINTS });
    fill(text, &[("raw", &raw), ("value", &value), ("place", place)])
}

/// Why nothing can be fitted, in the language of the page.
pub fn refusal(unfit: &Unfit) -> String {
    let number = |place: usize| (place + 1).to_string();
    match unfit {
        Unfit::TooMany => t(m::UNFIT_TOO_MANY).to_owned(),
        Unfit::Degree => t(m::UNFIT_DEGREE).to_owned(),
        Unfit::NoPoints => t(m::TWO_POINTS).to_owned(),
        Unfit::Number { place, .. } => fill(m::UNFIT_NUMBER, &[("number", &number(*place))]),
        Unfit::Same { raw } => fill(m::UNFIT_SAME, &[("raw", &number::shown(*raw))]),
        Unfit::TooFew { needed, found, .. } => {
            fill(m::UNFIT_TOO_FEW, &[("needed", &needed.to_string()), ("found", &found.to_string())])
        }
        Unfit::TooWide { width } => fill(m::UNFIT_TOO_WIDE, &[("width", &number::shown(*width))]),
        Unfit::TooUneven { .. } => t(m::UNFIT_TOO_UNEVEN).to_owned(),
        Unfit::TooFar { lowest, highest, .. } => {
            fill(m::UNFIT_TOO_FAR, &[("lowest", &number::shown(*lowest)), ("highest", &number::shown(*highest))])
        }
        Unfit::Extreme => t(m::UNFIT_EXTREME).to_owned(),
        Unfit::NoResistance { place } => fill(m::UNFIT_NO_RESISTANCE, &[("number", &number(*place))]),
        Unfit::TooCold { place } => fill(m::UNFIT_TOO_COLD, &[("number", &number(*place))]),
        Unfit::TooClose => t(m::UNFIT_TOO_CLOSE).to_owned(),
        Unfit::NoValue { place } => fill(m::UNFIT_NO_VALUE, &[("number", &number(*place))]),
        Unfit::Invalid(detail) => fill(m::UNFIT_INVALID, &[("detail", detail)]),
    }
}

/// A model in one line: its JSON without braces and quotation marks.
pub fn in_a_line(model: &ModelJson) -> String {
    let text = serde_json::to_string(model).unwrap_or_default();
    text.trim_matches(['{', '}']).replace('"', "").replace(':', ": ").replace(',', ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(all: &[(&str, &str)]) -> Vec<Row> {
        all.iter().map(|(raw, reference)| Row { raw: (*raw).to_owned(), reference: (*reference).to_owned() }).collect()
    }

    #[test]
    fn a_warning_says_where_and_how_far() {
        let far = warning(&Warning::Far { raw: 1_200.0, value: -3.5, between: false });
        assert_eq!(far, "The value at raw 1200, near the points, is −3.5, far from all references.");
        let turn = warning(&Warning::Turn { raw: 0.5, between: true });
        assert_eq!(turn, "The curve turns round at raw 0.5, between the points, where the references do not.");
    }

    #[test]
    fn rows_become_points_and_what_is_no_number_is_named() {
        let typed = rows(&[("100", "4,01"), ("", ""), ("x", "7"), ("200", ""), ("300", "10.01")]);
        let (found, wrong) = points(&typed);
        assert_eq!(found, [(0, (100.0, 4.01)), (4, (300.0, 10.01))]);
        assert_eq!(wrong, [2, 3]);
    }

    #[test]
    fn a_fit_has_a_curve_and_the_residual_of_each_row() {
        let typed = rows(&[("0", "1"), ("", ""), ("1", "3"), ("2", "5.3")]);
        let found = fitted(kind("linear", 1), &typed).unwrap().unwrap();
        assert!(found.residual(1).is_none() && found.residual(3).unwrap().abs() < 0.2);
        let curve = found.curve();
        assert_eq!((curve.len(), curve[0].0), (121, -0.2));
        assert!((curve[120].0 - 2.2).abs() < 1e-9);
        assert!(in_a_line(&found.json(Options::default())).starts_with("model: linear, "));
    }

    #[test]
    fn what_cannot_be_fitted_is_said_with_the_row() {
        assert!(fitted(kind("linear", 1), &rows(&[("1", "2")])).is_none());
        let said = |name: &str, typed: &[(&str, &str)]| {
            let unfit = fitted(kind(name, 3), &rows(typed)).unwrap().unwrap_err();
            refusal(&unfit)
        };
        for (name, typed, text) in [
            ("linear", &[("1", "2"), ("1", "3")][..], "All raw numbers are 1, which does not determine a model."),
            ("polynomial", &[("1", "2"), ("2", "3")], "needs at least 4 different raw numbers, and there are 2."),
            // The empty row counts, as the reader sees it.
            ("steinhart_hart", &[("1", "25"), ("", ""), ("-2", "3"), ("4", "5")], "Point 3: a resistance"),
            ("steinhart_hart", &[("1", "25"), ("", ""), ("2", "-300"), ("4", "5")], "Point 3: a temperature"),
            ("linear", &[("1", "2"), ("", ""), ("2", "1e200")], "Point 3: this number"),
        ] {
            let found = said(name, typed);
            assert!(found.contains(text), "{found}");
        }
        assert!(MODELS.iter().all(|name| matches!(kind(name, 2), Kind::Linear) == (*name == "linear")));
    }
}
