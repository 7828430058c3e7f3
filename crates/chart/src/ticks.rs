//! Ticks of a number axis: 1, 2 or 5 times a power of ten apart.

/// The distance of ticks, 1, 2 or 5 times a power of ten, with which at most `most` + 1 lie in an interval of this length.
pub(crate) fn step(length: f64, most: usize) -> f64 {
    let least = length / usize_f64(most.max(1));
    if !least.is_finite() || least <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powi(exponent(least));
    // A quotient that is 2 except for its last bits counts as 2.
    let slack = 1.0 + 1e-9;
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| least <= power * factor * slack).unwrap_or(10.0);
    power * factor
}

/// The decimal exponent of a positive number.
#[expect(clippy::cast_possible_truncation, reason = "the exponent of a double is below 400")]
fn exponent(number: f64) -> i32 {
    number.log10().floor() as i32
}

#[expect(clippy::cast_precision_loss, reason = "counts of ticks and pixels are small")]
pub(crate) fn usize_f64(number: usize) -> f64 {
    number as f64
}

/// The ticks within an interval, in ascending order: at most `most` + 1, each a multiple of 1, 2 or 5 times a power of ten.
pub fn ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    if !(high - low).is_finite() || high <= low {
        return Vec::new();
    }
    let step = step(high - low, most);
    let slack = step * 1e-6;
    let first = ((low - slack) / step).ceil();
    let mut found: Vec<f64> = Vec::new();
    for index in 0..=most.saturating_add(1) {
        // Multiplied, because repeated addition would accumulate rounding errors.
        let tick = (first + usize_f64(index)) * step;
        if tick > high + slack {
            break;
        }
        let tick = if tick == 0.0 { 0.0 } else { tick.clamp(low, high) };
        if found.last().is_none_or(|last| *last < tick) {
            found.push(tick);
        }
    }
    found
}

/// A tick as text, with as many decimals as its neighbours need.
pub fn label(tick: f64, low: f64, high: f64, most: usize) -> String {
    let step = step((high - low).abs(), most);
    let decimals = usize::try_from(-exponent(step * (1.0 + 1e-9))).unwrap_or(0).min(12);
    let great = tick.abs() >= 1e7;
    let text = if great { format!("{tick:e}") } else { format!("{tick:.decimals$}") };
    // Not `-0`; and a minus sign, which is as wide as a plus sign.
    let text = if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    };
    text.replacen('-', "\u{2212}", usize::from(text.starts_with('-')))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_what_a_person_would_write() {
        assert_eq!(ticks(0.0, 100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(-1.0, 1.0, 4), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(ticks(3.0, 3.0, 4), Vec::<f64>::new());
        assert_eq!(label(-0.5, -1.0, 1.0, 4), "\u{2212}0.5");
        assert_eq!(label(-0.0, -1.0, 1.0, 4), "0.0");
        assert_eq!(label(20.0, 0.0, 100.0, 5), "20");
    }

    proptest! {
        #[test]
        fn ticks_are_inside_distinct_and_rounded(low in -1e9..1e9, length in 1e-6..1e9, most in 1_usize..15) {
            let high = low + length;
            prop_assume!(high - low > f64::abs(low) * 1e-9);
            let found = ticks(low, high, most);
            prop_assert!(found.len() <= most + 2);
            prop_assert!(found.iter().all(|tick| (low..=high).contains(tick)));
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
            let step = step(high - low, most);
            let mantissa = step / 10_f64.powi(exponent(step * (1.0 + 1e-9)));
            prop_assert!([1.0, 2.0, 5.0].iter().any(|factor| (mantissa - factor).abs() < 1e-6), "{}", mantissa);
            prop_assert!(found.iter().all(|tick| ((tick / step).round() * step - tick).abs() < step * 1e-5));
        }

        #[test]
        fn labels_of_different_ticks_differ(low in -1e6..1e6, length in 1e-3..1e6, most in 2_usize..12) {
            let high = low + length;
            let found = ticks(low, high, most);
            let labels: BTreeSet<String> = found.iter().map(|tick| label(*tick, low, high, most)).collect();
            prop_assert_eq!(labels.len(), found.len());
        }
    }
}
