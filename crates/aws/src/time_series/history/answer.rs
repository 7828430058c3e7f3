//! The answers of Timestream: rows of text values in named columns.

use aws_sdk_timestreamquery::types::{ColumnInfo, Row};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::super::super::AwsError;
use weir_core::domain::Timestamp;
use weir_core::domain::aggregate::{Aggregate, Aggregates};
use weir_core::domain::reading::{Quality, Reading, Series};
use weir_core::id::SensorCode;

/// A row with the names of its columns.
pub(super) struct NamedRow<'a> {
    columns: &'a [ColumnInfo],
    row: &'a Row,
}

impl<'a> NamedRow<'a> {
    pub fn new(columns: &'a [ColumnInfo], row: &'a Row) -> Self {
        Self { columns, row }
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        let place = self.columns.iter().position(|column| column.name() == Some(name))?;
        self.row.data().get(place)?.scalar_value()
    }

    fn read<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, AwsError> {
        let text = self.text(name);
        text.and_then(read).ok_or_else(|| AwsError::corrupt("Timestream", name, format!("the answer has {text:?}")))
    }

    /// The sensor of the row.
    pub fn sensor(&self) -> Result<SensorCode, AwsError> {
        self.read("sensor", |text| text.parse().ok())
    }

    /// The start of the interval of the row.
    pub fn start(&self) -> Result<Timestamp, AwsError> {
        self.read("start", instant)
    }

    /// The row as a reading of one of these series.
    pub fn reading<'s>(&self, mut series: impl Iterator<Item = &'s Series>) -> Result<Reading, AwsError> {
        let sensor = self.sensor()?;
        let unknown = || AwsError::corrupt("Timestream", &sensor, "the query does not name this sensor");
        Ok(Reading {
            series: series.find(|series| series.sensor == sensor).ok_or_else(unknown)?.clone(),
            at: self.read("time", instant)?,
            received_at: self.read("received_at", instant)?,
            raw: self.read("raw", |text| text.parse().ok())?,
            value: self.read("value", |text| text.parse().ok())?,
            // Absent if it is empty; the whole column is absent if all are.
            unit: self.text("unit").unwrap_or_default().to_owned(),
            calibration: self.read("calibration", |text| text.parse().ok())?,
            quality: self.read("quality", Quality::of_code)?,
            judge: false,
        })
    }

    /// Adds the aggregate of the row, which is of one quality.
    pub fn add_to(&self, aggregates: &mut Aggregates) -> Result<(), AwsError> {
        let number = |name| self.read(name, |text| text.parse::<f64>().ok());
        let count = self.read("n", |text| text.parse().ok())?;
        let aggregate = Aggregate { count, sum: number("total")?, min: number("low")?, max: number("high")? };
        aggregates.of(self.read("quality", Quality::of_code)?).merge(&aggregate);
        Ok(())
    }
}

/// Reads an instant as Timestream writes it: `2026-11-20 06:24:44.123000000`, in UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let at = text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(Timestamp::from_millis(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_timestream_writes_them() {
        assert_eq!(instant("2026-11-20 06:24:44.123000000"), Some(Timestamp::from_millis(1_795_155_884_123)));
        assert_eq!(instant("2026-11-20 06:00:00.000000000"), Some(Timestamp::from_millis(1_795_154_400_000)));
        assert_eq!((instant(""), instant("yesterday")), (None, None));
    }
}
