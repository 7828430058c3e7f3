//! Why points do not determine a model.

use std::fmt;

use super::{HIGHEST_DEGREE, MOST_POINTS};
use crate::domain::FieldError;

/// Why a model cannot be fitted. As text, a sentence for a person.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// There are more points than can be fitted.
    #[error("has more than {MOST_POINTS} points")]
    TooMany,
    /// The degree of the polynomial is not one that can be fitted.
    #[error("must be 1 to {HIGHEST_DEGREE}")]
    Degree,
    /// There are no points.
    #[error("there are no points")]
    NoPoints,
    /// A number of a point is not finite, or no store can hold it.
    #[error("{detail}")]
    Number {
        /// The index of the point.
        place: usize,
        /// 0 for the raw number, 1 for the reference.
        side: usize,
        /// What is wrong with the number.
        detail: String,
    },
    /// All points have this raw number.
    #[error("all raw numbers are {raw}: they do not determine a model")]
    Same {
        /// The raw number.
        raw: f64,
    },
    /// There are fewer different raw numbers than the model has parameters.
    #[error("{shape} needs at least {needed} different raw numbers, and there are {found}")]
    TooFew {
        /// The model.
        shape: Shape,
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// The raw numbers span so much that the coefficients would lose their digits.
    #[error(
        "the raw numbers span {width:e}, too much for a polynomial; scale them first, as a chain with a linear step does"
    )]
    TooWide {
        /// The difference between the highest and the lowest raw number.
        width: f64,
    },
    /// Some raw numbers are nearly equal, compared with the distance of the others.
    #[error("the raw numbers lie too unevenly to tell {shape}: some are all but equal")]
    TooUneven {
        /// The model.
        shape: Shape,
    },
    /// The raw numbers are so far from 0 that the coefficients would lose their digits.
    #[error(
        "the raw numbers, {lowest} to {highest}, lie so far from 0 for their width that {shape} would lose its digits; subtract an \
         offset first, as a chain with a linear step does"
    )]
    TooFar {
        /// The model.
        shape: Shape,
        /// The lowest raw number.
        lowest: f64,
        /// The highest raw number.
        highest: f64,
    },
    /// A coefficient is too large or too small to be stored.
    #[error("the coefficients come out too large or too small to be stored")]
    Extreme,
    /// A resistance is not positive.
    #[error("a resistance has to be above 0 ohm")]
    NoResistance {
        /// The index of the point.
        place: usize,
    },
    /// A temperature is not above absolute zero.
    #[error("a temperature has to be above −273.15 °C")]
    TooCold {
        /// The index of the point.
        place: usize,
    },
    /// The resistances do not determine the coefficients of a thermistor.
    #[error("the resistances lie too close together to tell a, b and c from each other")]
    TooClose,
    /// The model that was found has no value at one of the points.
    #[error("no model of this kind has a value near this point")]
    NoValue {
        /// The index of the point.
        place: usize,
    },
    /// The model that was found is not a valid calibration.
    #[error("{0}")]
    Invalid(String),
}

/// The model of an error. As text, its name in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A straight line.
    Line,
    /// Straight lines through points.
    Piecewise,
    /// A polynomial of this degree.
    Polynomial(usize),
    /// The curve of a thermistor.
    Thermistor,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line | Self::Polynomial(1) => f.write_str("a line"),
            Self::Piecewise => f.write_str("a piecewise model"),
            Self::Polynomial(degree) => write!(f, "a polynomial of degree {degree}"),
            Self::Thermistor => f.write_str("a thermistor's curve"),
        }
    }
}

impl From<Unfit> for FieldError {
    /// The pointer is relative to `{"points": [[raw, reference], …], "degree": n}`.
    fn from(unfit: Unfit) -> Self {
        let pointer = match &unfit {
            Unfit::Degree | Unfit::TooFew { shape: Shape::Polynomial(_), .. } => "/degree".to_owned(),
            Unfit::Number { place, side, .. } => format!("/points/{place}/{side}"),
            Unfit::NoResistance { place } => format!("/points/{place}/0"),
            Unfit::TooCold { place } => format!("/points/{place}/1"),
            Unfit::NoValue { place } => format!("/points/{place}"),
            _ => "/points".to_owned(),
        };
        Self::new(pointer, unfit.to_string())
    }
}
