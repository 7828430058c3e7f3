//! The environment of functions that `cargo lambda watch` runs from the source with the local cloud: `events/local.env` has the constant
//! part, and a run adds its address, its keys and the id of its user pool.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tooling::cloud::Key;
use tooling::place::Place;
use tooling::secret;
use tooling::stack::Stack;

/// The file with the constant part.
const FIXED: &str = "events/local.env";

/// The environment file of a run, which only its owner can read. Dropping this deletes it.
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
        secret::write(&file, &text(&fixed, &stack.endpoint, &stack.key, stack.output("UserPoolId")?))?;
        Ok(Self(file))
    }

    /// The path of the file.
    pub fn file(&self) -> &Path {
        &self.0
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn text(fixed: &str, endpoint: &str, key: &Key, pool: &str) -> String {
    let fixed = fixed.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
    let own = [
        format!("AWS_ENDPOINT_URL={endpoint}"),
        format!("AWS_ACCESS_KEY_ID={}", key.id),
        format!("AWS_SECRET_ACCESS_KEY={}", key.secret),
        format!("USER_POOL_ID={pool}"),
    ];
    fixed.chain(own).map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_finds_in_it_whatever_the_template_names_to_it() {
        let root = tooling::place::root().unwrap();
        let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
        let text = text(&read(FIXED), "http://127.0.0.1:1", &Key::made_up().unwrap(), "pool");
        let named: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        for own in ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert_eq!(named.iter().filter(|name| **name == own).count(), 1, "{own}");
        }
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
