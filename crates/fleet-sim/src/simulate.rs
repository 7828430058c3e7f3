//! Messages of the simulated devices, each with its expected effects.

pub mod buoy;
pub mod dispenser;
pub mod live;
pub mod story;
pub mod trouble;
pub mod tube;
pub mod updater;

/// One message, and the expected effect of every value in it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Who sends it: the name of a certificate's thing.
    pub sender: String,
    /// The MQTT topic.
    pub topic: String,
    /// The bytes.
    pub payload: Vec<u8>,
    /// The function its rule hands it to.
    pub function: &'static str,
    /// One entry for each value in it; a message that cannot be read has one too.
    pub effects: Vec<Effect>,
}

/// The expected effect of one value.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A row in the table of readings.
    Reading(Reading),
    /// The newest level of its sensor.
    Level(Level),
    /// A late level, stored among older ones; the sensor's last value stays.
    Late(Level),
    /// A duplicate; nothing changes.
    Duplicate,
    /// A quarantine entry.
    Quarantined(Quarantined),
}

/// A reading as it has to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// `device#code`.
    pub series: String,
    /// Epoch milliseconds; `None` when the message does not say, so that its arrival counts.
    pub at: Option<i64>,
    /// The number sent.
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
    /// Epoch milliseconds.
    pub at: i64,
    /// 0 to 100.
    pub filling: f64,
}

/// A value that has to be quarantined.
#[derive(Debug, Clone, PartialEq)]
pub struct Quarantined {
    /// The reason code.
    pub reason: &'static str,
    /// Topic and payload that say this value alone, where the siblings of a value were good; `None` where the row has to carry the
    /// message's own bytes.
    pub part: Option<(String, serde_json::Value)>,
}

impl Message {
    /// The topic as the functions see it: without the prefix of Basic Ingest.
    pub fn plain_topic(&self) -> &str {
        self.topic
            .strip_prefix("$aws/rules/")
            .and_then(|rest| rest.split_once('/'))
            .map_or(&self.topic, |(_, topic)| topic)
    }

    /// The same message by Basic Ingest: straight to its rule, past the broker.
    pub fn by_basic_ingest(mut self, rule: &str) -> Self {
        self.topic = format!("$aws/rules/{rule}/{}", self.topic);
        self
    }

    /// The same message again, which may have no effect.
    pub fn again(&self) -> Self {
        Self { effects: vec![Effect::Duplicate; self.effects.len()], ..self.clone() }
    }
}
