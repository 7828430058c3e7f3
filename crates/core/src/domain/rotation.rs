//! The rotation of a device's certificate: when it is asked for a new one, from which request one is issued, and when the old one
//! ends. The old one ends only after the device has connected with the new one.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::id::CertificateId;

/// Maximum certificates that are issued to a device in a day (UTC): a faulty device must not fill the account.
pub const MOST_A_DAY: u32 = 3;
/// A device that was asked is asked again after this time, in seconds: a day.
pub const ASK_AGAIN_SECONDS: i64 = 86_400;
/// A certificate that expired longer ago than this, in seconds, is checked once a week instead of once a day: its device is offline,
/// or connects with another one.
const LONG_OVER_SECONDS: i64 = 30 * 86_400;
/// A certificate that expires within this time, in seconds, and is not renewed raises the alarm: 7 days.
pub const URGENT_SECONDS: i64 = 7 * 86_400;

const DAY_SECONDS: i64 = 86_400;

/// A public key: the SHA-256 of its `SubjectPublicKeyInfo` (RFC 5280) in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash(String);

impl KeyHash {
    /// The key with this SHA-256.
    pub fn of(digest: &[u8]) -> Self {
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A certificate that the device has or is about to get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its id in AWS IoT.
    pub id: CertificateId,
    /// Until when it is valid, in seconds since the epoch; unknown until it was read from AWS IoT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<i64>,
    /// When it was issued, in seconds since the epoch; unknown until it was read from AWS IoT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Its key, if Weir issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyHash>,
}

/// The certificates of a device, as its row holds them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The certificate that it connects with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Held>,
    /// The certificate that it has not connected with yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Held>,
    /// When it was last asked for a new one, in seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<i64>,
    /// The day, counted from the epoch, of the last issue.
    #[serde(default)]
    pub day: i64,
    /// How many were issued on that day.
    #[serde(default)]
    pub issued: u32,
}

/// What is due for a device's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nothing: no certificate is known.
    Nothing,
    /// The expiry of this certificate must be read first.
    Learn(CertificateId),
    /// Nothing until this time, in seconds since the epoch.
    Rest(i64),
    /// The device must be asked to request a new one. The next check is a day later.
    Ask(Ask),
}

/// Asking a device to request a new certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The certificate that is to be replaced.
    pub certificate: CertificateId,
    /// When it expires, in seconds since the epoch.
    pub ends: i64,
    /// How soon that is.
    pub nearness: Nearness,
}

impl Ask {
    /// When the device is asked again if it is asked at `now`, in seconds since the epoch.
    pub fn again_at(&self, now: Timestamp) -> i64 {
        let over = now.seconds().saturating_sub(self.ends);
        let days = if over > LONG_OVER_SECONDS { 7 } else { 1 };
        now.seconds().saturating_add(ASK_AGAIN_SECONDS.saturating_mul(days))
    }
}

/// How soon a certificate expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// There is time.
    Due,
    /// It expires within 7 days.
    Urgent,
    /// It has expired: the device cannot connect with it.
    Over,
}

/// The response to a request for a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issue {
    /// A certificate for this key exists already.
    Same(CertificateId),
    /// The limit for this day is reached.
    TooMany,
    /// A new one is issued; this is the row before that happens.
    New(Rotation),
}

/// The effect of a connection with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connected {
    /// Nothing.
    Nothing,
    /// It is the device's certificate from now on: none was known.
    Adopt(Rotation),
    /// The new one works: it is the device's certificate from now on, and the former one is revoked.
    Replace {
        /// The row after that.
        rotation: Rotation,
        /// The former certificate.
        former: Option<CertificateId>,
    },
}

impl Rotation {
    /// The row of a device that gets this certificate while it is provisioned: its first one, or a second one because the key of the
    /// first is lost. The first one is revoked when the device has connected with the second.
    #[must_use]
    pub fn provisioned(&self, certificate: Held) -> Self {
        match &self.current {
            Some(_) => Self { next: Some(certificate), ..self.clone() },
            None => Self { current: Some(certificate), ..self.clone() },
        }
    }

    /// What is due at `now`. Certificates are renewed `renew_days` before they expire, and in any case `most_days` after they were
    /// issued (0: only before they expire). [`Nearness`] depends on the expiry alone.
    pub fn look(&self, now: Timestamp, renew_days: u32, most_days: u32) -> Look {
        let Some(current) = &self.current else { return Look::Nothing };
        let Some(ends) = current.ends else { return Look::Learn(current.id.clone()) };
        let before_end = ends.saturating_sub(i64::from(renew_days).saturating_mul(DAY_SECONDS));
        let old = |since: i64| since.saturating_add(i64::from(most_days).saturating_mul(DAY_SECONDS));
        let by_age = current.since.filter(|_| most_days > 0).map(old);
        let begin = by_age.map_or(before_end, |by_age| by_age.min(before_end));
        if now.seconds() < begin {
            return Look::Rest(begin);
        }
        let nearness = match ends.saturating_sub(now.seconds()) {
            left if left <= 0 => Nearness::Over,
            left if left <= URGENT_SECONDS => Nearness::Urgent,
            _ => Nearness::Due,
        };
        Look::Ask(Ask { certificate: current.id.clone(), ends, nearness })
    }

