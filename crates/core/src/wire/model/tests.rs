use std::collections::BTreeSet;

use super::*;
use crate::domain::calibration::ModelKind;
use serde_json::json;
use strum::{IntoEnumIterator, VariantNames};

/// Every model and option, as they are written.
fn written() -> Vec<Value> {
    vec![
        json!({"model": "identity"}),
        json!({"model": "linear", "slope": 0.5, "intercept": 1.0, "round": 2}),
        json!({"model": "two_point", "raw": [2.3, 2.4], "reference": [4.5, 5.9], "clamp": [0.0, 14.0]}),
        json!({"model": "piecewise", "points": [[0.0, 1.0], [2.0, 3.0]], "outside": "reject", "valid": [0.0, 9.0]}),
        json!({"model": "polynomial", "coefficients": [1.0, -2.5, 1e-9]}),
        json!({"model": "steinhart_hart", "a": 1.4051e-3, "b": 2.369e-4, "c": 1.019e-7}),
        json!({"model": "platinum_rtd", "r0": 100.0}),
        json!({"model": "platinum_rtd", "r0": 1000.0, "a": 3.9692e-3, "b": -5.8495e-7}),
        json!({"model": "expression", "formula": "0.524*x - 0.0862*RH + 5.75", "inputs": {"RH": "hum"}}),
        json!({"model": "ranges", "valid": [0.0, 1.0], "ranges": [
            {"from": -5.0, "to": 0.0, "model": "polynomial", "coefficients": [0.0, 25.0], "round": 1},
            {"from": 0.0, "to": 5.0, "model": "chain", "steps": [{"model": "identity"}]},
        ]}),
        json!({"model": "chain", "round": 2, "steps": [
            {"model": "linear", "slope": 0.0122, "intercept": 0.0, "clamp": [0.0, 400.0]},
            {"model": "platinum_rtd", "r0": 100.0},
        ]}),
    ]
}

#[test]
fn every_model_is_written_as_the_contract_says_and_read_back() {
    for written in written() {
        let model: ModelJson = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&model).unwrap(), written);
    }
    let named: BTreeSet<String> =
        written().iter().filter_map(|model| Some(model["model"].as_str()?.to_owned())).collect();
    let all: BTreeSet<String> = ModelKind::VARIANTS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(named, all, "each model is written once at least");
    for kind in ModelKind::iter() {
        let of_kind = |model: &ModelJson| ModelKind::from(&model.model) == kind;
        let models = written().into_iter().map(|written| serde_json::from_value::<ModelJson>(written).unwrap());
        for model in models.filter(of_kind) {
            assert_eq!(serde_json::to_value(&model).unwrap()["model"], <&str>::from(kind), "{model:?}");
        }
    }
}

#[test]
fn a_body_may_have_no_further_fields_and_a_row_may() {
    for written in written() {
        let mut object = written.as_object().unwrap().clone();
        let mut fields = Fields::new(&object);
        let model = read(&mut fields).unwrap();
        assert!(fields.finish_model().is_empty(), "{written}");
        object.insert("since".to_owned(), "1795155884123#000001".into());
        assert_eq!(ModelJson::read(&object), Ok(model));
        let mut fields = Fields::new(&object);
        read(&mut fields).unwrap();
        assert_eq!(fields.finish_model()[0].pointer, "/since");
    }
}

#[test]
fn integers_are_numbers_too() {
    for written in [
        json!({"model": "linear", "slope": 2, "intercept": 0}),
        json!({"model": "polynomial", "coefficients": [1, 2, 3]}),
        json!({"model": "ranges", "ranges": [{"from": 0, "to": 1, "model": "platinum_rtd", "r0": 100}]}),
        json!({"model": "expression", "formula": "x"}),
    ] {
        assert!(serde_json::from_value::<ModelJson>(written.clone()).is_ok(), "{written}");
    }
}

/// The pointers of all errors.
fn errors(body: &Value) -> Vec<String> {
    let mut fields = Fields::new(body.as_object().unwrap());
    assert_eq!(read(&mut fields), None, "{body}");
    fields.finish().into_iter().map(|error| error.pointer).collect()
}

