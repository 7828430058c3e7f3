//! The messages of the simulated devices, each with its expected effects.

pub mod buoy;
pub mod dispenser;
pub mod live;
pub mod story;
pub mod trouble;
pub mod tube;
pub mod updater;

/// One message, with the expected effect of every value in it.
#[derive(Debug, Clone)]
pub struct Message {
    /// The sender: the name of its certificate's thing.
    pub sender: String,
    /// The MQTT topic.
    pub topic: String,
    /// The bytes.
    pub payload: Vec<u8>,
    /// The function that its rule invokes.
    pub function: &'static str,
    /// One effect for each value; a malformed message also has one.
    pub effects: Vec<Effect>,
}

/// The expected effect of one value.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A row in the table of readings.
    Reading(Reading),
    /// The newest level of its sensor.
    Level(Level),
    /// A late level, stored among older ones. The sensor's last value stays the same.
    Late(Level),
    /// A duplicate, which changes nothing.
    Duplicate,
    /// A quarantine entry.
    Quarantined(Quarantined),
}

/// A reading as it has to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// `device#code`.
    pub series: String,
    /// In ms since the epoch; `None` if the message has no timestamp, so that the time of its reception counts.
    pub at: Option<i64>,
    /// The raw number.
    pub raw: f64,
    /// The physical quantity.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// Version of the calibration; 0 for none.
    pub calibration: u32,
    /// `good`, `out_of_range` or `uncalibrated`.
    pub quality: &'static str,
}

/// A level as it has to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The flow sensor.
    pub id: String,
    /// In ms since the epoch.
    pub at: i64,
    /// In percent.
    pub filling: f64,
}

/// A value that has to be quarantined.
#[derive(Debug, Clone, PartialEq)]
pub struct Quarantined {
    /// The reason code.
    pub reason: &'static str,
    /// Topic and payload of this value alone, if the other values of the message were good; `None` if the row has to contain the original
    /// bytes.
    pub part: Option<(String, serde_json::Value)>,
}

impl Message {
    /// The topic as the functions see it, without the prefix of Basic Ingest.
    pub fn plain_topic(&self) -> &str {
        self.topic
            .strip_prefix("$aws/rules/")
            .and_then(|rest| rest.split_once('/'))
            .map_or(&self.topic, |(_, topic)| topic)
    }

    /// The same message by Basic Ingest: directly to its rule, without the broker.
    pub fn by_basic_ingest(mut self, rule: &str) -> Self {
        self.topic = format!("$aws/rules/{rule}/{}", self.topic);
        self
    }

    /// The same message again, which must have no effect.
    pub fn again(&self) -> Self {
        Self { effects: vec![Effect::Duplicate; self.effects.len()], ..self.clone() }
    }
}
