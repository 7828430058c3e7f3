//! The local cloud as it was when it had just been deployed. Each run of the tests begins with it: they expect that nobody has run them
//! before, and a run that was stopped leaves half of everything behind, down to messages that functions will be called with again.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tooling::emulator;
use tooling::place::Place;
use tooling::prepare::LocalCloud;
use tooling::stack;

/// The cloud's state on disk, as it is started with each time.
#[derive(Debug)]
pub struct Image {
    kept: PathBuf,
    current: PathBuf,
}

impl Image {
    /// Ends the cloud and keeps what it held.
    ///
    /// # Errors
    /// When it left nothing behind.
    pub fn take(place: &Place, cloud: &mut LocalCloud) -> Result<Self> {
        cloud.emulator.end();
        let image = Self { kept: place.run("image"), current: place.run(emulator::STATE) };
        let _ = std::fs::remove_dir_all(&image.kept);
        std::fs::rename(&image.current, &image.kept).context("the local cloud kept nothing when it ended")?;
        Ok(image)
    }

    /// Ends the cloud, if it still runs, and starts it as it was.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn restore(&self, place: &Place, cloud: &mut LocalCloud) -> Result<()> {
        cloud.emulator.end();
        let _ = std::fs::remove_dir_all(&self.current);
        copy(&self.kept, &self.current)?;
        cloud.emulator.start_again().await?;
        cloud.stack.process = cloud.emulator.id().context("the local cloud has ended")?;
        cloud.stack.write(&place.run(stack::FILE))
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot make the folder {}", to.display()))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry.with_context(|| format!("cannot read {}", from.display()))?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target).with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}
