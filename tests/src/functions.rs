//! The functions with an engine, and a clock that tests set.

use std::sync::Arc;

use alert::Alert;
use aws_sdk_dynamodb::Client;
use calibration::Calibration;
use flow::Flow;
use organizer::{Accepted, LevelSettings, Organizer};
use problem_detector::ProblemDetector;
use twin::Twin;
use weir_aws::CalibrationTable;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::level::LevelTable;
use weir_aws::problem::ProblemTable;
use weir_aws::quarantine::QuarantineTable;
use weir_aws::registry::Registry;
use weir_aws::time_series::{History, ReadingTable, TimeSeries};
use weir_core::domain::Timestamp;
use weir_core::domain::problem::Rules;
use weir_runtime::clock::SetClock;

use crate::engine::Engine;

/// The initial time of a test: half a second after the reception of the recorded events.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_155_885_000);

/// The settings of the functions, which come from the environment outside of tests.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// `DEVICE_CACHE_SECONDS`
    pub cache_seconds: i64,
    /// `READING_TTL_DAYS`
    pub reading_days: i64,
    /// `MEASUREMENTS_KEPT` and related variables.
    pub levels: LevelSettings,
    /// `LEVEL_TOLERANCE`, `PROBLEM_OPEN_AFTER` …
    pub rules: Rules,
}

impl Default for Settings {
    /// The template's defaults.
    fn default() -> Self {
        let accepted = Accepted::default();
        let levels = LevelSettings { measurements: 24, silent_after_seconds: 10_800, judge_all: false, accepted };
        Self { cache_seconds: 60, reading_days: 0, levels, rules: Rules::default() }
    }
}

impl Settings {
    /// With hysteresis, which `organizer` has to know as well.
    pub fn after(open: u32, close: u32) -> Self {
        let mut settings = Self::default();
        (settings.rules.open_after, settings.rules.close_after) = (open, close);
        settings.levels.judge_all = true;
        settings
    }
}

/// The functions. They share only the tables and the clock, as in AWS.
#[allow(missing_docs, reason = "each is the function of that name")]
pub struct Functions {
    pub alert: Alert,
    pub calibration: Calibration,
    pub organizer: Organizer,
    pub detector: ProblemDetector,
    pub flow: Flow,
    pub twin: Twin,
    /// The clock of all functions.
    pub clock: Arc<SetClock>,
}

impl Functions {
    /// With the template's default settings.
    pub fn over(engine: &Engine) -> Self {
        Self::by(engine, &engine.client(), &Settings::default())
    }

    /// With another client or other settings.
    pub fn by(engine: &Engine, client: &Client, settings: &Settings) -> Self {
        let clock = Arc::new(SetClock::new(NOW));
        let parts = Parts { engine, client, settings, clock: &clock };
        let store = TimeSeries::DynamoDb(parts.readings());
        Self {
            alert: Alert::new(
                parts.registry(),
                parts.devices(),
                ProblemTable::new(client.clone(), engine.name("problems"), parts.levels()),
                parts.readings(),
                clock.clone(),
            ),
            calibration: Calibration::new(parts.registry(), store, parts.quarantine(), clock.clone()),
            organizer: Organizer::new(
                parts.registry(),
                parts.levels(),
                settings.levels,
                TimeSeries::DynamoDb(parts.readings()),
                parts.quarantine(),
                clock.clone(),
            ),
            detector: ProblemDetector::new(
                parts.registry(),
                parts.devices(),
                parts.levels(),
                ProblemTable::new(client.clone(), engine.name("problems"), parts.levels()),
                History::DynamoDb(parts.readings()),
                settings.rules,
                clock.clone(),
            ),
            flow: parts.flow(Some(parts.readings())),
            twin: Twin::new(parts.devices(), parts.events(), parts.quarantine(), clock.clone()),
            clock,
        }
    }

    /// `flow` where readings are kept in Timestream.
    pub fn flow_beside_timestream(engine: &Engine, client: &Client) -> Flow {
        let (settings, clock) = (&Settings::default(), &Arc::new(SetClock::new(NOW)));
        Parts { engine, client, settings, clock }.flow(None)
    }

    /// `calibration` with another time-series store.
    pub fn calibration_into(engine: &Engine, store: TimeSeries) -> Calibration {
        Self::calibration_by(engine, &engine.client(), store)
    }

    /// `calibration` with another time-series store and another client.
    pub fn calibration_by(engine: &Engine, client: &Client, store: TimeSeries) -> Calibration {
        let (settings, clock) = (&Settings::default(), &Arc::new(SetClock::new(NOW)));
        let parts = Parts { engine, client, settings, clock };
        Calibration::new(parts.registry(), store, parts.quarantine(), clock.clone())
    }

    /// `organizer` with another time-series store.
    pub fn organizer_into(engine: &Engine, store: TimeSeries) -> Organizer {
        let (client, settings, clock) = (&engine.client(), &Settings::default(), &Arc::new(SetClock::new(NOW)));
        let parts = Parts { engine, client, settings, clock };
        let (registry, quarantine) = (parts.registry(), parts.quarantine());
        Organizer::new(registry, parts.levels(), settings.levels, store, quarantine, clock.clone())
    }
}

struct Parts<'a> {
    engine: &'a Engine,
    client: &'a Client,
    settings: &'a Settings,
    clock: &'a Arc<SetClock>,
}

impl Parts<'_> {
    fn flow(&self, readings: Option<ReadingTable>) -> Flow {
        Flow::new(flow::Parts {
            levels: self.levels(),
            problems: ProblemTable::new(self.client.clone(), self.engine.name("problems"), self.levels()),
            events: self.events(),
            devices: self.devices(),
            readings,
            registry: Arc::new(self.registry()),
            clock: self.clock.clone(),
        })
    }

    fn registry(&self) -> Registry {
        let devices = self.devices();
        let calibrations = CalibrationTable::new(self.client.clone(), self.engine.name("calibrations"));
        Registry::new(devices, calibrations, self.settings.cache_seconds, self.clock.clone())
    }

    fn devices(&self) -> DeviceTable {
        DeviceTable::new(self.client.clone(), self.engine.name("devices"))
    }

    fn readings(&self) -> ReadingTable {
        let (readings, rollups) = (self.engine.name("readings"), self.engine.name("rollups"));
        ReadingTable::new(self.client.clone(), readings, rollups, self.settings.reading_days)
    }

    fn levels(&self) -> LevelTable {
        LevelTable::new(self.client.clone(), self.engine.name("levels"))
    }

    fn events(&self) -> EventTable {
        EventTable::new(self.client.clone(), self.engine.name("events"), 400)
    }

    fn quarantine(&self) -> QuarantineTable {
        QuarantineTable::new(self.client.clone(), self.engine.name("quarantine"), 30)
    }
}
