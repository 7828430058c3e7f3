//! The e-mail address people sign in with.

use crate::domain::calibration::Invalid;

/// RFC 5321 §4.5.3.1: the most octets of an address in a mail's path, and of the part before the at sign.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// The address in lower case: the pool does not tell cases apart, and neither does anything here.
///
/// # Errors
/// When it is none, for the field at `pointer`. What Cognito finds wrong beyond that, it says itself.
pub fn email(pointer: &str, text: &str) -> Result<String, Invalid> {
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
        Err(Invalid::new(pointer, "must be an e-mail address, such as ann@example.com"))
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
    fn what_is_no_address_is_refused_by_name() {
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in
            ["", "ann", "@b", "a@", "a@@b", "a@b@c", "a b@c.d", "a@b\"", "a@.b", "a@b.", "a@b..c", "ä@b.c", &long]
        {
            assert_eq!(email("/email", bad).unwrap_err().pointer, "/email", "{bad}");
        }
    }
}
