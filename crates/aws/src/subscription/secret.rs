//! The secret of a subscription. Webhooks are signed with it, and so are the links by which somebody unsubscribes without signing
//! in: a link can be used to end that subscription, and for nothing else.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::super::AwsError;
use weir_core::id::{Sub, SubscriptionId};

/// Bytes of a secret: the specification of Standard Webhooks asks for 24 to 64.
const BYTES: usize = 24;
/// The prefix by which receivers recognise such a secret.
const PREFIX: &str = "whsec_";

/// A secret. `Debug` does not reveal it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    text: String,
    key: Vec<u8>,
}

impl Secret {
    /// A new secret, from the operating system's random bits.
    ///
    /// # Errors
    /// When the operating system gives none.
    pub fn draw() -> Result<Self, AwsError> {
        let mut key = vec![0_u8; BYTES];
        getrandom::fill(&mut key).map_err(|error| AwsError::request("draw a secret", error))?;
        Ok(Self { text: format!("{PREFIX}{}", STANDARD.encode(&key)), key })
    }

    /// A stored secret; `None` when the text is not one.
    pub fn stored(text: &str) -> Option<Self> {
        let key = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self { text: text.to_owned(), key })
    }

    /// The text, for its owner.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes that webhooks are signed with.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The token of a link that ends this subscription: who, which, and 128 bits of a signature, none of which needs escaping in
    /// a path.
    ///
    /// # Errors
    /// Never in practice: HMAC takes keys of any length.
    pub fn unsubscribe_token(&self, owner: &Sub, id: &SubscriptionId) -> Result<String, AwsError> {
        let signature = self.signed(owner, id)?.finalize().into_bytes();
        let half: String = signature.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{owner}.{id}.{half}"))
    }

    /// Whether this is the token of the subscription; compared in constant time.
    ///
    /// # Errors
    /// Never in practice.
    pub fn opens(&self, token: &UnsubscribeToken) -> Result<bool, AwsError> {
        Ok(self.signed(&token.owner, &token.id)?.verify_truncated_left(&token.signature).is_ok())
    }

    fn signed(&self, owner: &Sub, id: &SubscriptionId) -> Result<Hmac<Sha256>, AwsError> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.key);
        let mac = mac.map_err(|error| AwsError::request("sign a link", error))?;
        Ok(mac.chain_update(format!("unsubscribe {owner} {id}")))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A token as it is presented.
#[derive(Clone, PartialEq, Eq)]
pub struct UnsubscribeToken {
    /// The owner of the subscription.
    pub owner: Sub,
    /// The subscription.
    pub id: SubscriptionId,
    signature: [u8; 16],
}

impl UnsubscribeToken {
    /// Reads a token; `None` for a text that cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (owner, id, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let plain = signature.len() == 32 && signature.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !plain || parts.next().is_some() {
            return None;
        }
        let bits = u128::from_str_radix(signature, 16).ok()?;
        Some(Self { owner: owner.parse().ok()?, id: id.parse().ok()?, signature: bits.to_be_bytes() })
    }
}

/// A new subscription id.
///
/// # Errors
/// When the operating system gives no random bits.
pub fn draw_id() -> Result<SubscriptionId, AwsError> {
    let mut bits = [0_u8; 16];
    getrandom::fill(&mut bits).map_err(|error| AwsError::request("draw an id", error))?;
    let text = format!("{:032x}", u128::from_be_bytes(bits));
    text.parse().map_err(|bad| AwsError::request("draw an id", bad))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_its_own_subscription_and_no_other_and_a_secret_is_not_shown_by_accident() {
        let (one, other) = (Secret::draw().unwrap(), Secret::draw().unwrap());
        let (ann, id): (Sub, _) = ("ann".parse().unwrap(), draw_id().unwrap());
        let text = one.unsubscribe_token(&ann, &id).unwrap();
        let token = UnsubscribeToken::parse(&text).unwrap();
        assert_eq!((one.opens(&token).unwrap(), other.opens(&token).unwrap()), (true, false));
        for forged in [
            UnsubscribeToken { owner: "bob".parse().unwrap(), ..token.clone() },
            UnsubscribeToken { id: draw_id().unwrap(), ..token.clone() },
            UnsubscribeToken { signature: [0; 16], ..token.clone() },
        ] {
            assert!(!one.opens(&forged).unwrap());
        }
        for bad in ["", "ann", "ann.x.y", &text[1..text.len() - 1], &format!("{text}.x"), &text.to_uppercase()] {
            assert!(UnsubscribeToken::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(Secret::stored(one.text()), Some(one.clone()));
        assert_eq!((one.key().len(), format!("{one:?}").as_str()), (24, "Secret"));
        assert_eq!(Secret::stored("whsec_?"), None);
    }
}
