//! The AWS bill: list prices (`bill/prices.toml`), the usage of events and devices (`bill/usage.toml`), and the resulting costs.
//! `cargo operate bill` and `cargo xtask capacity` compute with it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// Prices of one region, in the currency they are written in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The region.
    pub region: String,
    /// The currency.
    pub currency: String,
    lambda: BTreeMap<String, f64>,
    dynamodb: BTreeMap<String, f64>,
    timestream: BTreeMap<String, f64>,
    iot: BTreeMap<String, f64>,
    api: BTreeMap<String, f64>,
    websocket: BTreeMap<String, f64>,
    mail: BTreeMap<String, f64>,
    cloudwatch: BTreeMap<String, f64>,
}

/// What one event uses.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Event {
    /// Rules triggered.
    pub rules: f64,
    /// Actions of rules.
    pub actions: f64,
    /// Calls of functions.
    pub invocations: f64,
    /// Calls of `live-push` by the streams of what was written.
    pub push_batches: f64,
    /// The same with the store Timestream, which has no stream of readings.
    pub push_batches_timestream: f64,
    /// Units written to DynamoDB.
    pub write_units: f64,
    /// Units read from it.
    pub read_units: f64,
    /// Records of 1 KB written to Timestream.
    pub timestream_kb: f64,
    /// Kilobytes of logs.
    pub log_kb: f64,
    /// Requests to the API.
    pub api_requests: f64,
    /// Operations on shadows.
    pub shadow_operations: f64,
}

/// What a device does in a month.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Month {
    /// Minutes connected.
    pub minutes: f64,
    /// Messages sent.
    pub messages: f64,
    /// Values in them.
    pub values: f64,
    /// Reads and changes of its shadow.
    pub shadow_operations: f64,
    /// Documents of its shadow with changes.
    pub shadow_changes: f64,
    /// Beginnings and ends of its connections.
    pub connections: f64,
    /// Requests of people that concern it.
    pub api_calls: f64,
}

/// What a page of the live feed uses in a month.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageMonth {
    /// Minutes connected.
    pub connection_minutes: f64,
    /// Messages in both directions, without those that are pushed.
    pub messages: f64,
    /// Requests to the HTTP API, for tickets.
    pub api_requests: f64,
    /// Calls of functions.
    pub invocations: f64,
    /// Units written to DynamoDB.
    pub write_units: f64,
    /// Units read from it.
    pub read_units: f64,
    /// Kilobytes of logs.
    pub log_kb: f64,
    /// Messages that are pushed.
    pub pushes: f64,
}

/// The usage of an environment that does not depend on its devices.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// Metrics that alarms watch.
    pub alarm_metrics: f64,
    /// Metrics that the functions write.
    pub metrics: f64,
    /// Dashboards.
    pub dashboards: f64,
    /// Calls of functions by schedules.
    pub sweeps: f64,
    /// Units that such a call reads when nothing is due, at most.
    pub sweep_read_units: f64,
}

/// What everything uses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    billed_ms: f64,
    memory_gb: f64,
    /// A reading, alone in its message.
    pub reading: Event,
    /// A reading, one of ten in its message.
    pub reading_of_ten: Event,
    /// A reading of a sensor with an alert that it neither opens nor ends.
    pub watched_reading: Event,
    /// A notice by webhook.
    pub notice: Event,
    /// A level report.
    pub level: Event,
    /// A shadow that changed.
    pub shadow_change: Event,
    /// The beginning or the end of a connection.
    pub connection: Event,
    /// A request that reads a device.
    pub api_call: Event,
    /// A command, from the press to the last answer.
    pub command: Event,
    /// A device in a month.
    pub month: Month,
    /// A page of the live feed in a month.
    pub page: PageMonth,
    /// An environment.
    pub stack: Fixed,
}

/// Most prices are per million.
const MILLION: f64 = 1e6;

impl Usage {
    /// The counted usage in `bill/usage.toml`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn counted() -> Result<Self> {
        toml::from_str(include_str!("../bill/usage.toml")).context("bill/usage.toml")
    }
}

