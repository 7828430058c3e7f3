//! `cargo operate bill`: an estimate of the AWS bill from counted requests and list prices (`tooling::bill`).

use std::path::Path;

use anyhow::Result;
use tooling::bill::{Prices, Usage};

/// Number of devices in the row about a month of a fleet.
const FLEET: f64 = 1000.0;
/// Number of open pages in the rows about the live feed.
const PAGES: f64 = 1000.0;

/// The bill as a table in Markdown. `prices` is a file like `crates/tooling/bill/prices.toml`; without it, that file is used.
///
/// # Errors
/// When a file cannot be read or lacks a price.
pub fn page(prices: Option<&Path>) -> Result<String> {
    let (prices, usage) = (Prices::read(prices)?, Usage::counted()?);
    let mut page = format!("| {}, {} | DynamoDB | Timestream |\n|---|---|---|\n", prices.region, prices.currency);
    let mut line = |what: &str, of: &dyn Fn(bool) -> Result<f64>| -> Result<()> {
        page.push_str(&format!("| {what} | {:.2} | {:.2} |\n", of(false)?, of(true)?));
        Ok(())
    };
    line("a million readings, one in each message", &|store| prices.million(&usage.reading, &usage, store))?;
    line("a million readings, ten in each message", &|store| prices.million(&usage.reading_of_ten, &usage, store))?;
    line("a million level reports", &|store| prices.million(&usage.level, &usage, store))?;
    line("a million changes of shadows", &|store| prices.million(&usage.shadow_change, &usage, store))?;
    line("a million beginnings and ends of connections", &|store| prices.million(&usage.connection, &usage, store))?;
    line("a million API calls that read a device", &|store| prices.million(&usage.api_call, &usage, store))?;
    line("a million commands that are accepted and done", &|store| prices.million(&usage.command, &usage, store))?;
    let per = usage.month.values / usage.month.messages;
    line(&format!("1,000 devices for a month, {per:.0} values every 10 minutes"), &|store| {
        prices.fleet(&usage, FLEET, store)
    })?;
    line("1,000 pages open eight hours a day for a month, and nothing changes", &|_| {
        prices.pages(&usage, PAGES, false)
    })?;
    line("the same, each watching a device that sends every 10 minutes", &|store| {
        // With Timestream, readings are not sent to the live feed.
        prices.pages(&usage, PAGES, !store)
    })?;
    line("a thousand notices by webhook", &|_| prices.notices(&usage, false))?;
    line("a thousand notices by e-mail", &|_| prices.notices(&usage, true))?;
    line("a million readings of sensors with alerts, one in each message, all in order", &|store| {
        prices.watched_readings(&usage, store)
    })?;
    line("alarms, metrics and dashboard of one environment for a month", &|_| prices.stack(&usage))?;
    line("its schedules, at most, while nothing is due", &|_| prices.schedules(&usage))?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_page_is_computed_from_the_files() {
        let shown = std::fs::read_to_string(tooling::place::root().unwrap().join("docs/costs-and-figures.md")).unwrap();
        let page = page(None).unwrap();
        assert!(shown.contains(&page), "docs/costs-and-figures.md has another bill than this command:\n{page}");
    }

    #[test]
    fn the_metrics_of_alarms_are_those_of_the_template() {
        let template = std::fs::read_to_string(tooling::place::root().unwrap().join("template.yaml")).unwrap();
        let metrics = template.matches("MetricName: ").count();
        let usage = Usage::counted().unwrap();
        assert_eq!(usage.stack.alarm_metrics, metrics as f64, "left bill/usage.toml, right the template");
        // They would be billed as some 250 metrics, which nobody uses.
        assert!(!template.contains("DetailedMetricsEnabled"), "the metrics of each route are not in the bill");
    }

    #[test]
    fn other_prices_make_another_bill_and_a_missing_one_is_named() {
        let folder = std::env::temp_dir().join(format!("operate-bill-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("prices.toml");
        let text = include_str!("../../tooling/bill/prices.toml");
        std::fs::write(&file, text.replace("per_million_write_units = 0.625", "per_million_write_units = 6.25"))
            .unwrap();
        assert_ne!(page(Some(&file)).unwrap(), page(None).unwrap());
        std::fs::write(&file, text.replace("per_gb_of_logs", "per_gib_of_logs")).unwrap();
        assert!(page(Some(&file)).unwrap_err().to_string().contains("lack per_gb_of_logs"));
        let _ = std::fs::remove_dir_all(folder);
    }

    #[test]
    fn a_reading_is_worked_out_by_hand() {
        let prices = Prices::read(None).unwrap();
        let usage = Usage::counted().unwrap();
        // 0.15 rule + 0.15 action + 0.20 request + 1500 GB-s at 0.0000133334 + 0.625 written + 0.03 GB of logs at 0.50
        let written = 0.15 + 0.15 + 0.20 + 0.020_000_1 + 0.625 + 0.015;
        // A call of live-push, and a read unit for checking whether anybody watches.
        let by_hand = written + 0.20 + 0.020_000_1 + 0.125;
        assert!((prices.million(&usage.reading, &usage, false).unwrap() - by_hand).abs() < 1e-9);
    }
}
