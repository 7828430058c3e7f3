//! Claim codes: a person who enters the code of a device gets the device added to their scope. A code works once.

use std::fmt;

/// Maximum tries of a person within an hour of the first one. A code has 128 random bits and cannot be guessed; the limit is
/// against somebody who has obtained many codes.
pub const MOST_TRIES: u32 = 10;
/// The period over which the tries of a person are counted, in seconds.
pub const TRIES_SECONDS: i64 = 3_600;

/// The symbols of Crockford's base 32: digits and letters without I, L, O and U.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Symbols of a code: 130 bits, of which the first two are zero.
const LENGTH: usize = 26;
/// Symbols of a group.
const GROUP: usize = 5;

/// A claim code: 128 bits. It is shown once, to be printed; `Debug` does not reveal it.
///
/// ```
/// use weir_core::domain::claim::ClaimCode;
///
/// let code = ClaimCode::of([0xab; 16]);
/// let text = code.text();
/// assert_eq!(text, "5BNEN-TQAXB-NENTQ-AXBNE-NTQAXB");
/// // As somebody types it from a sticker.
/// assert_eq!(ClaimCode::presented(&text.to_lowercase().replace('-', " ")), Some(code));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimCode(u128);

impl ClaimCode {
    /// The code with these bits, which must be random.
    pub fn of(bits: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bits))
    }

    /// A code as a person types it: in groups or not, in upper or lower case, with O for 0 and I or L for 1. `None` for a text
    /// that is not a code.
    pub fn presented(text: &str) -> Option<Self> {
        let (mut number, mut length) = (0_u128, 0_usize);
        for letter in text.chars().filter(|letter| !matches!(letter, '-' | ' ')) {
            let symbol = match letter.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let value = SYMBOLS.iter().position(|known| char::from(*known) == symbol)?;
            length += 1;
            if length > LENGTH || (length == 1 && value > 7) {
                return None;
            }
            number = number << 5 | u128::try_from(value).ok()?;
        }
        (length == LENGTH).then_some(Self(number))
    }

    /// The code in groups of five, to be printed.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(LENGTH + LENGTH / GROUP);
        for place in 0..LENGTH {
            // The last symbol belongs to the group before it.
            if place > 0 && place % GROUP == 0 && place + 1 < LENGTH {
                text.push('-');
            }
            let value = self.0 >> (5 * (LENGTH - 1 - place)) & 31;
            let symbol = usize::try_from(value).ok().and_then(|value| SYMBOLS.get(value));
            text.push(symbol.map_or('0', |symbol| char::from(*symbol)));
        }
        text
    }

    /// The bits.
    pub fn bits(&self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl fmt::Debug for ClaimCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimCode")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_code_is_read_as_it_was_printed(bits in any::<[u8; 16]>()) {
            let code = ClaimCode::of(bits);
            let text = code.text();
            prop_assert_eq!(ClaimCode::presented(&text), Some(code.clone()));
            prop_assert_eq!(ClaimCode::presented(&text.replace('-', "").to_lowercase()), Some(code.clone()));
            prop_assert_eq!(ClaimCode::presented(&text.replace('0', "O").replace('1', "l")), Some(code.clone()));
            prop_assert_eq!(code.bits(), bits);
            let shown = format!("{code:?}");
            prop_assert!(!shown.contains(&text));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = ClaimCode::presented(&text);
        }
    }

    #[test]
    fn what_can_be_no_code_is_none() {
        let good = ClaimCode::of([0xff; 16]).text();
        assert!(good.starts_with('7') && ClaimCode::presented(&good).is_some());
        for bad in [
            "",
            "7",
            &good[..29],
            &format!("{good}0"),
            &good.replacen('7', "8", 1),
            &good.replace('Z', "U"),
            &"é".repeat(26),
        ] {
            assert_eq!(ClaimCode::presented(bad), None, "{bad}");
        }
    }
}
