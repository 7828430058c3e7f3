//! The recipes for firmware in docs/devices.md: their length, whether the one in C compiles, and what the one in Python remembers.

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

/// Loses its power in the middle of the file, restarts, and finds the same command again, then the next one.
const LOSS_OF_POWER: &str = r#"
import json, sys
sys.path.insert(0, sys.argv[1])
import dispenser

class Power(BaseException):
    pass

def half(value, file):
    file.write(json.dumps(value)[:20])
    file.flush()
    raise Power

def firmware():
    return dispenser.Firmware("d", sys.argv[2], lambda topic, payload: said.append(payload), lambda *_: done.append(1))

def asks(number):
    command = {"id": number, "name": "dispense", "args": {}, "expires_at": 9999999999}
    return "get/accepted", json.dumps({"state": {"desired": {"command": command}}})

said, done, whole = [], [], json.dump
firmware().message("$aws/things/d/shadow/" + asks("1795155884123")[0], asks("1795155884123")[1])
assert len(done) == 1, done
json.dump = half
try:
    firmware().message("$aws/things/d/shadow/" + asks("1795155884124")[0], asks("1795155884124")[1])
except Power:
    json.dump = whole
again = firmware()
again.connected()
assert again.last["id"] == "1795155884123" and len(done) == 1, (again.last, done)
again.message("$aws/things/d/shadow/" + asks("1795155884123")[0], asks("1795155884123")[1])
assert len(done) == 1, done
again.message("$aws/things/d/shadow/" + asks("1795155884124")[0], asks("1795155884124")[1])
assert len(done) == 2 and firmware().last["status"] == "SUCCEEDED", done
"#;

#[test]
fn the_recipe_in_python_starts_again_after_a_loss_of_power_while_it_wrote() {
    let folder = std::env::temp_dir().join(format!("weir-recipe-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let ended = Command::new("python3")
        .args(["-B", "-c", LOSS_OF_POWER])
        .args([root().join("docs/clients"), folder.join("last.json")])
        .output()
        .expect("Python");
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}
