//! `$default`: messages of clients, and the answers to them.

use weir_aws::AwsError;
use weir_aws::live::Connection;
use weir_aws::sockets::Sent;
use weir_core::domain::live::{MOST_BYTES, MOST_CONNECTIONS};
use weir_core::wire::live::{Message, Request, frame};

use super::Parts;

impl Parts {
    /// Handles a message. Errors are sent to the connection.
    pub(super) async fn message(&self, id: &str, text: &str) {
        let Err(error) = self.handle_message(id, text).await else { return };
        tracing::error!(connection = id, %error, "a message is not handled");
        let kind = if error.is_temporary() { "unavailable" } else { "internal" };
        let detail = "it was not done, or only in part: say it again, and connect again if that does not help";
        self.tell(id, &[Message::error(kind, detail, Vec::new())]).await;
    }

    async fn handle_message(&self, id: &str, text: &str) -> Result<(), AwsError> {
        let Some(connection) = self.live.connection(id).await? else {
            return self.end(id, "unauthorized", "the connection is not known: connect again with a new ticket").await;
        };
        if connection.surplus {
            let detail = format!("you have {MOST_CONNECTIONS} connections open already");
            return self.end(id, "too_many", detail).await;
        }
        let stopped = self.live.stopped_at(&connection.session.sub).await?;
        if connection.session.is_over(self.clock.now()) || connection.session.is_stopped(stopped) {
            return self.end(id, "unauthorized", "the session is over: connect again with a new ticket").await;
        }
        if text.len() > MOST_BYTES {
            let detail = format!("a message has at most {MOST_BYTES} bytes");
            self.tell(id, &[Message::error("too_large", detail, Vec::new())]).await;
            return Ok(());
        }
        match Request::parse(text) {
            Ok(Request::Subscribe { topics }) => self.subscribe(connection, topics).await,
            Ok(Request::Unsubscribe { topics }) => self.unsubscribe(connection, topics).await,
            Ok(Request::Renew { ticket }) => self.renew(connection, &ticket.0).await,
            Ok(Request::Ping {}) => {
                self.tell(id, &[Message::Pong { expires_at: connection.session.expires_at }]).await;
                Ok(())
            }
            Err(detail) => {
                self.tell(id, &[Message::error("malformed", detail, Vec::new())]).await;
                Ok(())
            }
        }
    }

    /// Says why, and closes the connection.
    async fn end(&self, id: &str, kind: &str, detail: impl Into<String>) -> Result<(), AwsError> {
        self.tell(id, &[Message::error(kind, detail, Vec::new())]).await;
        if let Sent::Failed(error) = self.sockets.close(id).await {
            tracing::warn!(connection = id, %error, "not closed");
        }
        self.disconnect(id).await
    }

    /// Sends messages to a connection. If it is gone, its rows are removed.
    pub(super) async fn tell(&self, id: &str, messages: &[Message]) {
        if messages.is_empty() {
            return;
        }
        match self.sockets.send(id, &frame(&messages.iter().collect::<Vec<_>>())).await {
            Sent::Done => {}
            Sent::Failed(error) => tracing::warn!(connection = id, %error, "an answer is not sent"),
            Sent::Gone => {
                if let Err(error) = self.disconnect(id).await {
                    tracing::warn!(connection = id, %error, "a connection that is gone is not forgotten");
                }
            }
        }
    }

    /// The connection as it is now, for another attempt; `None` when it was closed meanwhile.
    pub(super) async fn again(&self, connection: &Connection) -> Result<Option<Connection>, AwsError> {
        self.live.connection(&connection.id).await
    }
}
