//! A device's connection: MQTT 3.1.1 over mutual TLS, at least once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rumqttc::{
    AsyncClient, Event, EventLoop, Incoming, MqttOptions, QoS, SubscribeReasonCode, TlsConfiguration, Transport,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::certificate::Identity;
use crate::patience::patience;
use crate::stack::Stack;

/// An open connection; dropping it closes it.
#[derive(Debug)]
pub struct Connection {
    client: AsyncClient,
    answers: mpsc::Receiver<Result<Answer>>,
    messages: mpsc::UnboundedReceiver<Message>,
    task: JoinHandle<()>,
}

/// Where a broker is.
#[derive(Debug, Clone, Copy)]
struct Broker<'a> {
    host: &'a str,
    port: u16,
    /// File of the certificates of the authorities that it may have its own from.
    authorities: &'a Path,
}

impl<'a> Broker<'a> {
    fn of(stack: &'a Stack) -> Self {
        Self { host: "127.0.0.1", port: stack.mqtt_port, authorities: &stack.ca }
    }
}

/// A message that came for the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it was published.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// Whether it was retained before the device subscribed.
    pub retained: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Connected,
    Published,
    Subscribed,
}

impl Connection {
    /// Connects as `identity` and waits until the broker accepts it.
    ///
    /// # Errors
    /// When the broker cannot be reached or refuses the certificate.
    pub async fn open(stack: &Stack, identity: &Identity) -> Result<Self> {
        Self::connect(Broker::of(stack), &identity.name, Some(identity)).await
    }

    /// Connects as `identity` to a broker elsewhere, which has a certificate of one of these authorities (PEM).
    ///
    /// # Errors
    /// When the broker cannot be reached or refuses the certificate.
    pub async fn elsewhere(host: &str, port: u16, authorities: &Path, identity: &Identity) -> Result<Self> {
        Self::connect(Broker { host, port, authorities }, &identity.name, Some(identity)).await
    }

    /// Connects without a certificate.
    ///
    /// # Errors
    /// When the broker cannot be reached, or refuses clients without a certificate.
    pub async fn without_certificate(stack: &Stack, name: &str) -> Result<Self> {
        Self::connect(Broker::of(stack), name, None).await
    }

    async fn connect(broker: Broker<'_>, name: &str, identity: Option<&Identity>) -> Result<Self> {
        let Broker { host, port, authorities } = broker;
        let mut options = MqttOptions::new(name, host, port);
        options.set_keep_alive(Duration::from_secs(30)).set_max_packet_size(256 * 1024, 256 * 1024);
        options
            .set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(tls(authorities, identity)?))));
        let (client, events) = AsyncClient::new(options, 8);
        let (sender, answers) = mpsc::channel(8);
        let (arrived, messages) = mpsc::unbounded_channel();
        let mut connection = Self { client, answers, messages, task: tokio::spawn(pump(events, sender, arrived)) };
        connection
            .expect(Answer::Connected)
            .await
            .with_context(|| format!("{name} cannot connect to MQTT port {port}"))?;
        Ok(connection)
    }

    /// Publishes with QoS 1 and waits for the broker's acknowledgement.
    ///
    /// # Errors
    /// When the connection is lost or the broker does not acknowledge.
    pub async fn publish(&mut self, topic: &str, payload: Vec<u8>) -> Result<()> {
        self.client
            .publish(topic, QoS::AtLeastOnce, false, payload)
            .await
            .with_context(|| format!("cannot publish to {topic}"))?;
        self.expect(Answer::Published).await.with_context(|| format!("publishing to {topic}"))
    }

    /// Subscribes with QoS 1 and waits for the broker's acknowledgement.
    ///
    /// # Errors
    /// When the connection is lost or the broker refuses.
    pub async fn subscribe(&mut self, topic: &str) -> Result<()> {
        let sent = self.client.subscribe(topic, QoS::AtLeastOnce).await;
        sent.with_context(|| format!("cannot subscribe to {topic}"))?;
        self.expect(Answer::Subscribed).await.with_context(|| format!("subscribing to {topic}"))
    }

    /// The next message of what was subscribed to.
    ///
    /// # Errors
    /// When none comes, or the connection is lost.
    pub async fn message(&mut self) -> Result<Message> {
        let patience = patience();
        let message = tokio::time::timeout(patience, self.messages.recv()).await;
        message.with_context(|| format!("no message in {} s", patience.as_secs()))?.context("the connection is closed")
    }

    /// The next message of what was subscribed to, however long it takes.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn next(&mut self) -> Result<Message> {
        self.messages.recv().await.context("the connection is closed")
    }

    async fn expect(&mut self, expected: Answer) -> Result<()> {
        match tokio::time::timeout(patience(), self.answers.recv()).await {
            Ok(Some(Ok(answer))) if answer == expected => Ok(()),
            Ok(Some(Ok(answer))) => bail!("the broker answered {answer:?} where {expected:?} was due"),
            Ok(Some(Err(error))) => Err(error),
            Ok(None) => bail!("the connection is closed"),
            Err(_) => bail!("no answer from the broker in {} s", patience().as_secs()),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pump(mut events: EventLoop, sender: mpsc::Sender<Result<Answer>>, arrived: mpsc::UnboundedSender<Message>) {
    loop {
        let answer = match events.poll().await {
            Ok(Event::Incoming(Incoming::Publish(message))) => {
                let (topic, payload) = (message.topic.clone(), message.payload.to_vec());
                // Nobody waits for it any more when this fails, and then the loop is about to end.
                let _ = arrived.send(Message { topic, payload, retained: message.retain });
                continue;
            }
            Ok(Event::Incoming(Incoming::SubAck(answer))) => {
                let refused = answer.return_codes.contains(&SubscribeReasonCode::Failure);
                if refused { Err(anyhow!("the broker refuses the subscription")) } else { Ok(Answer::Subscribed) }
            }
            Ok(Event::Incoming(Incoming::ConnAck(_))) => Ok(Answer::Connected),
            Ok(Event::Incoming(Incoming::PubAck(_))) => Ok(Answer::Published),
            Ok(_) => continue,
            Err(error) => Err(anyhow!(error)),
        };
        let failed = answer.is_err();
        // Trying again would hide what the demonstration is there to show, so a lost connection stays lost.
        if sender.send(answer).await.is_err() || failed {
            return;
        }
    }
}

fn tls(authorities: &Path, identity: Option<&Identity>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(authorities).with_context(|| format!("cannot read {}", authorities.display()))?
    {
        roots
            .add(certificate.context("the authority's certificate is broken")?)
            .context("the authority's certificate is refused")?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("no TLS version")?
        .with_root_certificates(roots);
    let Some(identity) = identity else { return Ok(config.with_no_client_auth()) };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&identity.certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot read {}", identity.certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(&identity.key)
        .with_context(|| format!("cannot read {}", identity.key.display()))?;
    config.with_client_auth_cert(chain, key).context("the certificate and the key do not fit")
}
