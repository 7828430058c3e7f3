//! A device's identity: a thing, an X.509 certificate with its key, and its policies.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::secret;
use crate::stack::Stack;

/// Name of the certificate that allows everything, and of its policy.
pub const WATCHER: &str = "watcher";

/// The identity of a device. Its name is the thing's name and the MQTT client id.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Thing name and client id.
    pub name: String,
    /// File of the certificate (PEM).
    pub certificate: PathBuf,
    /// File of the private key (PEM).
    pub key: PathBuf,
}

/// Creates the thing `name` and a certificate for it, and attaches the policies.
///
/// # Errors
/// When the local cloud refuses a step or a file cannot be written.
pub async fn make(stack: &Stack, name: &str, policies: &[&str]) -> Result<Identity> {
    let cloud = stack.cloud();
    cloud.json("iot", "POST", &format!("/things/{name}"), &[], Some(&json!({}))).await?;
    let made = cloud.json("iot", "POST", "/keys-and-certificate?setAsActive=true", &[], None).await?;
    let text = |pointer: &str| {
        made.pointer(pointer).and_then(Value::as_str).with_context(|| format!("a new certificate has no {pointer}"))
    };
    let arn = text("/certificateArn")?;
    for policy in policies {
        cloud.json("iot", "PUT", &format!("/target-policies/{policy}"), &[], Some(&json!({ "target": arn }))).await?;
    }
    cloud.json("iot", "PUT", &format!("/things/{name}/principals"), &[("x-amzn-principal", arn)], None).await?;

    let identity = Identity {
        name: name.to_owned(),
        certificate: stack.certificates.join(format!("{name}.pem")),
        key: stack.certificates.join(format!("{name}.key")),
    };
    std::fs::write(&identity.certificate, text("/certificatePem")?).context("cannot write a certificate")?;
    secret::write(&identity.key, text("/keyPair/PrivateKey")?)?;
    Ok(identity)
}

/// A claim certificate: the one that the image of all boards has, until it is retired.
#[derive(Debug, Clone)]
pub struct Claim {
    /// With which a board connects.
    pub identity: Identity,
    /// Its id in AWS IoT.
    pub certificate: String,
}

/// Creates a claim certificate, with the policy that lets a board become a device and nothing else.
///
/// # Errors
/// When the local cloud refuses a step or a file cannot be written.
pub async fn claim(stack: &Stack) -> Result<Claim> {
    let cloud = stack.cloud();
    let made = cloud.json("iot", "POST", "/keys-and-certificate?setAsActive=true", &[], None).await?;
    let text = |pointer: &str| {
        made.pointer(pointer).and_then(Value::as_str).with_context(|| format!("a new certificate has no {pointer}"))
    };
    let path = format!("/target-policies/{}", stack.output("ClaimPolicyName")?);
    cloud.json("iot", "PUT", &path, &[], Some(&json!({ "target": text("/certificateArn")? }))).await?;
    let id = text("/certificateId")?;
    let identity = Identity {
        name: "claim".to_owned(),
        certificate: stack.certificates.join(format!("claim-{id}.pem")),
        key: stack.certificates.join(format!("claim-{id}.key")),
    };
    secret::write(&identity.certificate, text("/certificatePem")?)?;
    secret::write(&identity.key, text("/keyPair/PrivateKey")?)?;
    Ok(Claim { identity, certificate: id.to_owned() })
}

/// Creates a certificate that allows everything, for watching what devices send.
///
/// # Errors
/// As [`make`].
pub async fn watcher(stack: &Stack) -> Result<Identity> {
    let everything = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}],
    });
    let policy = json!({ "policyDocument": everything.to_string() });
    stack.cloud().json("iot", "POST", &format!("/policies/{WATCHER}"), &[], Some(&policy)).await?;
    make(stack, WATCHER, &[WATCHER]).await
}
