//! The span of time that a page shows, and the resolution.

use chart::Span;

use super::address::Query;
use super::moment;

/// Lengths of spans that end now, with their names in the address and in the menu, in ms.
pub const LAST: [(&str, f64); 8] = [
    ("15m", 900e3),
    ("1h", 3_600e3),
    ("6h", 21_600e3),
    ("24h", 86_400e3),
    ("7d", 604_800e3),
    ("30d", 2_592_000e3),
    ("90d", 7_776_000e3),
    ("366d", 31_622_400e3),
];

/// The span that is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Window {
    /// A span of this length, in ms, that ends now and moves.
    Last(f64),
    /// A fixed span.
    Fixed(Span),
}

impl Default for Window {
    fn default() -> Self {
        Self::Last(21_600e3)
    }
}

impl Window {
    /// The span in the address; the last six hours if it has none that can be read.
    pub fn of(query: &Query) -> Self {
        let at = |name| query.get(name).and_then(moment::parse);
        if let (Some(from), Some(to)) = (at("from"), at("to")) {
            return Self::Fixed(Span::new(from, to));
        }
        let last = query.get("last").and_then(|last| LAST.iter().find(|(name, _)| *name == last));
        last.map_or_else(Self::default, |(_, length)| Self::Last(*length))
    }

    /// The query with this span.
    #[must_use]
    pub fn into_query(self, query: Query) -> Query {
        let query = query.with("from", None).with("to", None).with("last", None);
        match self {
            Self::Last(_) => query.with("last", self.name()),
            Self::Fixed(span) => {
                let (from, to) = (moment::rfc3339(span.from()), moment::rfc3339(span.until()));
                query.with("from", Some(&from)).with("to", Some(&to))
            }
        }
    }

    /// Its name in the menu, if it is listed there.
    pub fn name(self) -> Option<&'static str> {
        let Self::Last(length) = self else { return None };
        LAST.iter().find(|(_, known)| (known - length).abs() < 1.0).map(|(name, _)| *name)
    }

    /// The span at the instant `now`, in ms since the epoch.
    pub fn span(self, now: f64) -> Span {
        match self {
            Self::Last(length) => Span::new(now - length, now),
            Self::Fixed(span) => span,
        }
    }

    /// Whether it moves with the time.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Last(_))
    }
}

/// Widths of intervals, with their names in the API, in s.
const WIDTHS: [(&str, f64); 20] = [
    ("1s", 1.0),
    ("2s", 2.0),
    ("5s", 5.0),
    ("10s", 10.0),
    ("30s", 30.0),
    ("1m", 60.0),
    ("2m", 120.0),
    ("5m", 300.0),
    ("10m", 600.0),
    ("15m", 900.0),
    ("30m", 1_800.0),
    ("1h", 3_600.0),
    ("2h", 7_200.0),
    ("3h", 10_800.0),
    ("6h", 21_600.0),
    ("12h", 43_200.0),
    ("1d", 86_400.0),
    ("2d", 172_800.0),
    ("7d", 604_800.0),
    ("30d", 2_592_000.0),
];
/// Minimum width of an interval, in pixels.
const PIXELS: f64 = 2.0;

/// The width of intervals for a span that is drawn on so many pixels: the smallest that takes at least two pixels. Returns its name in the
/// API, and its length in ms.
pub fn every(span: Span, pixels: f64) -> (&'static str, f64) {
    let least = span.length() / 1_000.0 * PIXELS / pixels.max(50.0);
    let found = WIDTHS.iter().find(|(_, seconds)| *seconds >= least);
    found.map_or(("30d", 2_592_000e3), |(name, seconds)| (*name, seconds * 1_000.0))
}

/// The span that is read for a span that is shown: a quarter more on both sides, in whole intervals, so that it can be moved a little
/// without waiting.
pub fn around(span: Span, every: f64) -> Span {
    let room = span.length() / 4.0;
    let from = ((span.from() - room) / every).floor() * every;
    let until = ((span.until() + room) / every).ceil() * every;
    Span::new(from.max(0.0), until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_what_is_shown() {
        for text in ["last=24h", "from=2026-11-20T06%3A00%3A00.000Z&to=2026-11-20T07%3A00%3A00.000Z"] {
            let window = Window::of(&Query::parse(text));
            assert_eq!(window.into_query(Query::default()).to_string(), text);
        }
        for text in ["", "last=1y", "from=x&to=y", "from=2026-11-20T06:00:00Z"] {
            assert_eq!(Window::of(&Query::parse(text)), Window::default(), "{text}");
        }
        let other = Window::Last(900e3).into_query(Query::parse("sensor=ph&from=a&to=b"));
        assert_eq!(other.to_string(), "sensor=ph&last=15m");
    }

    #[test]
    fn intervals_fit_the_pixels_and_the_api() {
        let day = Span::new(0.0, 86_400e3);
        assert_eq!(every(day, 800.0), ("5m", 300e3));
        assert_eq!(every(day, 400.0), ("10m", 600e3));
        for (_, length) in LAST {
            for pixels in [50.0, 320.0, 1_200.0, 3_000.0] {
                let (_, width) = every(Span::new(0.0, length), pixels);
                let read = around(Span::new(1e12, 1e12 + length), width);
                assert!(read.length() / width <= 10_081.0 && read.length() / width <= pixels, "{length} {pixels}");
            }
        }
    }

    #[test]
    fn what_is_read_holds_what_is_shown_and_is_aligned() {
        let span = Span::new(1_000_123.0, 1_900_456.0);
        let read = around(span, 10_000.0);
        assert!(read.from() <= span.from() - 200_000.0 && read.until() >= span.until() + 200_000.0);
        assert!(read.from() % 10_000.0 == 0.0 && read.until() % 10_000.0 == 0.0);
    }
}
