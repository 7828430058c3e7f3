//! The allow list of serial numbers: filtering it, and converting typed numbers to the files that the API accepts.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};
use weir_core::domain::serial::{MOST_LINES, SerialState};
use weir_core::id::{DeviceId, Serial};

use super::address::Query;
use crate::wire::board::Upload;

/// Maximum size of a file that the API accepts, in bytes.
const MOST_BYTES: usize = 1 << 20;
/// The header of a file.
const HEADER: &str = "serial,device_id,template,blocked,claim_code\n";

/// The path of the request for a page of the list. Without a state, numbers of all states are listed; `next` is the cursor.
pub fn path(state: Option<SerialState>, next: Option<&str>) -> String {
    let query = Query::default().with("state", state.map(SerialState::code)).with("limit", Some("100"));
    query.with("next", next).address("/fleet/serials")
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The serial number is malformed.
    Serial,
    /// The device id after the number is malformed.
    Device,
    /// An earlier line has the same number.
    Repeated,
    /// There are more lines than the API accepts at once.
    TooMany,
}

/// A line with a serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The serial number.
    pub serial: Serial,
    /// The id of the device that the board becomes, if it differs from the number.
    pub device: Option<DeviceId>,
}

/// Formats the line as it is typed.
impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.device {
            Some(device) => write!(formatter, "{}, {device}", self.serial),
            None => write!(formatter, "{}", self.serial),
        }
    }
}

/// Parses serial numbers, one per line, each optionally followed by a comma or a space and the device id.
///
/// # Errors
/// Every malformed line with its number, counted from 1, and what is wrong with it.
pub fn read(text: &str) -> Result<Vec<Line>, Vec<(usize, Wrong)>> {
    let (mut lines, mut wrong, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (place, line) in text.lines().enumerate() {
        let mut words = line.split([',', ';', '\t', ' ']).map(str::trim).filter(|word| !word.is_empty());
        let (Some(serial), device, more) = (words.next(), words.next(), words.next()) else { continue };
        let read = match (serial.parse::<Serial>(), device.map(str::parse::<DeviceId>).transpose()) {
            (Err(_), _) => Err(Wrong::Serial),
            (Ok(_), Err(_)) => Err(Wrong::Device),
            (Ok(_), Ok(_)) if more.is_some() => Err(Wrong::Device),
            (Ok(serial), Ok(_)) if !known.insert(serial.clone()) => Err(Wrong::Repeated),
            (Ok(_), Ok(_)) if lines.len() == MOST_LINES => Err(Wrong::TooMany),
            (Ok(serial), Ok(device)) => Ok(Line { serial, device }),
        };
        match read {
            Ok(line) => lines.push(line),
            Err(why) => wrong.push((place + 1, why)),
        }
    }
    if wrong.is_empty() { Ok(lines) } else { Err(wrong) }
}

/// Properties of all numbers of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Common {
    /// The template that their devices are registered with.
    pub template: Map<String, Value>,
    /// Whether the numbers are blocked, so that no board with one becomes a device.
    pub blocked: bool,
    /// Whether each gets a claim code.
    pub claim_code: bool,
}

/// A file for the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its lines after the header, in order.
    pub lines: Vec<Line>,
    /// Its content.
    pub text: String,
}

impl File {
    /// The lines that were not added, as typed.
    pub fn left(&self, answer: &Upload) -> Vec<String> {
        let left = answer.items.iter().filter(|item| item.outcome != "added");
        // The first line is the header.
        let line = |line: u64| self.lines.get(usize::try_from(line).ok()?.checked_sub(2)?);
        left.filter_map(|item| line(item.line)).map(ToString::to_string).collect()
    }
}

/// The files for the API: as few as possible, although each line repeats the template.
pub fn files(lines: &[Line], common: &Common) -> Vec<File> {
    let template =
        if common.template.is_empty() { String::new() } else { Value::from(common.template.clone()).to_string() };
    let template = quoted(&template);
    let (blocked, code) = (common.blocked, common.claim_code);
    let mut files: Vec<File> = Vec::new();
    for line in lines {
        let device = line.device.as_ref().map(DeviceId::as_str).unwrap_or_default();
        let row = format!("{},{device},{template},{blocked},{code}\n", line.serial);
        match files.last_mut().filter(|file| file.text.len() + row.len() <= MOST_BYTES) {
            Some(file) => {
                file.text.push_str(&row);
                file.lines.push(line.clone());
            }
            None => files.push(File { lines: vec![line.clone()], text: format!("{HEADER}{row}") }),
        }
    }
    files
}

