//! `ranges`: another model for each range of raw numbers, as standards define their tables.

use super::nested::{Nested, bounded};
use super::{Calibrated, FieldError, Inputs, finite};
use crate::domain::{Reason, Refusal};

/// Maximum ranges.
const MAX_RANGES: usize = 32;

/// A model for the raw numbers with `from ≤ raw < to`.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The first raw number.
    pub from: f64,
    /// The end, which is not part of the range, except of the last range.
    pub to: f64,
    /// The model and its options.
    pub part: Nested,
}

/// Ranges, ascending, without overlap; gaps are allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranges {
    ranges: Vec<Range>,
}

impl Ranges {
    /// The model made of `ranges`.
    ///
    /// # Errors
    /// No range, more than 32, a bound that is not finite, an empty range, ranges that overlap or do not ascend, or
    /// models nested too deeply or too large in all.
    pub fn new(ranges: Vec<Range>) -> Result<Self, FieldError> {
        if ranges.is_empty() {
            return Err(FieldError::new("/ranges", "needs at least one range"));
        }
        if ranges.len() > MAX_RANGES {
            return Err(FieldError::new("/ranges", format!("has more than {MAX_RANGES} ranges")));
        }
        let mut before: Option<&Range> = None;
        for (place, range) in ranges.iter().enumerate() {
            let from = finite(&format!("/ranges/{place}/from"), range.from)?;
            let to = finite(&format!("/ranges/{place}/to"), range.to)?;
            if to <= from {
                let detail = format!("must be above from: no raw number is in {from} to {to}");
                return Err(FieldError::new(format!("/ranges/{place}/to"), detail));
            }
            if let Some(before) = before.filter(|before| from < before.to) {
                let detail = if to <= before.from {
                    format!("the ranges must ascend, and {from} to {to} follows {} to {}", before.from, before.to)
                } else {
                    format!("{from} to {to} overlaps the range before it, {} to {}", before.from, before.to)
                };
                return Err(FieldError::new(format!("/ranges/{place}/from"), detail));
            }
            before = Some(range);
        }
        bounded("/ranges", ranges.iter().map(|range| &range.part))?;
        Ok(Self { ranges })
    }

    /// The ranges, ascending.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    pub(super) fn apply(&self, raw: f64, inputs: Inputs<'_>) -> Result<Calibrated, Refusal> {
        let after = self.ranges.partition_point(|range| range.from <= raw);
        let range = after.checked_sub(1).and_then(|place| self.ranges.get(place));
        let last = after == self.ranges.len();
        match range.filter(|range| raw < range.to || (last && raw == range.to)) {
            Some(range) => range.part.apply(raw, inputs),
            None => {
                let detail = format!("raw {raw} is in none of the {} calibrated ranges", self.ranges.len());
                Err(Refusal::new(Reason::OutsideCalibration, detail))
            }
        }
    }
}

#[cfg(test)]
mod tests;
