//! How large a row is for DynamoDB, which takes none above 400 KB.
//!
//! Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats". Where it says "approximately", the most is
//! taken.

use aws_sdk_dynamodb::types::AttributeValue;

use super::row::Item;

/// The largest row, in bytes.
pub(super) const LARGEST: usize = 400 * 1024;

/// The size of a row, in bytes: what DynamoDB counts, or a little more.
pub(super) fn of(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + of_value(value)).sum()
}

fn of_value(value: &AttributeValue) -> usize {
    // A list or map is 3 bytes, and 1 for each element or pair.
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => of_number(number),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + of_value(value)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| 1 + name.len() + of_value(value)).sum::<usize>(),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|number| of_number(number)).sum(),
        AttributeValue::Bs(all) => all.iter().map(|bytes| bytes.as_ref().len()).sum(),
        // No row here has any other kind.
        _ => 0,
    }
}

/// A byte for two significant digits, and one more; another for the sign, since the guide says "approximately".
fn of_number(number: &str) -> usize {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    (digits.div_ceil(2) + 2).min(21)
}

#[cfg(test)]
mod tests {
    use super::super::row::{n, s};
    use super::*;

    #[test]
    fn names_and_values_count() {
        let list = AttributeValue::L(vec![n(1234), s("ab")]);
        let map = AttributeValue::M([("k".to_owned(), AttributeValue::Bool(true))].into());
        for (value, bytes) in [(s("äb"), 3), (n(-12), 3), (n("1.25e-300"), 4), (list, 3 + 1 + 4 + 1 + 2), (map, 6)] {
            let item = Item::from([("name".to_owned(), value)]);
            assert_eq!(of(&item), 4 + bytes, "{item:?}");
        }
    }
}
