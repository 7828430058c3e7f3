//! Reference points from a file, as spreadsheets and loggers write them.

use anyhow::{Context, Result, bail};

/// A raw number, the reference measured beside it, and the line they stand on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// What the device sent.
    pub raw: f64,
    /// What the reference instrument said.
    pub reference: f64,
    /// The line of the file, from 1.
    pub line: u64,
}

/// Reads two columns; empty lines and lines that begin with `#` are skipped, and a first line of words.
///
/// # Errors
/// The first line that is no pair of numbers.
pub fn read(text: &str) -> Result<Vec<Point>> {
    let divider = divider(text);
    let mut points = Vec::new();
    let lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
    let lines = lines.filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'));
    for (index, (text, line)) in lines.enumerate() {
        // One line at a time: the reader of a whole file counts neither empty lines nor comments.
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).delimiter(divider).trim(csv::Trim::All).from_reader(text.as_bytes());
        let row = reader.records().next().transpose()?.unwrap_or_default();
        // Where the comma does not divide the columns it may divide a number's digits.
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

/// What divides the columns: the first of semicolon, tab and comma that occurs at all.
fn divider(text: &str) -> u8 {
    let lines = text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>();
    let occurs = |divider: &u8| lines.iter().any(|line| line.as_bytes().contains(divider));
    [b';', b'\t'].into_iter().find(|divider| occurs(divider)).unwrap_or(b',')
}
