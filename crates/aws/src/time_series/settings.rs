//! The settings of the time-series store, from the environment.

use aws_sdk_dynamodb::Client;
use weir_runtime::{Environment, Settings, SettingsError};

use super::ReadingTable;

/// The time-series store that `TIME_SERIES_STORE` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreSettings {
    /// `dynamodb`.
    DynamoDb(TableSettings),
    /// `timestream`: the database `TIMESTREAM_DATABASE` and its table `TIMESTREAM_TABLE`.
    Timestream {
        /// The database.
        database: String,
        /// The table.
        table: String,
        /// Where readings of sensors with alerts are written too, if `READINGS_TABLE` is set.
        judged: Option<TableSettings>,
    },
}

/// The tables of the store `dynamodb`: `READINGS_TABLE` and `ROLLUPS_TABLE`. Their rows are kept for `READING_TTL_DAYS` days,
/// or forever when that is 0, the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSettings {
    readings: String,
    rollups: String,
    ttl_days: i64,
}

impl TableSettings {
    pub(super) fn table(&self, dynamodb: &Client) -> ReadingTable {
        ReadingTable::new(dynamodb.clone(), &self.readings, &self.rollups, self.ttl_days)
    }
}

impl Settings for TableSettings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            readings: environment.text("READINGS_TABLE")?,
            rollups: environment.text("ROLLUPS_TABLE")?,
            ttl_days: environment.number("READING_TTL_DAYS", 0, 0)?,
        })
    }
}

/// The table of readings, for functions that only read the latest ones: `READINGS_TABLE` and `READING_TTL_DAYS`, if
/// `TIME_SERIES_STORE` is `dynamodb`. Timestream is left out, where each query is billed for at least 10 MB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestSettings(Option<(String, i64)>);

impl LatestSettings {
    /// The table, if it is the store.
    pub fn table(&self, dynamodb: &Client) -> Option<ReadingTable> {
        let (name, ttl_days) = self.0.as_ref()?;
        // Rollups are not read.
        Some(ReadingTable::new(dynamodb.clone(), name, "", *ttl_days))
    }
}

impl Settings for LatestSettings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self(match Store::read(environment)? {
            Store::DynamoDb => {
                Some((environment.text("READINGS_TABLE")?, environment.number("READING_TTL_DAYS", 0, 0)?))
            }
            Store::Timestream => None,
        }))
    }
}

/// What `TIME_SERIES_STORE` names.
enum Store {
    DynamoDb,
    Timestream,
}

impl Settings for Store {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        let name = "TIME_SERIES_STORE";
        let value = environment.text(name)?;
        match value.as_str() {
            "dynamodb" => Ok(Self::DynamoDb),
            "timestream" => Ok(Self::Timestream),
            _ => Err(SettingsError::Wrong { name, value, expected: "`dynamodb` or `timestream`" }),
        }
    }
}

impl Settings for StoreSettings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        match Store::read(environment)? {
            Store::DynamoDb => Ok(Self::DynamoDb(TableSettings::read(environment)?)),
            Store::Timestream => {
                let judged = environment.optional("READINGS_TABLE").map(|_| TableSettings::read(environment));
                Ok(Self::Timestream {
                    database: environment.text("TIMESTREAM_DATABASE")?,
                    table: environment.text("TIMESTREAM_TABLE")?,
                    judged: judged.transpose()?,
                })
            }
        }
    }
}
