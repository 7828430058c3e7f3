//! How the attribute `custom:devices` is written.

use std::collections::BTreeSet;

use crate::domain::FieldError;
use crate::id::DeviceId;

/// Maximum length of a Cognito attribute in characters.
const MAX_LENGTH: usize = 2_048;

/// Normalizes a device scope: sorted, space-separated device ids without duplicates; or `*`.
///
/// # Errors
/// When a word is not a device id, when `*` is used together with ids, or when the text is longer than 2,048 characters; as
/// an error of the field at `pointer`.
pub fn scope(pointer: &str, text: &str) -> Result<String, FieldError> {
    let words: BTreeSet<&str> = text.split_whitespace().collect();
    if words.len() > 1 && words.contains("*") {
        return Err(FieldError::new(pointer, "must be either device ids or *, not both"));
    }
    let bad = words.iter().filter(|word| **word != "*").find_map(|word| word.parse::<DeviceId>().err());
    if let Some(bad) = bad {
        return Err(FieldError::new(pointer, bad.to_string()));
    }
    let scope = words.into_iter().collect::<Vec<_>>().join(" ");
    if scope.len() > MAX_LENGTH {
        return Err(FieldError::new(pointer, format!("has more than {MAX_LENGTH} characters: use * for every device")));
    }
    Ok(scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Scope;

    #[test]
    fn a_scope_is_normalized_and_reads_the_same() {
        for (text, written) in [("", ""), ("  ", ""), ("*", "*"), (" b  a\ta ", "a b"), ("buoy-01", "buoy-01")] {
            assert_eq!(scope("/devices", text).unwrap(), written, "{text}");
            assert_eq!(Scope::parse(written), Scope::parse(text), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_scope_is_refused() {
        for bad in ["a *", "buoy-*", "../x", "a,b", &"a".repeat(65)] {
            assert_eq!(scope("/devices", bad).unwrap_err().pointer, "/devices", "{bad}");
        }
        let many = (0..300).map(|number| format!("buoy-{number:03}")).collect::<Vec<_>>().join(" ");
        assert!(scope("/devices", &many).unwrap_err().detail.contains("2048"));
    }
}
