//! The registry's whole record of a device: what people say about it, its calibrations, and how often it changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Timestamp;
use super::calibration::{Calibration, FieldError, Interval};
use super::reading::FILLING;
use super::settings::Settings;
use crate::id::{DeviceId, LevelId, SensorCode};

/// The most characters of a device's or a sensor's name.
const LONGEST_NAME: usize = 100;
const LONGEST_DESCRIPTION: usize = 1_000;
const LONGEST_UNIT: usize = 32;
/// A device has at most so many sensors: so many, each with its calibration, fit into a row, which may take 400 KB.
pub const MOST_SENSORS: usize = 64;
const MOST_FOLLOWING: usize = 16;

/// Where a device is, in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Location {
    /// North of the equator, −90 to 90.
    pub latitude: f64,
    /// East of Greenwich, −180 to 180.
    pub longitude: f64,
}

/// A sensor as people describe it.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// What it measures.
    pub code: SensorCode,
    /// What people call it.
    pub name: String,
    /// The unit of its calibrated values.
    pub unit: String,
    /// A switched-off sensor's values are set aside.
    pub enabled: bool,
    /// A calibrated value outside is kept and marked.
    pub limits: Option<Interval>,
}

/// What people say about a device: all that a person can write, calibrations apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// What people call it.
    pub name: String,
    /// Whatever else there is to say.
    pub description: String,
    /// Where it is.
    pub location: Option<Location>,
    /// A switched-off device's messages are set aside.
    pub enabled: bool,
    /// The flow sensor it is, if it is one.
    pub level_id: Option<LevelId>,
    /// The flow sensors after it, when it is not simply the next number on its tube.
    pub followed_by: Option<Vec<LevelId>>,
    /// Its sensors.
    pub sensors: Vec<Probe>,
    /// Its settings.
    pub settings: Settings,
}

impl Content {
    /// The sensor of that code.
    pub fn probe(&self, code: &SensorCode) -> Option<&Probe> {
        self.sensors.iter().find(|probe| probe.code == *code)
    }

    /// Accepts the content.
    ///
    /// # Errors
    /// Every rule that is broken, with the pointer to the field.
    pub fn checked(self) -> Result<Self, Vec<FieldError>> {
        let mut refused = Vec::new();
        text("/name", &self.name, LONGEST_NAME, &mut refused);
        text("/description", &self.description, LONGEST_DESCRIPTION, &mut refused);
        if let Some(Location { latitude, longitude }) = self.location {
            degrees("/location/latitude", latitude, 90.0, &mut refused);
            degrees("/location/longitude", longitude, 180.0, &mut refused);
        }
        self.check_links(&mut refused);
        if self.sensors.len() > MOST_SENSORS {
            refused.push(FieldError::new("/sensors", format!("a device has at most {MOST_SENSORS} sensors")));
        }
        let mut codes = BTreeSet::new();
        for (place, probe) in self.sensors.iter().enumerate() {
            text(&format!("/sensors/{place}/name"), &probe.name, LONGEST_NAME, &mut refused);
            text(&format!("/sensors/{place}/unit"), &probe.unit, LONGEST_UNIT, &mut refused);
            if probe.code.as_str() == FILLING {
                let detail = "is the history of a flow sensor's level: give the device a level_id instead";
                refused.push(FieldError::new(format!("/sensors/{place}/code"), detail));
            }
            if !codes.insert(&probe.code) {
                let detail = format!("the code {} stands twice", probe.code);
                refused.push(FieldError::new(format!("/sensors/{place}/code"), detail));
            }
        }
        if refused.is_empty() { Ok(self) } else { Err(refused) }
    }

    fn check_links(&self, refused: &mut Vec<FieldError>) {
        let Some(following) = &self.followed_by else { return };
        if self.level_id.is_none() {
            refused.push(FieldError::new("/followed_by", "needs a level_id that it follows"));
        }
        if following.len() > MOST_FOLLOWING {
            refused.push(FieldError::new("/followed_by", format!("names more than {MOST_FOLLOWING} flow sensors")));
        }
        for (place, id) in following.iter().enumerate() {
            let at = || format!("/followed_by/{place}");
            if self.level_id.as_ref() == Some(id) {
                refused.push(FieldError::new(at(), "a flow sensor does not follow itself"));
            }
            if following.iter().take(place).any(|before| before == id) {
                refused.push(FieldError::new(at(), format!("{id} stands twice")));
            }
        }
    }
}

