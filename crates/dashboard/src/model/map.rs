//! A map: positions on a plane, and the tiles that may lie below them.

use weir_core::wire::device::LocationJson;

/// The possible lengths of the scale bar, in m.
const BARS: [f64; 16] = [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];
/// The circumference of a sphere with the mean radius of the earth (6,371,009 m), in m.
const EARTH: f64 = 40_030_229.0;
/// Minimum width of the map, in m: otherwise a single position would have no scale.
const LEAST: f64 = 200.0;
/// The northernmost latitude of the square world of Web Mercator, in degrees.
const NORTH: f64 = 85.051_128;
/// The usual width of a tile, in pixels.
const TILE: f64 = 256.0;
/// The greatest zoom of tiles.
const NEAREST: i32 = 19;

/// Positions on a plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// The positions in their given order, x to the east and y to the south, within the frame.
    pub places: Vec<(f64, f64)>,
    /// Metres per unit of the frame, in its middle.
    pub metres: f64,
    /// Units of the frame per world.
    world: f64,
    /// Where the frame's corner in the north-west is, in worlds.
    corner: (f64, f64),
}

/// A tile below the positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Its address.
    pub address: String,
    /// Its corner in the north-west, within the frame.
    pub at: (f64, f64),
    /// Its width and height, in units of the frame.
    pub size: f64,
}

/// Projects positions into a frame with this margin on all sides, north up, by Web Mercator, as tiles are: the projection keeps shapes, and
/// the scale within a network of 100 km differs by less than 2 %. `None` without a position.
pub fn project(places: &[LocationJson], (width, height): (f64, f64), margin: f64) -> Option<Map> {
    let first = places.first()?;
    // Longitudes are relative to the first position, so that a network across the date line stays together.
    let east = |place: &LocationJson| {
        let relative = (place.longitude - first.longitude + 540.0).rem_euclid(360.0) - 180.0;
        (first.longitude + relative + 180.0) / 360.0
    };
    let south = |place: &LocationJson| {
        let latitude = place.latitude.clamp(-NORTH, NORTH).to_radians();
        0.5 - latitude.tan().asinh() / std::f64::consts::TAU
    };
    let bounds = |all: &dyn Fn(&LocationJson) -> f64| {
        places.iter().map(all).fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)))
    };
    let ((west, right), (top, bottom)) = (bounds(&east), bounds(&south));
    let middle = ((west + right) / 2.0, (top + bottom) / 2.0);
    // A world is that wide there, in m.
    let around = EARTH / (std::f64::consts::TAU * (0.5 - middle.1)).cosh();
    let room = ((width - 2.0 * margin).max(1.0), (height - 2.0 * margin).max(1.0));
    let least = LEAST / around;
    let world = (room.0 / (right - west).max(least)).min(room.1 / (bottom - top).max(least / 2.0));
    let corner = (middle.0 - width / 2.0 / world, middle.1 - height / 2.0 / world);
    let place = |place: &LocationJson| ((east(place) - corner.0) * world, (south(place) - corner.1) * world);
    Some(Map { places: places.iter().map(place).collect(), metres: around / world, world, corner })
}

impl Map {
    /// The scale bar: its length in units of the frame, at most `longest`, and its label.
    pub fn bar(&self, longest: f64) -> (f64, String) {
        let metres = BARS.iter().copied().filter(|bar| bar / self.metres <= longest).fold(BARS[0], f64::max);
        let text = if metres < 1e3 { format!("{metres} m") } else { format!("{} km", metres / 1e3) };
        (metres / self.metres, text)
    }

