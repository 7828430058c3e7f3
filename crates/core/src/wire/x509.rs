//! X.509 as far as Weir reads it: when a certificate expires, and which key a certificate signing request (CSR, RFC 2986) is for.

use sha2::{Digest, Sha256};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION};
use x509_parser::pem::Pem;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::domain::Timestamp;
use crate::domain::rotation::KeyHash;

/// Maximum size of a CSR in bytes. One with an RSA key of 4,096 bits has 1,700.
pub const MOST_BYTES: usize = 8 * 1024;
/// Minimum bits of an RSA key: AWS IoT accepts no smaller one (API reference, `CreateCertificateFromCsr`).
const LEAST_RSA_BITS: usize = 2_048;
/// Maximum bits of an RSA key: the largest whose signature can be checked.
const MOST_RSA_BITS: usize = 8_192;

/// A certificate signing request from which a certificate may be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningRequest {
    /// The request as PEM, and nothing else.
    pub pem: String,
    /// The key that the certificate is for.
    pub key: KeyHash,
}

impl SigningRequest {
    /// Reads a CSR in PEM. Its subject is ignored: the certificate is for the device that asks.
    ///
    /// # Errors
    /// What is wrong with it: not a CSR, a key other than RSA with at least 2,048 bits or P-256, or a signature by another key.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.len() > MOST_BYTES {
            return Err(format!("it has more than {MOST_BYTES} bytes"));
        }
        let pem = pem(text)?;
        if !matches!(pem.label.as_str(), "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST") {
            return Err(format!("it is a {:?}, not a CERTIFICATE REQUEST", cut(&pem.label)));
        }
        let (rest, request) =
            X509CertificationRequest::from_der(&pem.contents).map_err(|_| "it is not a CSR in DER".to_owned())?;
        if !rest.is_empty() {
            return Err("something follows the CSR".to_owned());
        }
        let key = &request.certification_request_info.subject_pki;
        check_key(key)?;
        request.verify_signature().map_err(|_| "its signature is not of its own key".to_owned())?;
        Ok(Self { pem: written(&pem), key: KeyHash::of(Sha256::digest(key.raw).as_slice()) })
    }
}

/// Until when a certificate in PEM is valid.
///
/// # Errors
/// When it is not a certificate.
pub fn ends(certificate: &str) -> Result<Timestamp, String> {
    let pem = pem(certificate)?;
    let certificate = pem.parse_x509().map_err(|_| "it is not a certificate in DER".to_owned())?;
    Ok(Timestamp::from_seconds(certificate.validity().not_after.timestamp()))
}

fn pem(text: &str) -> Result<Pem, String> {
    let (_, pem) = parse_x509_pem(text.trim_start().as_bytes()).map_err(|_| "it is not PEM".to_owned())?;
    Ok(pem)
}

/// The PEM alone, without any text around it.
fn written(pem: &Pem) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(&pem.contents);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n", lines.join("\n"))
}

fn check_key(key: &SubjectPublicKeyInfo<'_>) -> Result<(), String> {
    let algorithm = &key.algorithm.algorithm;
    if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = key.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
        return if curve == Some(OID_EC_P256) { Ok(()) } else { Err("its curve is not P-256".to_owned()) };
    }
    if *algorithm != OID_PKCS1_RSAENCRYPTION {
        return Err("its key is neither RSA nor P-256".to_owned());
    }
    let Ok(PublicKey::RSA(rsa)) = key.parsed() else { return Err("its RSA key cannot be read".to_owned()) };
    let bits = rsa.modulus.iter().skip_while(|byte| **byte == 0).count().saturating_mul(8);
    if (LEAST_RSA_BITS..=MOST_RSA_BITS).contains(&bits) {
        Ok(())
    } else {
        Err(format!("its RSA key has {bits} bits, not {LEAST_RSA_BITS} to {MOST_RSA_BITS}"))
    }
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

    use super::*;

    fn csr(key: &KeyPair) -> String {
        let params = CertificateParams::new(vec!["somebody-else".to_owned()]).unwrap();
        params.serialize_request(key).unwrap().pem().unwrap()
    }

    /// A 1,024-bit RSA key's request, made with `openssl req -new -newkey rsa:1024`.
    const WEAK: &str = include_str!("x509/rsa-1024.csr");
    /// The same with 2,048 bits.
    const STRONG: &str = include_str!("x509/rsa-2048.csr");

    #[test]
    fn the_same_key_is_the_same_request_whatever_the_subject_says() {
        let (one, other) = (
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
        );
        let key = |text: &str| SigningRequest::read(text).unwrap().key;
        assert_eq!(key(&csr(&one)), key(&format!("\n{}\n\n", csr(&one))));
        assert_ne!(key(&csr(&one)), key(&csr(&other)));
        assert!(SigningRequest::read(STRONG).is_ok());
    }

    #[test]
    fn what_is_read_is_written_as_the_same_request() {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let request = SigningRequest::read(&csr(&key)).unwrap();
        assert_eq!(SigningRequest::read(&request.pem).unwrap(), request);
    }

    #[test]
    fn weak_keys_other_keys_and_what_is_no_request_are_refused() {
        let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let edwards = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let good = csr(&KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap());
        let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&p384).unwrap().pem();
        for (text, wrong) in [
            (csr(&p384), "not P-256"),
            (csr(&edwards), "neither RSA nor P-256"),
            (WEAK.to_owned(), "1024 bits"),
            (certificate, "not a CERTIFICATE REQUEST"),
            (String::new(), "not PEM"),
            ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n".to_owned(), "not a CSR"),
            (format!("{good}{}", " ".repeat(MOST_BYTES)), "more than"),
            (forged(&good), "signature"),
        ] {
            let error = SigningRequest::read(&text).unwrap_err();
            assert!(error.contains(wrong), "{error:?} is not about {wrong:?}");
        }
    }

    /// The request with another last byte of its signature.
    fn forged(good: &str) -> String {
        let mut pem = pem(good).unwrap();
        *pem.contents.last_mut().unwrap() ^= 1;
        written(&pem)
    }

    #[test]
    fn a_certificate_says_when_it_ends() {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.not_after = rcgen::date_time_ymd(2027, 3, 1);
        let certificate = params.self_signed(&key).unwrap().pem();
        assert_eq!(ends(&certificate).unwrap().seconds(), 1_803_859_200);
        assert!(ends("no certificate").is_err() && ends(&csr(&key)).is_err());
    }
}
