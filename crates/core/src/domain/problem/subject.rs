//! What a problem is about, and the problem's id.

use std::collections::BTreeSet;
use std::fmt;

use crate::domain::topology::Pair;
use crate::id::{AlertId, DeviceId, LevelId, SensorCode};

/// The end of the id of a sensor's silence. It is not a level id, so no pair's id ends with it.
const SILENT: &str = "-silent";
/// What separates the parts of the other ids. No id of a device, a sensor, an alert or a level has one.
const COLON: char = ':';
/// The second part of the id of a device's silence.
const DEVICE_SILENT: &str = "silent";

/// What a problem is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Two neighbours.
    Pair(Pair),
    /// The silence of one flow sensor.
    Sensor(LevelId),
    /// An alert of a device's sensor.
    Alert(AlertKey),
    /// The silence of one device.
    Device(DeviceId),
}

/// One alert of one sensor of one device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertKey {
    /// The device.
    pub device: DeviceId,
    /// The sensor.
    pub sensor: SensorCode,
    /// The alert.
    pub alert: AlertId,
}

impl Subject {
    /// The problem's id: a pair's is [`Pair::key`]; a flow sensor's silence is its id and `-silent` (`01-silent`); an alert's
    /// are its three parts with colons between them (`buoy-01:do:low-oxygen`); a device's silence is `buoy-01:silent`.
    pub fn key(&self) -> String {
        match self {
            Self::Pair(pair) => pair.key(),
            Self::Sensor(id) => format!("{id}{SILENT}"),
            Self::Alert(AlertKey { device, sensor, alert }) => format!("{device}{COLON}{sensor}{COLON}{alert}"),
            Self::Device(device) => format!("{device}{COLON}{DEVICE_SILENT}"),
        }
    }

    /// The subject of the problem with this id; `None` when no problem can have it.
    pub fn parse(key: &str) -> Option<Self> {
        if let Some((device, rest)) = key.split_once(COLON) {
            let device = device.parse().ok()?;
            return match rest.split_once(COLON) {
                None => (rest == DEVICE_SILENT).then_some(Self::Device(device)),
                Some((sensor, alert)) => {
                    Some(Self::Alert(AlertKey { device, sensor: sensor.parse().ok()?, alert: alert.parse().ok()? }))
                }
            };
        }
        if let Some(id) = key.strip_suffix(SILENT) {
            return id.parse().ok().map(Self::Sensor);
        }
        let middle = key.len() / 2;
        let halves = key.split_once('-').or_else(|| key.split_at_checked(middle))?;
        let pair = Pair { current: halves.0.parse().ok()?, following: halves.1.parse().ok()? };
        (pair.key() == key).then_some(Self::Pair(pair))
    }

    /// The current flow sensor and, for a pair, the following one.
    pub fn levels(&self) -> impl Iterator<Item = &LevelId> + Clone {
        let (current, following) = match self {
            Self::Pair(pair) => (Some(&pair.current), Some(&pair.following)),
            Self::Sensor(id) => (Some(id), None),
            Self::Alert(_) | Self::Device(_) => (None, None),
        };
        [current, following].into_iter().flatten()
    }

    /// The device of an alert or of a device's silence. `None` for flow sensors: only the registry knows their devices.
    pub fn device(&self) -> Option<&DeviceId> {
        match self {
            Self::Alert(AlertKey { device, .. }) | Self::Device(device) => Some(device),
            Self::Pair(_) | Self::Sensor(_) => None,
        }
    }
}

/// Splits the subjects into groups within which no two share a sensor, so that the transactions of a group never touch
/// the same row. Each subject goes into the first group possible.
pub fn disjoint_groups(subjects: &[Subject]) -> Vec<Vec<&Subject>> {
    let mut groups: Vec<(BTreeSet<&LevelId>, Vec<&Subject>)> = Vec::new();
    for subject in subjects {
        match groups.iter_mut().find(|(taken, _)| !subject.levels().any(|sensor| taken.contains(sensor))) {
            Some((taken, group)) => {
                taken.extend(subject.levels());
                group.push(subject);
            }
            None => groups.push((subject.levels().collect(), vec![subject])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

impl From<Pair> for Subject {
    fn from(pair: Pair) -> Self {
        Self::Pair(pair)
    }
}

impl fmt::Display for Subject {
    /// The problem's id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn subject() -> impl Strategy<Value = Subject> {
        let id = || "[0-9A-Za-z][0-9]{1,9}".prop_map(|id| id.parse::<LevelId>().unwrap());
        // Some of them look like level ids, and like the end of a silence.
        let device = || "([0-9A-Za-z][0-9]{1,3}|[a-z0-9][a-z0-9_-]{0,9}|silent)".prop_map(|id| id.parse().unwrap());
        let key = |(device, sensor, alert): (_, String, String)| AlertKey {
            device,
            sensor: sensor.parse().unwrap(),
            alert: alert.parse().unwrap(),
        };
        prop_oneof![
            (id(), id()).prop_map(|(current, following)| Subject::Pair(Pair { current, following })),
            id().prop_map(Subject::Sensor),
            (device(), "[a-z][a-z0-9_]{0,5}", "[a-z][a-z0-9-]{0,5}").prop_map(key).prop_map(Subject::Alert),
            device().prop_map(Subject::Device),
        ]
    }

    proptest! {
        #[test]
        fn an_id_is_parsed_back_to_its_subject(subject in subject()) {
            prop_assert_eq!(Subject::parse(&subject.key()), Some(subject));
        }

        #[test]
        fn a_text_that_parses_is_the_key_of_its_subject(text in "[0-9a-z]{0,6}(-[0-9a-z]{0,6}|-silent|:[a-z_-]{0,6}(:[a-z_-]{0,6})?|:silent)?") {
            if let Some(subject) = Subject::parse(&text) {
                prop_assert_eq!(subject.key(), text);
            }
        }
    }

    #[test]
    fn subjects_of_a_group_share_no_sensor_and_a_whole_tube_takes_three_groups() {
        let subject = |key: &str| Subject::parse(key).unwrap();
        let tube = ["0102", "01-silent", "0203", "02-silent", "0304", "03-silent"].map(subject);
        let groups: Vec<Vec<String>> =
            disjoint_groups(&tube).iter().map(|group| group.iter().map(|one| one.key()).collect()).collect();
        assert_eq!(groups, [vec!["0102", "0304"], vec!["01-silent", "0203"], vec!["02-silent", "03-silent"]]);
        assert_eq!(disjoint_groups(&[]), Vec::<Vec<&Subject>>::new());
    }

    #[test]
    fn a_text_that_is_no_id_is_refused() {
        for bad in [
            "",
            "-",
            "01",
            "0102x",
            "01-02",
            "010",
            "-silent",
            "0-silent",
            "01-silent-silent",
            "é1é2",
            "01--023",
            ":silent",
            "01:",
            "01:silen",
            "a:do",
            "a:do:",
            "a::x",
            "a:b:c:d",
            "a:do:X",
        ] {
            assert_eq!(Subject::parse(bad), None, "{bad}");
        }
    }
}
