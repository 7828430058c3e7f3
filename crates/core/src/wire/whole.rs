//! Whole numbers in JSON: `2` and also `2.0`, because much software writes every number as a double.
//!
//! For an optional field use it as `#[serde(default, with = "weir_core::wire::whole")]`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Number;

/// The greatest number up to which doubles represent every whole number.
const MAX: f64 = 9_007_199_254_740_992.0;

/// The number if it is whole and not negative.
///
/// ```
/// use serde_json::{Number, from_str};
/// use weir_core::wire::whole::whole;
///
/// let read = |text: &str| from_str::<Number>(text).ok().as_ref().and_then(whole);
/// assert_eq!((read("2"), read("2.0"), read("2e0")), (Some(2), Some(2), Some(2)));
/// assert_eq!((read("2.5"), read("-2"), read("1e300")), (None, None, None));
/// ```
pub fn whole(number: &Number) -> Option<u64> {
    let of_double = |number: f64| (number.fract() == 0.0 && (0.0..=MAX).contains(&number)).then_some(number as u64);
    number.as_u64().or_else(|| number.as_f64().and_then(of_double))
}

/// Reads a whole number, or `null`.
///
/// # Errors
/// For any other value.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number = Option::<Number>::deserialize(deserializer)?;
    number.map(|number| whole(&number).ok_or_else(|| D::Error::custom("must be a whole number"))).transpose()
}
