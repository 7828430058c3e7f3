//! Warnings about fitted curves that misbehave between the points or near them.
//!
//! Near means: up to half the distance between the lowest and the highest raw number beyond these; for a thermistor, half the
//! distance between their logarithms, because its curve is a function of ln R. Sooner or later a sensor sends such numbers.

use std::fmt;

use super::points::Span;
use super::unfit::Shape;
use crate::domain::calibration::{Model, Polynomial, SteinhartHart, horner};

/// Steps in which a polynomial is followed over the whole range: about 50 between two of its up to 8 turns.
const STEPS: u32 = 1_000;
/// Halvings of a step, to find a turn: more than a double has digits.
const HALVINGS: u32 = 60;
/// A turn counts when the curve rises and falls by more than this part of the range of the references.
const SLIGHT: f64 = 1e-3;
/// Between the points a value is far from the references when it is outside their range by more than this part of the range.
const BETWEEN: f64 = 0.1;
/// The same near the points, where a straight line is outside the references by half of their range, and a parabola with its vertex
/// in the middle by three times the range.
const AROUND: f64 = 4.0;

/// What is wrong with a fitted curve at a raw number between the points or near them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Warning {
    /// The curve turns, although the references only rise or only fall: two raw numbers have the same value.
    Turn {
        /// The raw number at which it turns.
        raw: f64,
        /// Whether it is between the points, not near them.
        between: bool,
    },
    /// The value is far from all references.
    Far {
        /// The raw number.
        raw: f64,
        /// The value.
        value: f64,
        /// Whether it is between the points, not near them.
        between: bool,
    },
    /// The model has no value.
    Nothing {
        /// The raw number.
        raw: f64,
        /// Whether it is between the points, not near them.
        between: bool,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |between: bool| if between { "between the points" } else { "near the points" };
        match *self {
            Self::Turn { raw, between } => {
                let (raw, place) = (short(raw), place(between));
                write!(f, "the curve turns round at raw {raw}, {place}, where the references do not")
            }
            Self::Far { raw, value, between } => {
                let (raw, value, place) = (short(raw), short(value), place(between));
                write!(f, "the value at raw {raw}, {place}, is {value}, far from all references")
            }
            Self::Nothing { raw, between } => {
                let (raw, place) = (short(raw), place(between));
                write!(f, "the model has no value at raw {raw}, {place}")
            }
        }
    }
}

/// The number with six digits.
fn short(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

/// The warnings of a model that was fitted to `points`, from which it differs by `largest` at most. Lines have none.
pub(super) fn warnings(model: &Model, points: &[(f64, f64)], largest: f64) -> Vec<Warning> {
    let Ok(span) = Span::of(points, 2, Shape::Line) else { return Vec::new() };
    match model {
        Model::Polynomial(model) if model.coefficients().len() > 2 => of_polynomial(model, points, &span, largest),
        Model::SteinhartHart(model) => of_thermistor(model, &span),
        Model::Identity
        | Model::Linear(_)
        | Model::TwoPoint(_)
        | Model::Piecewise(_)
        | Model::Polynomial(_)
        | Model::Ranges(_)
        | Model::PlatinumRtd(_)
        | Model::Expression(_)
        | Model::Chain(_) => Vec::new(),
    }
}

fn of_polynomial(model: &Polynomial, points: &[(f64, f64)], span: &Span, largest: f64) -> Vec<Warning> {
    let value = |raw: f64| horner(model.coefficients(), raw);
    let between = |raw: f64| (span.lowest..=span.highest).contains(&raw);
    let references = points.iter().map(|(_, reference)| *reference);
    let (low, high) = references.fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)));
    let range = high - low;
    let (from, to) = (span.lowest - span.half(), span.highest + span.half());
    let raws: Vec<f64> = (0..=STEPS)
        .map(|step| from + (to - from) * f64::from(step) / f64::from(STEPS))
        .chain([span.lowest, span.highest])
        .collect();
    let mut found = Vec::new();
    if one_way(points) {
        let turns = turns(model.coefficients(), &raws);
        // The values where it begins, turns, and ends: a slight turn is one of rounding, or makes no difference.
        let values: Vec<f64> = [from].iter().chain(&turns).chain([&to]).map(|raw| value(*raw)).collect();
        let moves = values.windows(3).map(|three| match three {
            [before, turn, after] => (turn - before).abs().min((after - turn).abs()),
            _ => 0.0,
        });
        let counts = turns.iter().zip(moves).filter(|(_, moved)| *moved > SLIGHT * range);
        found.extend(counts.map(|(raw, _)| Warning::Turn { raw: *raw, between: between(*raw) }));
    }
    for inside in [true, false] {
        let margin = if inside { (BETWEEN * range).max(largest) } else { (AROUND * range).max(largest) };
        // References that are all equal are a range of one number, with the rounding of the fit.
        let margin = margin.max(1e-9 * low.abs().max(high.abs()));
        let beyond = |raw: f64| (low - value(raw)).max(value(raw) - high);
        let those = raws.iter().copied().filter(|raw| between(*raw) == inside);
        let farthest = those.max_by(|one, other| beyond(*one).total_cmp(&beyond(*other)));
        if let Some(raw) = farthest.filter(|raw| beyond(*raw) > margin) {
            found.push(Warning::Far { raw, value: value(raw), between: inside });
        }
    }
    found
}

