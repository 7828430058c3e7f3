//! The account as a table: sent and found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::ledger::Ledger;
use super::observed::Observed;

/// The table, with what was sent on one side and what was found on the other.
pub fn page(ledger: &Ledger, observed: &Observed) -> String {
    let sent = &ledger.sent;
    let mut page = format!(
        "{:<34} {:>8} {:>8}\n",
        format!("{} messages with {} values", sent.messages, sent.values),
        "sent",
        "found"
    );
    let mut line = |name: &str, sent: u64, found: u64| {
        let mark = if sent == found { "" } else { "   <-- differs" };
        let _ = writeln!(page, "  {name:<32} {sent:>8} {found:>8}{mark}");
    };
    let history: BTreeSet<_> = observed
        .readings
        .iter()
        .filter(|row| row.sensor.ends_with("#filling"))
        .map(|row| (row.sensor.clone(), row.at))
        .collect();
    let late = ledger.late.iter().filter(|place| history.contains(place)).count() as u64;
    let (stored, levels) = ((observed.readings.len() - history.len()) as u64, history.len() as u64 - late);
    let quarantined = observed.quarantine.len() as u64;
    line("readings stored", sent.readings, stored);
    line("levels stored", sent.levels, levels);
    line("late levels stored", sent.late, late);
    // Duplicates leave no row: they are the values that are not found in any row.
    line("duplicates, no row", sent.duplicates, sent.values.saturating_sub(stored + levels + late + quarantined));
    line("quarantined", sent.quarantined, quarantined);
    let events = observed.events.iter().filter(|row| row.kind.is_some()).count() as u64;
    line("events of devices and people", ledger.events.values().sum(), events);
    let (expected, found) = (
        count(ledger.quarantined.iter().map(|entry| &entry.reason)),
        count(observed.quarantine.iter().map(|row| &row.reason)),
    );
    let reasons: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    for reason in reasons {
        let number = |counts: &BTreeMap<String, u64>| counts.get(reason).copied().unwrap_or_default();
        line(&format!("  {reason}"), number(&expected), number(&found));
    }
    page
}

fn count<'a>(words: impl Iterator<Item = &'a String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word.clone()).or_default() += 1;
    }
    counts
}
