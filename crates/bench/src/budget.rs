//! `budget.toml`: the most that figures may be which do not depend on the machine. A figure above its line is a regress; one that has
//! become better is a reason to lower the line.

use crate::report::Row;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::path::Path;

/// Instructions may differ so much from build to build.
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

/// The cases whose instructions the file limits, as function and case: to count those of any other would take minutes for
/// nothing.
///
/// # Errors
/// When the file cannot be read.
pub fn counted(file: &Path) -> Result<Vec<(String, String)>> {
    let lines = read(file)?.into_iter().filter(|line| line.what == crate::figures::INSTRUCTIONS);
    Ok(lines.map(|line| (line.function, line.case)).collect())
}

fn read(file: &Path) -> Result<Vec<Line>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let budget: Budget = toml::from_str(&text).with_context(|| format!("{} is no budget", file.display()))?;
    Ok(budget.figure)
}

/// The rows with what the file allows them; those it says nothing of are left out. A line that no row answers is an error, since it
/// would guard nothing; `counted` says whether instructions were counted.
///
/// # Errors
/// When the file cannot be read, or a line stands for nothing.
pub fn apply(file: &Path, rows: Vec<Row>, counted: bool) -> Result<Vec<Row>> {
    let mut kept = Vec::new();
    for line in read(file)? {
        let instructions = line.what == crate::figures::INSTRUCTIONS;
        // Sizes and instructions are those of one architecture.
        let here = cfg!(target_arch = "x86_64") || !(instructions || line.what == crate::figures::ZIPPED_SIZE);
        if instructions && !counted || !here {
            continue;
        }
        let row =
            rows.iter().find(|row| row.function == line.function && row.case == line.case && row.what == line.what);
        let row =
            row.with_context(|| format!("nothing measured is {}, {:?}, {:?}", line.function, line.case, line.what))?;
        kept.push(row.clone().at_most(Some(if instructions { line.at_most * PLAY } else { line.at_most })));
    }
    ensure!(!kept.is_empty(), "{} guards nothing", file.display());
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<Vec<Row>> {
        let file = std::env::temp_dir().join(format!("weir-budget-{}-{}.toml", std::process::id(), text.len()));
        std::fs::write(&file, text)?;
        let row = Row::new("organizer", "a level report", "AWS requests per event", 2.0, 2);
        let checked = apply(&file, vec![row], false);
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
    }
}
