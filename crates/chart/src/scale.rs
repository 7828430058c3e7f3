//! Maps numbers to pixels and back.

use crate::ticks::step;

/// A linear scale: the domain in the unit of the data, the range in pixels. The range may be reversed, as for a vertical axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    domain: (f64, f64),
    range: (f64, f64),
}

impl Scale {
    /// A scale from a domain to a range. An empty domain is widened by one, so that it can be mapped.
    pub fn new(domain: (f64, f64), range: (f64, f64)) -> Self {
        let (from, until) = domain;
        let domain = if from.is_finite() && until.is_finite() && (until - from).is_finite() && until != from {
            domain
        } else {
            (from - 1.0, from + 1.0)
        };
        Self { domain, range }
    }

    /// The pixel of a value. Values outside the domain are mapped outside the range.
    pub fn px(self, value: f64) -> f64 {
        let share = (value - self.domain.0) / (self.domain.1 - self.domain.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// The value at a pixel.
    pub fn value(self, px: f64) -> f64 {
        let share = (px - self.range.0) / (self.range.1 - self.range.0);
        self.domain.0 + share * (self.domain.1 - self.domain.0)
    }

    /// The domain.
    pub fn domain(self) -> (f64, f64) {
        self.domain
    }
}

/// The smallest interval with rounded ends that contains `low` and `high`, so that an axis begins and ends at a tick. Two equal or
/// non-finite values get an interval around them.
pub fn nice(low: f64, high: f64, most: usize) -> (f64, f64) {
    if !low.is_finite() || !high.is_finite() || !(high - low).is_finite() {
        return (0.0, 1.0);
    }
    let (low, high) = (low.min(high), low.max(high));
    // Values that differ only by rounding errors count as equal.
    let (low, high) = if high - low <= low.abs().max(high.abs()) * 1e-12 {
        let room = (low.abs() * 0.05).max(0.5);
        (low - room, high + room)
    } else {
        (low, high)
    };
    let step = step(high - low, most);
    ((low / step).floor() * step, (high / step).ceil() * step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_axis_begins_and_ends_rounded() {
        assert_eq!(nice(6.9, 7.42, 6), (6.9, 7.5));
        assert_eq!(nice(3.0, 97.0, 6), (0.0, 100.0));
        assert_eq!(nice(7.0, 7.0, 4), (6.5, 7.5));
        assert_eq!(nice(f64::NAN, 1.0, 6), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn a_pixel_and_its_value_belong_together(low in -1e6..1e6, length in 1e-3..1e6, value in -1e6..1e6) {
            let scale = Scale::new((low, low + length), (300.0, 10.0));
            prop_assert!((scale.value(scale.px(value)) - value).abs() < 1e-6 * (1.0 + value.abs() + length));
        }

        #[test]
        fn a_nice_interval_holds_what_it_is_made_for(low in -1e9..1e9, length in 0.0..1e9, most in 2_usize..12) {
            let (from, until) = nice(low, low + length, most);
            let slack = (low.abs() + length) * 1e-9;
            prop_assert!(from <= low + slack && until >= low + length - slack && until > from);
        }
    }
}
