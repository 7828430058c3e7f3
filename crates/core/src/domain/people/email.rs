//! The e-mail address that users sign in with.

use crate::domain::FieldError;

/// Maximum length of a user name in characters (API reference of `AdminCreateUser`, `Username`): users are created and
/// looked up by their e-mail address.
const LONGEST: usize = 128;
/// Maximum length of the part before the at sign in octets (RFC 5321, section 4.5.3.1).
const LONGEST_LOCAL: usize = 64;

/// Checks an e-mail address and returns it in lower case, because the user pool ignores case.
///
/// # Errors
/// When the text is not an e-mail address, as an error of the field at `pointer`. Cognito may refuse more addresses.
pub fn email(pointer: &str, text: &str) -> Result<String, FieldError> {
    let odd = |letter: char| !letter.is_ascii_graphic() || "\"\\(),:;<>[]".contains(letter);
    let whole = match text.split_once('@') {
        Some((local, domain)) => (1..=LONGEST_LOCAL).contains(&local.len()) && domain.split('.').all(is_label),
        None => false,
    };
    if whole && text.len() <= LONGEST && !text.chars().any(odd) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(FieldError::new(pointer, "must be an e-mail address, such as ann@example.com"))
    }
}

/// Whether a text is one of the parts of a host's name between dots (RFC 1123, section 2.1): letters, digits, and hyphens inside.
fn is_label(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!(email("/email", "Ann.O'Neil+x@Example.COM").unwrap(), "ann.o'neil+x@example.com");
    }

    #[test]
    fn every_address_is_a_valid_user_name() {
        let longest = format!("a@{}.example.com", "b".repeat(114));
        assert_eq!(longest.len(), LONGEST);
        assert!(email("/email", &longest).unwrap().parse::<crate::id::Username>().is_ok());
    }

    #[test]
    fn what_is_not_an_address_is_refused_by_name() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}.example.com", "b".repeat(115));
        for bad in [
            "", "ann", "@b", "a@", "a@@b", "a@b@c", "a b@c.d", "a@b\"", "a@.b", "a@b.", "a@b..c", "ä@b.c", "0@0*",
            "a@b_c.d", "a@-b.c", "a@b-.c", &long, &longer,
        ] {
            assert_eq!(email("/email", bad).unwrap_err().pointer, "/email", "{bad}");
        }
    }
}