/// Quotes a field of a CSV file (RFC 4180).
fn quoted(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// A CSV file with the new claim codes, for printing. It has only the numbers that were added.
pub fn codes(made: &[(String, String)]) -> String {
    let lines = made.iter().map(|(serial, code)| format!("{serial},{code}\r\n"));
    std::iter::once("serial,claim_code\r\n".to_owned()).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_number_in_each_line_becomes_a_file() {
        let lines = read("SN-1\n\n  SN-2 , buoy-02\r\nSN-3\tbuoy-03\n").unwrap();
        let text = |lines: &[Line], common: &Common| {
            files(lines, common).into_iter().map(|file| file.text).collect::<Vec<_>>()
        };
        let common = Common { claim_code: true, ..Common::default() };
        assert_eq!(
            text(&lines, &common),
            [
                "serial,device_id,template,blocked,claim_code\nSN-1,,,false,true\nSN-2,buoy-02,,false,true\nSN-3,buoy-03,,false,true\n"
            ]
        );
        let template = json!({"name": "A \"buoy\""}).as_object().unwrap().clone();
        let common = Common { template, blocked: true, claim_code: false };
        let whole = text(&lines[..1], &common).concat();
        assert_eq!(whole.lines().nth(1), Some(r#"SN-1,,"{""name"":""A \""buoy\""""}",true,false"#));
        assert_eq!(files(&[], &common), []);
    }

    #[test]
    fn what_is_too_long_for_one_file_becomes_several() {
        let typed: String = (0..MOST_LINES).map(|number| format!("SN-{number}\n")).collect();
        let lines = read(&typed).unwrap();
        let template = json!({"name": "b".repeat(500)}).as_object().unwrap().clone();
        let files = files(&lines, &Common { template, ..Common::default() });
        assert_eq!(files.len(), 3);
        assert!(files.iter().all(|file| file.text.len() <= MOST_BYTES && file.text.starts_with(HEADER)));
        assert!(files.iter().all(|file| file.text.lines().count() == file.lines.len() + 1));
        assert_eq!(files.iter().flat_map(|file| file.lines.clone()).collect::<Vec<_>>(), lines);
    }

    #[test]
    fn what_was_not_added_is_left_as_it_was_typed() {
        let lines = read("SN-1\nSN-2 buoy-02\nSN-3").unwrap();
        let item = |line: u64, outcome: &str| json!({"line": line, "outcome": outcome});
        let items = [item(2, "added"), item(3, "device_taken"), item(4, "exists"), item(9, "invalid")];
        let answer: Upload = serde_json::from_value(json!({"added": 1, "items": items})).unwrap();
        assert_eq!(files(&lines, &Common::default())[0].left(&answer), ["SN-2, buoy-02", "SN-3"]);
    }

    #[test]
    fn every_line_that_cannot_be_read_is_told() {
        let text = "SN-1\n*\nSN-2,a b\nSN-1,x\nSN-4,buoy,more\n-x";
        let expected =
            [(2, Wrong::Serial), (3, Wrong::Device), (4, Wrong::Repeated), (5, Wrong::Device), (6, Wrong::Serial)];
        assert_eq!(read(text), Err(expected.to_vec()));
        assert_eq!(read(" \n"), Ok(Vec::new()));
        let many: String = (0..=MOST_LINES).map(|number| format!("S{number}\n")).collect();
        assert_eq!(read(&many), Err(vec![(MOST_LINES + 1, Wrong::TooMany)]));
    }

    #[test]
    fn codes_are_a_file_of_their_own() {
        let made = [("SN-1".to_owned(), "5BNEN-TQAXB".to_owned())];
        assert_eq!(codes(&made), "serial,claim_code\r\nSN-1,5BNEN-TQAXB\r\n");
        assert_eq!(path(Some(SerialState::Expected), None), "/fleet/serials?state=EXPECTED&limit=100");
        assert_eq!(path(None, Some("n")), "/fleet/serials?limit=100&next=n");
    }
}
