//! The simulated devices as data: their registration, and the curves of their probes.

pub mod curve;
pub mod probes;
pub mod register;

use probes::Probe;

/// The whole fleet.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// Water-quality buoys.
    pub buoys: Vec<Buoy>,
    /// Sewer tubes with flow sensors.
    pub tubes: Vec<Tube>,
}

/// A buoy and its ten probes.
#[derive(Debug, Clone)]
pub struct Buoy {
    /// Device id, thing name and client id.
    pub id: String,
    /// Its number, from 0.
    pub number: usize,
    /// Its probes.
    pub probes: Vec<Probe>,
}

/// A tube with its flow sensors, in the direction of flow.
#[derive(Debug, Clone)]
pub struct Tube {
    /// The first character of its sensors' ids.
    pub tube: char,
    /// Its sensors.
    pub sensors: Vec<FlowSensor>,
}

/// A flow sensor.
#[derive(Debug, Clone)]
pub struct FlowSensor {
    /// Level id, e.g. `03`.
    pub id: String,
    /// The device id in its messages through The Things Stack.
    pub device: String,
    /// Whether the device is registered; otherwise its level id is derived from the digits at the end of its id.
    pub registered: bool,
    /// The sensors that follow it, unless that is the next number on the tube.
    pub followed_by: Option<Vec<String>>,
}

/// A registered buoy that is disabled.
pub const RETIRED: &str = "buoy-90";
/// A registered buoy for the person who watches the run.
pub const GUEST: &str = "buoy-00";
/// A buoy with a certificate that is not registered.
pub const STRANGER: &str = "buoy-99";
/// A dispenser, which executes commands.
pub const DISPENSER: &str = "dispenser-123";
/// Number of flow sensors per tube.
const SENSORS: usize = 5;

impl Fleet {
    /// A fleet of `buoys` buoys, and `tubes` tubes with five flow sensors each.
    pub fn new(buoys: usize, tubes: usize) -> Self {
        let buoy = |number| Buoy { id: format!("buoy-{:02}", number + 1), number, probes: probes::of_buoy(number) };
        Self { buoys: (0..buoys).map(buoy).collect(), tubes: (0..tubes).map(|number| tube(number, tubes)).collect() }
    }

    /// All flow sensors.
    pub fn flow_sensors(&self) -> impl Iterator<Item = &FlowSensor> {
        self.tubes.iter().flat_map(|tube| &tube.sensors)
    }

    /// Every pair of a flow sensor and one that follows it: the next number on the tube, unless the registry names others.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let known = |id: &String| self.flow_sensors().any(|sensor| sensor.id == *id);
        let mut pairs = Vec::new();
        for sensor in self.flow_sensors() {
            let (tube, number) = sensor.id.split_at(1);
            let next = number.parse::<u32>().map(|number| format!("{tube}{}", number + 1)).unwrap_or_default();
            let following = sensor.followed_by.clone().unwrap_or_else(|| vec![next]);
            pairs.extend(following.into_iter().filter(known).map(|following| (sensor.id.clone(), following)));
        }
        pairs
    }
}

fn tube(number: usize, tubes: usize) -> Tube {
    let tube = char::from_digit(number as u32 % 10, 10).unwrap_or('0');
    let sensor = |position: usize| {
        let id = format!("{tube}{position}");
        // The first tube ends in the middle of the second one: a junction, which cannot be derived from the numbers.
        let junction = (number == 0 && position == SENSORS && tubes > 1).then(|| vec!["13".to_owned()]);
        let registered = !(number == 1 && position == SENSORS);
        let device = format!("{}-{id}", if registered { "kloaka" } else { "outfall" });
        FlowSensor { id, device, registered, followed_by: junction }
    };
    Tube { tube, sensors: (1..=SENSORS).map(sensor).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_junction_replaces_the_next_number() {
        let pairs = Fleet::new(2, 2).pairs();
        let pair = |current: &str, following: &str| pairs.contains(&(current.to_owned(), following.to_owned()));
        assert!(pair("01", "02") && pair("04", "05") && pair("05", "13") && pair("12", "13") && pair("14", "15"));
        assert_eq!(pairs.len(), 9);
    }
}
