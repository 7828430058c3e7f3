//! Which flow sensors are neighbours, and the key of a pair.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::LevelId;

impl LevelId {
    /// The tube of the sensor: the first character of the id.
    pub fn tube(&self) -> &str {
        self.as_str().get(..1).unwrap_or_default()
    }

    /// The number of the sensor on its tube, with leading zeros.
    pub fn number(&self) -> &str {
        self.as_str().get(1..).unwrap_or_default()
    }

    /// The sensor on the same tube whose number is greater by `by`, with as many digits.
    fn neighbour(&self, by: i64) -> Option<LevelId> {
        let number = self.number().parse::<i64>().ok()?.checked_add(by).filter(|number| *number >= 0)?;
        let width = self.number().len();
        let text = format!("{number:0width$}");
        (text.len() == width).then(|| format!("{}{text}", self.tube()).parse().ok()).flatten()
    }
}

/// A flow sensor and the next one downstream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// The sensor upstream.
    pub current: LevelId,
    /// The next one downstream.
    pub following: LevelId,
}

impl Pair {
    /// The id of the pair's problem: both ids, `01` + `02` → `0102`. Ids of different lengths are joined by `-`
    /// (`01-023`), because `01` + `023` and `010` + `23` would otherwise have the same key.
    pub fn key(&self) -> String {
        let (current, following) = (self.current.as_str(), self.following.as_str());
        let between = if current.len() == following.len() { "" } else { "-" };
        format!("{current}{between}{following}")
    }
}

/// The neighbours of every flow sensor: the links in the registry, and for all other sensors the next number on the tube.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    links: BTreeMap<LevelId, BTreeSet<LevelId>>,
}

impl Topology {
    /// From pairs of a sensor and the sensors that follow it according to the registry. A sensor with an empty list ends
    /// its tube; the lists of a sensor that occurs twice are joined.
    pub fn of(links: impl IntoIterator<Item = (LevelId, Vec<LevelId>)>) -> Self {
        let mut all: BTreeMap<LevelId, BTreeSet<LevelId>> = BTreeMap::new();
        for (id, after) in links {
            all.entry(id).or_default().extend(after);
        }
        Self { links: all }
    }

    /// The sensors that follow `id`: those that the registry names, or else the next number on the tube.
    pub fn following(&self, id: &LevelId) -> Vec<LevelId> {
        match self.links.get(id) {
            Some(after) => after.iter().filter(|after| *after != id).cloned().collect(),
            None => id.neighbour(1).into_iter().collect(),
        }
    }

    /// The pairs that `id` belongs to: with each sensor that follows it, and with each that it follows.
    pub fn pairs(&self, id: &LevelId) -> Vec<Pair> {
        let after = self.following(id).into_iter().map(|following| Pair { current: id.clone(), following });
        let named =
            self.links.iter().filter(|(before, after)| *before != id && after.contains(id)).map(|(before, _)| before);
        let numbered = id.neighbour(-1).filter(|before| !self.links.contains_key(before));
        let before = named.cloned().chain(numbered).map(|current| Pair { current, following: id.clone() });
        after.chain(before).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> LevelId {
        text.parse().unwrap()
    }

    fn keys(topology: &Topology, of: &str) -> Vec<String> {
        topology.pairs(&id(of)).iter().map(Pair::key).collect()
    }

    #[test]
    fn neighbours_are_the_next_and_the_last_number_of_the_same_width() {
        let none = Topology::default();
        assert_eq!(keys(&none, "02"), ["0203", "0102"]);
        assert_eq!(keys(&none, "00"), ["0001"]);
        assert_eq!(keys(&none, "09"), ["0809"], "number 10 has another width");
        assert_eq!(keys(&none, "A009"), ["A009A010", "A008A009"]);
        assert_eq!(keys(&none, "0999999999"), ["09999999980999999999"]);
    }

    #[test]
    fn the_links_that_two_devices_name_for_one_sensor_are_joined() {
        let both = [(id("02"), vec![id("05")]), (id("02"), vec![id("07")])];
        let turned = [both[1].clone(), both[0].clone()];
        assert_eq!(keys(&Topology::of(both), "02"), ["0205", "0207", "0102"]);
        assert_eq!(keys(&Topology::of(turned), "02"), ["0205", "0207", "0102"]);
    }

    #[test]
    fn links_of_the_registry_take_precedence_over_numbers() {
        let topology = Topology::of([
            (id("02"), vec![id("05")]),
            (id("14"), vec![id("05")]),
            (id("05"), vec![id("06"), id("21")]),
            (id("08"), vec![]),
        ]);
        assert_eq!(keys(&topology, "02"), ["0205", "0102"]);
        assert_eq!(keys(&topology, "03"), ["0304"], "02 does not flow into 03 any more");
        assert_eq!(keys(&topology, "05"), ["0506", "0521", "0205", "1405", "0405"]);
        assert_eq!(keys(&topology, "21"), ["2122", "0521", "2021"]);
        assert_eq!(keys(&topology, "08"), ["0708"], "an empty list ends the tube");
        assert_eq!(keys(&topology, "09"), [""; 0]);
    }

    #[test]
    fn a_sensor_never_follows_itself() {
        let topology = Topology::of([(id("02"), vec![id("02")])]);
        assert_eq!(keys(&topology, "02"), ["0102"]);
    }

    #[test]
    fn every_pair_is_seen_from_both_ends() {
        let topology = Topology::of([(id("02"), vec![id("05"), id("123")]), (id("03"), vec![])]);
        for text in ["01", "02", "03", "04", "05", "06", "123", "122"] {
            for pair in topology.pairs(&id(text)) {
                assert!(topology.pairs(&pair.current).contains(&pair), "{pair:?}");
                assert!(topology.pairs(&pair.following).contains(&pair), "{pair:?}");
            }
        }
    }

    #[test]
    fn pairs_of_different_widths_do_not_collide() {
        let pair = |current: &str, following: &str| Pair { current: id(current), following: id(following) }.key();
        assert_eq!(pair("01", "02"), "0102");
        assert_eq!(pair("01", "023"), "01-023");
        assert_eq!(pair("010", "23"), "010-23");
        assert_ne!(pair("01", "0234"), pair("010", "234"));
    }
}
