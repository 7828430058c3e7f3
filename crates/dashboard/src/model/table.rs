//! The data of a chart as a table: for downloads, and for people who cannot see the chart.

use chart::{Quality, Shown, Span};

use super::moment::rfc3339;

/// A curve and its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<'a> {
    /// The device.
    pub device: &'a str,
    /// The sensor.
    pub sensor: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// The values.
    pub shown: &'a Shown,
}

/// The values within a span as CSV (RFC 4180), with a byte-order mark for Excel: exactly the values of the chart.
pub fn csv(curves: &[Named<'_>], span: Span) -> String {
    let mut text = String::from("\u{feff}at,until,device,sensor,unit,value,min,max,count,left_out,quality\r\n");
    for Named { device, sensor, unit, shown } in curves {
        let (device, sensor, unit) = (field(device), field(sensor), field(unit));
        match shown {
            Shown::Points(points) => {
                for point in points.iter().filter(|point| span.contains(point.at)) {
                    let (at, quality) = (rfc3339(point.at), code(point.quality));
                    text.push_str(&format!("{at},,{device},{sensor},{unit},{},,,,,{quality}\r\n", point.value));
                }
            }
            Shown::Buckets(buckets) => {
                for one in buckets.iter().filter(|one| one.until >= span.from() && one.from <= span.until()) {
                    let (at, until) = (rfc3339(one.from), rfc3339(one.until));
                    let [mean, low, high] = [one.mean, one.low, one.high].map(number);
                    let (count, left_out) = (one.count, one.left_out);
                    text.push_str(&format!(
                        "{at},{until},{device},{sensor},{unit},{mean},{low},{high},{count},{left_out},\r\n"
                    ));
                }
            }
        }
    }
    text
}

/// The code of a quality in the API.
pub const fn code(quality: Quality) -> &'static str {
    match quality {
        Quality::Good => "good",
        Quality::OutOfRange => "out_of_range",
        Quality::Uncalibrated => "uncalibrated",
    }
}

fn number(number: f64) -> String {
    if number.is_finite() { number.to_string() } else { String::new() }
}

/// A text as a CSV field. A `'` is prepended to texts that look like a formula, as in the API's CSV.
fn field(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if guarded.contains([',', '"', '\n', '\r']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use chart::{Bucket, Point};

    use super::*;

    #[test]
    fn the_file_has_what_is_shown_and_nothing_else() {
        let point = |at, value, quality| Point { at, value, quality };
        let points = Shown::Points(vec![
            point(0.0, 1.0, Quality::Good),
            point(10_000.0, 7.02, Quality::OutOfRange),
            point(99_000.0, 3.0, Quality::Good),
        ]);
        let nan = f64::NAN;
        let empty = Bucket { from: 10_000.0, until: 20_000.0, mean: nan, low: nan, high: nan, count: 0, left_out: 2 };
        let buckets = Shown::Buckets(vec![empty]);
        let curves = [
            Named { device: "b", sensor: "ph", unit: "=1+1", shown: &points },
            Named { device: "c", sensor: "do", unit: "mg/l, \"x\"", shown: &buckets },
        ];
        let text = csv(&curves, Span::new(5_000.0, 50_000.0));
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines[1], "1970-01-01T00:00:10.000Z,,b,ph,'=1+1,7.02,,,,,out_of_range");
        assert_eq!(lines[2], "1970-01-01T00:00:10.000Z,1970-01-01T00:00:20.000Z,c,do,\"mg/l, \"\"x\"\"\",,,,0,2,");
        assert_eq!(lines.len(), 4);
        let fields = |line: &str| line.replace("\"mg/l, \"\"x\"\"\"", "unit").split(',').count();
        assert!(lines[..3].iter().all(|line| fields(line) == 11));
    }
}