impl Prices {
    /// The list prices of `bill/prices.toml`, or those of a file like it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(file: Option<&Path>) -> Result<Self> {
        let text = match file {
            Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?,
            None => include_str!("../bill/prices.toml").to_owned(),
        };
        toml::from_str(&text).context("the prices are not as in crates/tooling/bill/prices.toml")
    }

    fn of(&self, table: &BTreeMap<String, f64>, name: &str) -> Result<f64> {
        table.get(name).copied().with_context(|| format!("the prices of {} lack {name}", self.region))
    }

    /// The costs of a million of these events: rules, functions, store, logs and API. Messages are sent through Basic
    /// Ingest, which has no price of its own.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn million(&self, event: &Event, usage: &Usage, timestream: bool) -> Result<f64> {
        let seconds = usage.billed_ms / 1000.0 * usage.memory_gb * MILLION;
        let store = if timestream {
            event.timestream_kb * self.of(&self.timestream, "per_million_writes_of_1_kb")?
                + (event.write_units - f64::from(u8::from(event.timestream_kb > 0.0))).max(0.0)
                    * self.of(&self.dynamodb, "per_million_write_units")?
        } else {
            event.write_units * self.of(&self.dynamodb, "per_million_write_units")?
        };
        let pushed = if timestream { event.push_batches_timestream } else { event.push_batches };
        Ok(event.rules * self.of(&self.iot, "per_million_rules_triggered")?
            + event.actions * self.of(&self.iot, "per_million_actions")?
            + (event.invocations + pushed)
                * (self.of(&self.lambda, "per_million_requests")?
                    + seconds * self.of(&self.lambda, "per_gb_second")?)
            + store
            + (event.read_units + pushed) * self.of(&self.dynamodb, "per_million_read_units")?
            + event.log_kb * self.of(&self.cloudwatch, "per_gb_of_logs")?
            + event.api_requests * self.of(&self.api, "per_million_requests")?
            + event.shadow_operations * self.of(&self.iot, "per_million_shadow_operations")?)
    }

    /// A million readings of sensors with alerts, alone in their messages, that neither open nor end anything. With Timestream such a
    /// reading is a row of DynamoDB as well.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn watched_readings(&self, usage: &Usage, timestream: bool) -> Result<f64> {
        let records = if timestream { self.of(&self.timestream, "per_million_writes_of_1_kb")? } else { 0.0 };
        Ok(self.million(&usage.watched_reading, usage, false)? + records)
    }

    /// The maximum costs of the schedules of an environment in a month in which nothing is ever due.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn schedules(&self, usage: &Usage) -> Result<f64> {
        let sweep = Event { invocations: 1.0, read_units: usage.stack.sweep_read_units, ..Event::default() };
        Ok(self.million(&sweep, usage, false)? / MILLION * usage.stack.sweeps)
    }

    /// A thousand notices, by webhook or by e-mail. Traffic to the internet is not included.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn notices(&self, usage: &Usage, by_mail: bool) -> Result<f64> {
        let mails = if by_mail { self.of(&self.mail, "per_thousand_messages")? } else { 0.0 };
        Ok(self.million(&usage.notice, usage, false)? / 1_000.0 + mails)
    }

    /// A month of a device that sends nothing: its connection, its shadow, the events of both, and requests
    /// that concern it.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn silent_device(&self, usage: &Usage, timestream: bool) -> Result<f64> {
        let month = &usage.month;
        let device = month.minutes * self.of(&self.iot, "per_million_connected_minutes")?
            + month.shadow_operations
                * (self.of(&self.iot, "per_million_shadow_operations")?
                    + self.of(&self.iot, "per_million_messages")?)
            + month.shadow_changes * self.million(&usage.shadow_change, usage, timestream)?
            + month.connections * self.million(&usage.connection, usage, timestream)?
            + month.api_calls * self.million(&usage.api_call, usage, timestream)?;
        Ok(device / MILLION)
    }

    /// A month of this number of devices, without the costs of the stack itself.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn fleet(&self, usage: &Usage, devices: f64, timestream: bool) -> Result<f64> {
        let messages = usage.month.values * self.million(&usage.reading_of_ten, usage, timestream)? / MILLION;
        Ok((self.silent_device(usage, timestream)? + messages) * devices)
    }

    /// A month of this number of pages of the live feed, without or with the pushed messages.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn pages(&self, usage: &Usage, pages: f64, pushed: bool) -> Result<f64> {
        let page = &usage.page;
        let pushes = if pushed { page.pushes } else { 0.0 };
        let event = Event {
            invocations: page.invocations,
            write_units: page.write_units,
            read_units: page.read_units + 2.0 * pushes,
            log_kb: page.log_kb,
            api_requests: page.api_requests,
            ..Event::default()
        };
        let month = self.million(&event, usage, false)?
            + page.connection_minutes * self.of(&self.websocket, "per_million_connection_minutes")?
            + (page.messages + pushes) * self.of(&self.websocket, "per_million_messages")?;
        Ok(month / MILLION * pages)
    }

    /// A month of an environment, whatever its devices do.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn stack(&self, usage: &Usage) -> Result<f64> {
        let Fixed { alarm_metrics, metrics, dashboards, .. } = usage.stack;
        Ok(alarm_metrics * self.of(&self.cloudwatch, "per_alarm_metric_month")?
            + metrics * self.of(&self.cloudwatch, "per_metric_month")?
            + dashboards * self.of(&self.cloudwatch, "per_dashboard_month")?)
    }
}
