//! The endpoint behind TLS, like AWS: with a self-signed certificate, and a pause before each answer to simulate the distance.

use crate::endpoint::Endpoint;
use crate::http::Connection;
use anyhow::{Context, Result};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A running TLS server in front of an endpoint.
pub struct Secure {
    url: String,
    certificate: PathBuf,
}

impl Secure {
    /// Listens on loopback; every answer is delayed by `pause`.
    pub fn start(endpoint: &Endpoint, pause: Duration) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(made.cert.der().to_vec())], key)?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let certificate = std::env::temp_dir().join(format!("weir-bench-{}-{port}.pem", std::process::id()));
        std::fs::write(&certificate, made.cert.pem())
            .with_context(|| format!("cannot write {}", certificate.display()))?;
        let (config, endpoint) = (Arc::new(config), endpoint.clone());
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let (config, endpoint) = (Arc::clone(&config), endpoint.clone());
                // A stopped function breaks its connections, which is no error.
                std::thread::spawn(move || endpoint.serve(handshake(config, stream)?, pause));
            }
        });
        Ok(Self { url: format!("https://localhost:{port}"), certificate })
    }

    /// The environment variables of a function, with this server as the AWS endpoint and its certificate as the root certificate.
    pub fn variables(&self, plain: &[(String, String)]) -> Vec<(String, String)> {
        let rest = plain.iter().filter(|(name, _)| name != "AWS_ENDPOINT_URL").cloned();
        let own = [
            ("AWS_ENDPOINT_URL".to_owned(), self.url.clone()),
            ("SSL_CERT_FILE".to_owned(), self.certificate.display().to_string()),
        ];
        rest.chain(own).collect()
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.certificate);
    }
}

fn handshake(config: Arc<ServerConfig>, stream: TcpStream) -> Result<Connection> {
    stream.set_nodelay(true)?;
    Ok(Connection::over(StreamOwned::new(ServerConnection::new(config)?, stream)))
}
