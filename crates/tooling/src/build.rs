//! Building the functions: for this computer as `up` runs them, or for AWS; and what deploys and tests them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::process::Command;

use crate::ask::field;
use crate::page::{self, Compressed, Profile};
use crate::place::Place;
use crate::process::{Running, cargo, run_logged, to_its_end};
use crate::progress::Progress;
use crate::tools::{self, Set};

/// Whether the dashboard is built and deployed with the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dashboard {
    /// It is.
    Built,
    /// It is not; the function `site` says so to visitors.
    LeftOut,
}

/// The functions of the template, each a package, a binary and a folder of that name.
///
/// # Errors
/// When the template cannot be read.
pub fn functions(place: &Place) -> Result<Vec<String>> {
    let file = place.root().join("template.yaml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let uris = text.lines().filter_map(|line| line.trim().strip_prefix("CodeUri: target/lambda/"));
    Ok(uris.map(|name| name.trim().to_owned()).collect())
}

/// Builds every function for this computer and puts it where the template looks for it; beside that, the dashboard.
///
/// # Errors
/// When something does not compile; the message carries the end of what the compiler said.
pub async fn for_this_computer(place: &Place, dashboard: Dashboard, progress: &Progress) -> Result<()> {
    if dashboard == Dashboard::LeftOut {
        page::leave_out(place)?;
        return programs(place, dashboard, progress).await;
    }
    tokio::try_join!(programs(place, dashboard, progress), page::program(place, Profile::Small, progress))?;
    page::files(place, Compressed::No, progress).await
}

async fn programs(place: &Place, dashboard: Dashboard, progress: &Progress) -> Result<()> {
    let functions = functions(place)?;
    let step = progress.step("functions");
    step.note("cargo build");
    let mut command = cargo();
    // Together with this package, which is built already: crates get the features both ask for, and are not built twice.
    command.current_dir(place.root()).args(["build", "--package", "tooling"]);
    if dashboard == Dashboard::Built {
        command.args(["--package", page::PACK]);
    }
    for function in &functions {
        command.args(["--package", function]);
    }
    run_logged("cargo build", command, &place.run("build.log"), |line| step.note(line.trim())).await?;
    let mut bytes = 0;
    for function in &functions {
        step.note(&format!("staging {function}"));
        bytes += stage(place, function).await?;
    }
    step.done(&format!("{} built, {:.1} MB stripped", functions.join(", "), bytes as f64 / 1e6));
    Ok(())
}

/// Builds every function for AWS: arm64, optimised, packed as Lambda wants it.
///
/// # Errors
/// When the tools cannot be installed or a function does not compile.
pub async fn for_aws(place: &Place, progress: &Progress) -> Result<()> {
    let functions = functions(place)?;
    let dashboard = async {
        page::packer(place).await?;
        page::program(place, Profile::Small, progress).await
    };
    tokio::try_join!(tools::install(place, &[Set::Lambda], progress), dashboard)?;
    let mut command = Command::new(Set::Lambda.program(place, "cargo-lambda"));
    command.current_dir(place.root()).args(["lambda", "build", "--release", "--arm64", "--locked"]);
    for function in &functions {
        command.args(["--package", function]);
    }
    command.env("PATH", path_with(&place.python(Set::Lambda.name()).join("bin"))?);
    command.env("CARGO_ENCODED_RUSTFLAGS", elsewhere(place.root(), &cargo_home()?));
    let status = Running::start("cargo lambda build", command)?.wait().await?;
    anyhow::ensure!(status.success(), "cargo lambda build failed ({status})");
    page::files(place, Compressed::Yes, progress).await?;
    for function in &functions {
        let program = place.bootstrap(function);
        let size = std::fs::metadata(&program).with_context(|| format!("{} is missing", program.display()))?.len();
        println!("{:<40} {:>6.2} MB", place.shown(&program), size as f64 / 1e6);
    }
    Ok(())
}

/// Flags with which the compiler writes nothing of this machine's folders into a program: one built elsewhere of the same source is
/// the same to the byte, and no new version of a function. Separated as `CARGO_ENCODED_RUSTFLAGS` wants it.
pub(crate) fn elsewhere(root: &Path, cargo_home: &Path) -> OsString {
    let own = std::env::var("RUSTFLAGS").unwrap_or_default();
    let mut flags: Vec<OsString> = own.split_whitespace().map(Into::into).collect();
    for (folder, name) in [(root, "=/weir"), (cargo_home, "=/cargo")] {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(folder);
        flag.push(name);
        flags.push(flag);
    }
    flags.join(OsStr::new("\x1f"))
}

/// Where cargo keeps the source of dependencies.
pub(crate) fn cargo_home() -> Result<PathBuf> {
    let by_default = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"));
    std::env::var_os("CARGO_HOME").map(Into::into).or_else(by_default).context("neither CARGO_HOME nor HOME is set")
}

/// Builds a program of this workspace for this computer; where it is.
///
/// # Errors
/// When it does not compile.
pub async fn program(place: &Place, name: &str) -> Result<PathBuf> {
    let mut command = cargo();
    // With the whole workspace's features, as everything else that is built for this machine: nothing is compiled twice.
    command.current_dir(place.root()).args(["build", "--workspace", "--bin", name]);
    to_its_end("cargo build", command).await?;
    Ok(target(place).join("debug").join(name))
}

/// Builds the program of the local-cloud tests; where it is.
///
/// # Errors
/// When the tests do not compile.
pub async fn local_tests(place: &Place) -> Result<PathBuf> {
    let mut command = cargo();
    // The whole workspace, as `cargo xtask test` does, so that nothing is compiled with other features once more.
    let arguments = ["test", "--workspace", "--test", "local", "--no-run", "--message-format", "json"];
    command.current_dir(place.root()).args(arguments).stderr(Stdio::inherit()).stdin(Stdio::null());
    let output = command.output().await.context("cannot start cargo")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut built = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = built.rfind(|line| line.pointer("/target/name").is_some_and(|name| name == "local"));
    let path = program
        .as_ref()
        .and_then(|line| field(line, "executable").as_str())
        .context("cargo built no tests called local")?;
    Ok(path.into())
}

/// PATH with one more folder in front.
///
/// # Errors
/// When the folder's name has a colon.
pub fn path_with(folder: &Path) -> Result<OsString> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&old)))
        .context("a folder's name has a colon")
}

