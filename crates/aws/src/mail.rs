//! E-mail, through SES.

use aws_config::SdkConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};

use super::AwsError;
use crate::config::variable;

const OPERATION: &str = "SendEmail";
const UTF_8: &str = "UTF-8";

/// A client of SES.
pub fn client(config: &SdkConfig) -> Client {
    let mut own = aws_sdk_sesv2::config::Builder::from(config);
    if let Some(url) = variable("AWS_ENDPOINT_URL_SESV2") {
        own = own.endpoint_url(url);
    }
    Client::from_conf(own.build())
}

/// An e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address it goes to.
    pub to: String,
    /// The subject: one line.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
    /// Further headers: ASCII, each one line.
    pub headers: Vec<(&'static str, String)>,
}

/// Sends e-mails from one address.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    from: String,
}

impl Mailer {
    /// From the address `from`, which SES has verified.
    pub fn new(client: Client, from: impl Into<String>) -> Self {
        Self { client, from: from.into() }
    }

    /// Sends an e-mail. SES encodes subject and body.
    ///
    /// # Errors
    /// When SES does not take it.
    pub async fn send(&self, mail: &Mail) -> Result<(), AwsError> {
        let request = |error: BuildError| AwsError::request(OPERATION, error);
        let content = |data: &str| Content::builder().data(data).charset(UTF_8).build().map_err(request);
        let body = Body::builder().text(content(&mail.text)?).html(content(&mail.html)?).build();
        let mut message = Message::builder().subject(content(&mail.subject)?).body(body);
        for (name, value) in &mail.headers {
            message = message.headers(MessageHeader::builder().name(*name).value(value).build().map_err(request)?);
        }
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(&mail.to).build())
            .content(EmailContent::builder().simple(message.build()).build())
            .send()
            .await;
        sent.map(drop).map_err(|error| AwsError::call(OPERATION, error))
    }
}
