//! A span of time on the horizontal axis, and how the reader changes it.

/// The shortest span, in ms: below it the ticks would have fractions of a second.
const SHORTEST: f64 = 1_000.0;
/// The longest span, in ms: 20 years.
const LONGEST: f64 = 20.0 * 365.25 * 86_400_000.0;

/// A span from one instant to another, in ms since the epoch. It is never empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    from: f64,
    until: f64,
}

impl Span {
    /// The span between two instants, in either order, with a length of 1 s to 20 years around its middle. Numbers that are not finite
    /// count as 0.
    pub fn new(from: f64, until: f64) -> Self {
        let finite = |number: f64| if number.is_finite() { number } else { 0.0 };
        let (one, other) = (finite(from), finite(until));
        let (from, until) = (one.min(other), one.max(other));
        let length = (until - from).clamp(SHORTEST, LONGEST);
        if (until - from - length).abs() < f64::EPSILON {
            return Self { from, until };
        }
        let middle = from + (until - from) / 2.0;
        Self { from: middle - length / 2.0, until: middle + length / 2.0 }
    }

    /// Its start, in ms since the epoch.
    pub fn from(self) -> f64 {
        self.from
    }

    /// Its end, in ms since the epoch.
    pub fn until(self) -> f64 {
        self.until
    }

    /// Its length, in ms.
    pub fn length(self) -> f64 {
        self.until - self.from
    }

    /// Whether it contains the instant; both ends are included.
    pub fn contains(self, at: f64) -> bool {
        (self.from..=self.until).contains(&at)
    }

    /// Lengthens (`factor` above 1) or shortens the span, keeping the instant at `place` in place: 0 is the start, 1 the end.
    pub fn zoomed(self, place: f64, factor: f64) -> Self {
        let place = if place.is_finite() { place.clamp(0.0, 1.0) } else { 0.5 };
        let factor = if factor.is_finite() && factor > 0.0 { factor } else { 1.0 };
        let length = (self.length() * factor).clamp(SHORTEST, LONGEST);
        let fixed = self.from + self.length() * place;
        Self { from: fixed - length * place, until: fixed + length * (1.0 - place) }
    }

    /// Moves the span by this share of its length: later, or earlier if it is negative.
    pub fn moved(self, share: f64) -> Self {
        let by = if share.is_finite() { self.length() * share } else { 0.0 };
        Self { from: self.from + by, until: self.until + by }
    }

    /// A span of the same length that ends at this instant.
    pub fn ending(self, until: f64) -> Self {
        Self { from: until - self.length(), until }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_span_is_never_empty_nor_endless() {
        assert_eq!(Span::new(10_000.0, 5_000.0), Span { from: 5_000.0, until: 10_000.0 });
        assert_eq!(Span::new(5_000.0, 5_000.0), Span { from: 4_500.0, until: 5_500.0 });
        assert!(Span::new(0.0, 1e18).length() <= LONGEST * 1.000_001);
        assert!(Span::new(f64::NAN, f64::INFINITY).length() >= SHORTEST);
    }

    proptest! {
        #[test]
        fn zooming_leaves_the_instant_under_the_pointer(from in 0.0..2e12, length in 1e4..1e11, place in 0.0..1.0, factor in 0.2..5.0) {
            let before = Span::new(from, from + length);
            let after = before.zoomed(place, factor);
            let at = |span: Span| span.from() + span.length() * place;
            prop_assert!((at(before) - at(after)).abs() < 1.0);
            prop_assert!(after.length() >= SHORTEST * 0.999);
        }

        #[test]
        fn moving_there_and_back_is_nothing(from in 0.0..2e12, length in 1e4..1e11, share in -2.0..2.0) {
            let before = Span::new(from, from + length);
            let after = before.moved(share).moved(-share);
            prop_assert!((before.from() - after.from()).abs() < 1.0);
        }
    }
}
