//! Errors of serde as invalid fields with JSON pointers (RFC 6901).

use std::borrow::Cow;

use serde_path_to_error::{Path, Segment};

use weir_core::domain::FieldError;
use weir_core::domain::settings::pointed;

/// The texts before and after a value in serde's messages.
const REPEATED: [&str; 2] = ["invalid type: ", "invalid value: "];
const EXPECTED: &str = ", expected ";

/// serde's messages about a field that the path does not include, and our details.
const NAMED: [(&str, &str); 2] = [("missing field `", "is missing"), ("duplicate field `", "is given twice")];

/// The invalid field at `path`. A missing or duplicate field gets its own pointer, not that of its parent.
pub fn invalid(path: &Path, message: &str) -> FieldError {
    let message = without_value(message);
    // The pointer says more than the position in the text.
    let message = message.split(" at line ").next().unwrap_or_default();
    for (beginning, detail) in NAMED {
        if let Some(field) = message.strip_prefix(beginning).and_then(|rest| rest.split('`').next()) {
            return FieldError::new(pointer(path) + "/" + &pointed(field), detail);
        }
    }
    FieldError::new(pointer(path), message)
}

/// The message with only the type of the value, because the value may be a password in the wrong place.
fn without_value(message: &str) -> Cow<'_, str> {
    let value = REPEATED.iter().find_map(|beginning| Some((beginning, message.strip_prefix(beginning)?)));
    match value.and_then(|(beginning, rest)| Some((beginning, rest.rsplit_once(EXPECTED)?))) {
        Some((beginning, (value, expected))) => {
            let kind = value.split(['"', '`']).next().unwrap_or_default().trim_end();
            format!("{beginning}{kind}{EXPECTED}{expected}").into()
        }
        None => message.into(),
    }
}

/// The path as a pointer; empty for the whole body.
pub fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&pointed(key));
            }
            // The rest of the path is unknown; its beginning still helps.
            Segment::Unknown => break,
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default, rename = "a/b~c")]
        _odd: Option<u8>,
        #[serde(default)]
        _list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "x")]
        _x: f64,
    }

    fn refused<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> (String, String) {
        let deserializer = &mut serde_json::Deserializer::from_str(text);
        let error = serde_path_to_error::deserialize::<_, T>(deserializer).unwrap_err();
        let FieldError { pointer, detail } = invalid(error.path(), &error.inner().to_string());
        (pointer, detail)
    }

    #[test]
    fn the_pointer_names_the_invalid_field() {
        for (text, pointer, detail) in [
            (r#"{"_list": [{"x": 1}, {"x": "1"}]}"#, "/_list/1/x", "invalid type: string, expected f64"),
            (r#"{"_list": [{"x": 1, "y": 2}]}"#, "/_list/0/y", "unknown field `y`, expected `x`"),
            (r#"{"_list": [{}]}"#, "/_list/0/x", "is missing"),
            (r#"{"a/b~c": 256}"#, "/a~1b~0c", "invalid value: integer, expected u8"),
            (r#"{"p/q": 1}"#, "/p~1q", "unknown field `p/q`, expected `a/b~c` or `_list`"),
            (r#"{"_list": [{"x": 1, "x": 1}]}"#, "/_list/0/x", "is given twice"),
            (r#""x""#, "", "invalid type: string, expected struct Outer"),
            (r#"{"_list": [{"x": "a, expected b at line 1"}]}"#, "/_list/0/x", "invalid type: string, expected f64"),
            (r#"{"_list": [{"x": [1]}]}"#, "/_list/0/x", "invalid type: sequence, expected f64"),
        ] {
            assert_eq!(refused::<Outer>(text), (pointer.to_owned(), detail.to_owned()), "{text}");
        }
    }
}
