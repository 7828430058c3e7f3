//! The house rules of ARCHITECTURE.md that can be checked by reading the files.

use std::fs;
use std::path::{Path, PathBuf};

/// No source file is longer: above it, split by behaviour.
const LONGEST: usize = 300;
/// `main.rs` of a function only wires.
const LONGEST_MAIN: usize = 25;
/// Words that say nothing about what a file is for.
const EMPTY_WORDS: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];

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

/// The text without the tests that stand at its end.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
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
    assert_none(sources().iter().filter_map(long).collect(), "a file above 300 lines is split by behaviour");
}

#[test]
fn every_function_starts_in_a_main_that_only_wires() {
    let long = |(path, text): &(PathBuf, String)| {
        let lines = text.lines().count();
        let tool = ["xtask", "operate", "privileges", "bench"]
            .iter()
            .any(|tool| path.starts_with(root().join("crates").join(tool)));
        (path.ends_with("main.rs") && !tool && lines > LONGEST_MAIN)
            .then(|| format!("{} has {lines} lines", name(path)))
    };
    assert_none(files("crates", ".rs").iter().filter_map(long).collect(), "main.rs has at most 25 lines");
}

#[test]
fn every_source_file_says_first_what_it_is_for() {
    // A file of tests belongs to the file it tests.
    let silent = |(path, text): &(PathBuf, String)| {
        let first = text.lines().next().unwrap_or_default();
        let said = first.strip_prefix("//! ").is_some_and(|said| said.len() > 15);
        (!said && !path.ends_with("tests.rs")).then(|| name(path))
    };
    assert_none(sources().iter().filter_map(silent).collect(), "the first line is `//!` and a sentence");
}

#[test]
fn no_file_is_named_by_a_word_that_says_nothing() {
    let empty = |(path, _): &(PathBuf, String)| {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        stem.split('_').any(|word| EMPTY_WORDS.contains(&word)).then(|| name(path))
    };
    assert_none(sources().iter().filter_map(empty).collect(), "a file is named for what it is about");
}

#[test]
fn the_domain_is_pure() {
    let forbidden = [
        "async ",
        "aws_sdk",
        "aws_smithy",
        "serde",
        "tokio",
        "tracing",
        "std::env",
        "std::fs",
        "std::net",
        "SystemTime",
        "println!",
    ];
    let impure = |(path, text): &(PathBuf, String)| {
        let found: Vec<_> = forbidden.iter().filter(|word| without_tests(text).contains(**word)).collect();
        (!found.is_empty() && !path.ends_with("tests.rs")).then(|| format!("{} has {found:?}", name(path)))
    };
    let domain = files("crates/core/src/domain", ".rs");
    assert_none(domain.iter().filter_map(impure).collect(), "the domain has no I/O, clock, JSON or logging");
}

#[test]
fn only_the_core_talks_to_aws() {
    let apart = ["core", "operate", "tooling", "bench"];
    let speaks = |(path, text): &(PathBuf, String)| {
        let apart = apart.iter().any(|one| path.starts_with(root().join("crates").join(one)));
        (!apart && text.contains("aws-sdk-")).then(|| name(path))
    };
    let manifests = files("crates", "Cargo.toml");
    assert_none(manifests.iter().filter_map(speaks).collect(), "a function reaches AWS through weir_core::aws");
    let outside = |(path, text): &(PathBuf, String)| {
        let inside = path.starts_with(root().join("crates/core/src/aws"));
        (!inside && text.contains("aws_sdk_")).then(|| name(path))
    };
    let core = files("crates/core/src", ".rs");
    assert_none(core.iter().filter_map(outside).collect(), "within the core only `aws` knows the SDK");
}

#[test]
fn every_version_stands_once_in_the_workspace() {
    let own = |(path, text): &(PathBuf, String)| {
        let lines = text.lines().skip_while(|line| !line.contains("dependencies]"));
        let versioned = lines.filter(|line| line.contains("version = \"") || line.contains("= \"")).count();
        (versioned > 0).then(|| format!("{}: {versioned} dependencies with a version of their own", name(path)))
    };
    let mut manifests = files("crates", "Cargo.toml");
    // The fuzzer's is a workspace of its own.
    manifests.extend(files("tests", "Cargo.toml").into_iter().filter(|(path, _)| !path.ends_with("fuzz/Cargo.toml")));
    assert_none(manifests.iter().filter_map(own).collect(), "versions stand in the root Cargo.toml");
}

#[test]
fn comments_are_sentences_and_no_banners() {
    let banner = |(path, text): &(PathBuf, String)| {
        let banners = ["// ====", "// ----", "// ****", "/////", "//====", "//----"];
        let found =
            text.lines().filter(|line| banners.iter().any(|banner| line.trim_start().starts_with(banner))).count();
        (found > 0).then(|| format!("{}: {found}", name(path)))
    };
    // This file has to name the banners it looks for.
    let sources = sources().into_iter().filter(|(path, _)| !path.ends_with("tidy.rs"));
    assert_none(sources.collect::<Vec<_>>().iter().filter_map(banner).collect(), "no banner comments");
}

#[test]
fn every_test_is_named_by_a_sentence() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if !(line.trim() == "#[test]" || line.trim().starts_with("#[tokio::test")) {
                continue;
            }
            let declared = lines.by_ref().find(|line| line.contains("fn ")).unwrap_or_default();
            let called = declared.split("fn ").nth(1).unwrap_or_default().split('(').next().unwrap_or_default();
            if called.split('_').count() < 4 {
                broken.push(format!("{}: {called}", name(&path)));
            }
        }
    }
    assert_none(broken, "a test's name says what holds");
}

#[test]
fn the_root_holds_what_belongs_there() {
    let known = [
        "Cargo.lock",
        "Cargo.toml",
        "crates",
        "template.yaml",
        "samconfig.toml",
        "events",
        "tests",
        "README.md",
        "ARCHITECTURE.md",
        "LICENSE",
        "rust-toolchain.toml",
        "target",
    ];
    let strange = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (!name.starts_with('.') && !known.contains(&name.as_str())).then_some(name)
    };
    let found = fs::read_dir(root()).unwrap().filter_map(|entry| strange(entry.unwrap())).collect();
    assert_none(found, "nothing else joins the root");
}
