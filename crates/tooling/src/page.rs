//! Building the dashboard: its program for the browser, and the files that the function `site` serves.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::process::Command;

use crate::build::{cargo_home, elsewhere, target};
use crate::place::Place;
use crate::process::{cargo, run_logged};
use crate::progress::Progress;

/// The program that makes the files.
pub const PACK: &str = "pack";
/// The function that serves them.
const SITE: &str = "site";
/// Leptos makes one type of every component instead of one type for each place in which one stands: a smaller program that builds faster
/// (Leptos Book, "Optimizing WASM Binary Size"). The separator is that of `CARGO_ENCODED_RUSTFLAGS`.
const ERASED: &str = "\x1f--cfg=erase_components";
/// Keeps in the program what `pack` needs to split it.
const SPLITTABLE: &str = "\x1f-Clink-args=--emit-relocs";
/// What the browser runs.
const BROWSER: &str = "wasm32-unknown-unknown";
/// The folder of the page's own files, beside its program's source.
const SOURCE: &str = "crates/dashboard";

/// Whether each file also has compressed copies, which take longer to make than to send on one computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compressed {
    /// For AWS.
    Yes,
    /// For this computer.
    No,
}

/// How the program is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// For serving: small.
    Small,
    /// For developing: quickly.
    Quick,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Small => "site",
            Self::Quick => "dev",
        }
    }

    /// The folder in which cargo puts it.
    const fn folder(self) -> &'static str {
        match self {
            Self::Small => "site",
            Self::Quick => "debug",
        }
    }
}

/// Builds the program. It has folders of its own below `target/`, so it is built beside the functions.
///
/// # Errors
/// When it does not compile; the message carries the end of what the compiler said.
pub async fn program(place: &Place, profile: Profile, progress: &Progress) -> Result<()> {
    let step = progress.step("dashboard");
    step.note("cargo build for the browser");
    let mut command = cargo();
    let arguments = ["build", "--package", "dashboard", "--target", BROWSER, "--profile", profile.name()];
    command.current_dir(place.root()).args(arguments);
    // The same program wherever it is built, as for the functions.
    let mut flags = elsewhere(place.root(), &cargo_home()?);
    flags.push(ERASED);
    flags.push(SPLITTABLE);
    command.env("CARGO_ENCODED_RUSTFLAGS", flags);
    add_target(place).await;
    run_logged("cargo build", command, &place.run("dashboard.log"), |line| step.note(line.trim())).await?;
    let size = std::fs::metadata(built(place, profile)).map(|file| file.len()).unwrap_or_default();
    step.done(&format!("built for the browser, {:.1} MB before it is packed", size as f64 / 1e6));
    Ok(())
}

/// Fetches the standard library for the browser where rustup manages the toolchain and it is missing. Rustup fetches the targets of
/// rust-toolchain.toml by itself only together with a toolchain; without rustup the build says what is missing.
async fn add_target(place: &Place) {
    let mut ask = Command::new("rustc");
    ask.current_dir(place.root()).args(["--print", "target-libdir", "--target", BROWSER]);
    let folder = ask.output().await.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if folder.is_ok_and(|folder| Path::new(&folder).is_dir()) {
        return;
    }
    let mut add = Command::new("rustup");
    add.current_dir(place.root()).args(["target", "add", BROWSER]);
    let _ = run_logged("rustup", add, &place.run("rustup.log"), |_| {}).await;
}

fn built(place: &Place, profile: Profile) -> PathBuf {
    target(place).join(BROWSER).join(profile.folder()).join("dashboard.wasm")
}

/// The program that makes the files, built.
///
/// # Errors
/// When it does not compile.
pub async fn packer(place: &Place) -> Result<()> {
    let mut command = cargo();
    command.current_dir(place.root()).args(["build", "--package", "tooling", "--package", PACK]);
    run_logged("cargo build", command, &place.run("packer.log"), |_| {}).await
}

/// Makes the files, beside the program of the function that serves them, unless nothing has changed since they were made.
///
/// # Errors
/// When the program is missing, or cannot be packed.
pub async fn files(place: &Place, compressed: Compressed, progress: &Progress) -> Result<()> {
    let step = progress.step("page");
    let (folder, mark) = (folder(place)?, target(place).join("page.mark"));
    let pack = target(place).join("debug").join(PACK);
    let made_of = made_of(&[built(place, Profile::Small), pack, place.root().join(SOURCE)], compressed)?;
    if std::fs::read_to_string(&mark).is_ok_and(|text| text == made_of) && folder.join("index.html").is_file() {
        step.done(&format!("in place, {}", place.shown(&folder)));
        return Ok(());
    }
    step.note("packing");
    let made = pack_into(place, Profile::Small, &folder, compressed).await?;
    std::fs::write(&mark, made_of).with_context(|| format!("cannot write {}", mark.display()))?;
    step.done(&made);
    Ok(())
}

/// Makes the files of the program in a folder; what it says about them.
///
/// # Errors
/// As [`files`].
pub async fn pack_into(place: &Place, profile: Profile, folder: &Path, compressed: Compressed) -> Result<String> {
    let mut command = Command::new(target(place).join("debug").join(PACK));
    command.arg(built(place, profile)).arg(place.root().join(SOURCE)).arg(folder);
    if compressed == Compressed::Yes {
        command.arg("--compress");
    }
    let mut last = String::new();
    run_logged(PACK, command, &place.run("pack.log"), |line| last = line.to_owned()).await?;
    Ok(last)
}

/// Removes the files of an earlier build.
///
/// # Errors
/// When they cannot be removed.
pub fn leave_out(place: &Place) -> Result<()> {
    let folder = folder(place)?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn folder(place: &Place) -> Result<PathBuf> {
    let program = place.bootstrap(SITE);
    Ok(program.parent().context("a program stands in a folder")?.join("app"))
}

/// What the files are made of: size and time of each file, those of a folder itself included.
fn made_of(paths: &[PathBuf], compressed: Compressed) -> Result<String> {
    let mut text = format!("{compressed:?}\n");
    for path in paths {
        let entries = if path.is_dir() { files_of(path)? } else { vec![path.clone()] };
        for file in entries {
            let about = std::fs::metadata(&file).with_context(|| format!("{} is missing", file.display()))?;
            let _ = writeln!(text, "{} {} {:?}", file.display(), about.len(), about.modified()?);
        }
    }
    Ok(text)
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_made_again_when_one_of_the_sources_has_changed() {
        let folder = std::env::temp_dir().join(format!("weir-page-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let style = folder.join("style.css");
        std::fs::write(&style, "a {}").unwrap();
        let of = |compressed| made_of(std::slice::from_ref(&folder), compressed).unwrap();
        let before = of(Compressed::No);
        assert_eq!(before, of(Compressed::No));
        assert_ne!(before, of(Compressed::Yes));
        std::fs::write(&style, "a { color: red }").unwrap();
        assert_ne!(before, of(Compressed::No));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
