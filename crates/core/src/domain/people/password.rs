//! Passwords: what the user pool finds wrong with one, in words of our own.

/// The fewest characters that the template's user pool asks for.
pub const SHORTEST: usize = 12;
/// The most characters that Cognito takes.
const LONGEST: usize = 256;

/// A rule that a password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// It has too few characters.
    Length,
    /// It has no capital.
    Uppercase,
    /// It has no small letter.
    Lowercase,
    /// It has no digit.
    Digit,
    /// It has no special character.
    Symbol,
    /// It was used before.
    Reused,
    /// Another one: the pool says no more.
    Other,
}

/// How Cognito words each rule, in lower case. It says one at a time.
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
    /// The rules that Cognito's refusal speaks of.
    pub fn of_refusal(text: &str) -> Vec<Self> {
        let text = text.to_ascii_lowercase();
        let mut found: Vec<_> = WORDS.iter().filter(|(words, _)| text.contains(words)).map(|(_, rule)| *rule).collect();
        found.dedup();
        if found.is_empty() { vec![Self::Other] } else { found }
    }

    /// What a password has to be.
    pub fn detail(self) -> String {
        match self {
            Self::Length => format!("must have at least {SHORTEST} characters"),
            Self::Uppercase => "must have a capital letter".to_owned(),
            Self::Lowercase => "must have a small letter".to_owned(),
            Self::Digit => "must have a digit".to_owned(),
            Self::Symbol => "must have a special character".to_owned(),
            Self::Reused => "must be one that was not used before".to_owned(),
            Self::Other => "is refused by the rules of the user pool: choose another one".to_owned(),
        }
    }
}

/// Whether the text can be a password at all; what is wrong with it otherwise. The pool's own rules are the pool's to check.
pub fn unfit(text: &str) -> Option<String> {
    let length = text.chars().count();
    if length == 0 || length > LONGEST {
        return Some(format!("must have 1 to {LONGEST} characters"));
    }
    let rim = [text.chars().next(), text.chars().next_back()];
    rim.iter().flatten().any(|letter| letter.is_whitespace()).then(|| "must not begin or end with a blank".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_cognito_names_its_rule() {
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
    fn what_no_pool_takes_is_found_out_before() {
        assert_eq!(unfit("a b"), None);
        for bad in ["", " a", "a ", "a\n", &"a".repeat(257)] {
            assert!(unfit(bad).is_some(), "{bad:?}");
        }
    }
}
