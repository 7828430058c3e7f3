//! The recipes for firmware in docs/devices.md: their length, and whether the one in C compiles.

use std::io::Write as _;
use std::process::{Command, Stdio};

use weir_tests::root;

/// Maximum lines of a recipe, without blank ones.
const LINES: usize = 40;

fn lines(text: &str) -> usize {
    text.lines().filter(|line| !line.trim().is_empty()).count()
}

#[test]
fn the_recipe_in_c_compiles_and_is_short() {
    let page = std::fs::read_to_string(root().join("docs/devices.md")).unwrap();
    let recipe = page.split_once("```cpp\n").unwrap().1.split_once("```").unwrap().0;
    assert!(lines(recipe) <= LINES, "{} lines", lines(recipe));
    let mut compiler = Command::new("c++")
        .args(["-std=c++17", "-Wall", "-Werror", "-fsyntax-only", "-x", "c++", "-include"])
        .arg(root().join("tests/it/contract/arduino.h"))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a C++ compiler");
    compiler.stdin.take().unwrap().write_all(recipe.as_bytes()).unwrap();
    let ended = compiler.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn the_recipe_in_python_is_short() {
    let recipe = std::fs::read_to_string(root().join("docs/clients/dispenser.py")).unwrap();
    let class = recipe.split_once("class Firmware:").unwrap().1.split_once("\ndef ").unwrap().0;
    assert!(lines(class) < LINES, "{} lines and the one that begins it", lines(class));
}
