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

/// Files and bytes that a browser loads at its first visit, compressed with Brotli.
#[derive(Clone, Copy)]
pub struct Page {
    /// Number of files.
    pub files: usize,
    /// Their total size, in bytes.
    pub bytes: u64,
}

/// Measures the files of the dashboard in a folder.
pub fn compressed(folder: &Path) -> Result<Page> {
    let mut page = Page { files: 0, bytes: 0 };
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            let within = compressed(&path)?;
            (page.files, page.bytes) = (page.files + within.files, page.bytes + within.bytes);
        } else if path.extension().is_some_and(|ending| ending == "br") {
            (page.files, page.bytes) = (page.files + 1, page.bytes + path.metadata()?.len());
        }
    }
    Ok(page)
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
