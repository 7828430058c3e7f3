//! Where things stand: the repository, and the folders under `.local/` that hold tools and the state of a run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository and the folder of one run.
#[derive(Debug, Clone)]
pub struct Place {
    root: PathBuf,
    run: PathBuf,
}

impl Place {
    /// The place of the run called `name`; its folder `.local/<name>` is made when it is missing.
    pub fn of_run(name: &str) -> Result<Self> {
        let root = root()?;
        let run = root.join(".local").join(name);
        for folder in [run.clone(), run.join("tmp"), run.join("certificates")] {
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        Ok(Self { root, run })
    }

    /// The repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether the local cloud of this run refuses what roles and policies do not allow. Such a cloud can be ended and started again as
    /// it was.
    pub fn enforces_roles(&self) -> bool {
        self.run.ends_with("privileges")
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

    /// A path as a person in the repository would type it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// The repository's root. Cargo names this package's folder when it runs it; a copy run without cargo uses the one it was built in.
pub fn root() -> Result<PathBuf> {
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package
        .ancestors()
        .find(|folder| folder.join("template.yaml").is_file())
        .map(Path::to_path_buf)
        .with_context(|| format!("no template.yaml above {}: run this inside the repository", package.display()))
}
