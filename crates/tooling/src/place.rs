//! The repository, and the folders under `.local/` that hold the tools and the state of a run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository and the folder of one run.
#[derive(Debug, Clone)]
pub struct Place {
    root: PathBuf,
    run: PathBuf,
    keeps_state: bool,
}

impl Place {
    /// The place of the run called `name`; its folder `.local/<name>` is made when it is missing.
    ///
    /// # Errors
    /// When there is no repository here, or a folder cannot be made.
    pub fn of_run(name: &str) -> Result<Self> {
        let root = root()?;
        let run = root.join(".local").join(name);
        for folder in [run.clone(), run.join("tmp"), run.join("certificates")] {
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        Ok(Self { root, run, keeps_state: false })
    }

    /// The same for a run whose local cloud can be ended and started again as it was.
    ///
    /// # Errors
    /// As [`Place::of_run`].
    pub fn keeping_state(name: &str) -> Result<Self> {
        Ok(Self { keeps_state: true, ..Self::of_run(name)? })
    }

    /// The repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether the local cloud of this run saves its state when it ends.
    pub fn keeps_state(&self) -> bool {
        self.keeps_state
    }

    /// A file or folder of this run.
    pub fn run(&self, name: &str) -> PathBuf {
        self.run.join(name)
    }

    /// The Python environment of one set of tools; shared by all runs.
    pub fn python(&self, set: &str) -> PathBuf {
        self.root.join(".local").join("python").join(set)
    }

    /// Where the template expects the program of a function.
    pub fn bootstrap(&self, function: &str) -> PathBuf {
        self.root.join("target").join("lambda").join(function).join("bootstrap")
    }

    /// A path relative to the repository, for messages.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// The repository's root: above the package that cargo runs; else above the current folder, for a program that was built elsewhere; else
/// where this program was built.
///
/// # Errors
/// When there is no template.yaml above any of them.
pub fn root() -> Result<PathBuf> {
    let run_by_cargo = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let folders = [run_by_cargo, std::env::current_dir().ok(), Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")))];
    folders
        .iter()
        .flatten()
        .find_map(|folder| above(folder))
        .context("no template.yaml here or in a folder above: run this inside the repository")
}

/// The nearest folder with a template.yaml, from `folder` upwards.
fn above(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|folder| folder.join("template.yaml").is_file()).map(Path::to_path_buf)
}