/// Puts the program of a function where the template looks for it.
async fn stage(place: &Place, function: &str) -> Result<u64> {
    strip(place, &target(place).join("debug").join(function), &place.bootstrap(function)).await
}

/// Copies a program without its symbols, so that packing and starting it is quick, unless that was done before; its size in bytes.
///
/// # Errors
/// When the copy cannot be written.
pub async fn strip(place: &Place, built: &Path, staged: &Path) -> Result<u64> {
    let folder = staged.parent().context("a program stands in a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let (from, to) = (|| format!("{} is missing", built.display()), || format!("cannot write {}", staged.display()));
    let modified = std::fs::metadata(built).and_then(|file| file.modified()).with_context(from)?;
    // The copy carries the time of its original; one that was built for AWS since has another.
    if std::fs::metadata(staged).and_then(|file| file.modified()).is_ok_and(|time| time == modified) {
        return Ok(std::fs::metadata(staged).with_context(to)?.len());
    }
    // Built for AWS before: cargo-lambda leaves other files beside its program.
    let _ = std::fs::remove_file(staged);
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(staged).arg(built);
    let stripped = run_logged("strip", strip, &place.run("strip.log"), |_| {}).await;
    if stripped.is_err() {
        // Without binutils the larger program does as well.
        std::fs::copy(built, staged).with_context(to)?;
    }
    let copy = std::fs::File::options().write(true).open(staged).with_context(to)?;
    copy.set_modified(modified).with_context(to)?;
    Ok(std::fs::metadata(staged).with_context(|| format!("{} is missing", staged.display()))?.len())
}

/// Where cargo puts what it builds.
pub fn target(place: &Place) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| place.root().join("target"), |folder| place.root().join(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_with_blanks_are_left_out_of_programs_too() {
        let flags = elsewhere(Path::new("/home/ann/my weir"), Path::new("/home/ann/.cargo"));
        let flags: Vec<&str> = flags.to_str().unwrap().split('\x1f').collect();
        let own = ["--remap-path-prefix=/home/ann/my weir=/weir", "--remap-path-prefix=/home/ann/.cargo=/cargo"];
        assert!(flags.ends_with(&own), "{flags:?}");
    }
}
