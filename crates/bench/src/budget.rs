//! `budget.toml`: limits of figures that do not depend on the machine. A figure above its limit is a regression; if a figure has improved,
//! lower its limit.

use crate::report::Row;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::path::Path;

/// The lines that `cargo xtask figures` compares: the page in a browser, beside something plain in the same browser.
const IN_A_BROWSER: &str = "dashboard";

/// Tolerance of instructions, which differ from build to build.
const PLAY: f64 = 1.05;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    figure: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    function: String,
    #[serde(default)]
    case: String,
    what: String,
    at_most: f64,
}

/// The cases, as function and case, with a limit of instructions in the file: counting those of other cases would take minutes for nothing.
///
/// # Errors
/// When the file cannot be read.
pub fn counted(file: &Path) -> Result<Vec<(String, String)>> {
    let lines = read(file)?.into_iter().filter(|line| line.what == crate::figures::INSTRUCTIONS);
    Ok(lines.map(|line| (line.function, line.case)).collect())
}

fn read(file: &Path) -> Result<Vec<Line>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let budget: Budget = toml::from_str(&text).with_context(|| format!("{} is not a budget", file.display()))?;
    Ok(budget.figure)
}

/// The part of the file that a run can be compared with.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The functions that were measured; empty for all.
    pub functions: &'a [String],
    /// Whether the binaries for AWS were measured, to which the sizes apply.
    pub release: bool,
    /// Whether instructions were counted.
    pub instructions: bool,
}

impl Scope<'_> {
    fn has(self, line: &Line) -> bool {
        // Sizes and instructions apply to one architecture only.
        let possible = match line.what.as_str() {
            crate::figures::INSTRUCTIONS => self.instructions && cfg!(target_arch = "x86_64"),
            crate::figures::ZIPPED_SIZE => self.release && cfg!(target_arch = "x86_64"),
            _ => true,
        };
        possible
            && line.function != IN_A_BROWSER
            && (self.functions.is_empty() || self.functions.contains(&line.function))
    }
}

/// The rows that have a limit in the file, with that limit; others are left out. A line of the scope that matches no row is an error, since
/// it would guard nothing.
///
/// # Errors
/// When the file cannot be read, or a line matches no row.
pub fn apply(file: &Path, rows: Vec<Row>, scope: Scope<'_>) -> Result<Vec<Row>> {
    let mut kept = Vec::new();
    for line in read(file)?.into_iter().filter(|line| scope.has(line)) {
        let instructions = line.what == crate::figures::INSTRUCTIONS;
        let row =
            rows.iter().find(|row| row.function == line.function && row.case == line.case && row.what == line.what);
        let row =
            row.with_context(|| format!("no measured figure is {}, {:?}, {:?}", line.function, line.case, line.what))?;
        kept.push(row.clone().at_most(Some(if instructions { line.at_most * PLAY } else { line.at_most })));
    }
    ensure!(!kept.is_empty(), "{} contains no limit of this run", file.display());
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<Vec<Row>> {
        within(text, Scope { functions: &[], release: false, instructions: false })
    }

    fn within(text: &str, scope: Scope<'_>) -> Result<Vec<Row>> {
        let file = std::env::temp_dir().join(format!("weir-budget-{}-{}.toml", std::process::id(), text.len()));
        std::fs::write(&file, text)?;
        let row = Row::new("organizer", "a level report", "AWS requests per event", 2.0, 2);
        let checked = apply(&file, vec![row], scope);
        std::fs::remove_file(&file)?;
        checked
    }

    #[test]
    fn a_figure_above_its_line_is_missed_and_a_line_for_nothing_is_refused() {
        let line =
            "[[figure]]\nfunction = \"organizer\"\ncase = \"a level report\"\nwhat = \"AWS requests per event\"\n";
        assert!(checked(&format!("{line}at_most = 1.0")).unwrap().iter().all(Row::missed));
        assert!(!checked(&format!("{line}at_most = 2.0")).unwrap().iter().any(Row::missed));
        assert!(checked(&format!("{line}at_most = 2.0").replace("organizer", "nobody")).is_err());
        assert!(checked("figure = []").is_err());
        let size = "[[figure]]\nfunction = \"organizer\"\nwhat = \"zipped [MB]\"\nat_most = 3.0\n";
        let both = format!("{line}at_most = 2.0\n{size}");
        let scope = Scope { functions: &[], release: false, instructions: false };
        assert_eq!(within(&both, scope).unwrap().len(), 1, "the size of what is not for AWS is not compared");
        assert!(!cfg!(target_arch = "x86_64") || within(&both, Scope { release: true, ..scope }).is_err());
        let browser = format!("{line}at_most = 1.0\n").replace("organizer", IN_A_BROWSER);
        let beside = format!("{line}at_most = 2.0\n{browser}");
        assert_eq!(within(&beside, scope).unwrap().len(), 1, "what a browser measures is not compared here");
        let functions = ["reading".to_owned()];
        assert!(within(&both, Scope { functions: &functions, ..scope }).is_err(), "no line is in the scope");
    }
}
