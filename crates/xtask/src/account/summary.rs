//! The account on one page.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::ledger::Ledger;
use super::observed::Observed;

/// Sent on one side, found on the other.
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
    let is_history = |series: &str| series.ends_with("#filling");
    let history = observed.readings.iter().filter(|row| is_history(&row.sensor)).count() as u64;
    line("stored as readings", sent.readings, observed.readings.len() as u64 - history);
    line("kept as levels, on time and late", sent.levels + sent.late, history);
    // A duplicate leaves no row: that it changed nothing is what all the other lines show.
    line("duplicates, which change nothing", sent.duplicates, sent.duplicates);
    line("set aside", sent.aside, observed.quarantine.len() as u64);
    let (expected, found) = (
        count(ledger.aside.iter().map(|aside| &aside.reason)),
        count(observed.quarantine.iter().map(|row| &row.reason)),
    );
    let reasons: std::collections::BTreeSet<_> = expected.keys().chain(found.keys()).collect();
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
