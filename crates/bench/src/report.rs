//! The figures as text and as JSON.

use serde_json::{Value, json};

/// One figure, with its limit if there is one.
#[derive(Clone, Debug)]
pub struct Row {
    /// The function.
    pub function: String,
    /// The kind of event; empty for figures of the binary.
    pub case: String,
    /// What was measured, with its unit in brackets.
    pub what: &'static str,
    /// The figure.
    pub figure: f64,
    /// Number of meaningful decimals.
    pub digits: usize,
    /// A remark.
    pub note: String,
    /// Its limit.
    pub at_most: Option<f64>,
}

impl Row {
    /// A figure without a limit.
    pub fn new(function: &str, case: &str, what: &'static str, figure: f64, digits: usize) -> Self {
        let (function, case) = (function.to_owned(), case.to_owned());
        Self { function, case, what, figure, digits, note: String::new(), at_most: None }
    }

    /// Adds a remark.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Sets the limit.
    pub fn at_most(self, most: Option<f64>) -> Self {
        Self { at_most: most, ..self }
    }

    /// Whether the figure exceeds its limit.
    pub fn missed(&self) -> bool {
        self.at_most.is_some_and(|most| self.figure > most)
    }

    fn json(&self) -> Value {
        json!({
            "function": self.function, "case": self.case, "what": self.what, "figure": self.figure,
            "note": self.note, "at_most": self.at_most, "missed": self.missed(),
        })
    }
}

/// All rows as aligned text, a block per function and case.
pub fn text(rows: &[Row]) -> String {
    let wide = |cell: fn(&Row) -> usize| rows.iter().map(cell).max().unwrap_or_default();
    let what_wide = wide(|row| row.what.chars().count());
    let figure_wide = wide(|row| figure(row).chars().count());
    let mut out = String::new();
    let mut last = None;
    for row in rows {
        let block = (&row.function, &row.case);
        if last != Some(block) {
            let case = if row.case.is_empty() { String::new() } else { format!(": {}", row.case) };
            out.push_str(&format!("\n{}{case}\n", row.function));
            last = Some(block);
        }
        let target = match row.at_most {
            Some(most) if row.missed() => format!("at most {} MISSED", trimmed(most)),
            Some(most) => format!("at most {} ok", trimmed(most)),
            None => String::new(),
        };
        let line = format!("  {:<what_wide$}  {:>figure_wide$}  {target:<18}  {}", row.what, figure(row), row.note);
        out.push_str(line.trim_end());
        out.push('\n');
    }
    let missed: Vec<&Row> = rows.iter().filter(|row| row.missed()).collect();
    let asked = rows.iter().filter(|row| row.at_most.is_some()).count();
    out.push_str(&format!("\n{} of {asked} targets reached\n", asked - missed.len()));
    // Repeated at the end, where people look in a log.
    for row in missed {
        let (function, case, what) = (&row.function, &row.case, row.what);
        let most = row.at_most.map(trimmed).unwrap_or_default();
        out.push_str(
            &format!("MISSED {function}: {case}: {what} {}, at most {most}\n", figure(row)).replace(": : ", ": "),
        );
    }
    out
}

/// All rows as JSON.
pub fn json(rows: &[Row], machine: &str) -> Value {
    json!({ "machine": machine, "rows": rows.iter().map(Row::json).collect::<Vec<_>>() })
}

fn figure(row: &Row) -> String {
    format!("{:.*}", row.digits, row.figure)
}

fn trimmed(most: f64) -> String {
    let text = format!("{most:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_above_its_target_is_marked() {
        let rows = [
            Row::new("organizer", "", "zipped [MB]", 2.5, 2).at_most(Some(3.0)),
            Row::new("organizer", "", "start [× hello]", 3.01, 2).at_most(Some(3.0)).note("noisy"),
        ];
        has(&text(&rows), "\norganizer\n  zipped [MB]      2.50  at most 3 ok\n");
        has(&text(&rows), "  start [× hello]  3.01  at most 3 MISSED    noisy\n");
        has(&text(&rows), "\n1 of 2 targets reached\nMISSED organizer: start [× hello] 3.01, at most 3\n");
    }

    fn has(text: &str, part: &str) {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
}
