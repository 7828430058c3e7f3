//! Texts that people write for people: their length and characters.

/// How many lines a text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// A name or a unit.
    One,
    /// A note: line breaks and tabs are allowed.
    Many,
}

/// Why a text is not acceptable where at most `longest` characters are allowed; `None` if it is.
///
/// Control characters are refused, because terminals interpret them and spreadsheets break on them.
///
/// ```
/// use weir_core::domain::text::{Lines, unfit};
///
/// assert_eq!(unfit("Sulfid", 100, Lines::One), None);
/// assert!(unfit("a\u{0}", 100, Lines::One).is_some());
/// assert!(unfit("first\nsecond", 100, Lines::Many).is_none() && unfit("first\nsecond", 100, Lines::One).is_some());
/// ```
pub fn unfit(text: &str, longest: usize, lines: Lines) -> Option<String> {
    let allowed = |letter: char| lines == Lines::Many && matches!(letter, '\n' | '\r' | '\t');
    if text.chars().count() > longest {
        Some(format!("has more than {longest} characters"))
    } else if text.chars().any(|letter| letter.is_control() && !allowed(letter)) {
        Some("has control characters".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_a_length_and_no_control_characters() {
        for (text, one, many) in [
            ("", true, true),
            ("äöü€", true, true),
            ("äöü€x", false, false),
            ("a\tb", false, true),
            ("a\r\nb", false, true),
            ("\u{0}", false, false),
            ("\u{1b}[J", false, false),
            ("\u{7f}", false, false),
            ("\u{85}", false, false),
            // Not a control character: a person may write it.
            ("\u{200d}", true, true),
        ] {
            let fit = |lines| unfit(text, 4, lines).is_none();
            assert_eq!((fit(Lines::One), fit(Lines::Many)), (one, many), "{text:?}");
        }
    }
}
