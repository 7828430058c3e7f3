//! Secrets: random, and kept in files that only their owner can read.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};

/// Random bytes.
///
/// # Errors
/// When this computer gives none.
pub fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut random = [0; LENGTH];
    let mut source = File::open("/dev/urandom").context("this computer has no /dev/urandom")?;
    source.read_exact(&mut random).context("cannot read /dev/urandom")?;
    Ok(random)
}

/// Writes the file so that nobody else can read it at any moment.
///
/// # Errors
/// When it cannot be written or protected.
pub fn write(file: &Path, text: &str) -> Result<()> {
    let cannot = || format!("cannot write {}", file.display());
    let mut open =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file).with_context(cannot)?;
    // The mode above counts only for a file that was not there.
    open.set_permissions(Permissions::from_mode(0o600)).with_context(cannot)?;
    open.write_all(text.as_bytes()).with_context(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn also_a_file_that_was_open_to_all_is_closed() {
        let file = std::env::temp_dir().join(format!("weir-secret-{}", std::process::id()));
        std::fs::write(&file, "something longer than the secret").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        write(&file, "secret").unwrap();
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode, std::fs::read_to_string(&file).unwrap().as_str()), (0o600, "secret"));
        std::fs::remove_file(&file).unwrap();
    }
}
