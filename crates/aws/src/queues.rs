//! How many messages are in the queues of a stack, from SQS.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

use super::AwsError;
use crate::config::variable;

const OPERATION: &str = "GetQueueAttributes";

/// The approximate number of messages in a queue: SQS updates it within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messages {
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that were received and not deleted yet.
    pub in_flight: u64,
}

/// Queues.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
}

/// A client of SQS.
pub fn client(config: &SdkConfig) -> Client {
    let mut own = aws_sdk_sqs::config::Builder::from(config);
    if let Some(url) = variable("AWS_ENDPOINT_URL_SQS") {
        own = own.endpoint_url(url);
    }
    Client::from_conf(own.build())
}

impl Queues {
    /// The queues of this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The number of messages in the queue at this URL.
    ///
    /// # Errors
    /// When SQS does not answer with numbers.
    pub async fn messages(&self, url: &str) -> Result<Messages, AwsError> {
        let (waiting, in_flight) = (
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        );
        let asked = self.client.get_queue_attributes().queue_url(url);
        let asked = asked.attribute_names(waiting.clone()).attribute_names(in_flight.clone());
        let answer = asked.send().await.map_err(|error| AwsError::call(OPERATION, error))?;
        let number = |name: &QueueAttributeName| {
            let text = answer.attributes().and_then(|all| all.get(name));
            let number = text.and_then(|text| text.parse().ok());
            number.ok_or_else(|| AwsError::Call {
                operation: OPERATION,
                detail: format!("{} is {text:?}", name.as_str()),
            })
        };
        Ok(Messages { waiting: number(&waiting)?, in_flight: number(&in_flight)? })
    }
}
