//! Firmware: versions of it, and what is known of the file of each.

use std::fmt;
use std::str::FromStr;

use super::{FieldError, Timestamp};
use crate::id::{BadId, Checksum};

/// Maximum size of a file, in bytes: 256 MiB. S3 accepts 5 GB in one PUT; no board that Weir is for stores as much.
pub const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// How long an address for an upload is valid, in seconds.
pub const UPLOAD_SECONDS: u64 = 900;
/// Maximum of each number in a version.
const MOST: u32 = 999_999;

/// A version of a firmware: three numbers, such as `1.4.2`. Versions are compared number by number.
///
/// ```
/// use weir_core::domain::firmware::FirmwareVersion;
///
/// let [old, new]: [FirmwareVersion; 2] = ["1.9.0".parse()?, "1.10.0".parse()?];
/// assert!(new > old);
/// assert!("1.4".parse::<FirmwareVersion>().is_err());
/// # Ok::<(), weir_core::id::BadId>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FirmwareVersion([u32; 3]);

impl FirmwareVersion {
    /// The version as a text that sorts as versions do.
    pub fn sortable(self) -> String {
        let [major, minor, patch] = self.0;
        format!("{major:06}.{minor:06}.{patch:06}")
    }
}

impl FromStr for FirmwareVersion {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let number = |part: &str| {
            let plain = part == "0" || !part.starts_with('0');
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u32>().ok().filter(|number| plain && digits && *number <= MOST)
        };
        let mut parts = text.split('.');
        let numbers = [parts.next(), parts.next(), parts.next()].map(|part| part.and_then(number));
        match (numbers, parts.next()) {
            ([Some(major), Some(minor), Some(patch)], None) => Ok(Self([major, minor, patch])),
            _ => Err(BadId {
                kind: "firmware version",
                rule: "three numbers up to 999999 with dots between them, e.g. 1.4.2",
                text: text.chars().take(80).collect(),
            }),
        }
    }
}

impl fmt::Display for FirmwareVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// The firmware that a device reports, if it is usable: any text of at most 64 characters, since boards need not follow our
/// version format.
pub fn reported(text: &str) -> Option<String> {
    let fits = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// The firmware that a device reports in its shadow; `None` when it no longer reports one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirmwareReport {
    /// The firmware.
    pub firmware: Option<String>,
    /// The version of the shadow with the report. It increases with each report.
    pub shadow_version: u64,
}

/// A firmware that was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firmware {
    /// Its version.
    pub version: FirmwareVersion,
    /// SHA-256 of its file.
    pub sha256: Checksum,
    /// Size of its file, in bytes.
    pub size: u64,
    /// Who announced it.
    pub by: String,
    /// When.
    pub created_at: Timestamp,
    /// When its file was found in the bucket.
    pub uploaded_at: Option<Timestamp>,
}

/// The effect of announcing a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announcement {
    /// It is new, or replaces an announcement whose file was never uploaded.
    New(Firmware),
    /// The same announcement was made before, and the file has not been uploaded yet.
    Repeated(Firmware),
    /// The version exists with its file, which never changes.
    Exists,
}

impl Firmware {
    /// A firmware, announced now.
    ///
    /// # Errors
    /// When the size is 0 or more than 256 MiB.
    pub fn announced(
        version: FirmwareVersion,
        sha256: Checksum,
        size: u64,
        by: String,
        now: Timestamp,
    ) -> Result<Self, FieldError> {
        if !(1..=MOST_BYTES).contains(&size) {
            return Err(FieldError::new("/size", format!("must be 1 to {MOST_BYTES} bytes")));
        }
        Ok(Self { version, sha256, size, by, created_at: now, uploaded_at: None })
    }

    /// The effect of announcing this firmware when `known` is stored for its version. Until the file is uploaded, a version may be
    /// announced again with another file, so a mistyped checksum does not cost the version.
    pub fn over(self, known: Option<Self>) -> Announcement {
        match known {
            None => Announcement::New(self),
            Some(known) if known.uploaded_at.is_some() => Announcement::Exists,
            Some(known) if (&known.sha256, known.size) == (&self.sha256, self.size) => Announcement::Repeated(known),
            Some(_) => Announcement::New(self),
        }
    }

    /// The key of its file in the bucket. The checksum is in it, so a file that was announced with another checksum never replaces it.
    pub fn key(&self) -> String {
        format!("firmware/{}/{}", self.version, self.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> FirmwareVersion {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_three_numbers_and_sort_as_numbers() {
        for good in ["0.0.0", "1.4.2", "999999.0.10"] {
            assert_eq!(version(good).to_string(), good);
        }
        for bad in [
            "",
            "1",
            "1.4",
            "1.4.2.0",
            "1.4.x",
            "01.4.2",
            "1.4.02",
            "1.4.2-rc1",
            "+1.4.2",
            "1000000.0.0",
            " 1.4.2",
            "1..2",
        ] {
            assert!(bad.parse::<FirmwareVersion>().is_err(), "{bad}");
        }
        let mut texts = ["1.10.0", "1.9.9", "1.9.10", "0.99.0"].map(version);
        texts.sort();
        assert_eq!(texts.map(|version| version.to_string()), ["0.99.0", "1.9.9", "1.9.10", "1.10.0"]);
        assert!(texts.windows(2).all(|pair| pair[0].sortable() < pair[1].sortable()));
    }

    #[test]
    fn a_version_with_a_file_exists_and_one_without_may_be_announced_anew() {
        let at = Timestamp::from_millis(1_795_155_884_123);
        let of = |letter: &str, size| {
            Firmware::announced(version("1.4.2"), letter.repeat(64).parse().unwrap(), size, "ann".into(), at).unwrap()
        };
        assert_eq!(of("a", 5).over(None), Announcement::New(of("a", 5)));
        assert_eq!(of("a", 5).over(Some(of("a", 5))), Announcement::Repeated(of("a", 5)));
        assert_eq!(of("b", 5).over(Some(of("a", 5))), Announcement::New(of("b", 5)));
        assert_eq!(of("a", 6).over(Some(of("a", 5))), Announcement::New(of("a", 6)));
        let uploaded = Firmware { uploaded_at: Some(at), ..of("a", 5) };
        for again in [of("a", 5), of("b", 5)] {
            assert_eq!(again.over(Some(uploaded.clone())), Announcement::Exists);
        }
        assert_ne!(of("a", 5).key(), of("b", 5).key());
        for size in [0, MOST_BYTES + 1] {
            let refused =
                Firmware::announced(version("1.4.2"), "a".repeat(64).parse().unwrap(), size, String::new(), at);
            assert_eq!(refused.unwrap_err().pointer, "/size");
        }
    }

    #[test]
    fn what_a_board_reports_is_a_short_text() {
        assert_eq!(reported("1.4.2").as_deref(), Some("1.4.2"));
        assert_eq!(reported("nightly of today").as_deref(), Some("nightly of today"));
        for bad in ["", "a\nb", &"x".repeat(65)] {
            assert_eq!(reported(bad), None, "{bad:?}");
        }
    }
}
