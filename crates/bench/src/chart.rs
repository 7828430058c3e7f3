//! A chart of the starts: for each function the time until it can take an event, the time until it has answered its first event, and its
//! size.

use crate::report::Row;
use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;
use std::path::Path;

const WIDTH: i32 = 900;
const BAR: i32 = 12;
const LINE: i32 = 40;
/// The left end of the bars, and the maximum length of a bar, in pixels.
const LEFT: i32 = 240;
const LONG: i32 = 480;
const TOP: i32 = 64;

const INK: RGBColor = RGBColor(40, 44, 52);
const NEXT: RGBColor = RGBColor(31, 119, 180);
const FIRST: RGBColor = RGBColor(174, 199, 232);

/// The names of the figures in `figures`.
const START: &str = "start to first next [ms]";
const TIMES: &str = "the same [× hello]";
const ANSWERED: &str = "start to end of first event, TLS [ms]";
const ZIPPED: &str = "zipped [MB]";

struct Bar<'a> {
    function: &'a str,
    start: f64,
    times: f64,
    answered: Option<f64>,
    zipped: f64,
}

/// Draws the functions among `rows` into an SVG file.
///
/// # Errors
/// When there are no starts, or the file cannot be written.
pub fn draw(file: &Path, rows: &[Row]) -> Result<()> {
    let figure = |function: &str, what: &str| {
        rows.iter().find(|row| row.function == function && row.what == what).map(|row| row.figure)
    };
    let bars: Vec<Bar<'_>> = rows
        .iter()
        .filter(|row| row.what == START)
        .map(|row| row.function.as_str())
        .filter_map(|function| {
            let (start, times) = (figure(function, START)?, figure(function, TIMES)?);
            Some(Bar {
                function,
                start,
                times,
                answered: figure(function, ANSWERED),
                zipped: figure(function, ZIPPED)?,
            })
        })
        .collect();
    let longest = bars.iter().map(|bar| bar.answered.unwrap_or(bar.start).max(bar.start)).fold(f64::NAN, f64::max);
    anyhow::ensure!(longest > 0.0, "there are no starts to draw");
    let mut picture = String::new();
    paint(&mut picture, &bars, longest).map_err(|error| anyhow!("cannot draw: {error}"))?;
    std::fs::write(file, picture).with_context(|| format!("cannot write {}", file.display()))
}

fn paint(picture: &mut String, bars: &[Bar<'_>], longest: f64) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let height = TOP + LINE * i32::try_from(bars.len())?;
    let area = SVGBackend::with_string(picture, (WIDTH.unsigned_abs(), height.unsigned_abs())).into_drawing_area();
    area.fill(&WHITE)?;
    let text = |size: i32| ("sans-serif", size).into_font().color(&INK);
    area.draw(&Text::new("From starting the process", (20, 14), text(17)))?;
    for (place, colour, what) in
        [(0, NEXT, "until it asks for an event"), (1, FIRST, "until it has answered the first")]
    {
        let left = LEFT + 240 * place;
        area.draw(&Rectangle::new([(left, 16), (left + BAR, 16 + BAR)], colour.filled()))?;
        area.draw(&Text::new(what, (left + BAR + 6, 15), text(14)))?;
    }
    area.draw(&Text::new("zipped", (WIDTH - 70, 15), text(14)))?;
    for (place, bar) in bars.iter().enumerate() {
        let top = TOP + LINE * i32::try_from(place)?;
        let end = |time: f64| LEFT + (f64::from(LONG) * time / longest) as i32;
        area.draw(&Text::new(bar.function, (20, top + 4), text(14)))?;
        area.draw(&Rectangle::new([(LEFT, top), (end(bar.start), top + BAR)], NEXT.filled()))?;
        let start = format!("{:.1} ms, {:.1} × hello", bar.start, bar.times);
        area.draw(&Text::new(start, (end(bar.start) + 6, top), text(13)))?;
        if let Some(answered) = bar.answered {
            area.draw(&Rectangle::new([(LEFT, top + BAR + 2), (end(answered), top + 2 * BAR + 2)], FIRST.filled()))?;
            area.draw(&Text::new(format!("{answered:.1} ms"), (end(answered) + 6, top + BAR + 2), text(13)))?;
        }
        area.draw(&Text::new(format!("{:.1} MB", bar.zipped), (WIDTH - 70, top + 4), text(14)))?;
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_a_bar_as_long_as_its_time() {
        let row = |function: &str, what, figure| Row::new(function, "", what, figure, 2);
        let rows = [
            row("hello", START, 1.0),
            row("hello", TIMES, 1.0),
            row("hello", ZIPPED, 0.6),
            row("device", START, 2.0),
            row("device", TIMES, 2.0),
            row("device", ANSWERED, 4.0),
            row("device", ZIPPED, 2.9),
        ];
        let file = std::env::temp_dir().join(format!("weir-chart-{}.svg", std::process::id()));
        draw(&file, &rows).unwrap();
        let drawn = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        for part in ["2.0 ms, 2.0 × hello", "width=\"120\"", "width=\"240\"", "width=\"480\"", "2.9 MB"] {
            assert!(drawn.contains(part), "{part} is not in {drawn}");
        }
    }
}
