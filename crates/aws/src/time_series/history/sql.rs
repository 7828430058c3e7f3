//! Queries in the SQL of Timestream. Each name in them is a checked id of letters, digits, `_` and `-`, and each other value is a
//! number: no text of a caller is part of a query.

use super::Span;
use weir_core::domain::every::Every;
use weir_core::domain::reading::Series;

/// Readings, series by series, oldest first. `SELECT *`, because naming a column that no record has yet is an error.
pub(super) fn points(table: &str, parts: &[(&Series, Span)], limit: usize) -> String {
    format!("SELECT * FROM {table} WHERE {} ORDER BY sensor ASC, time ASC LIMIT {limit}", within(parts))
}

/// The latest reading of a series.
pub(super) fn latest(table: &str, part: (&Series, Span)) -> String {
    format!("SELECT * FROM {table} WHERE {} ORDER BY time DESC LIMIT 1", within(&[part]))
}

/// Aggregates by interval and quality.
pub(super) fn buckets(table: &str, parts: &[(&Series, Span)], every: Every, limit: usize) -> String {
    let bin = format!("bin(time, {every})");
    format!(
        "SELECT sensor, {bin} AS start, quality, count(*) AS n, sum(value) AS total, min(value) AS low, max(value) AS high \
         FROM {table} WHERE {} GROUP BY sensor, {bin}, quality ORDER BY sensor ASC, start ASC, quality ASC LIMIT {limit}",
        within(parts)
    )
}

/// The condition for these series in their spans. The outermost span comes first and on its own, because Timestream uses it to
/// skip data.
fn within(parts: &[(&Series, Span)]) -> String {
    let from = parts.iter().map(|(_, span)| span.from.millis()).min().unwrap_or_default();
    let to = parts.iter().map(|(_, span)| span.to.millis()).max().unwrap_or_default();
    // Series of one device and span are grouped.
    let mut groups: Vec<(&Series, Span, Vec<String>)> = Vec::new();
    for (series, span) in parts {
        let name = format!("'{}'", series.sensor);
        match groups.iter_mut().find(|(first, of, _)| first.device == series.device && of == span) {
            Some((_, _, names)) => names.push(name),
            None => groups.push((series, *span, vec![name])),
        }
    }
    let group = |(first, span, names): &(&Series, Span, Vec<String>)| {
        let mut text = format!("device = '{}' AND sensor IN ({})", first.device, names.join(", "));
        if span.from.millis() != from {
            text.push_str(&format!(" AND time >= from_milliseconds({})", span.from.millis()));
        }
        text
    };
    let groups: Vec<_> = groups.iter().map(group).collect();
    let groups = match groups.as_slice() {
        [only] => only.clone(),
        several => several.iter().map(|group| format!("({group})")).collect::<Vec<_>>().join(" OR "),
    };
    let groups = if groups.starts_with('(') { format!("({groups})") } else { groups };
    format!(
        "time >= from_milliseconds({from}) AND time < from_milliseconds({to}) AND measure_name = 'reading' AND {groups}"
    )
}
