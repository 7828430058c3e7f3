//! The state of the local cloud right after its deployment. Each run of the tests starts from it: the tests expect that they have not run
//! before, and an interrupted run leaves partial changes behind, including messages that will invoke functions again.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tooling::emulator;
use tooling::place::Place;
use tooling::prepare::LocalCloud;
use tooling::stack;

/// The saved state of the cloud on disk, from which each run starts.
#[derive(Debug)]
pub struct Image {
    kept: PathBuf,
    current: PathBuf,
}

impl Image {
    /// Stops the cloud and saves its state.
    ///
    /// # Errors
    /// When it has no state on disk.
    pub fn take(place: &Place, cloud: &mut LocalCloud) -> Result<Self> {
        cloud.emulator.end();
        let image = Self { kept: place.run("image"), current: place.run(emulator::STATE) };
        let _ = std::fs::remove_dir_all(&image.kept);
        std::fs::rename(&image.current, &image.kept).context("the local cloud has no state on disk")?;
        Ok(image)
    }

    /// Stops the cloud, if it is running, and starts it with the saved state.
    ///
    /// # Errors
    /// When it does not start.
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
    std::fs::create_dir_all(to).with_context(|| format!("cannot create the folder {}", to.display()))?;
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
