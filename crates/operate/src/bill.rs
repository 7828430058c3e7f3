//! `cargo operate bill`: an estimate of the AWS bill from counted requests (`bill/usage.toml`) and list prices (`bill/prices.toml`).

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// Prices of one region, in the currency they are written in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prices {
    region: String,
    currency: String,
    lambda: BTreeMap<String, f64>,
    dynamodb: BTreeMap<String, f64>,
    timestream: BTreeMap<String, f64>,
    iot: BTreeMap<String, f64>,
    api: BTreeMap<String, f64>,
    cloudwatch: BTreeMap<String, f64>,
}

/// What one event uses.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Event {
    rules: f64,
    actions: f64,
    invocations: f64,
    write_units: f64,
    read_units: f64,
    timestream_kb: f64,
    log_kb: f64,
    api_requests: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Month {
    minutes: f64,
    messages: f64,
    values: f64,
    shadow_operations: f64,
    api_calls: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixed {
    alarm_metrics: f64,
    metrics: f64,
    dashboards: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Usage {
    billed_ms: f64,
    memory_gb: f64,
    reading: Event,
    reading_of_ten: Event,
    level: Event,
    api_call: Event,
    month: Month,
    stack: Fixed,
}

/// Devices of the last line but one.
const FLEET: f64 = 1000.0;
/// Most prices are for a million.
const MILLION: f64 = 1e6;

impl Prices {
    fn of(&self, table: &BTreeMap<String, f64>, name: &str) -> Result<f64> {
        table.get(name).copied().with_context(|| format!("the prices of {} lack {name}", self.region))
    }

    /// A million of these events: what the rules, the functions, the store, the logs and the API ask for. Messages are sent through Basic
    /// Ingest, which has no price of its own.
    fn million(&self, event: &Event, usage: &Usage, timestream: bool) -> Result<f64> {
        let seconds = usage.billed_ms / 1000.0 * usage.memory_gb * MILLION;
        let store = if timestream {
            event.timestream_kb * self.of(&self.timestream, "per_million_writes_of_1_kb")?
                + (event.write_units - f64::from(u8::from(event.timestream_kb > 0.0))).max(0.0)
                    * self.of(&self.dynamodb, "per_million_write_units")?
        } else {
            event.write_units * self.of(&self.dynamodb, "per_million_write_units")?
        };
        Ok(event.rules * self.of(&self.iot, "per_million_rules_triggered")?
            + event.actions * self.of(&self.iot, "per_million_actions")?
            + event.invocations
                * (self.of(&self.lambda, "per_million_requests")?
                    + seconds * self.of(&self.lambda, "per_gb_second")?)
            + store
            + event.read_units * self.of(&self.dynamodb, "per_million_read_units")?
            + event.log_kb * self.of(&self.cloudwatch, "per_gb_of_logs")?
            + event.api_requests * self.of(&self.api, "per_million_requests")?)
    }

    /// A month of so many devices, without what the stack itself asks for.
    fn fleet(&self, usage: &Usage, devices: f64, timestream: bool) -> Result<f64> {
        let month = &usage.month;
        let device = month.minutes * self.of(&self.iot, "per_million_connected_minutes")?
            + month.shadow_operations
                * (self.of(&self.iot, "per_million_shadow_operations")?
                    + self.of(&self.iot, "per_million_messages")?)
            + month.values * self.million(&usage.reading_of_ten, usage, timestream)?
            + month.api_calls * self.million(&usage.api_call, usage, timestream)?;
        Ok(device / MILLION * devices)
    }

    fn stack(&self, usage: &Usage) -> Result<f64> {
        let Fixed { alarm_metrics, metrics, dashboards } = usage.stack;
        Ok(alarm_metrics * self.of(&self.cloudwatch, "per_alarm_metric_month")?
            + metrics * self.of(&self.cloudwatch, "per_metric_month")?
            + dashboards * self.of(&self.cloudwatch, "per_dashboard_month")?)
    }
}

/// The bill as a table in Markdown; `prices` is a file like `bill/prices.toml`.
///
/// # Errors
/// When a file cannot be read or lacks a price.
pub fn page(prices: Option<&Path>) -> Result<String> {
    let text = match prices {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?,
        None => include_str!("../bill/prices.toml").to_owned(),
    };
    let prices: Prices = toml::from_str(&text).context("the prices are not as in crates/operate/bill/prices.toml")?;
    let usage: Usage = toml::from_str(include_str!("../bill/usage.toml")).context("bill/usage.toml")?;
    let mut page = format!("| {}, {} | DynamoDB | Timestream |\n|---|---|---|\n", prices.region, prices.currency);
    let mut line = |what: &str, of: &dyn Fn(bool) -> Result<f64>| -> Result<()> {
        page.push_str(&format!("| {what} | {:.2} | {:.2} |\n", of(false)?, of(true)?));
        Ok(())
    };
    line("a million readings, one in each message", &|store| prices.million(&usage.reading, &usage, store))?;
    line("a million readings, ten in each message", &|store| prices.million(&usage.reading_of_ten, &usage, store))?;
    line("a million level reports", &|store| prices.million(&usage.level, &usage, store))?;
    line("a million API calls that read a device", &|store| prices.million(&usage.api_call, &usage, store))?;
    let per = usage.month.values / usage.month.messages;
    line(&format!("1,000 devices for a month, {per:.0} values every 10 minutes"), &|store| {
        prices.fleet(&usage, FLEET, store)
    })?;
    line("alarms, metrics and dashboard of one environment for a month", &|_| prices.stack(&usage))?;
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
        let usage: Usage = toml::from_str(include_str!("../bill/usage.toml")).unwrap();
        assert_eq!(usage.stack.alarm_metrics, metrics as f64, "left bill/usage.toml, right the template");
        // By the route it would be billed by the metric, some 250 of them, and nothing looks at them.
        assert!(!template.contains("DetailedMetricsEnabled"), "the metrics of each route are not in the bill");
    }

    #[test]
    fn other_prices_make_another_bill_and_a_missing_one_is_named() {
        let folder = std::env::temp_dir().join(format!("operate-bill-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("prices.toml");
        let text = include_str!("../bill/prices.toml");
        std::fs::write(&file, text.replace("per_million_write_units = 0.625", "per_million_write_units = 6.25"))
            .unwrap();
        assert_ne!(page(Some(&file)).unwrap(), page(None).unwrap());
        std::fs::write(&file, text.replace("per_gb_of_logs", "per_gib_of_logs")).unwrap();
        assert!(page(Some(&file)).unwrap_err().to_string().contains("lack per_gb_of_logs"));
        let _ = std::fs::remove_dir_all(folder);
    }

    #[test]
    fn a_reading_is_worked_out_by_hand() {
        let prices: Prices = toml::from_str(include_str!("../bill/prices.toml")).unwrap();
        let usage: Usage = toml::from_str(include_str!("../bill/usage.toml")).unwrap();
        // 0.15 rule + 0.15 action + 0.20 request + 1500 GB-s at 0.0000133334 + 0.625 written + 0.03 GB of logs at 0.50
        let by_hand = 0.15 + 0.15 + 0.20 + 0.020_000_1 + 0.625 + 0.015;
        assert!((prices.million(&usage.reading, &usage, false).unwrap() - by_hand).abs() < 1e-9);
    }
}
