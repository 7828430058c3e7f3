//! Whether a device is connected, derived from AWS IoT's connection events, which arrive in any order and possibly twice.
//!
//! AWS IoT numbers the connections of a client id (`versionNumber`): a connection and its end have the same number, the next
//! connection a greater one. The numbers may skip, and begin anew when a client was away for about an hour (AWS IoT Core
//! Developer Guide, "Connect/Disconnect events").

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Events that lie further apart than this are ordered by their instants, in ms: the numbers may have begun anew in between. It
/// is half of the hour after which they do, and much longer than the clocks of brokers differ.
const RENUMBERED_MS: i64 = 30 * 60 * 1000;

/// Whether a device is connected.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumString,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Presence {
    /// It is.
    Connected,
    /// It is not.
    Disconnected,
}

/// The beginning or the end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Whether it began or ended.
    pub state: Presence,
    /// When.
    pub since: Timestamp,
    /// Why it ended, in AWS IoT's words, e.g. `CONNECTION_LOST`.
    pub reason: Option<String>,
    /// AWS IoT's number of the connection.
    pub version: u64,
}

impl Presence {
    /// The state as it is stored and shown.
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// The state with this code.
    pub fn of(code: &str) -> Option<Self> {
        code.parse().ok()
    }
}

impl Connection {
    /// Whether this event is more recent than `other`. When a new connection replaces an old one, the end of the old one is the less
    /// recent event, although it may happen later.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        let apart = self.since.millis_since(other.since);
        if apart.saturating_abs() > RENUMBERED_MS {
            return apart > 0;
        }
        // The end of a connection comes after its beginning.
        (self.version, self.state) > (other.version, other.state)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn connection(state: Presence, version: u64, since: i64) -> Connection {
        Connection { state, since: Timestamp::from_millis(since), reason: None, version }
    }

    /// The state after these arrive in this order.
    fn folded(events: &[Connection]) -> Option<Connection> {
        events.iter().fold(None, |state: Option<Connection>, event| match state {
            Some(state) if !event.is_newer_than(&state) => Some(state),
            _ => Some(event.clone()),
        })
    }

    /// What AWS IoT tells of a client: sessions one after the other, with or without takeover, with pauses in which the numbers
    /// begin anew. With each its beginning, in the order in which things happened; the last is the present state.
    fn life() -> impl Strategy<Value = Vec<Connection>> {
        // How long it is connected and then away in ms, how much the number skips, whether the next one takes over.
        let session = (1_i64..20_000_000, 0_i64..9_000_000, 1_u64..4, any::<bool>());
        (proptest::collection::vec(session, 1..8), any::<bool>()).prop_map(|(sessions, ended)| {
            let (mut told, mut now, mut version) = (Vec::new(), 1_795_155_884_123, 0);
            let mut taken_over: Option<u64> = None;
            let last = sessions.len() - 1;
            for (place, (lasts, away, skip, takeover)) in sessions.into_iter().enumerate() {
                told.push(connection(Presence::Connected, version, now));
                if let Some(old) = taken_over.take() {
                    // Told after the connection that took over, and a little later by the clock.
                    let place = told.len() - 1;
                    told.insert(place, connection(Presence::Disconnected, old, now + 40));
                }
                now += lasts;
                if place == last && !ended {
                    break;
                }
                if takeover && place < last {
                    taken_over = Some(version);
                    version += skip;
                    continue;
                }
                told.push(connection(Presence::Disconnected, version, now));
                now += away;
                version = if away >= 3_600_000 { 0 } else { version + skip };
            }
            told
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn whatever_order_they_arrive_in_the_last_is_the_state(told in life(), seed in any::<u64>(), twice in any::<bool>()) {
            let mut arriving = if twice { [told.clone(), told.clone()].concat() } else { told.clone() };
            // A shuffle that the seed decides.
            let mut random = seed | 1;
            for place in (1..arriving.len()).rev() {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                arriving.swap(place, (random >> 33) as usize % (place + 1));
            }
            prop_assert_eq!(folded(&arriving), told.last().cloned());
        }
    }

    #[test]
    fn a_takeover_leaves_the_device_connected() {
        let (old, new) = (connection(Presence::Connected, 4, 0), connection(Presence::Connected, 5, 60_000));
        let end_of_old = connection(Presence::Disconnected, 4, 60_030);
        for order in [[&old, &new, &end_of_old], [&old, &end_of_old, &new], [&end_of_old, &new, &old]] {
            assert_eq!(folded(&order.map(Clone::clone)), Some(new.clone()));
        }
    }

    #[test]
    fn a_client_that_was_away_for_an_hour_is_connected_although_its_numbers_began_anew() {
        let gone = connection(Presence::Disconnected, 17, 0);
        let back = connection(Presence::Connected, 0, 3_600_000);
        assert!(back.is_newer_than(&gone) && !gone.is_newer_than(&back));
    }

    #[test]
    fn the_same_thing_told_twice_is_not_newer() {
        let event = connection(Presence::Connected, 4, 0);
        assert!(!event.is_newer_than(&event));
    }
}
