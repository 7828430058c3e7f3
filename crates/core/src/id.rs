//! Every kind of id. Each is made in one way, with [`str::parse`], so an id that exists is valid.

use std::fmt;
use std::str::FromStr;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind}: it must be {rule}")]
pub struct BadId {
    /// What the text was meant to be, e.g. `device id`.
    pub kind: &'static str,
    /// The rule it breaks, in words.
    pub rule: &'static str,
    /// The text, cut to 80 characters so that a hostile one does not fill a log.
    pub text: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let valid: fn(&[u8]) -> bool = $valid;
                if valid(text.as_bytes()) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(BadId { kind: $kind, rule: $rule, text: text.chars().take(80).collect() })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A device: the MQTT client id and the thing name are the same word.
    DeviceId,
    "device id",
    "1 to 64 letters, digits, '_' or '-', the first a letter or digit",
    |bytes| matches!(bytes, [first, rest @ ..] if first.is_ascii_alphanumeric()
        && rest.len() < 64
        && rest.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')))
);

id!(
    /// What a sensor measures, e.g. `ph`. Unique within a device; the list of codes is open.
    SensorCode,
    "sensor code",
    "1 to 32 lower-case letters, digits or '_', the first a letter",
    |bytes| matches!(bytes, [first, rest @ ..] if first.is_ascii_lowercase()
        && rest.len() < 32
        && rest.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_'))
);

id!(
    /// An alert of a sensor, e.g. `low-oxygen`. Unique within the sensor.
    AlertId,
    "alert id",
    "1 to 32 lower-case letters, digits or '-', the first a letter",
    |bytes| matches!(bytes, [first, rest @ ..] if first.is_ascii_lowercase()
        && rest.len() < 32
        && rest.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-'))
);

id!(
    /// A flow sensor on a tube: the first character is the tube, the digits after it are its number there.
    LevelId,
    "level id",
    "a letter or digit (the tube) followed by 1 to 9 digits (the number on it)",
    |bytes| matches!(bytes, [tube, number @ ..] if tube.is_ascii_alphanumeric()
        && (1..=9).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit))
);

id!(
    /// A tube: what the level ids of its flow sensors begin with.
    Tube,
    "tube",
    "one letter or digit",
    |bytes| matches!(bytes, [tube] if tube.is_ascii_alphanumeric())
);

id!(
    /// A quarantine entry.
    QuarantineId,
    "quarantine id",
    "32 hexadecimal digits, letters in lower case",
    |bytes| bytes.len() == 32 && bytes.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
);

id!(
    /// A certificate in AWS IoT: the SHA-256 of its content.
    CertificateId,
    "certificate id",
    "64 hexadecimal digits, letters in lower case",
    |bytes| bytes.len() == 64 && bytes.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
);

impl CertificateId {
    /// The certificate behind a principal of a thing, given its ARN; `None` when the principal is a Cognito identity.
    pub fn of_principal(arn: &str) -> Option<Self> {
        let (_, id) = arn.rsplit_once(":cert/")?;
        id.parse().ok()
    }
}

id!(
    /// The serial number of a board, as printed on it and as its firmware sends it. Upper and lower case differ.
    Serial,
    "serial number",
    "1 to 64 letters, digits, '_' or '-', the first a letter or digit",
    |bytes| matches!(bytes, [first, rest @ ..] if first.is_ascii_alphanumeric()
        && rest.len() < 64
        && rest.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')))
);

id!(
    /// A person's name in the user pool, or another text that Cognito accepts in its place, such as the e-mail address.
    Username,
    "username",
    "1 to 128 characters without blanks",
    |bytes| std::str::from_utf8(bytes).is_ok_and(|text| (1..=128).contains(&text.chars().count())
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control()))
);

id!(
    /// Cognito's id of a person, which never changes. It is the key of the profile.
    Sub,
    "person's id",
    "1 to 64 letters, digits or '-', the first a letter or digit",
    |bytes| matches!(bytes, [first, rest @ ..] if first.is_ascii_alphanumeric()
        && rest.len() < 64
        && rest.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-'))
);

id!(
    /// A recalculation of a series.
    JobId,
    "job id",
    "32 digits or letters a to f",
    |bytes| bytes.len() == 32 && bytes.iter().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
);

id!(
    /// The SHA-256 of a file.
    Checksum,
    "checksum",
    "64 hexadecimal digits, letters in lower case",
    |bytes| bytes.len() == 64 && bytes.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
);

id!(
    /// A job of the fleet. Of two jobs the later one has the greater id; AWS IoT has the job under the same id.
    FleetJobId,
    "id of a job",
    "13 digits, '-', and 8 hexadecimal digits",
    |bytes| bytes.len() == 22
        && bytes.iter().enumerate().all(|(place, b)| match place {
            13 => *b == b'-',
            0..13 => b.is_ascii_digit(),
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(b),
        })
);

impl FleetJobId {
    /// The id of a job that is created at `now`, in milliseconds since the epoch; `random` distinguishes jobs of the same millisecond.
    pub fn made(now: i64, random: u32) -> Self {
        Self(format!("{:013}-{random:08x}", now.clamp(0, 9_999_999_999_999)))
    }
}

id!(
    /// A command of a device. Of two commands of a device the later one has the greater id, as text and as a number.
    CommandId,
    "command id",
    "13 digits",
    |bytes| bytes.len() == 13 && bytes.iter().all(u8::is_ascii_digit)
);

impl CommandId {
    /// The id of a command that is entered after the one with the id `last`: the time `now`, in milliseconds since the epoch,
    /// or the next number if that is not greater.
    pub fn after(last: Option<&Self>, now: i64) -> Self {
        let last = last.and_then(|last| last.0.parse::<i64>().ok()).unwrap_or_default();
        Self(format!("{:013}", now.max(last + 1).clamp(0, 9_999_999_999_999)))
    }

    /// When the command was entered, in milliseconds since the epoch; later by as many as were entered before it in that millisecond.
    pub fn millis(&self) -> i64 {
        self.0.parse().unwrap_or_default()
    }
}

id!(
    /// What a device is asked to do, e.g. `dispense`. The list of names is open.
    CommandName,
    "command name",
    "1 to 32 lower-case letters, digits, '_' or '-', the first a letter",
    |bytes| matches!(bytes, [first, rest @ ..] if first.is_ascii_lowercase()
        && rest.len() < 32
        && rest.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-')))
);

id!(
    /// An event. Unique within its device and instant.
    EventId,
    "event id",
    "1 to 160 letters, digits, '-', '_', '.' or ':'",
    |bytes| (1..=EventId::LONGEST).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
);

impl EventId {
    /// Maximum characters.
    const LONGEST: usize = 160;

    /// The id of an event: its kind, and a key that distinguishes it from other events of this kind, such as the new version of what
    /// was changed.
    ///
    /// ```
    /// use weir_core::id::EventId;
    ///
    /// assert_eq!(EventId::of("settings", &7).as_str(), "settings-7");
    /// ```
    pub fn of(kind: &str, key: &dyn fmt::Display) -> Self {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | ':');
        let text = format!("{kind}-{key}");
        Self(text.chars().map(|letter| if fits(letter) { letter } else { '_' }).take(Self::LONGEST).collect())
    }
}

id!(
    /// A subscription to notices.
    SubscriptionId,
    "subscription id",
    "32 hexadecimal digits, letters in lower case",
    |bytes| bytes.len() == 32 && bytes.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
);

id!(
    /// A notice: the id of its subscription, and a hash of the problem, episode and transition that it reports.
    NoticeId,
    "notice id",
    "the id of a subscription, '-', and 32 hexadecimal digits",
    |bytes| bytes.len() == 65
        && bytes.iter().enumerate().all(|(place, b)| match place {
            32 => *b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(b),
        })
);

impl NoticeId {
    /// The subscription it belongs to.
    pub fn subscription(&self) -> Option<SubscriptionId> {
        self.0.split_once('-')?.0.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_ids_follow_the_contract() {
        for good in ["a", "buoy-01", "0_x", &"d".repeat(64)] {
            assert!(good.parse::<DeviceId>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "_a", "a b", "a/b", "ä", "a#", &"d".repeat(65)] {
            assert!(bad.parse::<DeviceId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn serial_numbers_are_exact_and_hold_no_pattern() {
        let upper: Serial = "SN-1A".parse().unwrap();
        assert_ne!(upper, "sn-1a".parse().unwrap());
        for bad in ["", "*", "SN-*", "SN?1", "SN 1", "SN#1", "-1", "SN\n1", "ß1", &"S".repeat(65)] {
            assert!(bad.parse::<Serial>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sensor_codes_follow_the_contract() {
        for good in ["ph", "ch4", "a_b", &"s".repeat(32)] {
            assert!(good.parse::<SensorCode>().is_ok(), "{good}");
        }
        for bad in ["", "4ch", "PH", "p-h", &"s".repeat(33)] {
            assert!(bad.parse::<SensorCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn alert_ids_follow_the_contract() {
        for good in ["a", "low-oxygen", "a-", "x9", &"a".repeat(32)] {
            assert!(good.parse::<AlertId>().is_ok(), "{good}");
        }
        for bad in ["", "9a", "-a", "Low", "a_b", "a:b", &"a".repeat(33)] {
            assert!(bad.parse::<AlertId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn level_ids_are_a_tube_and_a_number() {
        for good in ["01", "A7", "0123456789"] {
            assert!(good.parse::<LevelId>().is_ok(), "{good}");
        }
        for bad in ["", "0", "0x", "-1", "01234567890", "é1"] {
            assert!(bad.parse::<LevelId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn quarantine_ids_are_as_long_as_the_hash() {
        assert!("0123456789abcdef0123456789abcdef".parse::<QuarantineId>().is_ok());
        for bad in ["", "0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF", "g123456789abcdef0123456789abcdef"] {
            assert!(bad.parse::<QuarantineId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn certificates_are_named_by_their_hash_and_found_in_the_principals_of_a_thing() {
        let id = "0123456789abcdef".repeat(4);
        let arn = format!("arn:aws:iot:eu-central-1:123456789012:cert/{id}");
        assert_eq!(CertificateId::of_principal(&arn), id.parse().ok());
        for bad in ["", "0123", &id.to_uppercase(), &format!("{id}0")] {
            assert!(bad.parse::<CertificateId>().is_err(), "{bad}");
        }
        for other in ["eu-central-1:5f1e0000-0000-4000-8000-000000000001", "arn:aws:iot:eu-central-1:1:cert/x", ""] {
            assert_eq!(CertificateId::of_principal(other), None, "{other}");
        }
    }

    #[test]
    fn people_are_named_as_cognito_names_them() {
        for good in ["5f1e0000-0000-4000-8000-000000000001", "ann@example.com", "ä", &"u".repeat(128)] {
            assert!(good.parse::<Username>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "a\n", "a\u{a0}b", &"u".repeat(129)] {
            assert!(bad.parse::<Username>().is_err(), "{bad}");
        }
        assert!("5f1e0000-0000-4000-8000-000000000001".parse::<Sub>().is_ok());
        for bad in ["", "-a", "a#b", "lock#people", "a@b", &"a".repeat(65)] {
            assert!(bad.parse::<Sub>().is_err(), "{bad}");
        }
    }

    #[test]
    fn commands_are_numbered_in_the_order_in_which_they_are_entered_whatever_the_clocks_say() {
        let first = CommandId::after(None, 1_795_155_884_123);
        assert_eq!(first.as_str(), "1795155884123");
        assert_eq!(CommandId::after(Some(&first), 1_795_155_884_124).as_str(), "1795155884124");
        for slow in [1_795_155_884_123, 1_795_155_884_000, 0, -5, i64::MIN] {
            let next = CommandId::after(Some(&first), slow);
            assert!(next > first && next.as_str().parse::<CommandId>().is_ok(), "{next}");
        }
        for bad in ["", "179515588412", "17951558841234", "queue", "179515588412x", "-795155884123"] {
            assert!(bad.parse::<CommandId>().is_err(), "{bad}");
        }
        for (name, good) in
            [("dispense", true), ("led-on_2", true), ("", false), ("Dispense", false), ("2x", false), ("a/b", false)]
        {
            assert_eq!(name.parse::<CommandName>().is_ok(), good, "{name}");
        }
    }

    #[test]
    fn an_event_id_that_is_made_of_parts_is_one() {
        for key in ["7", "0102-31", "buoy-01:do:low-oxygen", "ann@example.com", "ä b#c", &"x".repeat(300), ""] {
            let id = EventId::of("problem", &key);
            assert_eq!(id.as_str().parse::<EventId>(), Ok(id.clone()), "{key}");
        }
        for bad in ["", "a b", "a#b", &"e".repeat(161)] {
            assert!(bad.parse::<EventId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_names_the_kind_and_cuts_the_text() {
        let error = "/".repeat(1000).parse::<DeviceId>().unwrap_err();
        assert_eq!(error.text.len(), 80);
        assert!(error.to_string().contains("is not a device id"));
    }
}
