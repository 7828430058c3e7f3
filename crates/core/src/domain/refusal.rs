//! Why a message, or one value of it, is refused and quarantined.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The reason code of a quarantine entry. A closed list: operators filter by it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Reason] = &[$(Reason::$name,)*];

            /// The code, as stored and as shown.
            pub const fn code(self) -> &'static str {
                match self { $(Reason::$name => $code,)* }
            }

            /// The reason with that code.
            pub fn of(code: &str) -> Option<Reason> {
                Reason::ALL.iter().copied().find(|reason| reason.code() == code)
            }
        }
    };
}

reasons! {
    /// The payload is not JSON, or not of a shape that a message has.
    Unparseable = "unparseable",
    /// A key occurs twice in one object, so it is ambiguous.
    DuplicateKey = "duplicate_key",
    /// The message has more than 1,000 values and is quarantined as a whole.
    TooManyValues = "too_many_values",
    /// Parts of one message that were refused beyond those that have an entry each.
    TooManyRefused = "too_many_refused",
    /// The uplink was simulated in the console of The Things Stack: no device sent it.
    Simulated = "simulated",
    /// The topic is not one that the functions handle.
    BadTopic = "bad_topic",
    /// The topic's device id breaks the rule for ids.
    BadDeviceId = "bad_device_id",
    /// A sensor code breaks the rule for codes.
    BadSensorCode = "bad_sensor_code",
    /// The level id is not a tube and a number.
    BadLevelId = "bad_level_id",
    /// `ts` is neither epoch milliseconds nor RFC 3339, lies before the year 2000 or the device's `history_from`, or contradicts
    /// `timestamp`.
    BadTimestamp = "bad_timestamp",
    /// `ts` lies more than 15 minutes ahead of the reception.
    FutureTimestamp = "future_timestamp",
    /// The value is neither a finite number nor the text of one.
    BadValue = "bad_value",
    /// The number is not accepted at all: a level outside 0 to 100, or a magnitude that no store can hold. Not to be
    /// confused with a reading of quality `out_of_range`, which is stored.
    NumberOutOfRange = "number_out_of_range",
    /// No device with this id is registered.
    UnknownDevice = "unknown_device",
    /// The device is registered but disabled.
    DeviceDisabled = "device_disabled",
    /// The device has no sensor with this code.
    UnknownSensor = "unknown_sensor",
    /// The sensor is disabled.
    SensorDisabled = "sensor_disabled",
    /// The calibration needs another sensor's value of the same instant, which is missing.
    MissingInput = "missing_input",
    /// The raw number lies outside what the calibration covers.
    OutsideCalibration = "outside_calibration",
    /// The calibration's result is not a finite number.
    NotFinite = "not_finite",
    /// Another number is already stored for the same sensor and instant.
    ConflictingReading = "conflicting_reading",
    /// The instant is older than the retention period of the time-series store.
    OutsideRetention = "outside_retention",
    /// The time-series store rejected the record for another reason.
    StoreRefused = "store_refused",
}

/// The longest detail, in bytes.
const LONGEST: usize = 300;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A reason code and an explanation for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Refusal {
    /// The code.
    pub reason: Reason,
    /// One sentence for a person, at most 300 bytes.
    pub detail: String,
}

impl Refusal {
    /// A refusal; a longer detail is cut to 300 bytes, since it may quote what the device sent, and every KB of an entry costs a
    /// write unit.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let mut detail: String = detail.into();
        detail.truncate(detail.floor_char_boundary(LONGEST));
        Self { reason, detail }
    }
}

/// The refusal of parts of one message that share an entry: how many there are, and for which reasons.
pub fn together(reasons: impl Iterator<Item = Reason>) -> Refusal {
    let mut counts: BTreeMap<Reason, usize> = BTreeMap::new();
    reasons.for_each(|reason| *counts.entry(reason).or_default() += 1);
    let all: usize = counts.values().sum();
    let each: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let detail = format!("{all} parts of one message are refused and kept here together: {}", each.join(", "));
    Refusal::new(Reason::TooManyRefused, detail)
}

impl From<(Reason, crate::id::BadId)> for Refusal {
    fn from((reason, error): (Reason, crate::id::BadId)) -> Self {
        Self::new(reason, error.to_string())
    }
}

/// A message, or one value of it, that was refused and is now in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The id of the quarantine entry.
    pub id: String,
    /// Why it was refused.
    pub refusal: Refusal,
}
