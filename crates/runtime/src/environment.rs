//! Settings from environment variables. Each function has a type for its settings, which says what it reads.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// What a function reads from its environment.
pub trait Settings: Sized {
    /// Reads the settings.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    fn read(environment: &Environment) -> Result<Self, SettingsError>;
}

/// A variable that is missing or wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It is not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// It has a value that is not allowed.
    #[error("the environment variable {name} is {value:?}, which is not {expected}")]
    Wrong {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What is expected.
        expected: &'static str,
    },
}

/// Environment variables: the process's own, or for tests a given set.
#[derive(Debug)]
pub struct Environment {
    /// `None` for the process's own.
    given: Option<BTreeMap<String, String>>,
    read: RefCell<BTreeSet<&'static str>>,
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        Self { given: None, read: RefCell::default() }
    }

    /// These variables and no others.
    pub fn of<K: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        let given = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { given: Some(given), read: RefCell::default() }
    }

    /// The names of the variables that were read so far, set or not.
    pub fn names_read(&self) -> BTreeSet<&'static str> {
        self.read.borrow().clone()
    }

    /// The text of a variable; `None` when it is not set or empty.
    pub fn optional(&self, name: &'static str) -> Option<String> {
        self.read.borrow_mut().insert(name);
        let value = match &self.given {
            Some(given) => given.get(name).cloned(),
            None => std::env::var(name).ok(),
        };
        value.filter(|value| !value.is_empty())
    }

    /// The text of a variable.
    ///
    /// # Errors
    /// When it is not set or empty.
    pub fn text(&self, name: &'static str) -> Result<String, SettingsError> {
        self.optional(name).ok_or(SettingsError::Missing(name))
    }

    /// A switch, `on` or `off`; off when the variable is not set.
    ///
    /// # Errors
    /// When the variable is something else.
    pub fn switch(&self, name: &'static str) -> Result<bool, SettingsError> {
        match self.optional(name).as_deref() {
            Some("on") => Ok(true),
            Some("off") | None => Ok(false),
            Some(other) => Err(SettingsError::Wrong { name, value: other.to_owned(), expected: "`on` or `off`" }),
        }
    }

    /// A number that is at least `least`; `default` when the variable is not set.
    ///
    /// # Errors
    /// When the variable is not such a number.
    pub fn number<N: FromStr + PartialOrd>(
        &self,
        name: &'static str,
        default: N,
        least: N,
    ) -> Result<N, SettingsError> {
        let Some(value) = self.optional(name) else { return Ok(default) };
        let number = value.parse().ok().filter(|number| *number >= least);
        number.ok_or(SettingsError::Wrong { name, value, expected: "a number in range" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_read_and_remembered_by_name() {
        let environment = Environment::of([("A_TABLE", "a"), ("SECONDS", "7"), ("EMPTY", "")]);
        assert_eq!(environment.text("A_TABLE").unwrap(), "a");
        assert_eq!(environment.number("SECONDS", 60, 1).unwrap(), 7);
        assert_eq!(environment.number("DAYS", 30, 1).unwrap(), 30);
        assert_eq!(environment.text("EMPTY"), Err(SettingsError::Missing("EMPTY")));
        assert_eq!(environment.names_read().into_iter().collect::<Vec<_>>(), ["A_TABLE", "DAYS", "EMPTY", "SECONDS"]);
    }

    #[test]
    fn a_number_out_of_range_names_the_variable() {
        let environment = Environment::of([("SECONDS", "0"), ("DAYS", "many")]);
        for name in ["SECONDS", "DAYS"] {
            let error = environment.number(name, 60_u32, 1).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
