//! `piecewise`: straight lines through three or more reference points, for probes that are not straight.

use super::{FieldError, finite, line};
use crate::domain::{Reason, Refusal};

/// A device's row holds the latest calibration of each sensor, and may take 400 KB in all.
const MOST_POINTS: usize = 200;

/// What happens to a raw number beyond the first or last point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// The first or last line goes on.
    Extend,
    /// The first or last reference holds.
    Clamp,
    /// The raw number is refused.
    Reject,
}

/// Reference points, ascending by raw.
#[derive(Debug, Clone, PartialEq)]
pub struct Piecewise {
    points: Vec<(f64, f64)>,
    outside: Outside,
}

impl Piecewise {
    /// Straight lines through `points`, each (raw, reference).
    ///
    /// # Errors
    /// Fewer than two points, a number that is not finite, or a raw number not above the one before it.
    pub fn new(points: Vec<(f64, f64)>, outside: Outside) -> Result<Self, FieldError> {
        if points.len() < 2 {
            return Err(FieldError::new("/points", "needs at least two points"));
        }
        if points.len() > MOST_POINTS {
            return Err(FieldError::new("/points", format!("has more than {MOST_POINTS} points")));
        }
        let mut before: Option<f64> = None;
        for (place, (raw, reference)) in points.iter().enumerate() {
            finite(&format!("/points/{place}/0"), *raw)?;
            finite(&format!("/points/{place}/1"), *reference)?;
            if let Some(before) = before.filter(|before| raw <= before) {
                let detail = if *raw == before {
                    format!("the raw number {raw} stands twice")
                } else {
                    format!("the raw numbers must ascend, and {raw} follows {before}")
                };
                return Err(FieldError::new(format!("/points/{place}/0"), detail));
            }
            before = Some(*raw);
        }
        Ok(Self { points, outside })
    }

    /// The points, ascending by raw.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// What happens beyond them.
    pub fn outside(&self) -> Outside {
        self.outside
    }

    pub(super) fn value(&self, raw: f64) -> Result<f64, Refusal> {
        // Two points at least, so the slices below always match; the fall-through keeps the compiler content without
        // a panic.
        let ([first, .., last], [second, ..], [.., last_but_one, _]) =
            (self.points.as_slice(), self.points.get(1..).unwrap_or_default(), self.points.as_slice())
        else {
            return Err(Refusal::new(Reason::OutsideCalibration, "the calibration has fewer than two points"));
        };
        if raw < first.0 || raw > last.0 {
            let (from, to) = if raw < first.0 { (first, second) } else { (last_but_one, last) };
            return match self.outside {
                Outside::Extend => Ok(line(*from, *to, raw)),
                Outside::Clamp => Ok(if raw < first.0 { first.1 } else { last.1 }),
                Outside::Reject => Err(Refusal::new(
                    Reason::OutsideCalibration,
                    format!("raw {raw} lies outside the calibrated {} to {}", first.0, last.0),
                )),
            };
        }
        let after = self.points.partition_point(|(point, _)| *point <= raw).min(self.points.len() - 1);
        match (self.points.get(after.saturating_sub(1)), self.points.get(after)) {
            (Some(from), Some(to)) => Ok(line(*from, *to, raw)),
            _ => Ok(last.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn model(outside: Outside) -> Piecewise {
        Piecewise::new(vec![(0.0, 10.0), (10.0, 20.0), (20.0, 0.0)], outside).unwrap()
    }

    #[test]
    fn values_lie_on_the_lines() {
        for (raw, value) in [(0.0, 10.0), (5.0, 15.0), (10.0, 20.0), (15.0, 10.0), (20.0, 0.0)] {
            assert_eq!(model(Outside::Reject).value(raw).unwrap(), value, "{raw}");
        }
    }

    #[test]
    fn beyond_the_points_the_rule_decides() {
        for (outside, below, above) in [
            (Outside::Extend, Some(9.0), Some(-2.0)),
            (Outside::Clamp, Some(10.0), Some(0.0)),
            (Outside::Reject, None, None),
        ] {
            assert_eq!(model(outside).value(-1.0).ok(), below, "{outside:?}");
            assert_eq!(model(outside).value(21.0).ok(), above, "{outside:?}");
        }
        assert_eq!(model(Outside::Reject).value(-1.0).unwrap_err().reason, Reason::OutsideCalibration);
    }

    #[test]
    fn points_must_be_two_finite_and_ascending() {
        let refused = |points: &[(f64, f64)]| Piecewise::new(points.to_vec(), Outside::Extend).unwrap_err();
        assert_eq!(refused(&[(1.0, 1.0)]).pointer, "/points");
        assert_eq!(refused(&[(1.0, 1.0), (1.0, 2.0)]).pointer, "/points/1/0");
        assert!(refused(&[(1.0, 1.0), (1.0, 2.0)]).detail.contains("stands twice"));
        assert_eq!(refused(&[(1.0, 1.0), (2.0, 2.0), (0.0, 2.0)]).pointer, "/points/2/0");
        assert_eq!(refused(&[(1.0, f64::NAN), (2.0, 2.0)]).pointer, "/points/0/1");
    }

    fn ascending() -> impl Strategy<Value = Vec<(f64, f64)>> {
        prop::collection::vec((0.01f64..100.0, 0.0f64..100.0), 2..20).prop_map(|steps| {
            let (mut raw, mut reference) = (0.0, 0.0);
            steps
                .into_iter()
                .map(|(over, up)| {
                    raw += over;
                    reference += up;
                    (raw, reference)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn no_raw_number_makes_it_panic(points in ascending(), raw in any::<f64>()) {
            for outside in [Outside::Extend, Outside::Clamp, Outside::Reject] {
                let _ = Piecewise::new(points.clone(), outside).unwrap().value(raw);
            }
        }
    }
}