    /// The row after the device was asked at `now`.
    #[must_use]
    pub fn asked(&self, now: Timestamp) -> Self {
        Self { asked_at: Some(now.seconds()), ..self.clone() }
    }

    /// The row with what AWS IoT says about the certificate: when it expires, and when it was issued, if known.
    #[must_use]
    pub fn learned(&self, ends: Timestamp, since: Option<Timestamp>) -> Self {
        let since = since.map(Timestamp::seconds);
        let current = self.current.clone().map(|current| Held { ends: Some(ends.seconds()), since, ..current });
        Self { current, ..self.clone() }
    }

    /// The response to a request for a certificate for this key at `now`.
    pub fn issue(&self, key: &KeyHash, now: Timestamp) -> Issue {
        let same = [&self.next, &self.current].into_iter().flatten().find(|held| held.key.as_ref() == Some(key));
        if let Some(same) = same {
            return Issue::Same(same.id.clone());
        }
        let day = now.seconds().div_euclid(DAY_SECONDS);
        let issued = if self.day == day { self.issued } else { 0 };
        if issued >= MOST_A_DAY {
            return Issue::TooMany;
        }
        Issue::New(Self { day, issued: issued.saturating_add(1), ..self.clone() })
    }

    /// The row with an issued certificate, and the certificate that it replaces, with which the device never connected.
    pub fn with_next(&self, issued: Held) -> (Self, Option<CertificateId>) {
        let never_used = self.next.as_ref().map(|next| next.id.clone()).filter(|id| *id != issued.id);
        (Self { next: Some(issued), ..self.clone() }, never_used)
    }

    /// The row without a certificate that a person has removed. If that was the one that the device connects with, the next connection
    /// decides: with the certificate that was issued last, or with any other one if there is none.
    #[must_use]
    pub fn without(&self, removed: &CertificateId) -> Self {
        let left = |held: &Option<Held>| held.clone().filter(|held| held.id != *removed);
        let current = left(&self.current);
        Self { asked_at: self.asked_at.filter(|_| current.is_some()), current, next: left(&self.next), ..self.clone() }
    }