/// Whether the references only rise or only fall with the raw number; those of one raw number count with their mean.
fn one_way(points: &[(f64, f64)]) -> bool {
    let means = super::through::means(points);
    let steps = || means.windows(2).filter_map(|two| Some(two.last()?.1 - two.first()?.1));
    steps().any(|step| step != 0.0) && (steps().all(|step| step >= 0.0) || steps().all(|step| step <= 0.0))
}

/// Where the polynomial turns: the changes of sign of its derivative, ascending.
fn turns(coefficients: &[f64], raws: &[f64]) -> Vec<f64> {
    let slopes: Vec<f64> = coefficients.iter().zip(0u32..).skip(1).map(|(c, power)| c * f64::from(power)).collect();
    let rises = |raw: f64| horner(&slopes, raw) > 0.0;
    let mut sorted = raws.to_vec();
    sorted.sort_by(f64::total_cmp);
    let turn = |two: &[f64]| {
        let (mut from, mut to) = (*two.first()?, *two.last()?);
        if rises(from) == rises(to) {
            return None;
        }
        for _ in 0..HALVINGS {
            let middle = from + (to - from) / 2.0;
            if rises(middle) == rises(from) { from = middle } else { to = middle }
        }
        Some(to)
    };
    sorted.windows(2).filter_map(turn).collect()
}

/// With L = ln R the curve 1/T = a + b·L + c·L³ turns where b + 3·c·L² = 0, and has no temperature where it is not above 0.
fn of_thermistor(model: &SteinhartHart, span: &Span) -> Vec<Warning> {
    let [a, b, c] = model.coefficients();
    let (lowest, highest) = (span.lowest.ln(), span.highest.ln());
    let half = (highest - lowest) / 2.0;
    let (from, to) = (lowest - half, highest + half);
    let between = |log: f64| (lowest..=highest).contains(&log);
    let turn = (-b / (3.0 * c)).sqrt();
    let turns: Vec<f64> = [-turn, turn].into_iter().filter(|log| (from..=to).contains(log)).collect();
    let mut found: Vec<Warning> =
        turns.iter().map(|log| Warning::Turn { raw: log.exp(), between: between(*log) }).collect();
    // Between two turns it only rises or only falls, so it is lowest at one of these.
    let inverse = |log: f64| a + log * (b + c * log * log);
    let ends = [from, lowest, highest, to].into_iter().chain(turns);
    let least = ends.min_by(|one, other| inverse(*one).total_cmp(&inverse(*other)));
    if let Some(log) = least.filter(|log| inverse(*log) <= 0.0) {
        found.push(Warning::Nothing { raw: log.exp(), between: between(log) });
    }
    found
}
