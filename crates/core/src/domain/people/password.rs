//! Password rules: those that Weir checks itself, and those that Cognito's error messages name.

/// Minimum length in characters; the user pool in the template has the same.
pub const MIN_LENGTH: usize = 12;
/// Maximum length in characters that Cognito accepts.
const MAX_LENGTH: usize = 256;

/// A rule that a password violates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Too short.
    Length,
    /// No upper-case letter.
    Uppercase,
    /// No lower-case letter.
    Lowercase,
    /// No digit.
    Digit,
    /// No special character.
    Symbol,
    /// Used before.
    Reused,
    /// Another rule, which Cognito does not name.
    Other,
}

/// Phrases in Cognito's messages, in lower case, with the rule that each stands for.
const WORDS: [(&str, Rule); 7] = [
    ("not long enough", Rule::Length),
    ("must have length", Rule::Length),
    ("uppercase", Rule::Uppercase),
    ("lowercase", Rule::Lowercase),
    ("numeric", Rule::Digit),
    ("symbol", Rule::Symbol),
    ("previously", Rule::Reused),
];

impl Rule {
    /// The rules that Cognito's message names; [`Rule::Other`] when it names none.
    pub fn of_refusal(text: &str) -> Vec<Self> {
        let text = text.to_ascii_lowercase();
        let mut found: Vec<_> = WORDS.iter().filter(|(words, _)| text.contains(words)).map(|(_, rule)| *rule).collect();
        found.dedup();
        if found.is_empty() { vec![Self::Other] } else { found }
    }

    /// The explanation for the caller.
    pub fn detail(self) -> String {
        match self {
            Self::Length => format!("must have at least {MIN_LENGTH} characters"),
            Self::Uppercase => "must have an upper-case letter".to_owned(),
            Self::Lowercase => "must have a lower-case letter".to_owned(),
            Self::Digit => "must have a digit".to_owned(),
            Self::Symbol => "must have a special character".to_owned(),
            Self::Reused => "must not have been used before".to_owned(),
            Self::Other => "is refused by the rules of the user pool: choose another password".to_owned(),
        }
    }
}

/// Why the text cannot be a password, whatever the rules of the user pool are; `None` when it can. Cognito checks the rules
/// of the pool.
pub fn syntax_error(text: &str) -> Option<String> {
    let length = text.chars().count();
    if length == 0 || length > MAX_LENGTH {
        return Some(format!("must have 1 to {MAX_LENGTH} characters"));
    }
    let ends = [text.chars().next(), text.chars().next_back()];
    ends.iter()
        .flatten()
        .any(|letter| letter.is_whitespace())
        .then(|| "must not begin or end with white space".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cognitos_messages_name_the_rules() {
        for (text, rules) in [
            ("Password did not conform with policy: Password not long enough", vec![Rule::Length]),
            ("Password did not conform with policy: Password must have uppercase characters", vec![Rule::Uppercase]),
            ("Password did not conform with policy: Password must have lowercase characters", vec![Rule::Lowercase]),
            ("Password did not conform with policy: Password must have numeric characters", vec![Rule::Digit]),
            ("Password did not conform with policy: Password must have symbol characters", vec![Rule::Symbol]),
            ("Password has previously been used", vec![Rule::Reused]),
            (
                "Password must have length greater than or equal to 12; Password must have symbol characters",
                vec![Rule::Length, Rule::Symbol],
            ),
            ("", vec![Rule::Other]),
        ] {
            assert_eq!(Rule::of_refusal(text), rules, "{text}");
        }
    }

    #[test]
    fn what_no_pool_accepts_is_refused() {
        assert_eq!(syntax_error("a b"), None);
        for bad in ["", " a", "a ", "a\n", &"a".repeat(257)] {
            assert!(syntax_error(bad).is_some(), "{bad:?}");
        }
    }
}
