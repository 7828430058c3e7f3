//! Reads the crates: which of them are functions, and which environment variables each of them reads.

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests live in the repository").to_owned()
}

/// The crates that are functions: they have a `main.rs` and answer Lambda's Runtime API. `hello` is only measured.
pub fn functions(root: &Path) -> Vec<String> {
    let crates = read_dir(root.join("crates")).expect("crates is there").map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = crates
        .filter(|path| read_to_string(path.join("src/main.rs")).is_ok_and(|main| main.contains("lambda_runtime")))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "hello")
        .collect();
    names.sort();
    names
}

/// What the C library of every function reads.
const OF_THE_LIBRARY: &str = "GLIBC_TUNABLES";

/// The variables of the template that a function reads: those its own sources name, those of every module of `weir-core` its
/// sources name, and that of its C library. Variables that Lambda itself or the SDK brings (`AWS_…`) are not the template's.
pub fn variables(root: &Path, function: &str) -> Vec<String> {
    let own = sources(&root.join("crates").join(function).join("src"));
    let own: String = own.into_iter().map(|(_, text)| text).collect();
    let core = sources(&root.join("crates/core/src"));
    let used = core.iter().filter(|(module, _)| words(&own).any(|word| word == module)).map(|(_, text)| text.as_str());
    let names = used.chain([own.as_str()]).flat_map(|text| text.split('"')).filter(|text| is_variable(text));
    names.chain([OF_THE_LIBRARY]).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The module's name and the text without comments and unit tests of every source file under `folder`.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
    {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code: String = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| format!("{line}\n"))
                .collect();
            let named = if path.ends_with("mod.rs") { folder } else { path.as_path() };
            found.push((named.file_stem().unwrap().to_string_lossy().into_owned(), code));
        }
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

fn is_variable(text: &str) -> bool {
    text.contains('_')
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
        && !["AWS_", "SSL_"].iter().any(|prefix| text.starts_with(prefix))
}
