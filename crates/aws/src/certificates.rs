//! The part of AWS IoT's control plane that concerns the certificates of devices.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_iot::Client;
use aws_sdk_iot::types::CertificateStatus;

use crate::AwsError;
use crate::config::variable;
use crate::iot::{IotError, NOT_FOUND, iot_error, status, timeouts};
use weir_core::domain::Timestamp;
use weir_core::domain::certificate::Status;
use weir_core::id::{CertificateId, DeviceId};

/// Maximum pages of one list: 250 principals or policies each.
const PAGES: usize = 20;
const PAGE: i32 = 250;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its id.
    pub id: CertificateId,
    /// Its name as a principal and as a target of policies.
    pub arn: String,
    /// Its status.
    pub status: Status,
    /// When it was created or registered.
    pub created_at: Timestamp,
    /// The certificate itself, as PEM.
    pub pem: String,
}

/// A certificate that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Its id.
    pub id: CertificateId,
    /// The certificate itself, as PEM.
    pub pem: String,
}

/// The principals attached to a thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principals {
    /// The certificates.
    pub certificates: BTreeSet<CertificateId>,
    /// The ARNs of the others, which are Cognito identities.
    pub others: Vec<String>,
}

/// AWS IoT's control plane.
#[derive(Debug, Clone)]
pub struct Certificates {
    client: Client,
}

/// A client without retries: a retry could arrive after a later request.
pub fn client(config: &SdkConfig) -> Client {
    let mut own =
        aws_sdk_iot::config::Builder::from(config).retry_config(RetryConfig::disabled()).timeout_config(timeouts());
    if let Some(url) = variable("AWS_ENDPOINT_URL_IOT") {
        own = own.endpoint_url(url);
    }
    Client::from_conf(own.build())
}

impl Certificates {
    /// Uses this client, which must not retry; see [`client`].
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The principals attached to the device's thing; empty if there is no thing.
    ///
    /// # Errors
    /// When AWS IoT does not answer, or more is attached than 20 pages list.
    pub async fn principals(&self, device: &DeviceId) -> Result<Principals, IotError> {
        let (mut principals, mut next) = (Principals::default(), None);
        for _ in 0..PAGES {
            let request = self.client.list_thing_principals().thing_name(device.as_str()).max_results(PAGE);
            let page = match request.set_next_token(next).send().await {
                Ok(page) => page,
                Err(error) if status(&error) == Some(NOT_FOUND) => return Ok(principals),
                Err(error) => return Err(iot_error("ListThingPrincipals", error)),
            };
            for arn in page.principals.unwrap_or_default() {
                match CertificateId::of_principal(&arn) {
                    Some(certificate) => principals.certificates.extend([certificate]),
                    None => principals.others.push(arn),
                }
            }
            next = page.next_token;
            if next.is_none() {
                return Ok(principals);
            }
        }
        Err(too_many("ListThingPrincipals"))
    }

    /// The certificate, if there is one.
    ///
    /// # Errors
    /// When AWS IoT does not answer with a certificate.
    pub async fn find(&self, id: &CertificateId) -> Result<Option<Certificate>, IotError> {
        let found = match self.client.describe_certificate().certificate_id(id.as_str()).send().await {
            Ok(answer) => answer.certificate_description,
            Err(error) if status(&error) == Some(NOT_FOUND) => return Ok(None),
            Err(error) => return Err(iot_error("DescribeCertificate", error)),
        };
        let found = found.ok_or_else(|| corrupt(id, "described without a description"))?;
        Ok(Some(Certificate {
            id: id.clone(),
            arn: found.certificate_arn.ok_or_else(|| corrupt(id, "described without an ARN"))?,
            status: found.status.as_ref().map_or(Status::Pending, status_of),
            created_at: Timestamp::from_millis(found.creation_date.and_then(|at| at.to_millis().ok()).unwrap_or(0)),
            pem: found.certificate_pem.unwrap_or_default(),
        }))
    }

    /// Issues a certificate from a request. It is inactive and not attached to a thing.
    ///
    /// # Errors
    /// When AWS IoT does not answer with a certificate.
    pub async fn issue(&self, request: &str) -> Result<Issued, IotError> {
        let issue = self.client.create_certificate_from_csr().certificate_signing_request(request);
        let answer = issue.set_as_active(false).send().await;
        let answer = answer.map_err(|error| iot_error("CreateCertificateFromCsr", error))?;
        let named = answer.certificate_id.unwrap_or_default();
        let id = named.parse().map_err(|error| IotError::Refused(AwsError::corrupt("certificates", &named, error)))?;
        Ok(Issued { id, pem: answer.certificate_pem.unwrap_or_default() })
    }

    /// Creates an active certificate with a new key, which AWS IoT does not keep.
    ///
    /// # Errors
    /// When AWS IoT does not answer with both.
    pub async fn make_with_key(&self) -> Result<(Issued, String), IotError> {
        let answer = self.client.create_keys_and_certificate().set_as_active(true).send().await;
        let answer = answer.map_err(|error| iot_error("CreateKeysAndCertificate", error))?;
        let named = answer.certificate_id.unwrap_or_default();
        let id = named.parse().map_err(|error| IotError::Refused(AwsError::corrupt("certificates", &named, error)))?;
        let key =
            answer.key_pair.and_then(|pair| pair.private_key).ok_or_else(|| corrupt(&id, "made without a key"))?;
        Ok((Issued { id, pem: answer.certificate_pem.unwrap_or_default() }, key))
    }

