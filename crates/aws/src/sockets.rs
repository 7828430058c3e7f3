//! Open WebSocket connections: sending to them, closing them, and asking whether they are still there.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::http::HttpResponse;
use aws_sdk_apigatewaymanagement::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_apigatewaymanagement::primitives::Blob;

use super::AwsError;
use crate::config::variable;

const GONE: u16 = 410;

/// The address of a WebSocket API, e.g. `wss://abc123.execute-api.eu-central-1.amazonaws.com/live`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketsUrl {
    /// Where clients connect.
    pub clients: String,
    /// Where the service is asked to send something.
    callback: String,
}

impl SocketsUrl {
    /// The addresses of the API that clients reach at `url`. Where `AWS_ENDPOINT_URL` is set, as in the local cloud, both are
    /// below that, since names under `execute-api` are not resolved there.
    pub fn of(url: &str) -> Self {
        Self::at(url, variable("AWS_ENDPOINT_URL").as_deref())
    }

    fn at(url: &str, endpoint: Option<&str>) -> Self {
        let rest = url.strip_prefix("wss://").unwrap_or(url);
        let (host, stage) = rest.split_once('/').unwrap_or((rest, ""));
        let Some(endpoint) = endpoint else {
            return Self { clients: url.to_owned(), callback: format!("https://{rest}") };
        };
        let api = host.split('.').next().unwrap_or_default();
        let callback = format!("{}/_aws/execute-api/{api}/{stage}", endpoint.trim_end_matches('/'));
        Self { clients: callback.replacen("http", "ws", 1), callback }
    }
}

/// How sending to a connection ended.
#[derive(Debug, Clone)]
pub enum Sent {
    /// API Gateway has taken it.
    Done,
    /// The connection is gone and does not come back.
    Gone,
    /// It could not be sent: too much at once, too slow, or something else.
    Failed(AwsError),
}

/// The open connections of a WebSocket API.
#[derive(Debug, Clone)]
pub struct Sockets {
    client: Client,
}

/// A client for the API at `url`. A slow connection must not hold up the others for long: an attempt takes a second at most, and
/// all attempts together three.
pub fn client(config: &SdkConfig, url: &SocketsUrl) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(3));
    let own = aws_sdk_apigatewaymanagement::config::Builder::from(config)
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .timeout_config(timeouts.build())
        .endpoint_url(&url.callback);
    Client::from_conf(own.build())
}

impl Sockets {
    /// The connections that are reached by a client made with [`client`].
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Sends a text to a connection.
    pub async fn send(&self, id: &str, text: &str) -> Sent {
        let request = self.client.post_to_connection().connection_id(id).data(Blob::new(text));
        sent(request.send().await, "PostToConnection")
    }

    /// Closes a connection. API Gateway then sends the event `$disconnect`.
    pub async fn close(&self, id: &str) -> Sent {
        sent(self.client.delete_connection().connection_id(id).send().await, "DeleteConnection")
    }

    /// Whether the connection is still open; also true if that is unknown.
    pub async fn is_open(&self, id: &str) -> bool {
        let asked = self.client.get_connection().connection_id(id).send().await;
        !matches!(sent(asked, "GetConnection"), Sent::Gone)
    }
}

fn sent<T, E>(answer: Result<T, SdkError<E, HttpResponse>>, operation: &'static str) -> Sent
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match answer {
        Ok(_) => Sent::Done,
        Err(error) if error.raw_response().is_some_and(|raw| raw.status().as_u16() == GONE) => Sent::Gone,
        Err(error) => Sent::Failed(AwsError::call(operation, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_called_where_the_clients_connect() {
        let url = "wss://abc123.execute-api.eu-central-1.amazonaws.com/live";
        let of = |endpoint| {
            let SocketsUrl { clients, callback } = SocketsUrl::at(url, endpoint);
            (clients, callback)
        };
        assert_eq!(of(None), (url.to_owned(), url.replace("wss", "https")));
        let local = "http://127.0.0.1:4566/_aws/execute-api/abc123/live";
        for endpoint in ["http://127.0.0.1:4566", "http://127.0.0.1:4566/"] {
            assert_eq!(of(Some(endpoint)), (local.replace("http", "ws"), local.to_owned()));
        }
    }
}
