//! All programs for this computer share one build of every crate, because a second build of the SDK takes minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use tooling::build::functions;
use tooling::place::Place;

/// Each crate with each list of features that a selection of packages asks it for.
fn features(selection: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(weir_tests::root()).args([
        "tree",
        "--offline",
        "--locked",
        "--prefix",
        "none",
        "--format",
        "{p}|{f}",
    ]);
    let output = command.args(selection).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut crates: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).expect("cargo writes text").lines() {
        if let Some((name, features)) = line.trim_end_matches(" (*)").split_once('|') {
            crates.entry(name.to_owned()).or_default().insert(features.to_owned());
        }
    }
    crates
}

fn packages(names: &[String]) -> Vec<String> {
    names.iter().flat_map(|name| ["--package".to_owned(), name.clone()]).collect()
}

#[test]
fn no_crate_is_built_twice_because_another_package_asks_for_other_features() {
    let place = Place::of_run("test").expect("the tests live in the repository");
    let mut of_up = functions(&place).expect("the template names them");
    of_up.push("tooling".to_owned());
    let built_by_up = features(&[packages(&of_up), vec!["--edges=normal,build".to_owned()]].concat());
    let mut different = Vec::new();
    for tool in ["xtask", "operate", "privileges"] {
        let built = features(&[packages(&[tool.to_owned()]), vec!["--edges=normal,build".to_owned()]].concat());
        different.extend(differences(tool, &built, &built_by_up));
    }
    let all = features(&["--workspace".to_owned(), "--edges=all".to_owned()]);
    different.extend(differences("the whole workspace", &all, &built_by_up));
    assert!(
        different.is_empty(),
        "crates/tooling/Cargo.toml has to ask for the features that are asked for elsewhere:\n  {}",
        different.join("\n  ")
    );
}

fn differences(
    name: &str,
    one: &BTreeMap<String, BTreeSet<String>>,
    other: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<String> {
    assert!(one.keys().any(|name| name.starts_with("tokio ")), "{name} was read: {one:?}");
    let differs = one.iter().filter_map(|(krate, features)| Some((krate, features, other.get(krate)?)));
    let differs = differs.filter(|(_, features, others)| features != others);
    differs
        .map(|(krate, features, others)| format!("{krate}: {name} asks for {features:?}, `up` for {others:?}"))
        .collect()
}
