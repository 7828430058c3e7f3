//! The recorded events under `events/`.

use std::fs::{read_dir, read_to_string};

use serde_json::Value;

use crate::root;

/// The event `events/<function>/<name>.json`.
pub fn event(function: &str, name: &str) -> Value {
    let path = root().join("events").join(function).join(format!("{name}.json"));
    let text = read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of all events of a function, sorted.
pub fn names(function: &str) -> Vec<String> {
    let folder = root().join("events").join(function);
    let files = read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = |file: std::fs::DirEntry| {
        let name = file.file_name().to_string_lossy().into_owned();
        name.strip_suffix(".json").unwrap_or_else(|| panic!("{function}/{name} is no .json file")).to_owned()
    };
    let mut names: Vec<_> = files.map(|file| name(file.unwrap())).collect();
    names.sort();
    assert!(!names.is_empty(), "{function} has no events");
    names
}
