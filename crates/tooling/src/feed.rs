//! A client of the live feed: a ticket over HTTP, then a WebSocket.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::api::Api;

/// How long opening a connection may take.
const OPEN: Duration = Duration::from_secs(20);

/// An open connection.
#[derive(Debug)]
pub struct Feed {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Feed {
    /// Opens a connection as the person whose token the API client has.
    ///
    /// # Errors
    /// When there is no ticket, or the handshake is refused.
    pub async fn open(api: &Api) -> Result<Self> {
        let answer = api.expect(&[201], "POST", "/live/tickets", None).await?.json();
        let url = answer.get("url").and_then(Value::as_str).context("a ticket has an address")?;
        Self::connect(url).await
    }

    /// Opens a connection at an address with its ticket. Addresses in the local cloud have no TLS, and this client none either.
    ///
    /// # Errors
    /// When the handshake is refused; the message has the status and not the address, which has a ticket in it.
    pub async fn connect(url: &str) -> Result<Self> {
        let (socket, _) = timeout(OPEN, connect_async(url)).await.context("the feed does not answer")??;
        Ok(Self { socket })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn say(&mut self, message: &Value) -> Result<()> {
        self.socket.send(Message::text(message.to_string())).await.context("the connection is closed")
    }

    /// Subscribes to these topics.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn subscribe(&mut self, topics: &[&str]) -> Result<()> {
        self.say(&json!({"action": "subscribe", "topics": topics})).await
    }

    /// The messages of the next frame; none when there is none within the time.
    ///
    /// # Errors
    /// When the connection is closed or breaks.
    pub async fn next(&mut self, within: Duration) -> Result<Option<Vec<Value>>> {
        loop {
            let Ok(frame) = timeout(within, self.socket.next()).await else { return Ok(None) };
            if let Message::Text(text) = frame.context("the connection is closed")?.context("the connection broke")? {
                let mut frame: Value = serde_json::from_str(&text).context("a frame is JSON")?;
                let messages = frame.get_mut("messages").map(Value::take);
                return Ok(Some(serde_json::from_value(messages.unwrap_or_default()).context("a list of messages")?));
            }
        }
    }
}
