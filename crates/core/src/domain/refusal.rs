//! Why a message, or one value of it, is set aside.

use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The reason code kept with what was set aside. A closed list: operators filter by it.
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
    /// The topic is none that this system listens to.
    BadTopic = "bad_topic",
    /// The topic's device id breaks the rule for ids.
    BadDeviceId = "bad_device_id",
    /// A sensor code breaks the rule for codes.
    BadSensorCode = "bad_sensor_code",
    /// The level id is not a tube and a number.
    BadLevelId = "bad_level_id",
    /// `ts` is neither epoch milliseconds nor RFC 3339, or lies before the year 2000.
    BadTimestamp = "bad_timestamp",
    /// `ts` lies more than 15 minutes ahead of the reception.
    FutureTimestamp = "future_timestamp",
    /// The value is neither a finite number nor a text of one.
    BadValue = "bad_value",
    /// The number lies outside what can be: a level outside 0..100, a magnitude no store can hold.
    OutOfRange = "out_of_range",
    /// No device of that id is registered.
    UnknownDevice = "unknown_device",
    /// The device is registered and switched off.
    DeviceDisabled = "device_disabled",
    /// The device has no sensor of that code.
    UnknownSensor = "unknown_sensor",
    /// The sensor is switched off.
    SensorDisabled = "sensor_disabled",
    /// The calibration needs another sensor's value of the same instant, and it is not there.
    MissingInput = "missing_input",
    /// The raw number lies outside what the calibration covers.
    OutsideCalibration = "outside_calibration",
    /// The calibration's result is not a finite number.
    NotFinite = "not_finite",
    /// Another number is already stored for the same sensor and instant.
    ConflictingReading = "conflicting_reading",
    /// The time-series store does not take an instant that old, or would not keep it.
    OutsideRetention = "outside_retention",
    /// The time-series store refused the record for a reason of its own.
    StoreRefused = "store_refused",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A reason and what a person needs to understand it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Refusal {
    /// The code.
    pub reason: Reason,
    /// One sentence for a person, at most 300 characters.
    pub detail: String,
}

impl Refusal {
    /// A refusal; a longer detail is cut to 300 characters, since it may quote what the device sent.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let mut detail: String = detail.into();
        if let Some((cut, _)) = detail.char_indices().nth(300) {
            detail.truncate(cut);
        }
        Self { reason, detail }
    }
}

impl From<(Reason, crate::id::BadId)> for Refusal {
    fn from((reason, error): (Reason, crate::id::BadId)) -> Self {
        Self::new(reason, error.to_string())
    }
}

/// What stands in quarantine after something was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The id of the entry.
    pub id: String,
    /// Why, this time.
    pub refusal: Refusal,
}
