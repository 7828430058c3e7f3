//! Metrics for CloudWatch in its embedded metric format: a line of the log that CloudWatch Logs turns into metrics, without a
//! request (Amazon CloudWatch user guide, "Specification: Embedded metric format"). Dimensions are the function and the reason,
//! never a device: each combination of dimensions is a metric that costs by the month.
//!
//! Quarantine entries are reported at once, because an alarm watches them. Stored readings are counted and reported at most every
//! 10 s, so that a busy function does not pay for a log line per message; counts that are not reported before Lambda ends an
//! environment are lost.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use weir_core::domain::{Reason, Timestamp};

/// Milliseconds between two lines about stored readings.
const EVERY: i64 = 10_000;

static STORED: AtomicU64 = AtomicU64::new(0);
static DUPLICATES: AtomicU64 = AtomicU64::new(0);
static TOLD: AtomicI64 = AtomicI64::new(0);

/// Counts stored and duplicate values, and reports the counts at most every 10 s.
pub fn stored(stored: usize, duplicates: usize, now: Timestamp) {
    let Some(name) = name() else { return };
    STORED.fetch_add(stored as u64, Ordering::Relaxed);
    DUPLICATES.fetch_add(duplicates as u64, Ordering::Relaxed);
    if now.millis().saturating_sub(TOLD.load(Ordering::Relaxed)) < EVERY {
        return;
    }
    TOLD.store(now.millis(), Ordering::Relaxed);
    let counts = [STORED.swap(0, Ordering::Relaxed), DUPLICATES.swap(0, Ordering::Relaxed)];
    println!("{}", stored_line(name, counts, now));
}

/// Reports that a message, or one value of it, was quarantined for the first time.
pub fn quarantined(reason: Reason, now: Timestamp) {
    if let Some(name) = name() {
        println!("{}", quarantined_line(name, reason, now));
    }
}

/// Reports how many admins can sign in, and how many profiles were removed because their user is gone.
pub fn people(admins: usize, orphans: usize, now: Timestamp) {
    if let Some(name) = name() {
        println!("{}", people_line(name, [admins, orphans], now));
    }
}

/// Reports that a level was registered by its first report.
pub fn new_level(now: Timestamp) {
    if let Some(name) = name() {
        println!("{}", count_line(name, "NewLevels", now));
    }
}

/// Reports that a notice could not be delivered for 24 hours.
pub fn notice_failed(now: Timestamp) {
    if let Some(name) = name() {
        println!("{}", count_line(name, "NoticesFailed", now));
    }
}

/// Reports that a certificate which its device does not renew expires within 7 days, or has expired.
pub fn certificate_ending(now: Timestamp) {
    if let Some(name) = name() {
        println!("{}", count_line(name, "CertificatesEnding", now));
    }
}

/// The parts of a function's name, `{Project}-{Environment}-{function}`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    namespace: String,
    function: String,
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.splitn(3, '-');
        let (project, environment, function) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { namespace: format!("{project}/{environment}"), function: function.to_owned() })
    }
}

/// This function's name; none outside Lambda, where nobody reads metrics.
fn name() -> Option<&'static Name> {
    static NAME: OnceLock<Option<Name>> = OnceLock::new();
    NAME.get_or_init(|| Name::parse(&std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok()?)).as_ref()
}

fn stored_line(Name { namespace, function }: &Name, [stored, duplicates]: [u64; 2], now: Timestamp) -> String {
    format!(
        r#"{{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"{namespace}","Dimensions":[["function"]],"Metrics":[{{"Name":"Stored","Unit":"Count"}},{{"Name":"Duplicates","Unit":"Count"}}]}}]}},"function":"{function}","Stored":{stored},"Duplicates":{duplicates}}}"#,
        now.millis()
    )
}

fn quarantined_line(Name { namespace, function }: &Name, reason: Reason, now: Timestamp) -> String {
    format!(
        r#"{{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"{namespace}","Dimensions":[["function"],["function","reason"]],"Metrics":[{{"Name":"Quarantined","Unit":"Count"}}]}}]}},"function":"{function}","reason":"{}","Quarantined":1}}"#,
        now.millis(),
        reason.code()
    )
}

fn people_line(Name { namespace, function }: &Name, [admins, orphans]: [usize; 2], now: Timestamp) -> String {
    format!(
        r#"{{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"{namespace}","Dimensions":[["function"]],"Metrics":[{{"Name":"Admins","Unit":"Count"}},{{"Name":"OrphanedProfiles","Unit":"Count"}}]}}]}},"function":"{function}","Admins":{admins},"OrphanedProfiles":{orphans}}}"#,
        now.millis()
    )
}

/// One more of what this metric counts.
fn count_line(Name { namespace, function }: &Name, metric: &str, now: Timestamp) -> String {
    format!(
        r#"{{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"{namespace}","Dimensions":[["function"]],"Metrics":[{{"Name":"{metric}","Unit":"Count"}}]}}]}},"function":"{function}","{metric}":1}}"#,
        now.millis()
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Every metric and dimension that a line declares is a member of the line, of the type the format asks for.
    fn assert_declared(line: &str) -> Value {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["_aws"]["Timestamp"].is_i64());
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Namespace"], "weir/dev");
        for metric in metrics["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_u64(), "{line}");
        }
        for dimension in metrics["Dimensions"].as_array().unwrap().iter().flat_map(|set| set.as_array().unwrap()) {
            assert!(line[dimension.as_str().unwrap()].is_string(), "{line}");
        }
        line
    }

    #[test]
    fn the_lines_are_what_the_format_asks_for_and_name_no_device() {
        let name = Name::parse("weir-dev-problem-detector").unwrap();
        let now = Timestamp::from_millis(1_795_155_884_123);
        let line = assert_declared(&stored_line(&name, [12, 3], now));
        assert_eq!(
            (&line["Stored"], &line["Duplicates"], &line["function"]),
            (&12.into(), &3.into(), &"problem-detector".into())
        );
        let line = assert_declared(&quarantined_line(&name, Reason::UnknownDevice, now));
        assert_eq!(assert_declared(&count_line(&name, "NewLevels", now))["NewLevels"], 1);
        assert_eq!(assert_declared(&count_line(&name, "NoticesFailed", now))["NoticesFailed"], 1);
        assert_eq!((&line["Quarantined"], &line["reason"]), (&1.into(), &"unknown_device".into()));
        let line = assert_declared(&people_line(&name, [1, 2], now));
        assert_eq!((&line["Admins"], &line["OrphanedProfiles"]), (&1.into(), &2.into()));
    }

    #[test]
    fn a_name_of_another_form_has_no_metrics() {
        assert_eq!(Name::parse("calibration"), None);
    }
}