fn text(at: &str, text: &str, longest: usize, refused: &mut Vec<FieldError>) {
    if text.chars().count() > longest {
        refused.push(FieldError::new(at, format!("has more than {longest} characters")));
    }
}

fn degrees(at: &str, degrees: f64, most: f64, refused: &mut Vec<FieldError>) {
    if degrees.is_nan() || degrees.abs() > most {
        refused.push(FieldError::new(at, format!("must be -{most} to {most} degrees")));
    }
}

/// A version of a calibration as it was entered.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The calibration.
    pub calibration: Arc<Calibration>,
    /// Who entered it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What they noted.
    pub note: String,
}

/// What a device's record keeps of the calibrations of one sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// The version with the latest `valid_from`, of equal ones the highest.
    pub latest: Entry,
    /// How many versions there are: they are numbered from 1 without a gap, so it is the highest number too.
    pub versions: u32,
}

impl Calibrated {
    /// What a record keeps of these versions.
    pub fn of(history: impl IntoIterator<Item = Entry>) -> Option<Self> {
        history.into_iter().fold(None, |kept, entry| Some(Self::with(kept, entry)))
    }

    /// What a record keeps once `entry` is added.
    fn with(kept: Option<Self>, entry: Entry) -> Self {
        let since = |entry: &Entry| (entry.calibration.valid_from, entry.calibration.version);
        match kept {
            None => Self { versions: entry.calibration.version, latest: entry },
            Some(kept) => Self {
                versions: kept.versions.max(entry.calibration.version),
                latest: if since(&entry) > since(&kept.latest) { entry } else { kept.latest },
            },
        }
    }
}

/// By which sensor.
pub type Calibrations = BTreeMap<SensorCode, Calibrated>;

/// How often a device changed. The numbers go on when a device is deleted and registered again: a version never means
/// two things, neither to a caller with an old `If-Match` nor to a device that remembers its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Versions {
    /// Counts every change.
    pub record: u64,
    /// Counts the changes of the settings: the version that is delivered to the device.
    pub settings: u64,
}

/// A device's record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id.
    pub id: DeviceId,
    /// What people say about it.
    pub content: Content,
    /// Its sensors' calibrations.
    pub calibrations: Calibrations,
    /// How often it changed.
    pub versions: Versions,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who changed it last.
    pub updated_by: String,
}

/// Who changes a record, and when.
#[derive(Debug, Clone)]
pub struct Author {
    /// A name that people recognise.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Record {
    /// A new record; `before` counts what happened under this id earlier.
    pub fn new(
        id: DeviceId,
        content: Content,
        calibrations: Calibrations,
        before: Versions,
        Author { by, at }: Author,
    ) -> Self {
        let versions = Versions { record: before.record + 1, settings: before.settings + 1 };
        Self { id, content, calibrations, versions, created_at: at, updated_at: at, updated_by: by }
    }

    /// The sensors of `content` that this record does not have. They may have had calibrations before.
    pub fn added<'a>(&self, content: &'a Content) -> impl Iterator<Item = &'a SensorCode> {
        content.sensors.iter().map(|probe| &probe.code).filter(|code| self.content.probe(code).is_none())
    }

    /// The record with other content; `found` has the calibrations that added sensors had before.
    pub fn rewritten(&self, content: Content, found: Calibrations, author: Author) -> Self {
        let mut calibrations = self.calibrations.clone();
        calibrations.extend(found);
        calibrations.retain(|code, _| content.probe(code).is_some());
        let settings = self.versions.settings + u64::from(content.settings != self.content.settings);
        let next = self.next(author);
        Self { content, calibrations, versions: Versions { settings, ..next.versions }, ..next }
    }

    /// The number of the next version of a sensor's calibration.
    pub fn next_calibration(&self, sensor: &SensorCode) -> u32 {
        self.calibrations.get(sensor).map_or(0, |calibrated| calibrated.versions) + 1
    }

    /// The record with a version of a calibration added.
    pub fn calibrated(&self, sensor: &SensorCode, entry: Entry, author: Author) -> Self {
        let mut next = self.next(author);
        let kept = next.calibrations.remove(sensor);
        next.calibrations.insert(sensor.clone(), Calibrated::with(kept, entry));
        next
    }

    fn next(&self, Author { by, at }: Author) -> Self {
        let versions = Versions { record: self.versions.record + 1, ..self.versions };
        Self { versions, updated_at: at, updated_by: by, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
