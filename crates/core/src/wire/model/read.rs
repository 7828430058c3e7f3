//! Reads a model from JSON and names every wrong field by its pointer. It is the only reader: for bodies, for rows and for
//! whatever else holds a calibration.

use serde_json::Value;
use strum::VariantNames;

use super::ModelJson;
use crate::domain::FieldError;
use crate::domain::calibration::{
    Chain, Expression, Interval, Linear, Model, ModelKind, Nested, Options, Outside, Piecewise, PlatinumRtd,
    Polynomial, Range, Ranges, SteinhartHart, TwoPoint,
};
use crate::domain::settings::pointed;
use crate::id::{BadId, SensorCode};
use crate::wire::fields::Fields;

/// Reads the model and its options; the caller reads the other fields of the object.
pub(in crate::wire) fn read(fields: &mut Fields<'_>) -> Option<ModelJson> {
    let (options, model) = (options(fields), model(fields));
    Some(ModelJson { model: model?, options: options? })
}

fn options(fields: &mut Fields<'_>) -> Option<Options> {
    let (clamp, valid) = (interval(fields, "clamp"), interval(fields, "valid"));
    let round = fields.whole("round", "must be 0 to 15")?.map(|digits| u8::try_from(digits).unwrap_or(u8::MAX));
    let options = Options { round, clamp: clamp?, valid: valid? };
    fields.check(options.checked())
}

/// An optional interval; `None` when it is wrong.
fn interval(fields: &mut Fields<'_>, name: &'static str) -> Option<Option<Interval>> {
    if fields.optional(name).is_none() {
        return Some(None);
    }
    let (min, max) = fields.pair(name)?;
    let interval = Interval::new(min, max).map_err(|error| error.under(&format!("/{name}")));
    fields.check(interval).map(Some)
}

fn model(fields: &mut Fields<'_>) -> Option<Model> {
    let Some(kind) = fields.required("model")?.as_str().and_then(|name| name.parse().ok()) else {
        fields.refuse("model", format!("must be one of {}", ModelKind::VARIANTS.join(", ")));
        return None;
    };
    let model = match kind {
        ModelKind::Identity => Ok(Model::Identity),
        ModelKind::Linear => {
            let (slope, intercept) = (fields.number("slope"), fields.number("intercept"));
            Linear::new(slope?, intercept?).map(Model::Linear)
        }
        ModelKind::TwoPoint => {
            let (raw, reference) = (fields.pair("raw"), fields.pair("reference"));
            TwoPoint::new(raw?.into(), reference?.into()).map(Model::TwoPoint)
        }
        ModelKind::Piecewise => {
            let (points, outside) = (fields.pairs("points"), outside(fields));
            Piecewise::new(points?, outside?).map(Model::Piecewise)
        }
        ModelKind::Polynomial => Polynomial::new(numbers(fields, "coefficients")?).map(Model::Polynomial),
        ModelKind::Ranges => Ranges::new(objects(fields, "ranges", range)?).map(Model::Ranges),
        ModelKind::SteinhartHart => {
            let (a, b, c) = (fields.number("a"), fields.number("b"), fields.number("c"));
            SteinhartHart::new(a?, b?, c?).map(Model::SteinhartHart)
        }
        ModelKind::PlatinumRtd => {
            let r0 = fields.number("r0");
            let [a, b, c] = ["a", "b", "c"].map(|name| match fields.optional(name) {
                Some(_) => fields.number(name).map(Some),
                None => Some(None),
            });
            PlatinumRtd::new(r0?, a?, b?, c?).map(Model::PlatinumRtd)
        }
        ModelKind::Expression => {
            let formula = fields.required("formula").map(|formula| formula.as_str());
            if formula == Some(None) {
                fields.refuse("formula", "must be a text");
            }
            let inputs = inputs(fields);
            Expression::new(formula??, inputs?).map(Model::Expression)
        }
        ModelKind::Chain => Chain::new(objects(fields, "steps", nested)?).map(Model::Chain),
    };
    fields.check(model)
}

/// How a piecewise model treats raw numbers beyond its points.
pub(in crate::wire) fn outside(fields: &mut Fields<'_>) -> Option<Outside> {
    match fields.required("outside")?.as_str() {
        Some("extend") => Some(Outside::Extend),
        Some("clamp") => Some(Outside::Clamp),
        Some("reject") => Some(Outside::Reject),
        _ => {
            fields.refuse("outside", "must be extend, clamp or reject");
            None
        }
    }
}

fn range(fields: &mut Fields<'_>) -> Option<Range> {
    let (from, to) = (fields.number("from"), fields.number("to"));
    let part = nested(fields);
    Some(Range { from: from?, to: to?, part: part? })
}

fn nested(fields: &mut Fields<'_>) -> Option<Nested> {
    read(fields).map(|ModelJson { model, options }| Nested { model, options })
}

/// A required list of numbers.
fn numbers(fields: &mut Fields<'_>, name: &'static str) -> Option<Vec<f64>> {
    let Some(list) = fields.required(name)?.as_array() else {
        fields.refuse(name, "must be a list of numbers");
        return None;
    };
    let numbers: Vec<Option<f64>> = list.iter().map(Value::as_f64).collect();
    for place in numbers.iter().enumerate().filter_map(|(place, number)| number.is_none().then_some(place)) {
        fields.refuse(&format!("{name}/{place}"), "must be a number");
    }
    numbers.into_iter().collect()
}

/// The inputs of a formula: sensor codes by name, none when the field is left out.
fn inputs(fields: &mut Fields<'_>) -> Option<Vec<(String, SensorCode)>> {
    let Some(value) = fields.optional("inputs") else { return Some(Vec::new()) };
    let Some(object) = value.as_object() else {
        fields.refuse("inputs", "must be an object of texts");
        return None;
    };
    let input = |(name, code): (&String, &Value)| {
        let code = code.as_str().ok_or_else(|| "must be a text".to_owned());
        let code = code.and_then(|code| code.parse().map_err(|error: BadId| error.to_string()));
        let code = code.map_err(|detail| FieldError::new(format!("/inputs/{}", pointed(name)), detail));
        Some((name.clone(), fields.check(code)?))
    };
    // Every input is read, so that all errors are reported.
    object.iter().map(input).collect::<Vec<_>>().into_iter().collect()
}

/// A required list of objects, each read by `read`.
fn objects<T>(
    fields: &mut Fields<'_>,
    name: &'static str,
    read: impl Fn(&mut Fields<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(list) = fields.required(name)?.as_array() else {
        fields.refuse(name, "must be a list of objects");
        return None;
    };
    let one = |(place, value): (usize, &Value)| {
        let at = format!("/{name}/{place}");
        let Some(object) = value.as_object() else {
            fields.errors.push(FieldError::new(at, "must be an object"));
            return None;
        };
        let mut inside = Fields::new(object);
        let found = read(&mut inside);
        let errors = inside.finish_model();
        fields.errors.extend(errors.into_iter().map(|error| error.under(&at)));
        found
    };
    // Every object is read, so that all errors are reported.
    list.iter().enumerate().map(one).collect::<Vec<_>>().into_iter().collect()
}