    /// The tiles below a frame of this size, by their `address`, in the zoom in which they are about as large as they were drawn.
    pub fn tiles(&self, address: &str, (width, height): (f64, f64)) -> Vec<Tile> {
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm is small")]
        let zoom = ((self.world / TILE).log2().round() as i32).clamp(0, NEAREST);
        let count = 2_f64.powi(zoom);
        let size = self.world / count;
        let from = |corner: f64| (corner * count).floor();
        let number = |corner: f64, room: f64| ((corner + room / self.world) * count).ceil() - from(corner);
        let steps = |number: f64| {
            std::iter::successors(Some(0.0), |step| Some(step + 1.0)).take_while(move |step| *step < number)
        };
        let (columns, rows) = (number(self.corner.0, width), number(self.corner.1, height));
        let tile = |column: f64, row: f64| {
            let (x, y) = (from(self.corner.0) + column, from(self.corner.1) + row);
            // There is nothing north and south of the world, and it goes on in the east and west.
            (0.0..count).contains(&y).then(|| Tile {
                address: [("{z}", f64::from(zoom)), ("{x}", x.rem_euclid(count)), ("{y}", y)]
                    .iter()
                    .fold(address.to_owned(), |address, (name, value)| address.replace(name, &value.to_string())),
                at: ((x / count - self.corner.0) * self.world, (y / count - self.corner.1) * self.world),
                size,
            })
        };
        steps(rows).flat_map(|row| steps(columns).filter_map(move |column| tile(column, row))).collect()
    }
}

/// The space of a label, in units of the frame.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Width.
    pub wide: f64,
    /// Height.
    pub high: f64,
    /// Radius of a mark, and the space between its middle and its label.
    pub mark: f64,
    /// Beyond this x, labels are rather to the left of their marks.
    pub turn: f64,
    /// Width of the frame.
    pub frame: f64,
}

/// The side of a mark on which its label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// To the left.
    Left,
    /// To the right.
    Right,
}

