//! The plot: points and curve above, the residuals below.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use weir_core::domain::calibration::Inputs;
use weir_core::domain::fit::Fit;

use super::number;

/// Width and height of the plot, in pixels.
const SIZE: (u32, u32) = (900, 680);
/// The height of the residuals' part, in pixels.
const RESIDUALS: u32 = 210;
/// The library only supports integer coordinates, which would make curves jagged: everything is drawn larger by this factor, and scaled
/// down.
const FINE: u32 = 8;
/// Number of steps of the curve.
const STEPS: usize = 500;
/// Raw numbers whose ratio exceeds this are shown on a logarithmic scale.
const DECADES: f64 = 100.0;

const INK: RGBColor = RGBColor(40, 44, 52);
const GRID: RGBColor = RGBColor(225, 228, 232);
const CURVE: RGBColor = RGBColor(31, 119, 180);
const WORST: RGBColor = RGBColor(214, 39, 40);

/// Draws the model, the points and the residuals into an SVG file.
///
/// # Errors
/// When the file cannot be written.
pub fn draw(file: &Path, name: &str, fitted: &Fit, points: &[(f64, f64)]) -> Result<()> {
    let mut picture = String::new();
    let (width, height) = (SIZE.0 * FINE, SIZE.1 * FINE);
    let painted = {
        let area = SVGBackend::with_string(&mut picture, (width, height)).into_drawing_area();
        paint(&area, name, fitted, points, &Scale::of(points)).and_then(|()| area.present().map_err(Box::from))
    };
    painted.map_err(|error| anyhow!("cannot draw: {error}"))?;
    let large = format!("width=\"{width}\" height=\"{height}\"");
    let shown = format!("width=\"{}\" height=\"{}\"", SIZE.0, SIZE.1);
    std::fs::write(file, picture.replacen(&large, &shown, 1))
        .with_context(|| format!("cannot write {}", file.display()))
}

type Painted = std::result::Result<(), Box<dyn std::error::Error>>;

fn paint(area: &Area<'_>, name: &str, fitted: &Fit, points: &[(f64, f64)], scale: &Scale) -> Painted {
    area.fill(&WHITE)?;
    let explained = fitted.r_squared.map_or(String::new(), |share| format!(", R² {share:.8}"));
    let title = format!("{name}: RMSE {}{explained}, largest residual {}", number(fitted.rmse), number(fitted.largest));
    let area = area.margin(6 * FINE, 0, 0, 0).titled(&title, font(19))?;
    let (_, height) = area.dim_in_pixel();
    let (above, below) = area.split_vertically(height.saturating_sub(RESIDUALS * FINE));
    let across = scale.across();
    let curve: Vec<(f64, f64)> = (0..=STEPS)
        .map(|step| across.start + (across.end - across.start) * step as f64 / STEPS as f64)
        .filter_map(|at| Some((at, fitted.model.apply(scale.raw(at), Inputs::NONE).ok()?.value)))
        .filter(|(_, value)| value.is_finite())
        .collect();
    let references: Vec<(f64, f64)> = points.iter().map(|(raw, reference)| (scale.at(*raw), *reference)).collect();
    // The curve may go anywhere beyond the points, so the plot shows the range of the points and a little more.
    let up = padded(references.iter().map(|(_, reference)| *reference), 0.08);
    let shown: Vec<_> = curve.into_iter().filter(|(_, value)| up.contains(value)).collect();
    let mut chart = framed(&above, across.clone(), up, "reference", None, scale)?;
    chart.draw_series(LineSeries::new(shown, CURVE.stroke_width(2 * FINE)))?;
    chart.draw_series(
        references.iter().enumerate().map(|(index, at)| Circle::new(*at, 4 * FINE, colour(index, fitted).filled())),
    )?;

    let residuals: Vec<(f64, f64)> =
        points.iter().zip(&fitted.residuals).map(|((raw, _), residual)| (scale.at(*raw), *residual)).collect();
    // Residuals that are only rounding errors are drawn on the zero line.
    let least = 1e-12 * points.iter().fold(f64::MIN_POSITIVE, |most, (_, reference)| most.max(reference.abs()));
    let reach = fitted.largest.max(least) * 1.25;
    let mut chart = framed(&below, across.clone(), -reach..reach, "residual", Some("raw"), scale)?;
    chart.draw_series(LineSeries::new([(across.start, 0.0), (across.end, 0.0)], INK.stroke_width(FINE)))?;
    for (index, (at, residual)) in residuals.iter().enumerate() {
        let stem = LineSeries::new([(*at, 0.0), (*at, *residual)], colour(index, fitted).stroke_width(2 * FINE));
        chart.draw_series(stem)?;
        chart.draw_series([Circle::new((*at, *residual), 3 * FINE, colour(index, fitted).filled())])?;
    }
    Ok(())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plain = Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>;

fn framed<'a, 'b>(
    area: &'a Area<'b>,
    across: Range<f64>,
    up: Range<f64>,
    up_label: &str,
    across_label: Option<&str>,
    scale: &Scale,
) -> std::result::Result<ChartContext<'a, SVGBackend<'b>, Plain>, Box<dyn std::error::Error>> {
    let step = (up.end - up.start) / 6.0;
    let mut chart = ChartBuilder::on(area)
        .margin(12 * FINE)
        .margin_right(24 * FINE)
        .x_label_area_size(FINE * if across_label.is_some() { 44 } else { 24 })
        .y_label_area_size(76 * FINE)
        .build_cartesian_2d(across, up)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(FINE))
        .axis_style(INK.stroke_width(FINE))
        .set_all_tick_mark_size(5 * FINE)
        .label_style(font(14))
        .axis_desc_style(font(15))
        .x_labels(9)
        .y_labels(if across_label.is_some() { 5 } else { 8 })
        .x_desc(across_label.unwrap_or_default())
        .y_desc(up_label)
        .x_label_formatter(&|at| scale.label(*at))
        .y_label_formatter(&|at| label(*at, step))
        .draw()?;
    Ok(chart)
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size * FINE).into_font().color(&INK)
}

