//! Rules of the code that neither types nor lints can enforce.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Most lines of a source file. Above it, it is about more than one thing.
const LONGEST: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn files(under: &str, ending: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.ends_with("target") {
                continue;
            }
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(under), ending, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no {ending} files under {under}");
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut sources = files("crates", ".rs");
    sources.extend(files("tests", ".rs"));
    sources
}

fn assert_none(broken: Vec<String>, rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

#[test]
fn every_source_file_is_short() {
    let long = |(path, text): &(PathBuf, String)| {
        let lines = text.lines().count();
        (lines > LONGEST).then(|| format!("{} has {lines} lines", name(path)))
    };
    assert_none(sources().iter().filter_map(long).collect(), "a longer file is about more than one thing");
}

#[test]
fn every_source_file_says_first_what_it_is_for() {
    // A file of tests belongs to the file it tests.
    let silent = |(path, text): &(PathBuf, String)| {
        let first = text.lines().next().unwrap_or_default();
        let said = first.strip_prefix("//! ").is_some_and(|said| said.len() > 3);
        (!said && !path.ends_with("tests.rs")).then(|| name(path))
    };
    assert_none(sources().iter().filter_map(silent).collect(), "the first line is `//!` and a sentence");
}

#[test]
fn what_is_built_for_the_browser_only_has_no_tests() {
    let library = fs::read_to_string(root().join("crates/dashboard/src/lib.rs")).unwrap();
    let only = library.split("#[cfg(target_arch = \"wasm32\")]\npub mod ").skip(1);
    let only: Vec<String> = only.filter_map(|rest| Some(rest.split_once(';')?.0.to_owned())).collect();
    assert!(only.iter().any(|module| module == "pages"), "{only:?}");
    let is_in = |path: &Path, module: &str| {
        let (folder, file) = (format!("crates/dashboard/src/{module}/"), format!("crates/dashboard/src/{module}.rs"));
        name(path).starts_with(&folder) || name(path) == file
    };
    let tested = |(path, text): &(PathBuf, String)| {
        (text.contains("#[test]") && only.iter().any(|module| is_in(path, module))).then(|| name(path))
    };
    let broken = files("crates/dashboard", ".rs").iter().filter_map(tested).collect();
    assert_none(broken, "nothing runs these tests: what they test belongs into crates/dashboard/src/model");
}

#[test]
fn what_is_shipped_checks_its_sums_and_is_built_of_what_the_lock_file_names() {
    let read = |file: &str| fs::read_to_string(root().join(file)).unwrap();
    let manifest = read("Cargo.toml");
    let release = manifest.split("[profile.release]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap();
    assert!(release.contains("overflow-checks = true"), "a sum that runs over would be stored wrong:{release}");
    // Whatever the tools start is started by `tooling::process::cargo`, which says so itself.
    let config = read(".cargo/config.toml");
    let aliases = config.lines().filter(|line| line.contains("= \"run "));
    assert_none(aliases.filter(|line| !line.contains("--locked")).map(str::to_owned).collect(), "without --locked");
    let by_alias = ["cargo xtask ", "cargo operate ", "cargo privileges"];
    let workflows = files(".github/workflows", ".yml").into_iter().chain(files(".ci", "run"));
    let lines = workflows.flat_map(|(path, text)| {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().to_owned());
        lines.map(|line| format!("{}: {}", name(&path), line.trim())).collect::<Vec<_>>()
    });
    let locked = |line: &String| line.contains("--locked") || by_alias.iter().any(|alias| line.contains(alias));
    let builds = lines.filter(|line| line.contains("cargo ") && !locked(line));
    assert_none(builds.collect(), "neither --locked nor one of the aliases, which are");
}

/// The crates that `package` is built with, itself left out, without development dependencies.
fn tree(package: &str) -> Vec<String> {
    let cargo = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--prefix", "none", "--edges", "normal", "--format", "{p}", "--package", package])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let tree = String::from_utf8(cargo.stdout).unwrap();
    tree.lines().skip(1).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn assert_apart(package: &str, from: &[&str]) {
    let found = tree(package).into_iter().filter(|name| from.iter().any(|one| name.starts_with(one)));
    assert_none(found.collect(), &format!("{package} is built without these"));
}

#[test]
fn crates_depend_in_one_direction() {
    assert_apart("weir-core", &["aws", "tokio", "tracing", "lambda", "weir", "axum"]);
    assert_apart("weir-runtime", &["aws-", "weir-aws", "weir-http", "axum"]);
    assert_apart("weir-aws", &["weir-http", "axum"]);
}

#[test]
fn functions_reach_aws_through_the_adapters_only() {
    let tools = ["aws", "bench", "operate", "tooling"];
    let names_sdk = |(path, text): &(PathBuf, String)| {
        let tool = tools.iter().any(|tool| path.starts_with(root().join("crates").join(tool)));
        (!tool && text.contains("aws-sdk-")).then(|| name(path))
    };
    let manifests = files("crates", "Cargo.toml");
    assert_none(manifests.iter().filter_map(names_sdk).collect(), "a function reaches AWS through weir-aws");
}

#[test]
fn every_version_stands_once_in_the_workspace() {
    let own = |(path, text): &(PathBuf, String)| {
        let lines = text.lines().skip_while(|line| !line.contains("dependencies]"));
        let versioned = lines.filter(|line| !line.starts_with('[') && line.contains("= \"")).count();
        (versioned > 0).then(|| format!("{}: {versioned} dependencies with a version of their own", name(path)))
    };
    let mut manifests = files("crates", "Cargo.toml");
    // The fuzzer's is a workspace of its own.
    manifests.extend(files("tests", "Cargo.toml").into_iter().filter(|(path, _)| !path.ends_with("fuzz/Cargo.toml")));
    assert_none(manifests.iter().filter_map(own).collect(), "versions stand in the root Cargo.toml");
}

/// The tests of the local cloud run beside each other on one stack, where two of them would change the levels of each other.
#[test]
fn each_tube_belongs_to_one_file_of_the_local_cloud_tests() {
    let is_level = |text: &&str| {
        let mut letters = text.chars();
        letters.next().is_some_and(|tube| tube.is_ascii_uppercase())
            && text.len() > 1
            && letters.all(|letter| letter.is_ascii_digit())
            // The name of a heading in HTML.
            && *text != "H1"
    };
    let mut owners = BTreeMap::<String, BTreeSet<String>>::new();
    for (path, text) in files("tests/local", ".rs") {
        for level in text.split('"').filter(is_level) {
            owners.entry(level.chars().take(1).collect()).or_default().insert(name(&path));
        }
    }
    assert!(owners.len() > 10, "{owners:?}");
    let shared = owners.into_iter().filter(|(_, files)| files.len() > 1);
    assert_none(shared.map(|(tube, files)| format!("{tube}: {files:?}")).collect(), "a tube is used by one file");
}
