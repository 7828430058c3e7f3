//! The request and the answer of a fit.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::VariantNames;

use super::fields::Fields;
use super::{ModelJson, model};
use crate::domain::FieldError;
use crate::domain::calibration::{Options, Outside};
use crate::domain::fit::{Fit, FittedModel, Kind};

/// The body of a fit, for the OpenAPI document. It is parsed by [`read`], which reports every wrong field.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FitBody {
    /// `linear`, `two_point`, `piecewise`, `polynomial` or `steinhart_hart`.
    pub model: String,
    /// Reference points: [raw, reference].
    pub points: Vec<(f64, f64)>,
    /// The degree of a polynomial, 1 to 9.
    pub degree: Option<u8>,
    /// How a piecewise model treats raw numbers beyond its points: `extend` (the default), `clamp` or `reject`.
    pub outside: Option<String>,
}

/// A fitted model and its deviation from the points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FitJson {
    /// The model, in the form in which it can be entered as a calibration.
    pub model: ModelJson,
    /// The residual of each point, in the order of the points: reference minus the value of the model.
    pub residuals: Vec<f64>,
    /// The root mean square of the residuals.
    pub rmse: f64,
    /// The coefficient of determination (R²); `null` when all references are equal.
    pub r_squared: Option<f64>,
    /// The largest absolute residual.
    pub largest: f64,
    /// The index of its point, from 0.
    pub worst: usize,
    /// Where the curve misbehaves between the points or near them (up to half of their width away): it may turn, leave the range of
    /// the references, or have no value. Usually empty.
    pub warnings: Vec<String>,
}

impl From<&Fit> for FitJson {
    fn from(fit: &Fit) -> Self {
        Self {
            model: ModelJson { model: fit.model.clone(), options: Options::default() },
            residuals: fit.residuals.clone(),
            rmse: fit.rmse,
            r_squared: fit.r_squared,
            largest: fit.largest,
            worst: fit.worst,
            warnings: fit.warnings.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A requested fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What to fit.
    pub kind: Kind,
    /// The points, each (raw, reference).
    pub points: Vec<(f64, f64)>,
}

/// Reads the body of a fit.
///
/// # Errors
/// Every wrong field with its pointer, including unknown fields.
pub fn read(body: &Map<String, Value>) -> Result<Asked, Vec<FieldError>> {
    let mut fields = Fields::new(body);
    let kind = kind(&mut fields);
    let points = fields.pairs("points");
    match (kind, points, fields.finish()) {
        (Some(kind), Some(points), refused) if refused.is_empty() => Ok(Asked { kind, points }),
        (_, _, refused) => Err(refused),
    }
}

fn kind(fields: &mut Fields<'_>) -> Option<Kind> {
    let Some(model) = fields.required("model")?.as_str().and_then(|name| name.parse().ok()) else {
        fields.refuse("model", format!("must be one of {}", FittedModel::VARIANTS.join(", ")));
        return None;
    };
    match model {
        FittedModel::Linear => Some(Kind::Linear),
        FittedModel::TwoPoint => Some(Kind::TwoPoint),
        FittedModel::SteinhartHart => Some(Kind::SteinhartHart),
        FittedModel::Polynomial => {
            fields.required("degree")?;
            let degree = fields.whole("degree", "must be a whole number")??;
            Some(Kind::Polynomial { degree: usize::try_from(degree).unwrap_or(usize::MAX) })
        }
        FittedModel::Piecewise => match fields.optional("outside") {
            None => Some(Kind::Piecewise(Outside::Extend)),
            Some(_) => model::outside(fields).map(Kind::Piecewise),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fit::fit;
    use serde_json::json;

    fn answer(body: &Value) -> Result<Value, Vec<FieldError>> {
        let Asked { kind, points } = read(body.as_object().unwrap())?;
        let fitted = fit(kind, &points).map_err(|unfit| vec![FieldError::from(unfit)])?;
        Ok(serde_json::to_value(FitJson::from(&fitted)).unwrap())
    }

    #[test]
    fn an_answer_has_the_model_and_how_good_it_is() {
        let body = json!({"model": "piecewise", "points": [[1, 2], [0, 0], [1, 4]], "outside": "clamp"});
        let expected = json!({
            "model": {"model": "piecewise", "points": [[0.0, 0.0], [1.0, 3.0]], "outside": "clamp"},
            "residuals": [-1.0, 0.0, 1.0], "rmse": (2.0f64 / 3.0).sqrt(), "r_squared": 0.75, "largest": 1.0, "worst": 0, "warnings": [],
        });
        assert_eq!(answer(&body).unwrap(), expected);
        for model in FittedModel::VARIANTS {
            let points = json!([[10_000, 25.0], [3_600, 50.0], [32_650, 0.0]]);
            let mut body = json!({"model": model, "points": points});
            if *model == "polynomial" {
                body["degree"] = 2.into();
            }
            let answer = answer(&body).unwrap();
            assert_eq!(answer["model"]["model"], *model);
        }
        let flat = answer(&json!({"model": "polynomial", "degree": 1.0, "points": [[0, 5], [1, 5]]})).unwrap();
        assert_eq!((&flat["model"]["coefficients"], &flat["r_squared"]), (&json!([5.0, 0.0]), &Value::Null));
    }

    #[test]
    fn every_refusal_points_at_the_field() {
        for (body, pointers) in [
            (json!({}), vec!["/model", "/points"]),
            (json!({"model": "chain", "points": [[0, 0], [1, 1]]}), vec!["/model"]),
            (json!({"model": "linear", "points": [[0, 0], [1, "x"], 3]}), vec!["/points/1/1", "/points/2"]),
            (json!({"model": "linear", "points": [[0, 0]]}), vec!["/points"]),
            (json!({"model": "linear", "points": [[0, 0], [1, 1]], "degree": 2}), vec!["/degree"]),
            (json!({"model": "linear", "points": [[0, 0], [1, 1e200]]}), vec!["/points/1/1"]),
            (json!({"model": "polynomial", "points": [[0, 0], [1, 1]]}), vec!["/degree"]),
            (json!({"model": "polynomial", "points": [[0, 0], [1, 1]], "degree": 1.5}), vec!["/degree"]),
            (json!({"model": "polynomial", "points": [[0, 0], [1, 1]], "degree": 1e300}), vec!["/degree"]),
            (json!({"model": "polynomial", "points": [[0, 0], [1, 1]], "degree": -1}), vec!["/degree"]),
            (json!({"model": "polynomial", "points": [[0, 0], [1, 1]], "degree": u64::MAX}), vec!["/degree"]),
            (json!({"model": "polynomial", "points": [[0, 0], [1, 1]], "degree": 2}), vec!["/degree"]),
            (json!({"model": "polynomial", "points": [[0, 0], [1, 1], [1e9, 3]], "degree": 2}), vec!["/points"]),
            (json!({"model": "polynomial", "points": [[7, 0], [7, 1], [7, 3]], "degree": 2}), vec!["/points"]),
            (json!({"model": "piecewise", "points": [[0, 0], [1, 1]], "outside": "far"}), vec!["/outside"]),
            (json!({"model": "steinhart_hart", "points": [[0, 1], [1, 2], [2, 3]]}), vec!["/points/0/0"]),
        ] {
            let refused: Vec<_> = answer(&body).unwrap_err().into_iter().map(|invalid| invalid.pointer).collect();
            assert_eq!(refused, pointers, "{body}");
        }
    }
}
