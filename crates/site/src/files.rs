//! The files of the dashboard, which lie beside the function's program. They are read once, when the function starts.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

/// The page, served for every address that is not a file.
pub const PAGE: &str = "index.html";

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// Not at all.
    Plain,
    /// By gzip.
    Gzip,
    /// By brotli.
    Brotli,
}

impl Encoding {
    /// The name in `Content-Encoding`; none for what is not compressed.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// A file in one encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its entity tag, without quotation marks.
    pub tag: String,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    copies: BTreeMap<Encoding, Copy>,
}

impl File {
    /// The smallest copy that the header `Accept-Encoding` allows; otherwise the uncompressed file.
    pub fn copy(&self, accepted: &str) -> Option<(Encoding, &Copy)> {
        let taken = |encoding: &Encoding| encoding.name().is_none_or(|name| accepts(accepted, name));
        let best = self.copies.keys().rev().find(|encoding| taken(encoding))?;
        self.copies.get_key_value(best).map(|(encoding, copy)| (*encoding, copy))
    }
}

/// Whether `Accept-Encoding` allows an encoding (RFC 9110, 12.5.3).
fn accepts(header: &str, name: &str) -> bool {
    let weight = |wanted: &str| {
        header.split(',').find_map(|one| {
            let mut parts = one.split(';').map(str::trim);
            if !parts.next()?.eq_ignore_ascii_case(wanted) {
                return None;
            }
            Some(
                parts
                    .find_map(|part| part.strip_prefix("q="))
                    .is_none_or(|weight| weight.parse::<f64>().is_ok_and(|weight| weight > 0.0)),
            )
        })
    };
    weight(name).or_else(|| weight("*")).unwrap_or(false)
}

/// The files by their paths below `/app/`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files(BTreeMap<String, File>);

impl Files {
    /// Reads the folder; there are no files where there is no folder, as in a build without the dashboard.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Self::default();
        if folder.is_dir() {
            files.walk(folder, "")?;
        }
        Ok(files)
    }

    fn walk(&mut self, folder: &Path, below: &str) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.walk(&entry.path(), &format!("{path}/"))?;
            } else {
                self.add(&path, std::fs::read(entry.path())?);
            }
        }
        Ok(())
    }

    /// Adds a file, or a compressed copy of one: `style.css.br`.
    pub fn add(&mut self, path: &str, bytes: Vec<u8>) {
        let compressed = [(".br", Encoding::Brotli), (".gz", Encoding::Gzip)];
        let found = compressed.iter().find_map(|(ending, encoding)| Some((path.strip_suffix(ending)?, *encoding)));
        let (path, encoding) = found.unwrap_or((path, Encoding::Plain));
        // Of the bytes that are sent: each encoding has a tag of its own.
        let tag = Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        self.0.entry(path.to_owned()).or_default().copies.insert(encoding, Copy { bytes, tag });
    }

    /// The file with this path.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let mut files = Files::default();
        for (name, bytes) in [("a.css", "plain"), ("a.css.br", "br"), ("a.css.gz", "gz"), ("b.css", "b")] {
            files.add(name, bytes.into());
        }
        files
    }

    #[test]
    fn the_smallest_copy_that_is_taken_is_sent() {
        let files = files();
        let sent = |name: &str, accepted: &str| {
            let (encoding, copy) = files.get(name).unwrap().copy(accepted).unwrap();
            (encoding, String::from_utf8(copy.bytes.clone()).unwrap())
        };
        assert_eq!(sent("a.css", "gzip, deflate, br, zstd"), (Encoding::Brotli, "br".to_owned()));
        assert_eq!(sent("a.css", "gzip"), (Encoding::Gzip, "gz".to_owned()));
        assert_eq!(sent("a.css", "br;q=0, *;q=0.5"), (Encoding::Gzip, "gz".to_owned()));
        assert_eq!(sent("a.css", "identity"), (Encoding::Plain, "plain".to_owned()));
        assert_eq!(sent("a.css", ""), (Encoding::Plain, "plain".to_owned()));
        assert_eq!(sent("b.css", "br"), (Encoding::Plain, "b".to_owned()));
        assert_eq!(sent("a.css", "brotli, gzip;q=nonsense"), (Encoding::Plain, "plain".to_owned()));
    }

    #[test]
    fn each_encoding_has_a_tag_of_its_own() {
        let files = files();
        let tags: std::collections::BTreeSet<_> =
            files.get("a.css").unwrap().copies.values().map(|copy| copy.tag.clone()).collect();
        assert_eq!(tags.len(), 3);
    }

    #[test]
    fn a_build_without_the_dashboard_has_no_files() {
        assert_eq!(Files::read(Path::new("/nowhere")).unwrap(), Files::default());
    }
}
