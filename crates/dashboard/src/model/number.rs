//! Formatting and reading numbers.

use crate::text::{Language, language};

/// The decimal separator in the language of the page.
pub fn decimal() -> char {
    match language() {
        Language::English => '.',
        Language::German => ',',
    }
}

/// A measured value with at most five significant digits, without trailing zeros.
pub fn shown(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = if value != 0.0 && !(1e-4..1e9).contains(&value.abs()) {
        format!("{value:.4e}")
    } else {
        let digits = if value == 0.0 { 0 } else { digits(value) };
        let text = format!("{value:.*}", usize::try_from(4 - digits).unwrap_or(0));
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    let text = if text == "-0" { "0".to_owned() } else { text };
    text.replacen('-', "\u{2212}", usize::from(text.starts_with('-'))).replace('.', &decimal().to_string())
}

/// The decimal exponent of a number that is not 0.
#[expect(clippy::cast_possible_truncation, reason = "the exponent of a double is below 400")]
fn digits(value: f64) -> i32 {
    value.abs().log10().floor() as i32
}

/// A measured value with its unit.
pub fn with_unit(value: f64, unit: &str) -> String {
    let value = shown(value);
    if unit.is_empty() { value } else { format!("{value}\u{a0}{unit}") }
}

/// A count with thousands separators: `12,345`.
pub fn count(number: u64) -> String {
    let separator = match language() {
        Language::English => ',',
        Language::German => '.',
    };
    let digits = number.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(separator);
        }
        shown.push(digit);
    }
    shown
}

/// A size in bytes: `1.25 MB`, of 1,000 kB.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn bytes(number: u64) -> String {
    let (unit, size) = match number {
        0..1_000 => return with_unit(number as f64, "B"),
        1_000..1_000_000 => ("kB", 1e3),
        1_000_000..1_000_000_000 => ("MB", 1e6),
        1_000_000_000..1_000_000_000_000 => ("GB", 1e9),
        _ => ("TB", 1e12),
    };
    let shown = number as f64 / size;
    let rounded = if shown < 10.0 { (shown * 100.0).round() / 100.0 } else { (shown * 10.0).round() / 10.0 };
    with_unit(rounded, unit)
}

/// Reads a typed number, with a point or a comma as the decimal separator.
pub fn typed(text: &str) -> Option<f64> {
    let text = text.trim().replace('\u{2212}', "-");
    let text = if text.contains('.') { text } else { text.replace(',', ".") };
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_the_digits_that_say_something() {
        for (value, text) in [
            (7.0, "7"),
            (7.02, "7.02"),
            (-0.5, "\u{2212}0.5"),
            (0.0, "0"),
            (-0.000_000_1, "\u{2212}1.0000e-7"),
            (1_234_567.0, "1234567"),
            (0.1 + 0.2, "0.3"),
            (1_013.246_8, "1013.2"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(shown(value), text, "{value}");
        }
        assert_eq!(with_unit(7.0, ""), "7");
    }

    #[test]
    fn counts_and_sizes_can_be_read_at_a_glance() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(count(number), text);
        }
        for (number, text) in [
            (0, "0\u{a0}B"),
            (999, "999\u{a0}B"),
            (1_000, "1\u{a0}kB"),
            (482_304, "482.3\u{a0}kB"),
            (1_254_000, "1.25\u{a0}MB"),
            (48_260_000_000, "48.3\u{a0}GB"),
            (7_000_000_000_000, "7\u{a0}TB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn both_a_point_and_a_comma_are_read() {
        assert_eq!((typed("7,02"), typed(" -1.5 "), typed("1e3")), (Some(7.02), Some(-1.5), Some(1000.0)));
        assert_eq!((typed(""), typed("x"), typed("inf")), (None, None, None));
    }
}
