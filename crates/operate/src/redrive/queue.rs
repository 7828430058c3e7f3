//! One queue: receiving, deleting and releasing its messages.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};

use super::Target;
use super::record::INGEST;
use tooling::place::Place;

/// Long-polling time of SQS, in seconds; short polling would miss some messages.
const LOOK: i32 = 1;
/// Maximum messages per `ReceiveMessage`.
const BATCH: i32 = 10;

/// A queue of failed messages.
#[derive(Debug)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// How to read its messages: the name of a function, or [`INGEST`].
    pub kind: String,
    /// The function that handles them.
    pub function: String,
    client: Client,
    url: String,
    hold: Duration,
}

/// A message that is hidden from others for a while.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id, which never changes.
    pub id: String,
    /// The receipt for deleting or releasing it, which changes with each reception.
    pub receipt: String,
    /// Its body.
    pub text: String,
    /// When it was sent to the queue, in ms since the epoch.
    pub sent: i64,
}

/// The approximate number of messages in a queue.
#[derive(Debug, Clone, Copy, Default)]
pub struct Size {
    /// Visible to readers.
    pub visible: u64,
    /// In flight, ours included.
    pub hidden: u64,
}

/// A client whose timeout is longer than the long polling.
pub fn client(sdk: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(30));
    Client::from_conf(aws_sdk_sqs::config::Builder::from(sdk).timeout_config(timeouts.build()).build())
}

/// The functions of the template with an on-failure queue: those that are invoked asynchronously or by a stream.
///
/// # Errors
/// When the template cannot be read.
pub fn owners(place: &Place) -> Result<Vec<String>> {
    let file = place.root().join("template.yaml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(owners_in(&text))
}

fn owners_in(template: &str) -> Vec<String> {
    let names =
        template.lines().filter_map(|line| line.trim().strip_prefix("QueueName: !Sub '${Project}-${Environment}-"));
    names.filter_map(|name| name.strip_suffix("-on-failure'")).map(str::to_owned).collect()
}

impl Queue {
    /// The queue for failures of `kind`; `None` if the stack has none.
    pub(super) async fn find(target: &Target, kind: &str) -> Result<Option<Self>> {
        let (noun, function) = if kind == INGEST {
            ("ingest-dead-letter".to_owned(), "calibration")
        } else {
            (format!("{kind}-on-failure"), kind)
        };
        let (name, client) = (target.name(&noun), target.queues.clone());
        let url = match client.get_queue_url().queue_name(&name).send().await {
            Ok(answer) => answer.queue_url.with_context(|| format!("the queue {name} has no address"))?,
            Err(error) => match error.as_service_error() {
                Some(GetQueueUrlError::QueueDoesNotExist(_)) => return Ok(None),
                _ => return Err(error).with_context(|| format!("cannot find the queue {name}")),
            },
        };
        let (kind, function) = (kind.to_owned(), target.function(function));
        Ok(Some(Self { name, kind, function, client, url, hold: target.hold }))
    }

    /// The visibility timeout.
    pub fn hold(&self) -> Duration {
        self.hold
    }

    /// Receives some messages, which hides them from others; empty if none is visible.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub async fn take(&self) -> Result<Vec<Message>> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(BATCH)
            .wait_time_seconds(LOOK)
            .visibility_timeout(i32::try_from(self.hold.as_secs()).unwrap_or(i32::MAX))
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .send()
            .await
            .with_context(|| format!("cannot read the queue {}", self.name))?;
        let message = |message: aws_sdk_sqs::types::Message| {
            let sent =
                message.attributes.and_then(|all| all.get(&MessageSystemAttributeName::SentTimestamp)?.parse().ok());
            let sent = sent.with_context(|| format!("a message of {} has no time of sending", self.name))?;
            let (id, receipt) = (message.message_id.unwrap_or_default(), message.receipt_handle.unwrap_or_default());
            Ok(Message { id, receipt, text: message.body.unwrap_or_default(), sent })
        };
        answer.messages.unwrap_or_default().into_iter().map(message).collect()
    }

    /// Deletes a message for good.
    ///
    /// # Errors
    /// When the queue refuses it. The message then becomes visible again, and delivering it once more changes nothing.
    pub async fn delete(&self, message: &Message) -> Result<()> {
        let delete = self.client.delete_message().queue_url(&self.url).receipt_handle(&message.receipt);
        delete.send().await.with_context(|| format!("cannot delete a message of {}", self.name))?;
        Ok(())
    }

    /// Releases a message at once. If that fails, it becomes visible after its timeout.
    pub async fn give_back(&self, message: &Message) {
        let back = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(&message.receipt);
        let _ = back.visibility_timeout(0).send().await;
    }

    /// The approximate number of messages.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub async fn size(&self) -> Result<Size> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let request = self.client.get_queue_attributes().queue_url(&self.url).set_attribute_names(Some(names.to_vec()));
        let answer = request.send().await.with_context(|| format!("cannot read the queue {}", self.name))?;
        let attributes = answer.attributes.unwrap_or_default();
        let [visible, hidden] =
            names.map(|name| attributes.get(&name).and_then(|number| number.parse().ok()).unwrap_or_default());
        Ok(Size { visible, hidden })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_only_the_api_invokes_have_no_queue() {
        let template = std::fs::read_to_string(tooling::place::root().unwrap().join("template.yaml")).unwrap();
        assert_eq!(
            owners_in(&template),
            [
                "calibration",
                "organizer",
                "problem-detector",
                "alert",
                "device",
                "certificate",
                "command",
                "job",
                "twin",
                "cognito-add-update-delete-user",
                "recalculation",
                "live-push",
                "notify"
            ],
            "the queues of the template"
        );
    }
}
