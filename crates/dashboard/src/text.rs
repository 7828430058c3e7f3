//! Texts in English and German.

use std::cell::Cell;

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, also for people whose languages the page does not know.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// The first of the preferred languages (`de-AT`, `en`) that the page knows.
    pub fn preferred<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let known = |tag: &str| match tag.split('-').next() {
            Some("de") => Some(Self::German),
            Some("en") => Some(Self::English),
            _ => None,
        };
        tags.into_iter().find_map(known).unwrap_or_default()
    }

    /// The language tag, for the attribute `lang`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its name in the language itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }
}

/// A text in both languages. Placeholders are names in braces: `{count}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// In English.
    pub en: &'static str,
    /// In German.
    pub de: &'static str,
}

impl Text {
    /// The text in a language.
    pub const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::German => self.de,
        }
    }

    /// The names of the placeholders.
    #[cfg(test)]
    fn names(text: &str) -> std::collections::BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }
}

thread_local! {
    static LANGUAGE: Cell<Language> = const { Cell::new(Language::English) };
}

/// The language of the page. It is set once, before anything is rendered.
pub fn language() -> Language {
    LANGUAGE.get()
}

/// Sets the language of the page.
pub fn speak(language: Language) {
    LANGUAGE.set(language);
}

/// The text in the language of the page.
pub fn t(text: Text) -> &'static str {
    text.in_language(language())
}

/// The text in the language of the page, with its placeholders replaced. Values stay text: they never become markup.
pub fn fill(text: Text, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = t(text);
    // In one pass, so that braces within values stay unchanged.
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        filled.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{ALL, admin, calibration};

    #[test]
    fn every_text_has_the_same_names_in_both_languages() {
        let differs = |(_, text): &&(&str, Text)| Text::names(text.en) != Text::names(text.de);
        let all = || ALL.iter().chain(admin::ALL).chain(calibration::ALL);
        let different: Vec<_> = all().filter(differs).map(|(name, _)| name).collect();
        assert!(different.is_empty(), "{different:?}");
        let empty = all().filter(|(_, text)| text.en.trim().is_empty() || text.de.trim().is_empty());
        assert_eq!(empty.count(), 0);
    }

    #[test]
    fn a_value_with_braces_stays_what_it_is() {
        let text = Text { en: "{name} of {count}", de: "{name} von {count}" };
        assert_eq!(fill(text, &[("name", "{count}"), ("count", "3")]), "{count} of 3");
    }

    #[test]
    fn the_first_language_that_is_known_is_spoken() {
        assert_eq!(Language::preferred(["fr-FR", "de-AT", "en"]), Language::German);
        assert_eq!(Language::preferred(["fr"]), Language::English);
    }
}