    /// The names of the policies that the certificate has: of 250 at most.
    ///
    /// # Errors
    /// When AWS IoT does not answer.
    pub async fn policies(&self, certificate: &Certificate) -> Result<Vec<String>, IotError> {
        let list = self.client.list_attached_policies().target(&certificate.arn).page_size(PAGE);
        let page = list.send().await.map_err(|error| iot_error("ListAttachedPolicies", error))?;
        Ok(page.policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_name).collect())
    }

    /// Attaches the policy to the certificate. One that is attached is no error.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn attach_policy(&self, certificate: &Certificate, policy: &str) -> Result<(), IotError> {
        let attach = self.client.attach_policy().policy_name(policy).target(&certificate.arn);
        attach.send().await.map(drop).map_err(|error| iot_error("AttachPolicy", error))
    }

    /// Attaches the certificate to the device's thing. One that is attached is no error.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn attach(&self, device: &DeviceId, certificate: &Certificate) -> Result<(), IotError> {
        let attach = self.client.attach_thing_principal().thing_name(device.as_str()).principal(&certificate.arn);
        attach.send().await.map(drop).map_err(|error| iot_error("AttachThingPrincipal", error))
    }

    /// Activates or deactivates the certificate. AWS IoT refuses new connections of a certificate that is no longer active
    /// at once, and closes open ones within minutes.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn set_active(&self, id: &CertificateId, active: bool) -> Result<(), IotError> {
        let status = if active { CertificateStatus::Active } else { CertificateStatus::Inactive };
        let update = self.client.update_certificate().certificate_id(id.as_str()).new_status(status);
        update.send().await.map(drop).map_err(|error| iot_error("UpdateCertificate", error))
    }

    /// Whether the certificate is also attached to another thing than the device's.
    ///
    /// # Errors
    /// When AWS IoT does not answer.
    pub async fn is_shared(&self, certificate: &Certificate, device: &DeviceId) -> Result<bool, IotError> {
        let request = self.client.list_principal_things().principal(&certificate.arn);
        let page = request.send().await.map_err(|error| iot_error("ListPrincipalThings", error))?;
        Ok(page.things().iter().any(|thing| thing != device.as_str()))
    }

    /// The devices to whose things the certificate is attached.
    ///
    /// # Errors
    /// When AWS IoT does not answer.
    pub async fn things(&self, certificate: &Certificate) -> Result<Vec<DeviceId>, IotError> {
        let request = self.client.list_principal_things().principal(&certificate.arn);
        let page = request.send().await.map_err(|error| iot_error("ListPrincipalThings", error))?;
        Ok(page.things().iter().filter_map(|thing| thing.parse().ok()).collect())
    }

    /// Detaches all policies from the certificate.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn detach_policies(&self, certificate: &Certificate) -> Result<(), IotError> {
        // Each round lists what is still attached, so a page is enough.
        for _ in 0..PAGES {
            let list = self.client.list_attached_policies().target(&certificate.arn).page_size(PAGE);
            let page = list.send().await.map_err(|error| iot_error("ListAttachedPolicies", error))?;
            let names = page.policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_name);
            for name in names {
                let detach = self.client.detach_policy().policy_name(name).target(&certificate.arn);
                detach.send().await.map_err(|error| iot_error("DetachPolicy", error))?;
            }
            if page.next_marker.is_none() {
                return Ok(());
            }
        }
        Err(too_many("ListAttachedPolicies"))
    }

    /// Detaches a principal from the device's thing. One that is not attached is no error.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn detach(&self, device: &DeviceId, principal: &str) -> Result<(), IotError> {
        let detach = self.client.detach_thing_principal().thing_name(device.as_str()).principal(principal);
        match detach.send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(NOT_FOUND) => Ok(()),
            Err(error) => Err(iot_error("DetachThingPrincipal", error)),
        }
    }

    /// Deletes the certificate, which must be inactive and detached. One that does not exist is no error.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn delete(&self, id: &CertificateId) -> Result<(), IotError> {
        match self.client.delete_certificate().certificate_id(id.as_str()).send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(NOT_FOUND) => Ok(()),
            Err(error) => Err(iot_error("DeleteCertificate", error)),
        }
    }

    /// Deletes the device's thing, to which nothing may be attached. One that does not exist is no error.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn delete_thing(&self, device: &DeviceId) -> Result<(), IotError> {
        match self.client.delete_thing().thing_name(device.as_str()).send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(NOT_FOUND) => Ok(()),
            Err(error) => Err(iot_error("DeleteThing", error)),
        }
    }
}

fn status_of(status: &CertificateStatus) -> Status {
    match status {
        CertificateStatus::Active => Status::Active,
        CertificateStatus::Inactive | CertificateStatus::RegisterInactive => Status::Inactive,
        CertificateStatus::Revoked => Status::Revoked,
        _ => Status::Pending,
    }
}

fn corrupt(id: &CertificateId, detail: &str) -> IotError {
    IotError::Refused(AwsError::corrupt("certificates", id, detail))
}

fn too_many(operation: &'static str) -> IotError {
    IotError::Refused(AwsError::request(operation, "more pages than 20"))
}