#[test]
fn an_error_points_at_the_field() {
    let linear = json!({"model": "linear", "slope": 1, "intercept": 0});
    let nested = |depth: usize| (0..depth).fold(linear.clone(), |model, _| json!({"model": "chain", "steps": [model]}));
    for (body, pointers) in [
        (json!({"model": "two_point", "raw": [1, 1], "reference": [4.5, 5.9]}), vec!["/raw/1"]),
        (json!({"model": "piecewise", "points": [[0, 1]], "outside": "extend"}), vec!["/points"]),
        (json!({"model": "identity", "round": 16, "valid": [2, 1]}), vec!["/valid/1"]),
        (json!({"model": "linear", "slope": 1e200, "intercept": 0, "round": 16}), vec!["/round", "/slope"]),
        (json!({"model": "polynomial"}), vec!["/coefficients"]),
        (json!({"model": "polynomial", "coefficients": []}), vec!["/coefficients"]),
        (json!({"model": "polynomial", "coefficients": 3}), vec!["/coefficients"]),
        (json!({"model": "polynomial", "coefficients": [1, "2", null]}), vec!["/coefficients/1", "/coefficients/2"]),
        (json!({"model": "steinhart_hart", "a": 1, "b": "x"}), vec!["/b", "/c"]),
        (json!({"model": "steinhart_hart", "a": 1, "b": 0, "c": 0}), vec!["/b"]),
        (json!({"model": "platinum_rtd"}), vec!["/r0"]),
        (json!({"model": "platinum_rtd", "r0": 0, "b": "x"}), vec!["/b"]),
        (json!({"model": "platinum_rtd", "r0": 0}), vec!["/r0"]),
        (json!({"model": "platinum_rtd", "r0": 100, "a": -1}), vec!["/a"]),
        (json!({"model": "expression", "inputs": {"t": 1, "a/b": []}}), vec!["/formula", "/inputs/a~1b", "/inputs/t"]),
        (json!({"model": "expression", "formula": 1, "inputs": []}), vec!["/formula", "/inputs"]),
        (json!({"model": "expression", "formula": "x + t", "inputs": {"t": "TMP"}}), vec!["/inputs/t"]),
        (json!({"model": "expression", "formula": "x + t"}), vec!["/formula"]),
        (json!({"model": "ranges", "ranges": {}}), vec!["/ranges"]),
        (
            json!({"model": "ranges", "ranges": [7, {"from": 1, "model": "linear", "slope": 1, "x": 2}]}),
            vec!["/ranges/0", "/ranges/1/to", "/ranges/1/intercept", "/ranges/1/x"],
        ),
        (
            json!({"model": "ranges", "ranges": [{"from": 1, "to": 2, "model": "magic", "x": 2}]}),
            vec!["/ranges/0/model"],
        ),
        (
            json!({"model": "ranges", "ranges": [{"from": 1, "to": 2, "model": "identity", "clamp": [2, 1]}]}),
            vec!["/ranges/0/clamp/1"],
        ),
        (
            json!({"model": "ranges", "ranges": [{"from": 0, "to": 2, "model": "identity"}, {"from": 1, "to": 3, "model": "identity"}]}),
            vec!["/ranges/1/from"],
        ),
        (
            json!({"model": "chain", "steps": [linear, {"model": "two_point", "raw": [1, 1], "reference": [0, 1]}]}),
            vec!["/steps/1/raw/1"],
        ),
        (
            json!({"model": "chain", "steps": [linear, {"model": "chain", "steps": [{"model": "linear"}]}]}),
            vec!["/steps/1/steps/0/slope", "/steps/1/steps/0/intercept"],
        ),
        (nested(4), vec!["/steps/0"]),
    ] {
        assert_eq!(errors(&body), pointers, "{body}");
    }
    assert!(serde_json::from_value::<ModelJson>(json!({"model": "magic"})).is_err());
    assert!(serde_json::from_value::<ModelJson>(nested(3)).is_ok());
}
