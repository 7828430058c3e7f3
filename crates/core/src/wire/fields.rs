//! Reads the fields of a JSON object one by one, so that every wrong one is named by its pointer.
//!
//! Serde stops at the first error, and for an internally tagged enum it does not even name the field.

use serde_json::{Map, Value};

use crate::domain::FieldError;
use crate::domain::settings::pointed;
use crate::domain::text::{Lines, unfit};
use crate::wire::whole::whole;

/// An object that is being read.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    known: Vec<&'static str>,
    /// The errors so far.
    pub errors: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    pub fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, known: Vec::new(), errors: Vec::new() }
    }

    /// Records an error of the field `name`.
    pub fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        self.errors.push(FieldError::new(format!("/{name}"), detail));
    }

    /// The field, if it is there and not `null`.
    pub fn optional(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// The field; it is an error when it is missing.
    pub fn required(&mut self, name: &'static str) -> Option<&'a Value> {
        let found = self.optional(name);
        if found.is_none() {
            self.refuse(name, "is missing");
        }
        found
    }

    /// A required number.
    pub fn number(&mut self, name: &'static str) -> Option<f64> {
        let value = self.required(name)?;
        self.within(name, number(value, ""))
    }

    /// An optional whole number; for anything else the error `refusal`.
    pub fn whole(&mut self, name: &'static str, refusal: &str) -> Option<Option<u64>> {
        let Some(value) = self.optional(name) else { return Some(None) };
        let number = value.as_number().and_then(whole);
        if number.is_none() {
            self.refuse(name, refusal);
        }
        number.map(Some)
    }

    /// A required pair of numbers.
    pub fn pair(&mut self, name: &'static str) -> Option<(f64, f64)> {
        let value = self.required(name)?;
        self.within(name, pair(value, ""))
    }

    /// A required list of pairs.
    pub fn pairs(&mut self, name: &'static str) -> Option<Vec<(f64, f64)>> {
        let value = self.required(name)?;
        let Some(list) = value.as_array() else {
            self.refuse(name, "must be a list of pairs of numbers");
            return None;
        };
        let pairs = list.iter().enumerate().map(|(place, value)| pair(value, &format!("/{place}")));
        let (pairs, errors): (Vec<_>, Vec<_>) = pairs.partition(Result::is_ok);
        self.errors.extend(errors.into_iter().filter_map(Result::err).map(|error| error.under(&format!("/{name}"))));
        let all = pairs.len() == list.len();
        all.then(|| pairs.into_iter().filter_map(Result::ok).collect())
    }

    /// An optional text of at most `longest` characters, without control characters other than line breaks and tabs.
    pub fn text(&mut self, name: &'static str, longest: usize) -> Option<String> {
        let text = self.optional(name)?.as_str();
        let wrong = text.map_or_else(|| Some("must be a text".to_owned()), |text| unfit(text, longest, Lines::Many));
        match (text, wrong) {
            (Some(text), None) => Some(text.to_owned()),
            (_, wrong) => {
                self.refuse(name, wrong.unwrap_or_default());
                None
            }
        }
    }

    /// The value, or `None` after recording the error.
    pub fn check<T>(&mut self, read: Result<T, FieldError>) -> Option<T> {
        read.map_err(|error| self.errors.push(error)).ok()
    }

    /// All errors of an object that holds a model. Which fields are known depends on the model, so without one only that
    /// is reported.
    pub fn finish_model(self) -> Vec<FieldError> {
        let unknown_model = self.errors.iter().any(|error| error.pointer == "/model");
        if unknown_model { self.errors } else { self.finish() }
    }

    /// All errors, unknown fields among them.
    pub fn finish(self) -> Vec<FieldError> {
        let Self { object, known, mut errors } = self;
        let unknown = object.keys().filter(|name| !known.contains(&name.as_str()));
        errors.extend(
            unknown.map(|name| FieldError::new(format!("/{}", pointed(name)), "is not a field of this object")),
        );
        errors
    }

    fn within<T>(&mut self, name: &str, read: Result<T, FieldError>) -> Option<T> {
        self.check(read.map_err(|error| error.under(&format!("/{name}"))))
    }
}

fn number(value: &Value, at: &str) -> Result<f64, FieldError> {
    value.as_f64().ok_or_else(|| FieldError::new(at, "must be a number"))
}

fn pair(value: &Value, at: &str) -> Result<(f64, f64), FieldError> {
    match value.as_array().map(Vec::as_slice) {
        Some([first, second]) => Ok((number(first, &format!("{at}/0"))?, number(second, &format!("{at}/1"))?)),
        _ => Err(FieldError::new(at, "must be a pair of numbers")),
    }
}
