//! The media type of the answer, from the header `Accept` (RFC 9110, 12.5.1).

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;

use super::{ApiError, ErrorKind};

/// A media type in which a list for spreadsheets is available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json`.
    Json,
    /// `text/csv`, for spreadsheets.
    Csv,
}

impl<S: Sync> FromRequestParts<S> for Format {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let values: Vec<_> =
            parts.headers.get_all(ACCEPT).iter().map(|value| value.to_str().unwrap_or_default()).collect();
        negotiate(&values.join(",")).ok_or_else(|| {
            ApiError::new(
                ErrorKind::NotAcceptable,
                "this is available as application/json or text/csv, which Accept does not include",
            )
        })
    }
}

/// The format with the highest weight; JSON if both have the same weight, or if the header is empty.
fn negotiate(accept: &str) -> Option<Format> {
    if accept.trim().is_empty() {
        return Some(Format::Json);
    }
    let (json, csv) = (weight(accept, "application", "json"), weight(accept, "text", "csv"));
    match (json > 0.0, csv > json) {
        (_, true) => Some(Format::Csv),
        (true, false) => Some(Format::Json),
        (false, false) => None,
    }
}

/// The weight of a media type: that of the most specific range that includes it.
fn weight(accept: &str, kind: &str, subtype: &str) -> f64 {
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next()?;
        let exact = match name.split_once('/')? {
            (range, sub) if range == kind && sub == subtype => 3,
            (range, "*") if range == kind => 2,
            ("*", "*") => 1,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").map(|weight| weight.trim().parse::<f64>().ok()));
        Some((exact, weight.unwrap_or(Some(1.0)).filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0)))
    });
    ranges.max_by_key(|(exact, _)| *exact).map_or(0.0, |(_, weight)| weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_with_the_highest_weight_is_chosen() {
        for (accept, format) in [
            ("", Some(Format::Json)),
            ("*/*", Some(Format::Json)),
            ("application/json", Some(Format::Json)),
            ("application/*", Some(Format::Json)),
            ("text/csv", Some(Format::Csv)),
            ("TEXT/CSV; charset=utf-8; header=present", Some(Format::Csv)),
            ("text/*", Some(Format::Csv)),
            ("application/json;q=0.5, text/csv", Some(Format::Csv)),
            ("text/csv;q=0.5, application/json", Some(Format::Json)),
            ("text/csv, application/json", Some(Format::Json)),
            ("text/csv, */*;q=0.1", Some(Format::Csv)),
            ("*/*, application/json;q=0", Some(Format::Csv)),
            // What a browser sends.
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Format::Json)),
            ("text/html", None),
            ("application/xml, image/*", None),
            ("text/csv;q=0", None),
            ("text/csv;q=nan", None),
            ("text/csv;q=x", None),
            (";;;", None),
            ("json", None),
        ] {
            assert_eq!(negotiate(accept), format, "{accept}");
        }
    }
}