    /// The effect of a connection with this certificate.
    pub fn connected(&self, principal: &CertificateId) -> Connected {
        match (&self.current, &self.next) {
            (current, Some(next)) if next.id == *principal => Connected::Replace {
                rotation: Self { current: Some(next.clone()), next: None, asked_at: None, ..self.clone() },
                former: current.as_ref().map(|held| held.id.clone()).filter(|id| id != principal),
            },
            (None, _) => {
                let current = Held { id: principal.clone(), ends: None, since: None, key: None };
                Connected::Adopt(Self { current: Some(current), ..self.clone() })
            }
            _ => Connected::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);

    fn id(letter: char) -> CertificateId {
        letter.to_string().repeat(64).parse().unwrap()
    }

    fn held(letter: char, days: i64) -> Held {
        let key = Some(KeyHash(letter.to_string()));
        Held { id: id(letter), ends: Some(NOW.seconds() + days * DAY_SECONDS), since: None, key }
    }

    fn rotation(current: Option<Held>, next: Option<Held>) -> Rotation {
        Rotation { current, next, ..Rotation::default() }
    }

    #[test]
    fn a_device_is_asked_from_thirty_days_before_the_end_on() {
        let look = |days| rotation(Some(held('a', days)), None).look(NOW, 30, 365);
        assert_eq!(look(100), Look::Rest(NOW.seconds() + 70 * DAY_SECONDS));
        for (days, expected) in
            [(30, Nearness::Due), (8, Nearness::Due), (7, Nearness::Urgent), (0, Nearness::Over), (-9, Nearness::Over)]
        {
            assert!(matches!(look(days), Look::Ask(Ask { nearness, .. }) if nearness == expected), "{days}");
        }
        assert_eq!(Rotation::default().look(NOW, 30, 365), Look::Nothing);
        let unknown = Held { ends: None, ..held('a', 0) };
        assert_eq!(rotation(Some(unknown), None).look(NOW, 30, 365), Look::Learn(id('a')));
    }

    #[test]
    fn a_device_whose_certificate_has_ended_long_ago_is_asked_once_a_week() {
        let days = |over: i64| {
            let ask = Ask { certificate: id('a'), ends: NOW.seconds() - over * DAY_SECONDS, nearness: Nearness::Over };
            (ask.again_at(NOW) - NOW.seconds()) / DAY_SECONDS
        };
        assert_eq!((days(-20), days(30), days(31)), (1, 1, 7));
    }

    /// AWS IoT issues certificates that all end in 2049.
    #[test]
    fn a_certificate_that_ends_late_is_renewed_by_its_age_and_raises_no_alarm() {
        let look = |age: i64, ends, most_days| {
            let since = Some(NOW.seconds() - age * DAY_SECONDS);
            rotation(Some(Held { since, ..held('a', ends) }), None).look(NOW, 30, most_days)
        };
        let late = 8_400;
        assert_eq!(look(100, late, 365), Look::Rest(NOW.seconds() + 265 * DAY_SECONDS));
        assert_eq!(look(364, late, 365), Look::Rest(NOW.seconds() + DAY_SECONDS));
        for age in [365, 900] {
            assert!(matches!(look(age, late, 365), Look::Ask(Ask { nearness: Nearness::Due, .. })), "{age}");
        }
        assert_eq!(look(900, late, 0), Look::Rest(NOW.seconds() + (late - 30) * DAY_SECONDS), "off");
        assert_eq!(look(0, 100, 365), Look::Rest(NOW.seconds() + 70 * DAY_SECONDS), "the end is nearer");
        assert!(matches!(look(900, 5, 365), Look::Ask(Ask { nearness: Nearness::Urgent, .. })));
        assert!(matches!(look(900, 5, 0), Look::Ask(Ask { nearness: Nearness::Urgent, .. })));
    }

    #[test]
    fn the_same_key_gets_the_same_certificate_and_a_day_has_three() {
        let key = |name: &str| KeyHash(name.to_owned());
        let both = rotation(Some(held('a', 20)), Some(held('b', 800)));
        assert_eq!(both.issue(&key("b"), NOW), Issue::Same(id('b')));
        assert_eq!(both.issue(&key("a"), NOW), Issue::Same(id('a')));
        let mut row = both;
        for count in 1..=MOST_A_DAY {
            let Issue::New(next) = row.issue(&key("c"), NOW) else { panic!("the {count}. is refused") };
            row = next;
        }
        assert_eq!(row.issue(&key("c"), NOW), Issue::TooMany);
        assert_eq!(row.issue(&key("b"), NOW), Issue::Same(id('b')), "what is there is no new one");
        let tomorrow = NOW.plus_seconds(DAY_SECONDS);
        assert!(matches!(row.issue(&key("c"), tomorrow), Issue::New(Rotation { issued: 1, .. })));
    }

    #[test]
    fn the_old_one_ends_when_the_device_has_connected_with_the_new_one() {
        let asked = rotation(Some(held('a', 20)), Some(held('b', 800))).asked(NOW);
        assert_eq!(asked.connected(&id('a')), Connected::Nothing, "it goes on with the old one");
        let Connected::Replace { rotation, former } = asked.connected(&id('b')) else { panic!("it connected") };
        assert_eq!((former, rotation.current.clone(), rotation.asked_at), (Some(id('a')), Some(held('b', 800)), None));
        assert_eq!(rotation.connected(&id('b')), Connected::Nothing, "told twice");
        assert_eq!(rotation.connected(&id('a')), Connected::Nothing, "the old one does not come back");
    }

    #[test]
    fn a_certificate_that_was_never_used_ends_when_another_takes_its_place() {
        let row = rotation(Some(held('a', 20)), Some(held('b', 800)));
        let (after, never_used) = row.with_next(held('c', 800));
        assert_eq!((after.next, never_used), (Some(held('c', 800)), Some(id('b'))));
        assert_eq!(row.with_next(held('b', 800)).1, None);
    }

    #[test]
    fn the_first_certificate_that_a_device_connects_with_is_adopted_and_a_later_one_by_hand_is_not() {
        let Connected::Adopt(row) = Rotation::default().connected(&id('a')) else { panic!("not adopted") };
        assert_eq!(row.look(NOW, 30, 365), Look::Learn(id('a')));
        assert_eq!(row.connected(&id('b')), Connected::Nothing);
        let ends = NOW.plus_seconds(90);
        let learned = row.learned(ends, Some(NOW)).current.unwrap();
        assert_eq!((learned.ends, learned.since), (Some(ends.seconds()), Some(NOW.seconds())));
    }

    #[test]
    fn a_certificate_that_was_removed_is_neither_renewed_nor_given_to_the_device() {
        let row = rotation(Some(held('a', 20)), Some(held('b', 800))).asked(NOW);
        assert_eq!(row.without(&id('c')), row);
        assert_eq!(row.without(&id('b')), Rotation { next: None, ..row.clone() });
        let without_current = row.without(&id('a'));
        assert_eq!(without_current, rotation(None, Some(held('b', 800))));
        assert_eq!(without_current.look(NOW, 30, 365), Look::Nothing);
        let Connected::Replace { rotation, former } = without_current.connected(&id('b')) else {
            panic!("it connected")
        };
        assert_eq!((rotation.current, former), (Some(held('b', 800)), None));
    }

    #[test]
    fn a_board_that_lost_its_key_keeps_the_former_certificate_until_it_has_connected() {
        let first = Rotation::default().provisioned(held('a', 800));
        assert_eq!(first, rotation(Some(held('a', 800)), None));
        let again = first.provisioned(held('b', 800));
        assert!(
            matches!(again.connected(&id('b')), Connected::Replace { former: Some(former), .. } if former == id('a'))
        );
    }
}
