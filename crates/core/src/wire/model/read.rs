//! From a body to a model's fields, every wrong one by its pointer.

use serde::Deserialize;
use serde_json::Value;

use super::{Kind, MODELS, ModelJson, OutsideJson, RangeJson, parse};
use crate::domain::calibration::{FieldError, Model, Options};
use crate::domain::settings::pointed;
use crate::wire::fields::Fields;

/// Reads the model and its options from a body; the caller reads the fields beside them.
pub(in crate::wire) fn read(fields: &mut Fields<'_>) -> Option<(Model, Options)> {
    let (kind, options) = written(fields);
    let options = parse::options(&options).map_err(|invalid| fields.refused.push(invalid)).ok();
    let model = kind.and_then(|kind| parse::model(&kind).map_err(|invalid| fields.refused.push(invalid)).ok());
    model.zip(options)
}

/// The fields as they stand there: the kind, where it can be read, and the options with any kind.
fn written(fields: &mut Fields<'_>) -> (Option<Kind>, ModelJson) {
    let kind = kind(fields);
    let (clamp, valid) = (fields.optional_pair("clamp"), fields.optional_pair("valid"));
    let round = fields.optional("round").map(|digits| digits.as_u64().and_then(|digits| u8::try_from(digits).ok()));
    if round == Some(None) {
        fields.refuse("round", "must be 0 to 15");
    }
    (kind, ModelJson { kind: Kind::Identity, round: round.flatten(), clamp, valid })
}

fn kind(fields: &mut Fields<'_>) -> Option<Kind> {
    match fields.required("model")?.as_str() {
        Some("identity") => Some(Kind::Identity),
        Some("linear") => {
            let (slope, intercept) = (fields.number("slope"), fields.number("intercept"));
            Some(Kind::Linear { slope: slope?, intercept: intercept? })
        }
        Some("two_point") => {
            let (raw, reference) = (fields.pair("raw"), fields.pair("reference"));
            Some(Kind::TwoPoint { raw: raw?, reference: reference? })
        }
        Some("piecewise") => {
            let points = fields.pairs("points");
            let outside = fields.required("outside").map(OutsideJson::deserialize);
            if matches!(outside, Some(Err(_))) {
                fields.refuse("outside", "must be extend, clamp or reject");
            }
            Some(Kind::Piecewise { points: points?, outside: outside?.ok()? })
        }
        Some("polynomial") => Some(Kind::Polynomial { coefficients: numbers(fields, "coefficients")? }),
        Some("ranges") => {
            let range = |fields: &mut Fields<'_>| {
                let (from, to) = (fields.number("from"), fields.number("to"));
                let model = whole(fields);
                Some(RangeJson { from: from?, to: to?, model: model? })
            };
            Some(Kind::Ranges { ranges: objects(fields, "ranges", range)? })
        }
        Some("steinhart_hart") => {
            let (a, b, c) = (fields.number("a"), fields.number("b"), fields.number("c"));
            Some(Kind::SteinhartHart { a: a?, b: b?, c: c? })
        }
        Some("platinum_rtd") => {
            let r0 = fields.number("r0");
            let [a, b, c] = ["a", "b", "c"].map(|name| fields.optional(name).map(|_| fields.number(name)));
            // A coefficient that is there and no number is refused by name already.
            let own = |own: Option<Option<f64>>| own.map_or(Some(None), |own| own.map(Some));
            Some(Kind::PlatinumRtd { r0: r0?, a: own(a)?, b: own(b)?, c: own(c)? })
        }
        Some("expression") => {
            let formula = fields.required("formula").map(|formula| formula.as_str().map(str::to_owned));
            if formula == Some(None) {
                fields.refuse("formula", "must be a text");
            }
            let inputs = texts(fields, "inputs");
            Some(Kind::Expression { formula: formula??, inputs: inputs? })
        }
        Some("chain") => Some(Kind::Chain { steps: objects(fields, "steps", whole)? }),
        _ => {
            fields.refuse("model", format!("must be one of {}", MODELS.join(", ")));
            None
        }
    }
}

/// A model with its options, as it stands within another.
fn whole(fields: &mut Fields<'_>) -> Option<ModelJson> {
    let (kind, options) = written(fields);
    Some(ModelJson { kind: kind?, ..options })
}

/// A list of numbers that has to be there.
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

/// An object of texts, empty when it is left out.
fn texts<T: FromIterator<(String, String)> + Default>(fields: &mut Fields<'_>, name: &'static str) -> Option<T> {
    let Some(value) = fields.optional(name) else { return Some(T::default()) };
    let Some(object) = value.as_object() else {
        fields.refuse(name, "must be an object of texts");
        return None;
    };
    for (key, _) in object.iter().filter(|(_, value)| !value.is_string()) {
        fields.refuse(&format!("{name}/{}", pointed(key)), "must be a text");
    }
    object.iter().map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// A list of objects that has to be there, each read by `read`.
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
            fields.refused.push(FieldError::new(at, "must be an object"));
            return None;
        };
        let mut inside = Fields::new(object);
        let found = read(&mut inside);
        // Which fields there are depends on the model; without one, only that is worth saying.
        let unknown_model = inside.refused.iter().any(|invalid| invalid.pointer == "/model");
        let refused = if unknown_model { inside.refused } else { inside.finish() };
        fields.refused.extend(refused.into_iter().map(|invalid| invalid.under(&at)));
        found
    };
    // Every object is read before the first wrong one ends it, so that all that is wrong is told.
    list.iter().enumerate().map(one).collect::<Vec<_>>().into_iter().collect()
}
