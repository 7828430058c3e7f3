//! What a problem is about, and the problem's id.

use std::collections::BTreeSet;
use std::fmt;

use crate::domain::topology::Pair;
use crate::id::LevelId;

/// The end of the id of a sensor's silence. It is not a level id, so no pair's id ends with it.
const SILENT: &str = "-silent";

/// What a problem is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Two neighbours.
    Pair(Pair),
    /// The silence of one sensor.
    Sensor(LevelId),
}

impl Subject {
    /// The problem's id: a pair's is [`Pair::key`]; a sensor's silence is the sensor's id and `-silent` (`01-silent`).
    pub fn key(&self) -> String {
        match self {
            Self::Pair(pair) => pair.key(),
            Self::Sensor(id) => format!("{id}{SILENT}"),
        }
    }

    /// The subject of the problem with this id; `None` when no problem can have it.
    pub fn parse(key: &str) -> Option<Self> {
        if let Some(id) = key.strip_suffix(SILENT) {
            return id.parse().ok().map(Self::Sensor);
        }
        let middle = key.len() / 2;
        let halves = key.split_once('-').or_else(|| key.split_at_checked(middle))?;
        let pair = Pair { current: halves.0.parse().ok()?, following: halves.1.parse().ok()? };
        (pair.key() == key).then_some(Self::Pair(pair))
    }

    /// The current sensor and, for a pair, the following one.
    pub fn sensors(&self) -> (&LevelId, Option<&LevelId>) {
        match self {
            Self::Pair(pair) => (&pair.current, Some(&pair.following)),
            Self::Sensor(id) => (id, None),
        }
    }
}

/// Splits the subjects into groups within which no two share a sensor, so that the transactions of a group never touch
/// the same row. Each subject goes into the first group possible.
pub fn disjoint_groups(subjects: &[Subject]) -> Vec<Vec<&Subject>> {
    let mut groups: Vec<(BTreeSet<&LevelId>, Vec<&Subject>)> = Vec::new();
    for subject in subjects {
        let (current, following) = subject.sensors();
        let sensors = || [Some(current), following].into_iter().flatten();
        match groups.iter_mut().find(|(taken, _)| !sensors().any(|sensor| taken.contains(sensor))) {
            Some((taken, group)) => {
                taken.extend(sensors());
                group.push(subject);
            }
            None => groups.push((sensors().collect(), vec![subject])),
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
        prop_oneof![
            (id(), id()).prop_map(|(current, following)| Subject::Pair(Pair { current, following })),
            id().prop_map(Subject::Sensor),
        ]
    }

    proptest! {
        #[test]
        fn an_id_is_parsed_back_to_its_subject(subject in subject()) {
            prop_assert_eq!(Subject::parse(&subject.key()), Some(subject));
        }

        #[test]
        fn a_text_that_parses_is_the_key_of_its_subject(text in "[0-9a-z]{0,6}(-[0-9a-z]{0,6}|-silent)?") {
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
        for bad in
            ["", "-", "01", "0102x", "01-02", "010", "-silent", "0-silent", "01-silent-silent", "é1é2", "01--023"]
        {
            assert_eq!(Subject::parse(bad), None, "{bad}");
        }
    }
}
