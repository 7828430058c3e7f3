//! Filters as Cognito's `ListUsers` reads them.

/// The most characters of a filter (API reference of `ListUsers`, `Filter`).
pub const LONGEST: usize = 256;

/// The filter for people whose `attribute` begins with `value`.
pub fn begins(attribute: &str, value: &str) -> String {
    format!("{attribute} ^= \"{}\"", escaped(value))
}

/// The filter for people whose `attribute` is `value`.
pub fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} = \"{}\"", escaped(value))
}

/// The value with what would end it made harmless ("Quotation marks within the filter string must be escaped using the
/// backslash character", API reference of `ListUsers`), the escape itself among it.
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
        /// Read back as Cognito reads it: up to the first quote that no backslash stands before.
        #[test]
        fn whatever_the_value_is_it_is_read_back_as_it_was(value in ".{0,40}") {
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
