//! A second implementation of the calibration models, in the simplest arithmetic. It is deliberately independent of the functions' code,
//! whose results are compared with it.

use serde_json::Value;

/// A value and whether it lies within `valid`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// The physical quantity.
    pub value: f64,
    /// Whether it lies within the calibration's `valid`.
    pub valid: bool,
}

/// `raw` calibrated by `model`, in the format of the API; `None` if the model rejects it or is unknown here.
pub fn calibrated(model: &Value, raw: f64) -> Option<Expected> {
    let number = |key: &str| model.get(key).and_then(Value::as_f64);
    let numbers = |value: &Value| -> Option<Vec<f64>> { value.as_array()?.iter().map(Value::as_f64).collect() };
    let list = |key: &str| model.get(key).and_then(numbers);
    let mut value = match model.get("model")?.as_str()? {
        "identity" => raw,
        "linear" => number("slope")? * raw + number("intercept")?,
        "two_point" => match (list("raw")?.as_slice(), list("reference")?.as_slice()) {
            ([r1, r2], [p1, p2]) => (p2 - p1) / (r2 - r1) * (raw - r1) + p1,
            _ => return None,
        },
        "piecewise" => {
            let points: Vec<Vec<f64>> = model.get("points")?.as_array()?.iter().map(numbers).collect::<Option<_>>()?;
            piecewise(&points, model.get("outside")?.as_str()?, raw)?
        }
        _ => return None,
    };
    if let Some(digits) = model.get("round").and_then(Value::as_i64) {
        value = rounded(value, digits as usize);
    }
    let valid =
        list("valid").is_none_or(|bounds| matches!(bounds.as_slice(), [low, high] if (*low..=*high).contains(&value)));
    if let Some([low, high]) = list("clamp").as_deref() {
        value = value.max(*low).min(*high);
    }
    Some(Expected { value, valid })
}

/// Rounds the decimal representation to so many digits, half away from zero.
fn rounded(value: f64, digits: usize) -> f64 {
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let Some(next) = fraction.as_bytes().get(digits) else { return value };
    let units: f64 = format!("{whole}{}", fraction.get(..digits).unwrap_or_default()).parse().unwrap_or(f64::NAN);
    let units = if *next >= b'5' { units + 1.0 } else { units };
    (units / 10f64.powi(digits as i32)).copysign(value)
}

fn piecewise(points: &[Vec<f64>], outside: &str, raw: f64) -> Option<f64> {
    let line = |from: &[f64], to: &[f64]| match (from, to) {
        ([x1, y1], [x2, y2]) => Some((y2 - y1) / (x2 - x1) * (raw - x1) + y1),
        _ => None,
    };
    let (first, last) = (points.first()?, points.last()?);
    let (below, above) = (raw < *first.first()?, raw > *last.first()?);
    match (below || above, outside) {
        (true, "reject") => return None,
        (true, "clamp") => return if below { first.last().copied() } else { last.last().copied() },
        _ => {}
    }
    let pieces = points.windows(2).collect::<Vec<_>>();
    let holds = |piece: &&[Vec<f64>]| piece.last().and_then(|to| to.first()).is_some_and(|end| raw <= *end);
    let piece = if below { pieces.first()? } else { pieces.iter().find(|piece| holds(piece)).or(pieces.last())? };
    line(piece.first()?, piece.last()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(model: &Value, raw: f64) -> f64 {
        calibrated(model, raw).unwrap().value
    }

    #[test]
    fn the_golden_cases_of_the_contract_hold() {
        let two = |raw: [f64; 2], reference: [f64; 2]| json!({"model": "two_point", "raw": raw, "reference": reference, "round": 2});
        assert_eq!(value(&two([2.3, 2.4], [4.5, 5.9]), 0.0), -27.7);
        assert_eq!(value(&two([100.0, 125.0], [210.0, 225.0]), 0.0), 150.0);
        assert_eq!(value(&two([0.2, 0.5], [0.6, 0.8]), 371.093811), 247.86);
    }

    #[test]
    fn each_way_to_go_on_beyond_the_points_is_its_own() {
        let model =
            |outside: &str| json!({"model": "piecewise", "points": [[0, 10], [10, 20], [20, 50]], "outside": outside});
        assert_eq!(value(&model("extend"), 5.0), 15.0);
        assert_eq!(value(&model("extend"), 15.0), 35.0);
        assert_eq!(value(&model("extend"), 10.0), 20.0);
        assert_eq!(value(&model("extend"), -5.0), 5.0);
        assert_eq!(value(&model("extend"), 30.0), 80.0);
        assert_eq!(value(&model("clamp"), -5.0), 10.0);
        assert_eq!(value(&model("clamp"), 30.0), 50.0);
        assert_eq!(calibrated(&model("reject"), 30.0), None);
    }

    #[test]
    fn rounding_comes_first_and_clamping_last() {
        let model =
            json!({"model": "linear", "slope": 2, "intercept": 1, "round": 1, "clamp": [0, 10], "valid": [0, 10]});
        assert_eq!(calibrated(&model, 2.02), Some(Expected { value: 5.0, valid: true }));
        assert_eq!(calibrated(&model, 4.52), Some(Expected { value: 10.0, valid: true }));
        assert_eq!(calibrated(&model, 50.0), Some(Expected { value: 10.0, valid: false }));
    }
}
