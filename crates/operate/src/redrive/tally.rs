//! The results: counters, and the last lines of the output.

use std::process::ExitCode;

use console::style;
use serde_json::Value;

/// Maximum number of errors shown per queue; they tend to be the same.
const SHOWN: usize = 3;

/// The results of one queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that have left the queue.
    pub done: u64,
    /// Messages that stay in the queue.
    pub left: u64,
    /// Values and levels that were stored.
    pub stored: u64,
    /// Values and levels that were duplicates.
    pub known: u64,
    /// Values and levels that were quarantined.
    pub quarantined: u64,
    /// The first few errors.
    pub errors: Vec<String>,
}

impl Tally {
    /// Counts the result in a function's answer.
    pub fn enter(&mut self, answer: &Value) {
        self.done += 1;
        let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
        self.stored += number("stored");
        self.known += number("duplicate");
        self.quarantined += number("quarantined");
        match answer.get("outcome").and_then(Value::as_str) {
            None => {}
            Some("duplicate") => self.known += 1,
            Some("quarantined") => self.quarantined += 1,
            Some(_) => self.stored += 1,
        }
    }

    /// Counts a message that stays in the queue.
    pub fn stays(&mut self, why: String) {
        self.left += 1;
        if self.errors.len() < SHOWN && !self.errors.contains(&why) {
            self.errors.push(why);
        }
    }

    /// The counters that are not zero.
    pub fn text(&self) -> String {
        if *self == Self::default() {
            return "nothing to do".to_owned();
        }
        let parts = [("stored", self.stored), ("known already", self.known), ("quarantined", self.quarantined)];
        let parts: Vec<_> =
            parts.iter().filter(|(_, number)| *number > 0).map(|(name, number)| format!("{number} {name}")).collect();
        let values = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        let left = if self.left > 0 { format!("; {} left", self.left) } else { String::new() };
        format!("{} delivered again{values}{left}", self.done)
    }
}

/// Prints the conclusion; success if nothing is left.
pub fn conclude(tallies: &[(String, Tally)]) -> ExitCode {
    let left: u64 = tallies.iter().map(|(_, tally)| tally.left).sum();
    if left == 0 {
        println!("\nNothing is left.");
        return ExitCode::SUCCESS;
    }
    for (name, tally) in tallies.iter().filter(|(_, tally)| tally.left > 0) {
        println!("\n{} {} left in {name}:", style("!").red().bold(), tally.left);
        tally.errors.iter().for_each(|error| println!("  {error}"));
    }
    println!("\nWhat stays is not lost: mend what is wrong and run this again.");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_of_every_function_are_counted() {
        let mut tally = Tally::default();
        for answer in [
            json!({"stored": 2, "duplicate": 1, "quarantined": 1}),
            json!({"outcome": "newest"}),
            json!({"outcome": "duplicate"}),
            json!({"outcome": "quarantined"}),
            json!({"batchItemFailures": []}),
        ] {
            tally.enter(&answer);
        }
        assert_eq!((tally.done, tally.stored, tally.known, tally.quarantined), (5, 3, 2, 2));
        assert_eq!(tally.text(), "5 delivered again: 3 stored, 2 known already, 2 quarantined");
    }

    #[test]
    fn what_stays_is_told_with_its_reason_once() {
        let mut tally = Tally::default();
        (0..9).for_each(|_| tally.stays("throttled".to_owned()));
        assert_eq!((tally.left, tally.errors.len()), (9, 1));
        assert_eq!(tally.text(), "0 delivered again; 9 left");
        assert_eq!(Tally::default().text(), "nothing to do");
    }
}
