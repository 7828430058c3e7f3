//! Reads reference points from a file, as written by spreadsheets and loggers.

use anyhow::{Context, Result, bail};

/// A raw number, the reference value measured at the same time, and their line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The raw number of the device.
    pub raw: f64,
    /// The value of the reference instrument.
    pub reference: f64,
    /// The line in the file, from 1.
    pub line: u64,
}

/// Reads two columns. Empty lines, lines that begin with `#`, and a header line are skipped.
///
/// # Errors
/// The first line that does not contain two numbers.
pub fn read(text: &str) -> Result<Vec<Point>> {
    let divider = divider(text);
    let mut points = Vec::new();
    let lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
    let lines = lines.filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'));
    for (index, (text, line)) in lines.enumerate() {
        // One line at a time, because the CSV reader counts neither empty lines nor comments.
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).delimiter(divider).trim(csv::Trim::All).from_reader(text.as_bytes());
        let row = reader.records().next().transpose()?.unwrap_or_default();
        // If the comma does not separate the columns, it may be a decimal comma.
        let number = |column: usize| {
            let text = row.get(column)?;
            if divider == b',' { text.parse().ok() } else { text.replace(',', ".").parse().ok() }
        };
        match (number(0), number(1)) {
            (Some(raw), Some(reference)) => points.push(Point { raw, reference, line }),
            (None, None) if index == 0 => {}
            _ => bail!("line {line} has no two numbers, raw and reference: {}", text.trim()),
        }
    }
    if points.is_empty() { None } else { Some(points) }.context("has no points")
}

/// The separator of the columns: the first of semicolon, tab and comma that occurs at all.
fn divider(text: &str) -> u8 {
    let lines = text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>();
    let occurs = |divider: &u8| lines.iter().any(|line| line.as_bytes().contains(divider));
    [b';', b'\t'].into_iter().find(|divider| occurs(divider)).unwrap_or(b',')
}
