//! Numbers: finite doubles that every store can hold.

use super::{Reason, Refusal};

/// DynamoDB stores magnitudes from 1e-130 to 9.99…e125 (Amazon DynamoDB Developer Guide, "Supported data types", Number).
/// Nothing that a sensor measures is outside.
const LARGEST: f64 = 9.9e125;
const SMALLEST: f64 = 1e-130;

/// Checks that `number` can be stored. Minus zero becomes zero.
///
/// # Errors
/// `bad_value` when it is not finite, `number_out_of_range` when a store cannot hold its magnitude.
pub fn storable(number: f64) -> Result<f64, Refusal> {
    if !number.is_finite() {
        return Err(Refusal::new(Reason::BadValue, "the value is not a finite number"));
    }
    let magnitude = number.abs();
    if magnitude > LARGEST || (magnitude > 0.0 && magnitude < SMALLEST) {
        return Err(Refusal::new(Reason::NumberOutOfRange, format!("the magnitude of {number:e} cannot be stored")));
    }
    Ok(number + 0.0)
}

/// 2⁵³: a double of this magnitude or above has no digits after the point.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// Rounds `value` to `digits` decimal places, half away from zero. A number that has no more digits is unchanged.
///
/// What is rounded is the number as it is written, with the fewest digits that are read back as the same double: 1.005 becomes
/// 1.01 as on paper, although its double is slightly less than that decimal.
///
/// ```
/// use weir_core::domain::number::round;
///
/// assert_eq!(round(2.675, 2), 2.68);
/// // Scaling with 10¹⁴ and back in doubles would make 32.00500000000001 of it.
/// assert_eq!(round(32.005, 14), 32.005);
/// ```
pub fn round(value: f64, digits: u8) -> f64 {
    // The point is moved in the text, where no digit is lost.
    let moved = |number: f64, places: i32| format!("{number}e{places}").parse::<f64>();
    let places = i32::from(digits);
    match moved(value, places) {
        Ok(scaled) if scaled.abs() < WHOLE => moved(scaled.round(), -places).unwrap_or(value),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounding_is_half_away_from_zero() {
        let cases = [
            (2.5, 0, 3.0),
            (-2.5, 0, -3.0),
            (0.125, 2, 0.13),
            (-0.125, 2, -0.13),
            (247.862_54, 2, 247.86),
            (2.675, 2, 2.68),
            (1.005, 2, 1.01),
            (-1.005, 2, -1.01),
            (9.995, 2, 10.0),
            (0.05, 1, 0.1),
            (0.049_999, 1, 0.0),
        ];
        for (value, digits, expected) in cases {
            assert_eq!(round(value, digits), expected, "{value} to {digits}");
        }
        assert_eq!(round(1e308, 15), 1e308);
    }

    #[test]
    fn rounding_to_more_digits_than_there_are_changes_nothing() {
        for value in [32.005, -32.005, 0.1, 7.02, 1e-9, 123_456.789, 8_765.432_1, 9_007_199_254_740_993.0, 1e22] {
            for digits in 10..=15 {
                assert_eq!(round(value, digits), value, "{value} to {digits}");
            }
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(round(value, 3).to_bits(), value.to_bits());
        }
    }

    proptest! {
        #[test]
        fn a_rounded_number_is_one_with_that_many_digits_and_the_nearest(units in -(1_i64 << 53)..(1_i64 << 53), digits in 0..=15_u8, value: f64, small in -1e6..1e6_f64) {
            // What has no more digits than are kept stays.
            let written: f64 = format!("{units}e-{digits}").parse().unwrap();
            prop_assert_eq!(round(written, digits), written);
            for value in [value, small] {
                let rounded = round(value, digits);
                prop_assert_eq!(round(rounded, digits), rounded, "{}", value);
                let half = 0.5 * 10f64.powi(-i32::from(digits));
                prop_assert!((rounded - value).abs() <= half * 1.000_001 + value.abs() * f64::EPSILON, "{} became {}", value, rounded);
            }
        }
    }

    #[test]
    fn only_what_every_store_holds_is_storable() {
        for good in [0.0, -0.0, 1.5, -1e125, 1e-130] {
            assert!(storable(good).is_ok(), "{good}");
        }
        assert!(storable(-0.0).unwrap().is_sign_positive());
        for (bad, reason) in [
            (f64::NAN, Reason::BadValue),
            (f64::INFINITY, Reason::BadValue),
            (1e126, Reason::NumberOutOfRange),
            (f64::MIN_POSITIVE, Reason::NumberOutOfRange),
        ] {
            assert_eq!(storable(bad).unwrap_err().reason, reason, "{bad}");
        }
    }
}
