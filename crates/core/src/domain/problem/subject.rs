//! What a problem is about, and how its id is made of that.

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
    fn what_is_no_id_is_told() {
        for bad in
            ["", "-", "01", "0102x", "01-02", "010", "-silent", "0-silent", "01-silent-silent", "é1é2", "01--023"]
        {
            assert_eq!(Subject::parse(bad), None, "{bad}");
        }
    }
}
