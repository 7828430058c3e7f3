//! A plain map: positions on a plane, without a background image.

use weir_core::wire::device::LocationJson;

/// The possible lengths of the scale bar, in m.
const BARS: [f64; 16] = [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];
/// Metres per degree of latitude, on a sphere with the mean radius of the earth (6,371,009 m).
const DEGREE: f64 = 111_195.08;
/// Minimum width of the map, in m: otherwise a single position would have no scale.
const LEAST: f64 = 200.0;

/// Positions on a plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// The positions in their given order, x to the east and y to the south, within the frame.
    pub places: Vec<(f64, f64)>,
    /// Metres per unit of the frame.
    pub metres: f64,
}

/// Projects positions into a frame with this margin on all sides, north up: an equirectangular projection around their centre, whose error
/// is below 0.1 % for networks of up to 100 km. `None` without a position.
pub fn project(places: &[LocationJson], (width, height): (f64, f64), margin: f64) -> Option<Map> {
    let first = places.first()?;
    // Longitudes are relative to the first position, so that a network across the date line stays together.
    let east = |place: &LocationJson| (place.longitude - first.longitude + 540.0).rem_euclid(360.0) - 180.0;
    let bounds = |all: &dyn Fn(&LocationJson) -> f64| {
        places.iter().map(all).fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)))
    };
    let (west, right) = bounds(&east);
    let (south, north) = bounds(&|place: &LocationJson| place.latitude);
    let (middle_x, middle_y) = ((west + right) / 2.0, (south + north) / 2.0);
    let narrow = middle_y.to_radians().cos().max(0.01);
    let (wide, high) = ((right - west) * DEGREE * narrow, (north - south) * DEGREE);
    let room = ((width - 2.0 * margin).max(1.0), (height - 2.0 * margin).max(1.0));
    let metres = (wide.max(LEAST) / room.0).max(high.max(LEAST / 2.0) / room.1);
    let place = |place: &LocationJson| {
        let x = (east(place) - middle_x) * DEGREE * narrow / metres;
        let y = (middle_y - place.latitude) * DEGREE / metres;
        (width / 2.0 + x, height / 2.0 + y)
    };
    Some(Map { places: places.iter().map(place).collect(), metres })
}

impl Map {
    /// The scale bar: its length in units of the frame, at most `longest`, and its label.
    pub fn bar(&self, longest: f64) -> (f64, String) {
        let metres = BARS.iter().copied().filter(|bar| bar / self.metres <= longest).fold(BARS[0], f64::max);
        let text = if metres < 1e3 { format!("{metres} m") } else { format!("{} km", metres / 1e3) };
        (metres / self.metres, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64) -> LocationJson {
        LocationJson { latitude, longitude }
    }

    #[test]
    fn north_is_up_and_everything_is_within_the_frame() {
        let places = [at(47.5, 9.5), at(47.6, 9.5), at(47.5, 9.7)];
        let map = project(&places, (400.0, 300.0), 20.0).unwrap();
        let [one, north, east] = map.places.as_slice() else { panic!() };
        assert!(north.1 < one.1 && east.0 > one.0);
        assert!(map.places.iter().all(|(x, y)| (19.9..=380.1).contains(x) && (19.9..=280.1).contains(y)), "{map:?}");
        // 0.1 degrees of latitude are 11.1 km, and 0.2 of longitude there are 15.0 km.
        assert!(((one.1 - north.1) * map.metres - 11_119.5).abs() < 1.0);
        assert!(((east.0 - one.0) * map.metres - 15_015.0).abs() < 30.0);
        let (length, text) = map.bar(100.0);
        assert!(length <= 100.0 && length > 30.0 && text == "2 km", "{length} {text}");
    }

    #[test]
    fn one_place_is_in_the_middle_and_the_date_line_is_no_edge() {
        assert_eq!(project(&[at(0.0, 0.0)], (400.0, 300.0), 20.0).unwrap().places, [(200.0, 150.0)]);
        assert_eq!(project(&[], (400.0, 300.0), 20.0), None);
        let map = project(&[at(-17.0, 179.9), at(-17.0, -179.9)], (400.0, 300.0), 20.0).unwrap();
        assert!(map.metres * 400.0 < 30_000.0 && map.places[1].0 > map.places[0].0);
    }
}
