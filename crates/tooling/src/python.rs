//! Which Python to use: any from 3.11 on that can make virtual environments.

use std::process::Command;

use anyhow::{Result, bail};

/// The oldest minor version of Python 3 the tools work with.
const OLDEST: u32 = 11;
const NAMES: [&str; 6] = ["python3", "python3.13", "python3.12", "python3.11", "python3.14", "python"];
/// Prints the version and whether virtual environments can be made (Debian packages that separately).
const QUESTION: &str = "import sys; print(*sys.version_info[:2])
try:
    import venv, ensurepip
    print('venv')
except ImportError:
    print('bare')";

/// A Python that can make virtual environments.
#[derive(Debug, Clone)]
pub struct Python {
    /// How to start it.
    pub program: String,
    /// Minor version of Python 3.
    pub minor: u32,
}

/// Finds the first suitable Python: `WEIR_PYTHON`, when set, else those in PATH.
///
/// # Errors
/// When there is none; the message says what to install.
pub fn find() -> Result<Python> {
    let chosen = std::env::var("WEIR_PYTHON").ok();
    let names: Vec<&str> = chosen.as_deref().map_or_else(|| NAMES.to_vec(), |name| vec![name]);
    let mut seen = Vec::new();
    for name in names {
        match ask(name) {
            Some(Answer { minor, venv: true }) if minor >= OLDEST => {
                return Ok(Python { program: name.to_owned(), minor });
            }
            Some(answer) => seen.push((name.to_owned(), answer)),
            None => {}
        }
    }
    bail!(missing(chosen.as_deref(), &seen));
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    minor: u32,
    venv: bool,
}

fn ask(program: &str) -> Option<Answer> {
    let output = Command::new(program).args(["-c", QUESTION]).output().ok().filter(|output| output.status.success())?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

fn parse(answer: &str) -> Option<Answer> {
    let (version, venv) = answer.trim().split_once('\n')?;
    let (major, minor) = version.trim().split_once(' ')?;
    (major == "3").then_some(Answer { minor: minor.parse().ok()?, venv: venv.trim() == "venv" })
}

fn missing(chosen: Option<&str>, seen: &[(String, Answer)]) -> String {
    let found = match (seen.iter().find(|(_, answer)| answer.minor >= OLDEST), seen.first(), chosen) {
        (Some((name, Answer { minor, .. })), _, _) => {
            return format!(
                "{name} is Python 3.{minor}, but it lacks the module venv.\n  \
                 Debian and Ubuntu pack it apart: sudo apt install python3.{minor}-venv"
            );
        }
        (None, Some((name, Answer { minor, .. })), _) => format!("{name} is Python 3.{minor}"),
        (None, None, Some(chosen)) => format!("WEIR_PYTHON={chosen} does not start a Python 3"),
        (None, None, None) => "there is no python3 in PATH".to_owned(),
    };
    format!(
        "Python 3.{OLDEST} or newer is needed for the local cloud and the SAM CLI, but {found}.\n  \
         Debian, Ubuntu: sudo apt install python3 python3-venv\n  \
         Fedora: sudo dnf install python3      macOS: brew install python\n  \
         One that is not in PATH: WEIR_PYTHON=/path/to/python3 cargo xtask …"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_a_python_is_read() {
        assert!(matches!(parse("3 11\nvenv\n"), Some(Answer { minor: 11, venv: true })));
        assert!(matches!(parse("3 12\nbare\n"), Some(Answer { minor: 12, venv: false })));
        assert!(parse("2 7\nbare\n").is_none());
        assert!(parse("").is_none());
    }

    #[test]
    fn each_way_to_be_missing_has_its_own_advice() {
        let with = |minor, venv| vec![("python3".to_owned(), Answer { minor, venv })];
        assert!(missing(None, &[]).contains("no python3 in PATH"));
        assert!(missing(Some("/nowhere"), &[]).contains("WEIR_PYTHON=/nowhere does not start"));
        assert!(missing(None, &with(8, true)).contains("python3 is Python 3.8"));
        assert!(missing(None, &with(12, false)).contains("sudo apt install python3.12-venv"));
    }
}
