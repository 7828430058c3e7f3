//! `cargo operate fit`: fits a calibration model to reference points in a file, prints it with its residuals, and plots it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use weir_core::domain::FieldError;
use weir_core::domain::calibration::{Inputs, Options as After, Outside};
use weir_core::domain::fit::{Fit, Kind, Unfit, fit};
use weir_core::wire::ModelJson;

use points::Point;

mod plot;
mod points;

/// The options of the command.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// A file with two columns, raw and reference, separated by comma, semicolon or tab; a header line is skipped.
    points: PathBuf,
    /// The model to fit.
    #[arg(long, value_enum)]
    model: Wanted,
    /// The degree of the polynomial.
    #[arg(long, default_value_t = 2)]
    degree: usize,
    /// How a piecewise model continues outside its points.
    #[arg(long, value_enum, default_value_t = Beyond::Extend)]
    outside: Beyond,
    /// Where to write the plot, an SVG file; by default beside the points.
    #[arg(long)]
    plot: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Wanted {
    Linear,
    TwoPoint,
    Piecewise,
    Polynomial,
    SteinhartHart,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Beyond {
    Extend,
    Clamp,
    Reject,
}

impl Options {
    fn kind(&self) -> Kind {
        match self.model {
            Wanted::Linear => Kind::Linear,
            Wanted::TwoPoint => Kind::TwoPoint,
            Wanted::Piecewise => Kind::Piecewise(match self.outside {
                Beyond::Extend => Outside::Extend,
                Beyond::Clamp => Outside::Clamp,
                Beyond::Reject => Outside::Reject,
            }),
            Wanted::Polynomial => Kind::Polynomial { degree: self.degree },
            Wanted::SteinhartHart => Kind::SteinhartHart,
        }
    }

    fn name(&self) -> String {
        let word = self.model.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        match self.model {
            Wanted::Polynomial => format!("{word} of degree {}", self.degree),
            _ => word,
        }
    }
}

/// Reads the points, fits the model, prints it with its residuals, and draws it.
///
/// # Errors
/// When the file cannot be read, or the model cannot be fitted to its points; the message names the line.
pub fn run(options: &Options) -> Result<ExitCode> {
    let file = &options.points;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let points = points::read(&text).with_context(|| file.display().to_string())?;
    let pairs: Vec<(f64, f64)> = points.iter().map(|point| (point.raw, point.reference)).collect();
    let fitted = fit(options.kind(), &pairs).map_err(|unfit| told(unfit, &points))?;
    println!("{}", page(&options.name(), &fitted, &points)?);
    let picture = options.plot.clone().unwrap_or_else(|| file.with_extension("svg"));
    plot::draw(&picture, &options.name(), &fitted, &pairs)?;
    println!("plot      {}", picture.display());
    Ok(ExitCode::SUCCESS)
}

/// The error, with the line of the file in place of the JSON pointer.
fn told(unfit: Unfit, points: &[Point]) -> anyhow::Error {
    let invalid = FieldError::from(unfit);
    let index = invalid.pointer.strip_prefix("/points/").and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
    match index.and_then(|index| points.get(index)) {
        Some(point) => anyhow!("line {}: {}", point.line, invalid.detail),
        None if invalid.pointer == "/degree" => anyhow!("--degree: {}", invalid.detail),
        None => anyhow!("{}", invalid.detail),
    }
}

fn page(name: &str, fitted: &Fit, points: &[Point]) -> Result<String> {
    let mut lines = vec![
        format!("{name} through {} points", points.len()),
        String::new(),
        format!("{:>5} {:>14} {:>14} {:>14} {:>12}", "line", "raw", "reference", "model", "residual"),
    ];
    for (index, (point, residual)) in points.iter().zip(&fitted.residuals).enumerate() {
        let value = fitted.model.apply(point.raw, Inputs::NONE).map_err(|refusal| anyhow!("{refusal}"))?.value;
        let mark = if index == fitted.worst && fitted.largest > 0.0 { "  ← worst" } else { "" };
        let (raw, reference, value) = (number(point.raw), number(point.reference), number(value));
        lines.push(format!("{:>5} {raw:>14} {reference:>14} {value:>14} {:>12}{mark}", point.line, number(*residual)));
    }
    let explained = fitted.r_squared.map_or("none: all references are equal".to_owned(), |share| format!("{share:.8}"));
    let model = ModelJson { model: fitted.model.clone(), options: After::default() };
    lines.extend([
        String::new(),
        format!("RMSE      {}", number(fitted.rmse)),
        format!("R²        {explained}"),
        format!("largest   {}", number(fitted.largest)),
        format!("model     {}", serde_json::to_string(&model)?),
    ]);
    lines.extend(fitted.warnings.iter().map(|warning| format!("warning   {warning}")));
    Ok(lines.join("\n"))
}

/// A number with six significant digits, without an exponent where that is readable.
fn number(number: f64) -> String {
    let magnitude = number.abs();
    if number == 0.0 {
        "0".to_owned()
    } else if (1e-4..1e9).contains(&magnitude) {
        let digits = (5.0 - magnitude.log10().floor()).clamp(0.0, 9.0) as usize;
        let text = format!("{number:.digits$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        format!("{number:.3e}")
    }
}

#[cfg(test)]
mod tests;
