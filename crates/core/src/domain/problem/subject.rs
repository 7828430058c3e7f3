//! What a problem is about, and how its id is made of that.

use std::collections::BTreeSet;

use crate::domain::topology::Pair;
use crate::id::LevelId;

/// Ends the id of a sensor's silence. No level id is such a word, so it is no pair's second half.
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

    /// What the id stands for; `None` when no problem has such an id.
    pub fn parse(key: &str) -> Option<Self> {
        if let Some(id) = key.strip_suffix(SILENT) {
            return id.parse().ok().map(Self::Sensor);
        }
        let middle = key.len() / 2;
        let halves = key.split_once('-').or_else(|| key.split_at_checked(middle))?;
        let pair = Pair { current: halves.0.parse().ok()?, following: halves.1.parse().ok()? };
        (pair.key() == key).then_some(Self::Pair(pair))
    }

    /// The sensor it begins with, and the one that follows.
    pub fn sensors(&self) -> (&LevelId, Option<&LevelId>) {
        match self {
            Self::Pair(pair) => (&pair.current, Some(&pair.following)),
            Self::Sensor(id) => (id, None),
        }
    }
}

/// The subjects in as few groups as it takes, each in the first where none shares a sensor with it: within a group none
/// waits for what another one writes, and no two transactions meet at a row.
pub fn apart(subjects: &[Subject]) -> Vec<Vec<&Subject>> {
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
        fn an_id_says_what_it_is_about_so_no_two_subjects_share_one(subject in subject()) {
            prop_assert_eq!(Subject::parse(&subject.key()), Some(subject));
        }

        #[test]
        fn whatever_can_be_read_as_an_id_is_one(text in "[0-9a-z]{0,6}(-[0-9a-z]{0,6}|-silent)?") {
            if let Some(subject) = Subject::parse(&text) {
                prop_assert_eq!(subject.key(), text);
            }
        }
    }

    #[test]
    fn those_of_a_group_share_no_sensor_and_a_whole_tube_takes_three_groups() {
        let subject = |key: &str| Subject::parse(key).unwrap();
        let tube = ["0102", "01-silent", "0203", "02-silent", "0304", "03-silent"].map(subject);
        let groups: Vec<Vec<String>> =
            apart(&tube).iter().map(|group| group.iter().map(|one| one.key()).collect()).collect();
        assert_eq!(groups, [vec!["0102", "0304"], vec!["01-silent", "0203"], vec!["02-silent", "03-silent"]]);
        assert_eq!(apart(&[]), Vec::<Vec<&Subject>>::new());
    }

    #[test]
    fn what_is_no_id_is_told() {
        for bad in
            ["", "-", "01", "0102x", "01-02", "010", "-silent", "0-silent", "01-silent-silent", "é1é2", "01--023"]
        {
            assert_eq!(Subject::parse(bad), None, "{bad}");
        }
    }
}
