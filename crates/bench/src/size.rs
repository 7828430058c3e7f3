//! The size of a binary as uploaded to Lambda, and of the dashboard as loaded by a browser.

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write;
use std::path::Path;

/// Overhead of a zip archive with one file: two headers and the end record, with the name in both headers.
const ZIP_FRAME: u64 = 30 + 46 + 22 + 2 * "bootstrap".len() as u64;

/// Size of a binary in bytes, plain and zipped.
#[derive(Clone, Copy)]
pub struct Size {
    /// The file on disk, stripped by the release profile.
    pub plain: u64,
    /// Deflated at the default level, with the overhead of the archive.
    pub zipped: u64,
}

/// Measures the size of one binary.
pub fn measure(path: &Path) -> Result<Size> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut encoder = DeflateEncoder::new(Counter(0), Compression::default());
    encoder.write_all(&bytes)?;
    Ok(Size { plain: bytes.len() as u64, zipped: encoder.finish()?.0 + ZIP_FRAME })
}

/// Files of the dashboard, compressed with Brotli.
#[derive(Clone, Copy)]
pub struct Files {
    /// Number of files.
    pub number: usize,
    /// Their total size, in bytes.
    pub bytes: u64,
}

/// What a browser loads.
#[derive(Clone, Copy)]
pub struct Page {
    /// All files, which a browser loads that opens every page.
    pub all: Files,
    /// Those of them that are loaded when one of their pages is opened.
    pub parts: Files,
}

/// Measures the files of the dashboard in a folder.
pub fn page(folder: &Path) -> Result<Page> {
    Ok(Page { all: compressed(folder)?, parts: compressed(&folder.join("assets").join("parts"))? })
}

fn compressed(folder: &Path) -> Result<Files> {
    let mut files = Files { number: 0, bytes: 0 };
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            let within = compressed(&path)?;
            files = Files { number: files.number + within.number, bytes: files.bytes + within.bytes };
        } else if path.extension().is_some_and(|ending| ending == "br") {
            files = Files { number: files.number + 1, bytes: files.bytes + path.metadata()?.len() };
        }
    }
    Ok(files)
}

struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
