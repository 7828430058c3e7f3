//! A CSV file of serial numbers: each line is read separately, so that a wrong line does not prevent the others from
//! being added.

use std::collections::BTreeSet;

use csv::{ReaderBuilder, StringRecord};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use weir_aws::serial::{CHUNK, Place};
use weir_aws::{Attempts, WriteOutcome};
use weir_core::domain::FieldError;
use weir_core::domain::claim::ClaimCode;
use weir_core::domain::device::Author;
use weir_core::domain::serial::{ListedSerial, MOST_LINES};
use weir_core::id::Serial;
use weir_core::wire::serial::{self, SerialBody, Upload, UploadLine, UploadOutcome};
use weir_http::{ApiError, from_value};

use super::Parts;
use super::change::give_code;

/// The columns that a file may have; the first one it must have.
const COLUMNS: [&str; 5] = ["serial", "device_id", "template", "blocked", "claim_code"];
/// Maximum concurrent transactions.
const CONCURRENT: usize = 8;
/// Maximum attempts to add the numbers of a transaction while others add the same.
const MAX_ATTEMPTS: u32 = 8;

/// A line that can be read.
struct Line {
    number: u64,
    listed: ListedSerial,
    /// Its claim code, if it gets one.
    code: Option<ClaimCode>,
}

impl Parts {
    /// Adds the numbers in the file, and answers each line. Numbers that were added stay when the rest fails; uploading the same file
    /// again adds the rest.
    pub(super) async fn upload(&self, text: &str, author: &Author) -> Result<Upload, ApiError> {
        let (lines, mut items) = read(text, author)?;
        let chunks: Vec<_> = lines.chunks(CHUNK).map(|chunk| self.add(chunk, author)).collect();
        let added: Vec<Vec<UploadLine>> = stream::iter(chunks).buffered(CONCURRENT).try_collect().await?;
        items.extend(added.into_iter().flatten());
        items.sort_by_key(|item| item.line);
        let added = items.iter().filter(|item| item.outcome == UploadOutcome::Added).count();
        Ok(Upload { added, items })
    }

    /// Adds those of the lines that can be added, with one event.
    async fn add(&self, lines: &[Line], author: &Author) -> Result<Vec<UploadLine>, ApiError> {
        let first = lines.first().map(|line| line.listed.serial.to_string()).unwrap_or_default();
        let mut attempts = Attempts::new("serials", &first, MAX_ATTEMPTS);
        loop {
            attempts.next().await?;
            let all: Vec<&ListedSerial> = lines.iter().map(|line| &line.listed).collect();
            let places = self.serials.places(&all).await?;
            let free = all.iter().zip(&places).filter(|(_, place)| **place == Place::Free);
            let free: Vec<&ListedSerial> = free.map(|(listed, _)| *listed).collect();
            let events = [serial::listed(&free, author)];
            if free.is_empty() || self.serials.add(&free, self.events.with(&events)).await? == WriteOutcome::Done {
                return Ok(lines.iter().zip(places).map(|(line, place)| answer(line, place)).collect());
            }
        }
    }
}

fn answer(line: &Line, place: Place) -> UploadLine {
    let outcome = match place {
        Place::Free => UploadOutcome::Added,
        Place::Listed => UploadOutcome::Exists,
        Place::DeviceTaken => UploadOutcome::DeviceTaken,
    };
    // Of a number that was there before, the code is another one, or none.
    let code = line.code.as_ref().filter(|_| outcome == UploadOutcome::Added);
    let (serial, claim_code) = (Some(line.listed.serial.clone()), code.map(ClaimCode::text));
    UploadLine { line: line.number, serial, outcome, claim_code, detail: None }
}

/// The lines that can be read, and the answers to the others.
fn read(text: &str, author: &Author) -> Result<(Vec<Line>, Vec<UploadLine>), ApiError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header =
        reader.headers().map_err(|error| ApiError::malformed(format!("the file is not CSV: {error}")))?.clone();
    let unknown = header.iter().find(|name| !COLUMNS.contains(name));
    if let Some(name) = unknown {
        let name: String = name.chars().take(40).collect();
        return Err(ApiError::malformed(format!("the column {name:?} is none of {}", COLUMNS.join(", "))));
    }
    if header.iter().filter(|name| *name == "serial").count() != 1 {
        return Err(ApiError::malformed("the file has no header with the column `serial`"));
    }
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    let (mut numbers, mut devices) = (BTreeSet::new(), BTreeSet::new());
    for (place, record) in reader.records().enumerate() {
        if place >= MOST_LINES {
            return Err(ApiError::too_large(format!("a file has at most {MOST_LINES} lines after the header")));
        }
        let number = u64::try_from(place).unwrap_or(u64::MAX).saturating_add(2);
        let invalid = |serial: Option<Serial>, detail: String| UploadLine {
            line: number,
            serial,
            outcome: UploadOutcome::Invalid,
            claim_code: None,
            detail: Some(detail.chars().take(200).collect()),
        };
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                refused.push(invalid(None, format!("cannot be read: {error}")));
                continue;
            }
        };
        let serial =
            || header.iter().zip(&record).find(|(name, _)| *name == "serial").and_then(|(_, cell)| cell.parse().ok());
        match listed(&header, &record, author) {
            Err(detail) => refused.push(invalid(serial(), detail)),
            Ok((listed, _)) if !numbers.insert(listed.serial.clone()) => {
                refused.push(invalid(serial(), "is in an earlier line of this file".to_owned()));
            }
            Ok((listed, _)) if !devices.insert(listed.device.clone()) => {
                refused.push(invalid(serial(), "an earlier line of this file has this device".to_owned()));
            }
            Ok((mut listed, claimable)) => {
                let code = if claimable { Some(give_code(&mut listed)?) } else { None };
                lines.push(Line { number, listed, code });
            }
        }
    }
    Ok((lines, refused))
}

