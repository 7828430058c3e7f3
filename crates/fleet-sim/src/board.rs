//! A simulated board: it leaves the factory with the claim certificate that all boards with its image share, is provisioned as a device at
//! its first contact, and renews its certificate on request. It follows the rules in `docs/fleet.md`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use tooling::certificate::Identity;
use tooling::mqtt::{Connection, Message};
use tooling::secret;
use tooling::stack::Stack;

/// The board.
#[derive(Debug)]
pub struct Board {
    serial: String,
    template: String,
    claim: Identity,
    /// Its flash memory: this folder survives a loss of power.
    flash: PathBuf,
}

/// A certificate that the board has received before it is provisioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its id in AWS IoT.
    pub certificate: String,
    /// The token that proves that it was issued to this board.
    pub token: String,
}

/// The certificate of a provisioned device.
#[derive(Debug, Clone)]
pub struct Own {
    /// The identity with which it connects.
    pub identity: Identity,
    /// Its id in AWS IoT.
    pub certificate: String,
}

impl Board {
    /// A board with this serial number and this claim certificate in its image.
    ///
    /// # Errors
    /// When the stack has no provisioning template, or the folder cannot be created.
    pub fn new(stack: &Stack, serial: &str, claim: Identity) -> Result<Self> {
        let flash = stack.certificates.join(format!("flash-{serial}"));
        std::fs::create_dir_all(&flash).with_context(|| format!("cannot create {}", flash.display()))?;
        let template = stack.output("FleetTemplateName")?.to_owned();
        Ok(Self {
            serial: serial.to_owned(),
            template,
            claim: Identity { name: format!("claim.{serial}"), ..claim },
            flash,
        })
    }

    /// Connects with the claim certificate.
    ///
    /// # Errors
    /// When the broker refuses it.
    pub async fn connect_as_claim(&self, stack: &Stack) -> Result<Connection> {
        Connection::open(stack, &self.claim).await
    }

    /// First contact: requests a certificate, stores it in flash memory, and only then registers as a device.
    ///
    /// # Errors
    /// When the broker refuses it, or provisioning is refused.
    pub async fn provision(&self, stack: &Stack) -> Result<Own> {
        let mut connection = self.connect_as_claim(stack).await?;
        let given = self.certificate(&mut connection).await?;
        let name = self.register(&mut connection, &given).await?;
        Ok(self.own(&name, &given.certificate))
    }

    /// Requests a certificate, and stores it with its key in flash memory.
    ///
    /// # Errors
    /// When the connection is lost, or no certificate is issued.
    pub async fn certificate(&self, connection: &mut Connection) -> Result<Given> {
        let topic = "$aws/certificates/create/json";
        let answer = ask(connection, topic, &json!({})).await?;
        let text =
            |name: &str| answer.get(name).and_then(Value::as_str).with_context(|| format!("no {name} in {answer}"));
        let certificate = text("certificateId")?.to_owned();
        self.keep(&certificate, text("certificatePem")?, text("privateKey")?)?;
        Ok(Given { certificate, token: text("certificateOwnershipToken")?.to_owned() })
    }

    /// Registers as a device with this certificate. Returns the name of the thing.
    ///
    /// # Errors
    /// When it is refused, or the connection is lost.
    pub async fn register(&self, connection: &mut Connection, given: &Given) -> Result<String> {
        let topic = format!("$aws/provisioning-templates/{}/provision/json", self.template);
        let request = json!({"certificateOwnershipToken": given.token, "parameters": {"SerialNumber": self.serial}});
        let answer = ask(connection, &topic, &request).await?;
        let name = answer.get("thingName").and_then(Value::as_str).with_context(|| format!("no thing in {answer}"))?;
        Ok(name.to_owned())
    }

    /// The device with this certificate in flash memory.
    pub fn own(&self, name: &str, certificate: &str) -> Own {
        let identity = Identity {
            name: name.to_owned(),
            certificate: self.flash.join(format!("{certificate}.pem")),
            key: self.flash.join(format!("{certificate}.key")),
        };
        Own { identity, certificate: certificate.to_owned() }
    }

    /// Creates a key and a certificate request for it. The key stays in flash memory until there is a certificate.
    ///
    /// # Errors
    /// When the key cannot be created or stored.
    pub fn request(&self) -> Result<(String, KeyPair)> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot generate a key")?;
        let request = CertificateParams::default().serialize_request(&key).context("cannot create a request")?;
        secret::write(&self.flash.join("next.key"), &key.serialize_pem())?;
        Ok((request.pem().context("cannot encode the request")?, key))
    }

    /// Waits until a certificate request is asked for, sends one, and stores the certificate that it receives. The old one is revoked only
    /// after the device has connected with the new one.
    ///
    /// # Errors
    /// When the connection is lost, or no certificate arrives.
    pub async fn renew(&self, connection: &mut Connection, own: &Own) -> Result<Own> {
        let name = &own.identity.name;
        connection.subscribe(&format!("{name}/certificate/request")).await?;
        // A message about another certificate is outdated.
        let asked = |message: &Message| field(message, "certificate").as_deref() == Some(own.certificate.as_str());
        next(connection, &format!("{name}/certificate/request"), asked).await?;
        let (request, key) = self.request()?;
        connection.subscribe(&format!("{name}/certificate/new")).await?;
        connection.subscribe(&format!("{name}/certificate/rejected")).await?;
        connection
            .publish(&format!("{name}/certificate/csr"), json!({"csr": request}).to_string().into_bytes())
            .await?;
        let new = |message: &Message| field(message, "certificate").is_some_and(|id| id != own.certificate);
        let message = next(connection, &format!("{name}/certificate/new"), new).await?;
        let (Some(id), Some(pem)) = (field(&message, "certificate"), field(&message, "pem")) else {
            bail!("no certificate in {:?}", String::from_utf8_lossy(&message.payload));
        };
        self.keep(&id, &pem, &key.serialize_pem())?;
        Ok(self.own(name, &id))
    }

    fn keep(&self, certificate: &str, pem: &str, key: &str) -> Result<()> {
        let file = |ending: &str| self.flash.join(format!("{certificate}.{ending}"));
        write(&file("pem"), pem)?;
        secret::write(&file("key"), key)
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Publishes to a topic of AWS IoT, and returns the accepted answer; a rejected one is an error.
async fn ask(connection: &mut Connection, topic: &str, request: &Value) -> Result<Value> {
    for word in ["accepted", "rejected"] {
        connection.subscribe(&format!("{topic}/{word}")).await?;
    }
    connection.publish(topic, request.to_string().into_bytes()).await?;
    loop {
        let message = connection.message().await?;
        let answer: Value = serde_json::from_slice(&message.payload).context("the answer is not JSON")?;
        if message.topic == format!("{topic}/accepted") {
            return Ok(answer);
        }
        if message.topic == format!("{topic}/rejected") {
            bail!("rejected: {answer}");
        }
    }
}

/// The next message on the topic that `wanted` accepts.
async fn next(connection: &mut Connection, topic: &str, wanted: impl Fn(&Message) -> bool) -> Result<Message> {
    loop {
        let message = connection.message().await?;
        if message.topic.ends_with("/certificate/rejected") {
            bail!("rejected: {}", String::from_utf8_lossy(&message.payload));
        }
        if message.topic == topic && wanted(&message) {
            return Ok(message);
        }
    }
}

fn field(message: &Message, name: &str) -> Option<String> {
    let payload: Value = serde_json::from_slice(&message.payload).ok()?;
    payload.get(name).and_then(Value::as_str).map(str::to_owned)
}
