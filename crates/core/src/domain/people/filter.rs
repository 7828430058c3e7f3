//! The filter syntax of Cognito's `ListUsers`.

/// Maximum length of a filter in characters (API reference of `ListUsers`, `Filter`).
pub const MAX_LENGTH: usize = 256;

/// Selects users whose `attribute` begins with `value`.
pub fn begins(attribute: &str, value: &str) -> String {
    format!("{attribute} ^= \"{}\"", escaped(value))
}

/// Selects users whose `attribute` is `value`.
pub fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} = \"{}\"", escaped(value))
}

/// Escapes quotation marks and backslashes ("Quotation marks within the filter string must be escaped using the backslash
/// character", API reference of `ListUsers`).
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for letter in value.chars() {
        if matches!(letter, '"' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_between_its_quotes() {
        assert_eq!(begins("email", "ann@"), r#"email ^= "ann@""#);
        assert_eq!(equals("status", "Enabled"), r#"status = "Enabled""#);
        assert_eq!(begins("email", r#"a" or email ^= ""#), r#"email ^= "a\" or email ^= \"""#);
        assert_eq!(begins("email", r"a\"), r#"email ^= "a\\""#);
        assert_eq!(begins("email", r#"\""#), r#"email ^= "\\\"""#);
    }

    proptest::proptest! {
        /// Reads the value back as Cognito does: up to the first quotation mark without a backslash before it.
        #[test]
        fn every_value_is_read_back_unchanged(value in ".{0,40}") {
            let text = begins("email", &value);
            let mut letters = text.strip_prefix("email ^= \"").unwrap().chars();
            let mut read = String::new();
            loop {
                match letters.next().unwrap() {
                    '\\' => read.push(letters.next().unwrap()),
                    '"' => break,
                    letter => read.push(letter),
                }
            }
            proptest::prop_assert_eq!(read, value);
            proptest::prop_assert_eq!(letters.next(), None);
        }
    }
}
