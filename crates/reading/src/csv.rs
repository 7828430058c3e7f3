//! Readings and intervals as CSV: one row for each, with instants in RFC 3339 and decimal points.

use weir_http::{ApiError, Csv, csv_instant, csv_text};

use super::show::{Agg, Interval, Point};

/// Readings as CSV.
///
/// # Errors
/// 500 when they cannot be written.
pub(super) fn points(points: &[Point]) -> Result<Vec<u8>, ApiError> {
    let header = ["at", "sensor", "value", "unit", "quality", "raw", "calibration", "received_at"];
    let mut csv = Csv::with_header(header)?;
    for point in points {
        let cells = [
            csv_instant(point.at),
            point.sensor.to_string(),
            number(point.value),
            csv_text(&point.unit),
            point.quality.to_owned(),
            number(point.raw),
            point.calibration.map(|version| version.to_string()).unwrap_or_default(),
            csv_instant(point.received_at),
        ];
        csv.row(cells)?;
    }
    csv.finish()
}

/// Intervals as CSV, with a column for each of `aggs`.
///
/// # Errors
/// 500 when they cannot be written.
pub(super) fn intervals(intervals: &[Interval], aggs: &[Agg]) -> Result<Vec<u8>, ApiError> {
    let names = aggs.iter().map(|agg| agg.name());
    let header = ["at", "sensor"].into_iter().chain(names).chain(["unit", "quality", "left_out"]);
    let mut csv = Csv::with_header(header)?;
    for interval in intervals {
        let value = |value: Option<Option<f64>>| value.flatten().map(number).unwrap_or_default();
        let cell = |agg: &Agg| match agg {
            Agg::Mean => value(interval.mean),
            Agg::Min => value(interval.min),
            Agg::Max => value(interval.max),
            Agg::Count => interval.count.map(|count| count.to_string()).unwrap_or_default(),
        };
        let mut cells = vec![csv_instant(interval.at), interval.sensor.to_string()];
        cells.extend(aggs.iter().map(cell));
        cells.extend([csv_text(&interval.unit), interval.quality.to_owned(), interval.left_out.to_string()]);
        csv.row(cells)?;
    }
    csv.finish()
}

/// The shortest digits that read back as the same double; with an exponent for very large and very small numbers.
fn number(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-5..1e16).contains(&magnitude) { format!("{number:e}") } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::Timestamp;

    fn point(value: f64, unit: &str) -> Point {
        let at = Timestamp::from_millis(1_795_155_884_123);
        let sensor = "tmp".parse().unwrap();
        Point { sensor, at, value, unit: unit.into(), quality: "good", raw: -412.0, calibration: None, received_at: at }
    }

    fn lines(points: &[Point]) -> Vec<String> {
        let text = String::from_utf8(super::points(points).unwrap()).unwrap();
        let text = text.strip_prefix('\u{feff}').expect("the mark of UTF-8");
        text.strip_suffix("\r\n").unwrap().split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_reading_is_a_row_under_a_header() {
        assert_eq!(
            lines(&[point(-12.5, "°C")]),
            [
                "at,sensor,value,unit,quality,raw,calibration,received_at",
                "2026-11-20T06:24:44.123Z,tmp,-12.5,°C,good,-412,,2026-11-20T06:24:44.123Z"
            ]
        );
        assert_eq!(lines(&[]).len(), 1);
    }

    #[test]
    fn text_of_users_becomes_no_formula_and_breaks_no_row() {
        for (unit, cell) in [
            ("=1+1", "'=1+1"),
            ("+C", "'+C"),
            ("-", "'-"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("mg/L", "mg/L"),
        ] {
            let row = lines(&[point(1.0, unit)]).remove(1);
            assert!(row.contains(&format!(",1,{cell},good,")), "{unit}: {row}");
        }
        // A line break within a cell is quoted, so that it ends no row.
        assert!(lines(&[point(1.0, "a\r\nb")])[1].ends_with("\"a"));
    }

    #[test]
    fn numbers_read_back_as_they_were() {
        for (value, text) in
            [(0.0, "0"), (7.02, "7.02"), (-0.5, "-0.5"), (1e120, "1e120"), (1e-7, "1e-7"), (1e15, "1000000000000000")]
        {
            assert_eq!(number(value), text);
            assert_eq!(text.parse::<f64>(), Ok(value));
        }
    }
}
