//! The tables of the local cloud: a client, and typed rows.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_http_client::Builder;
use serde::de::DeserializeOwned;

use crate::stack::Stack;

/// The tables of a stack.
#[derive(Debug, Clone)]
pub struct Tables {
    client: Client,
    names: HashMap<&'static str, String>,
}

/// The tables, as the template calls them.
pub const TABLES: [&str; 16] = [
    "Devices",
    "Calibrations",
    "Readings",
    "Rollups",
    "Recalculations",
    "Commands",
    "Jobs",
    "Levels",
    "Problems",
    "Quarantine",
    "Users",
    "Events",
    "Serials",
    "Live",
    "Subscriptions",
    "Notices",
];

impl Tables {
    /// The tables of this stack.
    ///
    /// # Errors
    /// When the template has no such outputs.
    pub fn of(stack: &Stack) -> Result<Self> {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(stack.region.clone()))
            .credentials_provider(Credentials::new(&stack.key.id, &stack.key.secret, None, None, "local"))
            .endpoint_url(&stack.endpoint)
            .http_client(Builder::new().build_http())
            .build();
        let name = |table: &'static str| Ok((table, stack.output(&format!("{table}TableName"))?.to_owned()));
        let names = TABLES.into_iter().map(name).collect::<Result<_>>()?;
        Ok(Self { client: Client::from_conf(config), names })
    }

    /// The client itself.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// A table's name in the cloud, from its name in the template (`Devices` …).
    ///
    /// # Errors
    /// When there is no such table.
    pub fn name(&self, table: &str) -> Result<&str> {
        self.names.get(table).map(String::as_str).with_context(|| format!("no table {table}"))
    }

    /// Every row of a table.
    ///
    /// # Errors
    /// When the table cannot be read, or a row lacks what is asked for.
    pub async fn all<T: DeserializeOwned>(&self, table: &str) -> Result<Vec<T>> {
        let mut items =
            self.client.scan().table_name(self.name(table)?).consistent_read(true).into_paginator().items().send();
        let mut rows = Vec::new();
        while let Some(item) = items.next().await {
            rows.push(row(table, item.with_context(|| format!("cannot read the table {table}"))?)?);
        }
        Ok(rows)
    }

    /// Writes a row, given as JSON.
    ///
    /// # Errors
    /// When the table does not take it.
    pub async fn put(&self, table: &str, row: &serde_json::Value) -> Result<()> {
        let item = serde_dynamo::to_item(row).with_context(|| format!("{row} is not a row"))?;
        let put = self.client.put_item().table_name(self.name(table)?).set_item(Some(item));
        put.send().await.with_context(|| format!("the table {table} does not take {row}"))?;
        Ok(())
    }
}

fn row<T: DeserializeOwned>(table: &str, item: HashMap<String, AttributeValue>) -> Result<T> {
    serde_dynamo::from_item(item).with_context(|| format!("a row of {table} is not what it should be"))
}

#[cfg(test)]
mod tests {
    use super::TABLES;

    #[test]
    fn every_table_of_the_template_is_here() {
        let template = std::fs::read_to_string(crate::place::root().unwrap().join("template.yaml")).unwrap();
        let lines: Vec<&str> = template.lines().collect();
        let tables = lines.windows(2).filter(|pair| pair[1] == "    Type: AWS::DynamoDB::Table");
        let mut names: Vec<&str> = tables.map(|pair| pair[0].trim().strip_suffix("Table:").unwrap()).collect();
        let mut known = TABLES.to_vec();
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, names, "left what the drill knows, right the template");
    }

    #[test]
    fn the_page_restores_ttl_and_streams_of_the_tables_that_have_them() {
        let read = |file: &str| std::fs::read_to_string(crate::place::root().unwrap().join(file)).unwrap();
        let (page, template) = (read("docs/operations.md"), read("template.yaml"));
        let tables: Vec<&str> =
            template.split("\n\n").filter(|block| block.contains("Type: AWS::DynamoDB::Table")).collect();
        for (command, property) in [
            ("update-time-to-live", "TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}"),
            ("--stream-specification", "StreamSpecification: {StreamViewType: NEW_IMAGE}"),
        ] {
            let name = |block: &&str| block.split("${Environment}-").nth(1)?.split('\'').next().map(str::to_owned);
            let mut have: Vec<String> =
                tables.iter().filter(|block| block.contains(property)).filter_map(name).collect();
            have.sort();
            let said = format!("# only {}:\naws dynamodb update-t", have.join(", "));
            let place = page.find(&said).unwrap_or_else(|| panic!("docs/operations.md does not say {said:?}"));
            assert!(page[place..].lines().nth(1).is_some_and(|line| line.contains(command)), "{command} is for others");
        }
    }
}
