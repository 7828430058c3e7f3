//! JSON as devices write it. `serde_json::Value` keeps only the last of two equal keys, and rounds numbers to doubles, so it silently
//! loses what was sent. Here every key and every number stays as it was written.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Maximum depth of nested lists and objects, as in `serde_json`.
const DEEPEST: usize = 128;

/// A JSON value. Its `Display` is JSON again, with the same keys and numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Object),
}

/// An object: its fields in the order in which they are written. Two may have the same key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object(Vec<(String, Json)>);

/// Why a text is not JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// It breaks the grammar.
    #[error(transparent)]
    Syntax(#[from] serde_json::Error),
    /// Its lists and objects are nested too deeply.
    #[error("it is nested more than {DEEPEST} levels deep")]
    TooDeep,
}

impl Json {
    /// Reads a text.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        parsed(serde_json::from_str(text)?, 0)
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The field of an object; `None` also when it is `null`.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.as_object()?.get(name)
    }

    /// A key that occurs twice in one object, here or nested.
    pub fn repeated_key(&self) -> Option<&str> {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => None,
            Self::List(list) => list.iter().find_map(Self::repeated_key),
            Self::Object(object) => object.repeated_key(),
        }
    }
}

impl Object {
    /// The field with this name, the first one if there are two; `None` also when it is `null`.
    pub fn get(&self, name: &str) -> Option<&Json> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        (*value != Json::Null).then_some(value)
    }

    /// Whether there is a field with this name, even if it is `null`.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the fields whose names this object does not have yet.
    pub fn extend(&mut self, other: &Object) {
        for (key, value) in other.iter() {
            if !self.has(key) {
                self.0.push((key.to_owned(), value.clone()));
            }
        }
    }

    /// The keys that occur more than once in this object, each listed once, in order.
    pub fn repeated_keys(&self) -> Vec<&str> {
        let (mut seen, mut told, mut repeated) = (HashSet::with_capacity(self.0.len()), HashSet::new(), Vec::new());
        for (key, _) in self.iter() {
            if !seen.insert(key) && told.insert(key) {
                repeated.push(key);
            }
        }
        repeated
    }

    /// A key that occurs twice in one object, here or nested.
    pub fn repeated_key(&self) -> Option<&str> {
        let own = self.repeated_keys().into_iter().next();
        own.or_else(|| self.0.iter().find_map(|(_, value)| value.repeated_key()))
    }
}

impl FromIterator<(String, Json)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(list) => Self::List(list.iter().map(Self::from).collect()),
            Value::Object(fields) => {
                Self::Object(fields.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect())
            }
        }
    }
}

fn parsed(raw: &RawValue, depth: usize) -> Result<Json, JsonError> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'{' | b'[') if depth == DEEPEST => return Err(JsonError::TooDeep),
        Some(b'{') => {
            let Fields(fields) = serde_json::from_str(text)?;
            let field = |(key, value)| Ok::<_, JsonError>((key, parsed(value, depth + 1)?));
            Json::Object(fields.into_iter().map(field).collect::<Result<_, _>>()?)
        }
        Some(b'[') => {
            let list: Vec<&RawValue> = serde_json::from_str(text)?;
            Json::List(list.into_iter().map(|value| parsed(value, depth + 1)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Json::Text(serde_json::from_str(text)?),
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        Some(b'n') => Json::Null,
        _ => Json::Number(text.to_owned()),
    })
}

/// The fields of an object, their values not yet read.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

impl Display for Json {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => value.fmt(formatter),
            Self::Number(text) => formatter.write_str(text),
            Self::Text(text) => quoted(text, formatter),
            Self::List(list) => {
                formatter.write_str("[")?;
                for (place, value) in list.iter().enumerate() {
                    formatter.write_str(if place == 0 { "" } else { "," })?;
                    value.fmt(formatter)?;
                }
                formatter.write_str("]")
            }
            Self::Object(object) => object.fmt(formatter),
        }
    }
}

impl Display for Object {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("{")?;
        for (place, (key, value)) in self.iter().enumerate() {
            formatter.write_str(if place == 0 { "" } else { "," })?;
            quoted(key, formatter)?;
            write!(formatter, ":{value}")?;
        }
        formatter.write_str("}")
    }
}

fn quoted(text: &str, formatter: &mut Formatter<'_>) -> fmt::Result {
    formatter.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_keys_stay_as_they_were_written() {
        for text in [
            r#"{"a":1E400,"a":-0.0,"b":[1e-400,12345678901234567890123,10.0]}"#,
            r#"[true,false,null,"\"\\",{},[]]"#,
            "1",
        ] {
            assert_eq!(Json::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Json::parse(" { \"a\" : [ 1 , 2 ] } ").unwrap().to_string(), r#"{"a":[1,2]}"#);
    }

    #[test]
    fn a_repeated_key_is_found_wherever_it_is_and_however_it_is_written() {
        for (text, key) in [
            (r#"{"a":1,"b":2}"#, None),
            (r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#, None),
            (r#"{"a":1,"a":1}"#, Some("a")),
            (r#"{"ph":1,"\u0070h":2}"#, Some("ph")),
            (r#"{"a":[0,{"b":{"c":1,"d":2,"c":3}}]}"#, Some("c")),
        ] {
            assert_eq!(Json::parse(text).unwrap().repeated_key(), key, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "{\"a\":}", "[1,]", "01", "1.", "\"\u{1}\"", r#""\ud800""#, "{} {}", "nul", "NaN"] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(&nested(DEEPEST)).is_ok());
        assert!(matches!(Json::parse(&nested(DEEPEST + 1)), Err(JsonError::TooDeep)));
        assert!(matches!(Json::parse(&nested(60_000)), Err(JsonError::TooDeep)));
    }

    proptest! {
        #[test]
        fn what_serde_reads_is_read_the_same(text in r#"[\[\]{}:,"0-9aE+\-. \\u]{0,30}"#) {
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                let read = Json::parse(&text).unwrap();
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&read.to_string()).unwrap(), value);
            } else if let Ok(read) = Json::parse(&text) {
                // Only a number beyond a double is read in addition.
                prop_assert!(text.contains(['e', 'E']) || text.len() > 300, "{}", read);
            }
        }
    }
}
