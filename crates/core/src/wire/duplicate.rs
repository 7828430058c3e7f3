//! Finds fields that a JSON text gives twice. RFC 8259 leaves open which of the two counts, and serde_json silently takes the
//! last one, so the first is lost without a trace.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::domain::FieldError;
use crate::domain::settings::pointed;

/// Fields that are reported. A pointer may be as long as the text, so all of them could be far longer than it.
const MOST: usize = 20;

/// The fields of a JSON text that are given twice in one object, at any depth, each with its pointer; at most 20.
///
/// What is not JSON is no error here: the search ends there.
///
/// ```
/// use weir_core::wire::duplicate::duplicates;
///
/// let found = duplicates(br#"{"name": "a", "limits": [{"min": 1, "m\u0069n": 2}]}"#);
/// assert_eq!(found[0].pointer, "/limits/0/min");
/// assert_eq!(duplicates(br#"[{"a": 1}, {"a": 2}]"#), []);
/// ```
pub fn duplicates(json: &[u8]) -> Vec<FieldError> {
    let mut found = Vec::new();
    let search = Search { at: Place::Root, found: &mut found };
    // A text that breaks off or has a number beyond the range of an f64 is reported by whoever reads it.
    let _ = search.deserialize(&mut serde_json::Deserializer::from_slice(json));
    found
}

/// Where the search is. A pointer is only made when it is needed.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Place::Root => String::new(),
            Place::Field(within, name) => format!("{}/{}", within.pointer(), pointed(name)),
            Place::Item(within, index) => format!("{}/{index}", within.pointer()),
        }
    }
}

struct Search<'a> {
    at: Place<'a>,
    found: &'a mut Vec<FieldError>,
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0;
        while list.next_element_seed(Search { at: Place::Item(&self.at, index), found: self.found })?.is_some() {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = object.next_key::<String>()? {
            let at = Place::Field(&self.at, &name);
            if names.contains(&name) && self.found.len() < MOST {
                self.found.push(FieldError::new(at.pointer(), "is given twice"));
            }
            object.next_value_seed(Search { at, found: self.found })?;
            names.insert(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(json: &str) -> Vec<String> {
        duplicates(json.as_bytes()).into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn a_field_that_is_given_twice_is_found_at_any_depth() {
        for (json, found) in [
            (r#"{"a": 1, "a": 1}"#, vec!["/a"]),
            (r#"{"a": {"b": 1, "b": 2}}"#, vec!["/a/b"]),
            (r#"{"a": [[{"b": 1}, {"b": 1, "c": 0, "b": 2}]]}"#, vec!["/a/0/1/b"]),
            // Written differently, but the same name.
            (r#"{"a": 1, "\u0061": 2}"#, vec!["/a"]),
            (r#"{"": 1, "": 2}"#, vec!["/"]),
            (r#"{"a/b": 1, "a/b": 2}"#, vec!["/a~1b"]),
            (r#"{"a": 1, "a": 2, "a": 3}"#, vec!["/a", "/a"]),
            (r#"{"a": 1, "A": 2, "b": {"a": 3}}"#, vec![]),
            (r#"[1, "a", null, true, 1.5, -1]"#, vec![]),
            ("\"a\"", vec![]),
        ] {
            assert_eq!(pointers(json), found, "{json}");
        }
    }

    #[test]
    fn what_is_not_json_ends_the_search() {
        for (json, found) in [
            ("", 0),
            (r#"{"a": 1, "a": "#, 1),
            (r#"{"a": 1e999, "a": 2}"#, 0),
            (r#"{"a": 1, "a": 2, "b": 1e999}"#, 1),
            ("\u{feff}{}", 0),
        ] {
            assert_eq!(pointers(json).len(), found, "{json}");
        }
        assert_eq!(pointers(&"[".repeat(100_000)).len(), 0);
    }

    #[test]
    fn the_report_is_never_much_longer_than_the_text() {
        let name = "n".repeat(10_000);
        let many = format!(r#"{{"{name}": {{{}"z": 0}}}}"#, r#""a": 1, "#.repeat(5_000));
        let found = duplicates(many.as_bytes());
        assert_eq!((found.len(), found[0].pointer.len()), (MOST, name.len() + 3));
    }
}
