//! The e-mails that the local cloud has taken instead of sending them.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use crate::cloud::Call;
use crate::stack::Stack;

/// Where they are read.
pub const PATH: &str = "/_ministack/ses/messages";

/// An e-mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "each is the part of that name")]
pub struct Received {
    pub to: Vec<String>,
    pub subject: String,
    pub body_text: String,
    pub body_html: String,
}

#[derive(Deserialize)]
struct Messages {
    /// By account.
    messages: BTreeMap<String, Vec<Value>>,
}

/// The e-mails to an address, the oldest first.
///
/// # Errors
/// When the local cloud does not answer.
pub async fn of(stack: &Stack, address: &str) -> Result<Vec<Received>> {
    let call = Call { service: "ses", method: "GET", path: PATH, ..Call::default() };
    let Messages { messages } = serde_json::from_slice(&stack.cloud().bytes(call).await?)?;
    // Cognito's own mails have another form.
    let all = messages.into_values().flatten();
    let mails = all.filter_map(|one| serde_json::from_value::<Received>(one).ok());
    Ok(mails.filter(|mail| mail.to.iter().any(|to| to == address)).collect())
}