/// Where the wanted labels are drawn: within the frame, covering neither an earlier label nor the mark of another position. `None` where
/// there is no space.
pub fn labels(places: &[(f64, f64)], room: Room, wanted: impl Fn(usize) -> bool) -> Vec<Option<Side>> {
    let mut drawn: Vec<((f64, f64), f64)> = Vec::new();
    let mut label = |(place, (x, y)): (usize, &(f64, f64))| {
        let sides = if *x > room.turn { [Side::Left, Side::Right] } else { [Side::Right, Side::Left] };
        sides.into_iter().filter(|_| wanted(place)).find(|side| {
            let (left, right) = match side {
                Side::Left => (x - room.mark - room.wide, x - room.mark),
                Side::Right => (x + room.mark, x + room.mark + room.wide),
            };
            let beside = |other: f64| (other - y).abs() < room.high;
            let covers_mark = places.iter().enumerate().any(|(other, (at, height))| {
                other != place && beside(*height) && at + room.mark > left && at - room.mark < right
            });
            let covers_label = drawn.iter().any(|((from, to), height)| beside(*height) && *to > left && *from < right);
            let is_free = left >= 0.0 && right <= room.frame && !covers_mark && !covers_label;
            drawn.extend(is_free.then_some(((left, right), *y)));
            is_free
        })
    };
    places.iter().enumerate().map(&mut label).collect()
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
        assert!(((one.1 - north.1) * map.metres - 11_119.5).abs() < 5.0, "{map:?}");
        assert!(((east.0 - one.0) * map.metres - 15_015.0).abs() < 30.0, "{map:?}");
        let (length, text) = map.bar(100.0);
        assert!(length <= 100.0 && length > 30.0 && text == "2 km", "{length} {text}");
    }

    #[test]
    fn one_place_is_in_the_middle_and_the_date_line_is_no_edge() {
        let one = project(&[at(0.0, 0.0)], (400.0, 300.0), 20.0).unwrap();
        assert!((one.places[0].0 - 200.0).abs() < 1e-6 && (one.places[0].1 - 150.0).abs() < 1e-6, "{one:?}");
        assert_eq!(project(&[], (400.0, 300.0), 20.0), None);
        let map = project(&[at(-17.0, 179.9), at(-17.0, -179.9)], (400.0, 300.0), 20.0).unwrap();
        assert!(map.metres * 400.0 < 30_000.0 && map.places[1].0 > map.places[0].0);
    }

    #[test]
    fn tiles_cover_the_frame_and_lie_where_their_numbers_say() {
        let frame = (960.0, 360.0);
        let place = at(47.5, 9.5);
        let map = project(&[place, at(47.6, 9.8)], frame, 40.0).unwrap();
        let tiles = map.tiles("/{z}/{x}/{y}.png", frame);
        let size = tiles[0].size;
        assert!((180.0..=363.0).contains(&size) && (8..=24).contains(&tiles.len()), "{} of {size}", tiles.len());
        let edge = |all: fn(&Tile) -> f64, pick: fn(f64, f64) -> f64| tiles.iter().map(all).reduce(pick).unwrap();
        assert!(edge(|tile| tile.at.0, f64::min) <= 0.0 && edge(|tile| tile.at.1, f64::min) <= 0.0);
        assert!(
            edge(|tile| tile.at.0 + tile.size, f64::max) >= 960.0
                && edge(|tile| tile.at.1 + tile.size, f64::max) >= 360.0
        );
        // The tile below a position is the one of the formula that servers of tiles publish.
        let (x, y) = map.places[0];
        let below = tiles
            .iter()
            .find(|tile| (tile.at.0..tile.at.0 + size).contains(&x) && (tile.at.1..tile.at.1 + size).contains(&y));
        let numbers: Vec<f64> = below.unwrap().address.split(['/', '.']).filter_map(|part| part.parse().ok()).collect();
        let (count, latitude) = (2_f64.powf(numbers[0]), place.latitude.to_radians());
        let column = ((place.longitude + 180.0) / 360.0 * count).floor();
        let row = ((1.0 - (latitude.tan() + 1.0 / latitude.cos()).ln() / std::f64::consts::PI) / 2.0 * count).floor();
        assert_eq!((numbers[1], numbers[2]), (column, row));
    }

    #[test]
    fn tiles_go_on_across_the_date_line_and_end_at_the_poles() {
        let frame = (400.0, 300.0);
        let map = project(&[at(-17.0, 179.9), at(-17.0, -179.9)], frame, 20.0).unwrap();
        let columns: std::collections::BTreeSet<u64> = map
            .tiles("{z} {x} {y}", frame)
            .iter()
            .map(|tile| tile.address.split(' ').nth(1).unwrap().parse().unwrap())
            .collect();
        assert!(columns.contains(&0) && columns.len() >= 2, "{columns:?}");
        let world = project(&[at(89.0, 0.0), at(-89.0, 0.0)], frame, 20.0).unwrap();
        let rows =
            world.tiles("{y}", frame).iter().map(|tile| tile.address.parse::<i64>().unwrap()).collect::<Vec<_>>();
        assert!(!rows.is_empty() && rows.iter().all(|row| (0..2).contains(row)), "{rows:?}");
    }

    #[test]
    fn a_label_covers_neither_another_label_nor_a_mark() {
        let room = Room { wide: 160.0, high: 18.0, mark: 13.0, turn: 600.0, frame: 1_000.0 };
        let (left, right) = (Some(Side::Left), Some(Side::Right));
        let drawn = |places: &[(f64, f64)]| labels(places, room, |_| true);
        assert_eq!(drawn(&[(200.0, 50.0), (600.0, 50.0)]), [right, right]);
        // The second one lies where the label of the first would be.
        assert_eq!(drawn(&[(200.0, 50.0), (300.0, 60.0)]), [left, right]);
        assert_eq!(drawn(&[(200.0, 50.0), (300.0, 70.0)]), [right, right]);
        // Labels near the right edge are to the left.
        assert_eq!(drawn(&[(700.0, 50.0), (900.0, 50.0)]), [left, left]);
        assert_eq!(drawn(&[(200.0, 50.0), (200.0, 60.0), (200.0, 45.0)]), [right, left, None]);
        assert_eq!(labels(&[(200.0, 50.0), (200.0, 60.0)], room, |place| place == 1), [None, right]);
        // It would go beyond the frame on the other side.
        assert_eq!(drawn(&[(100.0, 50.0), (200.0, 50.0)]), [None, right]);
    }
}