fn colour(index: usize, fitted: &Fit) -> RGBColor {
    if index == fitted.worst && fitted.largest > 0.0 { WORST } else { INK }
}

/// The horizontal scale of raw numbers: linear or logarithmic.
struct Scale {
    logarithmic: bool,
    first: f64,
    last: f64,
}

impl Scale {
    fn of(points: &[(f64, f64)]) -> Self {
        let (first, last) =
            points.iter().fold((f64::MAX, f64::MIN), |(first, last), (raw, _)| (first.min(*raw), last.max(*raw)));
        Self { logarithmic: first > 0.0 && last / first > DECADES, first, last }
    }

    fn at(&self, raw: f64) -> f64 {
        if self.logarithmic { raw.log10() } else { raw }
    }

    fn raw(&self, at: f64) -> f64 {
        if self.logarithmic { 10f64.powf(at) } else { at }
    }

    fn across(&self) -> Range<f64> {
        padded([self.at(self.first), self.at(self.last)].into_iter(), 0.04)
    }

    fn label(&self, at: f64) -> String {
        if !self.logarithmic {
            return label(at, (self.last - self.first) / 9.0);
        }
        // Only whole powers of ten are labelled.
        if (at - at.round()).abs() < 1e-6 { plain(10f64.powf(at.round()), 0) } else { String::new() }
    }
}

/// The range of the numbers, extended by `share` of it at both ends.
fn padded(numbers: impl Iterator<Item = f64> + Clone, share: f64) -> Range<f64> {
    let (low, high) = numbers.fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)));
    let beyond = if high > low { (high - low) * share } else { 1.0f64.max(high.abs() * 0.1) };
    low - beyond..high + beyond
}

/// The label of a number on an axis whose labels are about `step` apart.
fn label(at: f64, step: f64) -> String {
    let digits = (1.0 - step.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    if at.abs() < step * 1e-6 { "0".to_owned() } else { plain(at, digits) }
}

fn plain(number: f64, digits: usize) -> String {
    let magnitude = number.abs();
    if magnitude >= 1e7 || digits > 6 {
        return format!("{number:.1e}");
    }
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
