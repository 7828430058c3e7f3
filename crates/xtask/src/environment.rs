//! The environment of functions that `cargo lambda watch` runs from the source beside the local cloud: `events/local.env` has the constant
//! part, and a run adds its address and the id of its user pool.

use std::path::PathBuf;

use anyhow::{Context, Result};
use tooling::place::Place;
use tooling::stack::Stack;

/// The constant part.
const FIXED: &str = "events/local.env";

/// The file of a run; dropping this deletes it.
#[derive(Debug)]
pub struct Environment(PathBuf);

impl Environment {
    /// Writes the file of this run, `local.env`.
    ///
    /// # Errors
    /// When it cannot be written, or the template has no such output.
    pub fn write(stack: &Stack, place: &Place) -> Result<Self> {
        let fixed = place.root().join(FIXED);
        let fixed = std::fs::read_to_string(&fixed).with_context(|| format!("cannot read {}", fixed.display()))?;
        let file = place.run("local.env");
        let text = text(&fixed, &stack.endpoint, stack.output("UserPoolId")?);
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(Self(file))
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn text(fixed: &str, endpoint: &str, pool: &str) -> String {
    let mut text: String = fixed
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("AWS_ENDPOINT_URL="))
        .map(|line| format!("{line}\n"))
        .collect();
    text.push_str(&format!("AWS_ENDPOINT_URL={endpoint}\nUSER_POOL_ID={pool}\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_finds_in_it_whatever_the_template_names_to_it() {
        let root = tooling::place::root().unwrap();
        let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
        let text = text(&read(FIXED), "http://127.0.0.1:1", "pool");
        let named: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        assert_eq!(named.iter().filter(|name| **name == "AWS_ENDPOINT_URL").count(), 1, "{text}");
        let template = read("template.yaml");
        let asked = template.lines().filter_map(|line| line.trim().split_once(": !Ref "));
        let things = ["Table", "UserPool", "Function.Alias"];
        let asked = asked.filter(|(name, to)| {
            name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
                && things.iter().any(|thing| to.ends_with(thing))
        });
        let missing: Vec<_> = asked.filter(|(name, _)| !named.contains(name)).collect();
        assert!(missing.is_empty(), "{FIXED} lacks {missing:?}");
    }
}
