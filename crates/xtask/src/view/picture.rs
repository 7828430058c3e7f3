//! Renders the live view as lines of text.

use console::{measure_text_width, style};
use fleet_sim::fleet::probes::of_buoy;

use super::state::{Newest, Problem, State};
use crate::live::Counter;

/// Width of the first column, in characters.
const FIRST: usize = 10;
/// Width of a value, in characters.
const COLUMN: usize = 9;

/// The whole picture.
pub fn lines(clock: &str, counter: &Counter, state: &State, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let title = format!("{}  {clock}", style("Weir, the local cloud").bold());
    let hint = "Ctrl-C stops everything";
    let gap = width.saturating_sub(measure_text_width(&title) + hint.len() + 1).max(2);
    lines.push(format!("{title}{}{}", " ".repeat(gap), style(hint).dim()));
    lines.push(String::new());
    let sent = &counter.sent;
    lines.push(format!(
        "{:<FIRST$}{} messages, {:.1} a second: {} readings, {} levels, {} late, {} duplicates, {} broken",
        "sent", sent.messages, counter.rate, sent.readings, sent.levels, sent.late, sent.duplicates, sent.quarantined
    ));
    lines.push(String::new());
    lines.extend(buoys(state));
    lines.push(String::new());
    lines.extend(levels(state));
    lines.push(String::new());
    lines.extend(problems(state));
    lines.extend(quarantine(state, width));
    lines
}

/// The same, in one line.
pub fn line(counter: &Counter, state: &State) -> String {
    let sent = &counter.sent;
    let quarantined: usize = state.quarantined().values().sum();
    let open: Vec<_> =
        state.open.values().map(|problem| format!("{} {}", problem.problem_id, problem.problem)).collect();
    format!(
        "sent {} messages, {:.1} a second ({} readings, {} levels, {} late, {} duplicates, {} broken); {quarantined} quarantined; open problems {}",
        sent.messages,
        counter.rate,
        sent.readings,
        sent.levels,
        sent.late,
        sent.duplicates,
        sent.quarantined,
        if open.is_empty() { "none".to_owned() } else { open.join(", ") }
    )
}

fn buoys(state: &State) -> Vec<String> {
    let probes = of_buoy(0);
    let row = |first: &str, cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| right(cell)).collect();
        format!("{first:<FIRST$}{}", cells.concat())
    };
    let heads = row("buoys", probes.iter().map(|probe| probe.code.to_owned()).collect());
    let units = row("", probes.iter().map(|probe| probe.unit.to_owned()).collect());
    let mut lines = vec![style(heads).bold().to_string(), style(units).dim().to_string()];
    for (buoy, newest) in &state.buoys {
        // The guest's buoy is shown from its first message on.
        if newest.iter().any(Option::is_some) {
            lines.push(row(buoy, newest.iter().map(value).collect()));
        }
    }
    lines
}

fn value(newest: &Option<Newest>) -> String {
    match newest {
        None => "·".to_owned(),
        Some(Newest { value, quality, .. }) => {
            let text = format!("{value:.2}");
            match quality.as_str() {
                "good" => text,
                "out_of_range" => style(format!("{text}!")).red().to_string(),
                _ => style(format!("{text}?")).yellow().to_string(),
            }
        }
    }
}

fn right(cell: &str) -> String {
    format!("{}{cell}", " ".repeat(COLUMN.saturating_sub(measure_text_width(cell))))
}

fn levels(state: &State) -> Vec<String> {
    let mut tubes: Vec<(&str, String)> = Vec::new();
    for (id, level) in &state.levels {
        let tube = id.get(..1).unwrap_or_default();
        let text = format!("{level:>5}");
        let text = if level == "100" { style(text).green() } else { style(text).red() };
        let cell = format!("{id}{text}    ");
        match tubes.last_mut() {
            Some((last, cells)) if *last == tube => cells.push_str(&cell),
            _ => tubes.push((tube, cell)),
        }
    }
    let mut lines = vec![style("levels").bold().to_string()];
    lines.extend(tubes.iter().map(|(tube, cells)| format!("{:<FIRST$}{cells}", format!("tube {tube}"))));
    lines
}

fn problems(state: &State) -> Vec<String> {
    let heading = format!("problems  {} open, {} resolved", state.open.len(), state.resolved.len());
    let mut lines = vec![style(heading).bold().to_string()];
    for problem in state.open.values() {
        let since = jiff::Timestamp::now().as_second() - problem.problem_time;
        lines.push(format!(
            "{:<FIRST$}{} {}   for {since} s, episode {}",
            problem.problem_id,
            style(format!("{:<12}", problem.problem)).red(),
            evidence(problem),
            problem.episodes
        ));
    }
    lines.push(String::new());
    lines
}

/// The values that show the problem.
fn evidence(problem: &Problem) -> String {
    match (&problem.current_value, &problem.following_value, problem.value, problem.limit) {
        (Some(current), Some(following), ..) => format!("{current:>3} then {following:>3}"),
        (Some(current), None, ..) => format!("{current:>3}         "),
        (_, _, Some(value), Some(limit)) => format!("{value:.2}, limit {limit}"),
        _ => String::new(),
    }
}

fn quarantine(state: &State, width: usize) -> Vec<String> {
    let total: usize = state.quarantined().values().sum();
    let mut lines = vec![style(format!("quarantine  {total} entries")).bold().to_string()];
    let mut line = String::new();
    for (reason, count) in state.quarantined() {
        let part = format!("{reason} {count}   ");
        if FIRST + line.len() + part.len() > width {
            lines.push(format!("{:FIRST$}{line}", ""));
            line.clear();
        }
        line.push_str(&part);
    }
    if !line.is_empty() {
        lines.push(format!("{:FIRST$}{line}", ""));
    }
    lines
}
