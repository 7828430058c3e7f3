//! Tickets: each opens or renews one connection, once, within half a minute. The table has only their hashes, so reading it
//! is not enough to open a connection.

use std::fmt;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::ReturnValue;
use sha2::{Digest, Sha256};

use super::super::AwsError;
use super::super::row::{n, s};
use super::{KEPT, LiveTable, attributes, key, session};
use weir_core::domain::Timestamp;
use weir_core::domain::live::{Session, TICKET_SECONDS};

const ROW: &str = "ticket";

/// A ticket: 128 random bits as 32 hexadecimal digits. It is shown only to its owner; `Debug` does not reveal it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(String);

impl Ticket {
    /// A new ticket, from the operating system's random bits: [`fastrand`] is not suitable for secrets.
    ///
    /// # Errors
    /// When the operating system gives no random bits.
    pub fn draw() -> Result<Self, AwsError> {
        let mut bits = [0_u8; 16];
        getrandom::fill(&mut bits).map_err(|error| AwsError::request("draw a ticket", error))?;
        Ok(Self(hex(&bits)))
    }

    /// A ticket as a client presents it; `None` for a text that cannot be one.
    pub fn presented(text: &str) -> Option<Self> {
        let valid = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(text.to_owned()))
    }

    /// The text, for its owner.
    pub fn secret(&self) -> &str {
        &self.0
    }

    fn part(&self) -> String {
        format!("ticket#{}", hex(&Sha256::digest(self.0.as_bytes())))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl LiveTable {
    /// Stores a ticket for the session.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn issue(&self, ticket: &Ticket, session: &Session, now: Timestamp) -> Result<Timestamp, AwsError> {
        let until = now.plus_seconds(TICKET_SECONDS).min(session.expires_at);
        let mut put = self.client.put_item().table_name(&self.name);
        for (name, value) in attributes(session) {
            put = put.item(name, value);
        }
        let put = put
            .item("part", s(ticket.part()))
            .item("row", s(ROW))
            .item("until", n(until.millis()))
            .item("expires_at", n(until.seconds() + KEPT));
        put.send().await.map_err(|error| AwsError::call("PutItem live", error))?;
        Ok(until)
    }

    /// Uses a ticket; returns its session if it is still valid. Only one of any number of attempts gets it, because the request that
    /// reads the row deletes it.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn redeem(&self, ticket: &Ticket, now: Timestamp) -> Result<Option<Session>, AwsError> {
        let sent = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key(&ticket.part(), ROW)))
            .condition_expression("#until > :now")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", n(now.millis()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        match sent {
            Ok(answer) => answer.attributes.as_ref().map(session).transpose(),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(AwsError::call("DeleteItem live", error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_128_random_bits_and_is_never_shown_by_accident() {
        let (one, other) = (Ticket::draw().unwrap(), Ticket::draw().unwrap());
        assert_ne!(one, other);
        assert_eq!(Ticket::presented(one.secret()), Some(one.clone()));
        assert!(!format!("{one:?}{}", one.part()).contains(one.secret()));
        for bad in [
            "",
            "0123",
            &one.secret().to_uppercase().replace(|c: char| c.is_ascii_digit(), "A"),
            &format!("{}0", one.secret()),
            "g123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(Ticket::presented(bad), None, "{bad}");
        }
    }
}
