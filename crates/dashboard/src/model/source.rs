//! The sensors that a page compares: those of its device, and some of other devices; and the assignment of their curves to charts.

use super::address::{Query, part};

/// Maximum curves on a page: the number of distinguishable colours.
pub const MOST: usize = 8;

/// A sensor of a device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The device.
    pub device: String,
    /// The code of the sensor.
    pub code: String,
}

impl Source {
    /// A sensor of a device.
    pub fn new(device: impl Into<String>, code: impl Into<String>) -> Self {
        Self { device: device.into(), code: code.into() }
    }

    /// Its path in the API.
    pub fn path(&self) -> String {
        format!("/devices/{}/sensors/{}", part(&self.device), part(&self.code))
    }

    /// The sensors of other devices than `own` in the address, without duplicates, at most [`MOST`].
    pub fn others(query: &Query, own: &str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for (device, code) in query.all("with").filter_map(|text| text.split_once(':')) {
            let one = Self::new(device, code);
            let is_whole = !device.is_empty() && !code.is_empty() && device != own;
            if is_whole && !found.contains(&one) && found.len() < MOST {
                found.push(one);
            }
        }
        found
    }

    /// Its name in the address.
    pub fn name(&self) -> String {
        format!("{}:{}", self.device, self.code)
    }
}

/// The sensors of the page's own device in the address, by their codes; the first `default` of those that are `known` if it names none.
/// An empty parameter (`sensor=`) says that none is shown.
pub fn own(query: &Query, known: &[String], default: usize) -> Vec<String> {
    let named: Vec<String> =
        known.iter().filter(|code| query.all("sensor").any(|name| name == *code)).cloned().collect();
    let is_none = query.all("sensor").any(str::is_empty);
    if named.is_empty() && !is_none { known.iter().take(default).cloned().collect() } else { named }
}

/// The query with these sensors of the page's own device.
#[must_use]
pub fn with_own(query: Query, codes: &[String]) -> Query {
    if codes.is_empty() {
        query.with_all("sensor", [""])
    } else {
        query.with_all("sensor", codes.iter().map(String::as_str))
    }
}

/// The properties that determine the chart of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind<'a> {
    /// The code of the sensor.
    pub code: &'a str,
    /// The unit of its values.
    pub unit: &'a str,
    /// Whether it is a sensor of the page's own device.
    pub is_own: bool,
}

/// Assigns curves to charts, each given by the indices of its curves. Every sensor of the page's own device has a separate chart. A sensor
/// of another device joins the chart with its code and unit, or else the first with its unit, because a chart has one axis. Values without
/// a unit are only compared with those of the same code.
pub fn charts(kinds: &[Kind<'_>]) -> Vec<Vec<usize>> {
    let mut charts: Vec<Vec<usize>> = Vec::new();
    for (place, kind) in kinds.iter().enumerate() {
        let fits = |chart: &Vec<usize>, same_code: bool| {
            chart.first().and_then(|first| kinds.get(*first)).is_some_and(|first| {
                let same = first.code == kind.code;
                first.unit == kind.unit && if same_code || kind.unit.is_empty() { same } else { true }
            })
        };
        let found = [true, false].iter().find_map(|same| charts.iter().position(|chart| fits(chart, *same)));
        match found.filter(|_| !kind.is_own).and_then(|found| charts.get_mut(found)) {
            Some(chart) => chart.push(place),
            None => charts.push(vec![place]),
        }
    }
    charts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_sensors_of_other_devices_once_each() {
        let query = Query::parse("with=b:ph&with=b:ph&with=own:ph&with=b&with=:ph&with=c:&with=c:do");
        let found = Source::others(&query, "own");
        assert_eq!(found.iter().map(Source::name).collect::<Vec<_>>(), ["b:ph", "c:do"]);
        let many: Vec<String> = (0..20).map(|number| format!("with=b:s{number}")).collect();
        assert_eq!(Source::others(&Query::parse(&many.join("&")), "own").len(), MOST);
        assert_eq!(Source::new("a b", "ph").path(), "/devices/a%20b/sensors/ph");
    }

    #[test]
    fn that_no_own_sensor_is_shown_is_in_the_address() {
        let known = ["ph", "do", "ec"].map(str::to_owned);
        let shown = |query: &str| own(&Query::parse(query), &known, 2);
        assert_eq!(shown("with=b:ph"), ["ph", "do"]);
        assert_eq!(shown("sensor=ec&sensor=ph"), ["ph", "ec"]);
        // A sensor that was removed.
        assert_eq!(shown("sensor=tmp"), ["ph", "do"]);
        for codes in [&[][..], &known[..1], &known] {
            let address = with_own(Query::parse("with=b:ph&sensor=do"), codes).to_string();
            assert!(address.contains("with=b%3Aph"), "{address}");
            assert_eq!(shown(&address), codes, "{address}");
        }
    }

    #[test]
    fn a_curve_goes_to_the_chart_that_has_its_axis() {
        let own = |code, unit| Kind { code, unit, is_own: true };
        let other = |code, unit| Kind { code, unit, is_own: false };
        let kinds = [
            own("air", "°C"),
            own("water", "°C"),
            own("count", ""),
            other("water", "°C"),
            other("soil", "°C"),
            other("count", ""),
            other("turns", ""),
            other("ph", "pH"),
            other("ph", "pH"),
        ];
        assert_eq!(charts(&kinds), [vec![0, 4], vec![1, 3], vec![2, 5], vec![6], vec![7, 8]]);
        assert!(charts(&[]).is_empty());
    }
}