/// What a line lists, and whether it gets a claim code.
fn listed(header: &StringRecord, record: &StringRecord, author: &Author) -> Result<(ListedSerial, bool), String> {
    if record.len() != header.len() {
        return Err(format!("has {} cells, and the header {}", record.len(), header.len()));
    }
    let mut body = json!({});
    for (name, cell) in header.iter().zip(record).filter(|(_, cell)| !cell.is_empty()) {
        let value: Value = match (name, cell) {
            ("template", _) => serde_json::from_str(cell).map_err(|error| format!("template: is not JSON: {error}"))?,
            ("blocked" | "claim_code", "true") => true.into(),
            ("blocked" | "claim_code", "false") => false.into(),
            ("blocked" | "claim_code", _) => return Err(format!("{name}: must be true or false")),
            _ => cell.into(),
        };
        if let Some(fields) = body.as_object_mut() {
            fields.insert(name.to_owned(), value);
        }
    }
    let body: SerialBody = from_value(body)
        .map_err(|error| told(error.errors().first().and_then(|error| error.pointer.as_deref()), error.detail()))?;
    let first = |errors: Vec<FieldError>| errors.first().map_or_else(String::new, ToString::to_string);
    let claimable = body.claim_code;
    Ok((body.listed(author).map_err(first)?, claimable))
}

fn told(pointer: Option<&str>, detail: &str) -> String {
    match pointer {
        Some(pointer) if !pointer.is_empty() && !detail.contains(pointer) => format!("{pointer}: {detail}"),
        _ => detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::Timestamp;

    fn author() -> Author {
        Author { by: "ann".into(), at: Timestamp::from_millis(1_795_155_884_123) }
    }

    #[test]
    fn each_line_is_read_alone_and_named_by_its_number() {
        let text = "\u{feff}serial,device_id,template,blocked,claim_code\r\n\
            SN-1,,,,\r\n\
            SN-2,board-2,\"{\"\"name\"\": \"\"Two\"\"}\",true,true\r\n\
            SN-*,,,,\r\n\
            SN-1,,,,\r\n\
            SN-3,board-2,,,\r\n\
            SN-4,,{,,\r\n\
            SN-5,,,perhaps,\r\n\
            SN-6\r\n\
            SN-7,,\"{\"\"sensors\"\": [{\"\"code\"\": \"\"PH\"\"}]}\",,\r\n\
            SN-8,,,,yes\r\n";
        let (lines, refused) = read(text, &author()).unwrap();
        let read: Vec<_> =
            lines.iter().map(|line| (line.number, line.listed.device.as_str(), line.code.is_some())).collect();
        assert_eq!(read, [(2, "SN-1", false), (3, "board-2", true)]);
        assert!(lines.iter().all(|line| line.listed.claim_code.is_some() == line.code.is_some()));
        let told: Vec<_> = refused.iter().map(|line| (line.line, line.detail.clone().unwrap())).collect();
        for (line, word) in [
            (4, "serial"),
            (5, "earlier line"),
            (6, "this device"),
            (7, "not JSON"),
            (8, "blocked"),
            (9, "1 cells"),
            (10, "/template/sensors/0/code"),
            (11, "claim_code"),
        ] {
            let (_, detail) = told.iter().find(|(number, _)| *number == line).expect("the line is answered");
            assert!(detail.contains(word), "{line}: {detail}");
        }
        assert_eq!(told.len(), 8);
    }

    #[test]
    fn a_file_without_its_header_or_with_too_many_lines_is_refused_whole() {
        for (text, status) in [
            (String::new(), "malformed"),
            ("SN-1\nSN-2\n".to_owned(), "malformed"),
            ("serial,colour\nSN-1,red\n".to_owned(), "malformed"),
            ("serial,serial\nSN-1,SN-1\n".to_owned(), "malformed"),
            (
                format!("serial\n{}", (0..=MOST_LINES).map(|number| format!("S{number}\n")).collect::<String>()),
                "too_large",
            ),
        ] {
            assert_eq!(read(&text, &author()).map(drop).unwrap_err().kind().slug(), status);
        }
        let most = format!("serial\n{}", (0..MOST_LINES).map(|number| format!("S{number}\n")).collect::<String>());
        assert_eq!(read(&most, &author()).unwrap().0.len(), MOST_LINES);
    }
}
