//! The e-mail address people sign in with.

use crate::domain::calibration::FieldError;

/// The most characters of a name in the user pool (API reference of `AdminCreateUser`, `Username`): people are added and
/// looked up by their address.
const LONGEST: usize = 128;
/// RFC 5321 §4.5.3.1: the most octets of the part before the at sign.
const LONGEST_LOCAL: usize = 64;

/// The address in lower case: the pool does not tell cases apart, and neither does anything here.
///
/// # Errors
/// When it is none, for the field at `pointer`. What Cognito finds wrong beyond that, it says itself.
pub fn email(pointer: &str, text: &str) -> Result<String, FieldError> {
    let odd = |letter: char| !letter.is_ascii_graphic() || "\"\\(),:;<>[]".contains(letter);
    let whole = match text.split_once('@') {
        Some((local, domain)) => {
            (1..=LONGEST_LOCAL).contains(&local.len())
                && !domain.is_empty()
                && !domain.contains('@')
                && !domain.starts_with(['.', '-'])
                && !domain.ends_with(['.', '-'])
                && !domain.contains("..")
        }
        None => false,
    };
    if whole && text.len() <= LONGEST && !text.chars().any(odd) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(FieldError::new(pointer, "must be an e-mail address, such as ann@example.com"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!(email("/email", "Ann.O'Neil+x@Example.COM").unwrap(), "ann.o'neil+x@example.com");
    }

    #[test]
    fn every_address_is_a_name_in_the_pool() {
        let longest = format!("a@{}.example.com", "b".repeat(114));
        assert_eq!(longest.len(), LONGEST);
        assert!(email("/email", &longest).unwrap().parse::<crate::id::Username>().is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}.example.com", "b".repeat(115));
        for bad in [
            "", "ann", "@b", "a@", "a@@b", "a@b@c", "a b@c.d", "a@b\"", "a@.b", "a@b.", "a@b..c", "ä@b.c", &long,
            &longer,
        ] {
            assert_eq!(email("/email", bad).unwrap_err().pointer, "/email", "{bad}");
        }
    }
}
