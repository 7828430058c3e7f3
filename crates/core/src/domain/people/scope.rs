//! The attribute `custom:devices`, as it is written.

use std::collections::BTreeSet;

use crate::domain::calibration::FieldError;
use crate::id::DeviceId;

/// The most characters of the attribute: as many as Cognito keeps.
const LONGEST: usize = 2_048;

/// The scope in its one form: ids in their order, each once, parted by one blank; or `*`.
///
/// # Errors
/// When a word is no device id, when `*` stands beside ids, or when it is longer than Cognito keeps.
pub fn scope(pointer: &str, text: &str) -> Result<String, FieldError> {
    let words: BTreeSet<&str> = text.split_whitespace().collect();
    if words.len() > 1 && words.contains("*") {
        return Err(FieldError::new(pointer, "is either device ids or *, not both"));
    }
    let bad = words.iter().filter(|word| **word != "*").find_map(|word| word.parse::<DeviceId>().err());
    if let Some(bad) = bad {
        return Err(FieldError::new(pointer, bad.to_string()));
    }
    let scope = words.into_iter().collect::<Vec<_>>().join(" ");
    if scope.len() > LONGEST {
        return Err(FieldError::new(pointer, format!("has more than {LONGEST} characters; * stands for every device")));
    }
    Ok(scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Scope;

    #[test]
    fn a_scope_is_written_in_one_form_and_read_back_the_same() {
        for (text, written) in [("", ""), ("  ", ""), ("*", "*"), (" b  a\ta ", "a b"), ("buoy-01", "buoy-01")] {
            assert_eq!(scope("/devices", text).unwrap(), written, "{text}");
            assert_eq!(Scope::parse(written), Scope::parse(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        for bad in ["a *", "buoy-*", "../x", "a,b", &"a".repeat(65)] {
            assert_eq!(scope("/devices", bad).unwrap_err().pointer, "/devices", "{bad}");
        }
        let many = (0..300).map(|number| format!("buoy-{number:03}")).collect::<Vec<_>>().join(" ");
        assert!(scope("/devices", &many).unwrap_err().detail.contains("2048"));
    }
}
