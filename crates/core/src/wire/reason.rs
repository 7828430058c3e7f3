//! Refusal reasons in JSON and in queries: their codes.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::Reason;

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        let unknown = || {
            let shown: String = code.chars().take(40).collect();
            D::Error::custom(format!("{shown:?} is not a reason; the API document lists them"))
        };
        Reason::of(&code).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_its_code_and_any_other_word_is_refused() {
        for reason in Reason::ALL {
            let text = serde_json::to_string(reason).unwrap();
            assert_eq!(text, format!("\"{reason}\""));
            assert_eq!(serde_json::from_str::<Reason>(&text).unwrap(), *reason);
        }
        assert!(serde_json::from_str::<Reason>("\"UnknownDevice\"").unwrap_err().to_string().contains("not a reason"));
    }
}
