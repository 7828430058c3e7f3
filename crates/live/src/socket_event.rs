//! Events of a WebSocket API.

use serde_json::Value;
use weir_runtime::Event;

/// What has happened to a connection.
pub(super) enum SocketEvent {
    /// `$connect`: somebody wants to open it.
    Connect {
        /// API Gateway's id of the connection.
        id: String,
        /// The ticket in the address.
        ticket: Option<String>,
    },
    /// `$default`: a message.
    Message {
        /// The connection.
        id: String,
        /// Its text; what is no text is empty.
        text: String,
    },
    /// `$disconnect`: it is closed.
    Disconnect {
        /// The connection.
        id: String,
    },
}

impl SocketEvent {
    /// The event of a connection; `None` when it is another one.
    pub fn of(event: Event) -> Option<Self> {
        let event = event.into_json();
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let id = text("/requestContext/connectionId").filter(|id| !id.is_empty())?;
        match text("/requestContext/routeKey")?.as_str() {
            "$connect" => Some(Self::Connect { id, ticket: text("/queryStringParameters/ticket") }),
            "$disconnect" => Some(Self::Disconnect { id }),
            _ => {
                let binary = event.get("isBase64Encoded") == Some(&Value::Bool(true));
                Some(Self::Message { id, text: text("/body").filter(|_| !binary).unwrap_or_default() })
            }
        }
    }

    /// The id of the connection.
    pub fn id(&self) -> &str {
        match self {
            Self::Connect { id, .. } | Self::Message { id, .. } | Self::Disconnect { id } => id,
        }
    }
}
