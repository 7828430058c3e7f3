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

/// Rounds `value` to `digits` decimal places, half away from zero. Numbers too large to have decimal places are unchanged.
///
/// The scaled double is rounded. The double 2.675 is slightly less than its decimal, but scaled it is exactly 267.5, so the
/// result is 2.68, as people expect. The double 1.005 is still below 100.5 when scaled, so the result is 1.00.
pub fn round(value: f64, digits: u8) -> f64 {
    let scale = 10f64.powi(i32::from(digits));
    let scaled = (value * scale).round() / scale;
    if scaled.is_finite() { scaled } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_half_away_from_zero() {
        let cases = [
            (2.5, 0, 3.0),
            (-2.5, 0, -3.0),
            (0.125, 2, 0.13),
            (-0.125, 2, -0.13),
            (247.862_54, 2, 247.86),
            (2.675, 2, 2.68),
            (1.005, 2, 1.0),
        ];
        for (value, digits, expected) in cases {
            assert_eq!(round(value, digits), expected, "{value} to {digits}");
        }
        assert_eq!(round(1e308, 15), 1e308);
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
