//! Webhooks over HTTPS: the receiver's certificate has to be valid for the name, and the name is resolved once.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::notify::{Lookup, Notify, Webhooks};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use weir_aws::event::WithEvents;
use weir_runtime::Function as _;
use weir_tests::receiver::{Mood, Receiver};

use super::{ANN, World, sending};

const NAME: &str = "hooks.example.org";

/// A receiver behind TLS on a loopback port, with a certificate for [`NAME`] of an authority of its own.
struct Secure {
    port: u16,
    roots: RootCertStore,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Secure {
    fn start() -> Self {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
        let certificate = CertificateDer::from(made.cert.der().to_vec());
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let (config, heads) = (Arc::new(config), Arc::new(Mutex::default()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, seen) = (listener.local_addr().unwrap().port(), Arc::clone(&heads));
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                // A client that does not trust the certificate breaks the connection off.
                let _ = answered(Arc::clone(&config), stream, &seen);
            }
        });
        Self { port, roots, heads }
    }
}

/// Answers one request with 204.
fn answered(config: Arc<ServerConfig>, stream: TcpStream, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let (mut secure, mut request) = (StreamOwned::new(connection, stream), Vec::new());
    let whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
        (body.len() >= length).then(|| head.to_owned())
    };
    let head = loop {
        let mut piece = [0; 4_096];
        match secure.read(&mut piece)? {
            0 => return Ok(()),
            read => request.extend(&piece[..read]),
        }
        if let Some(head) = whole(&request) {
            break head;
        }
    };
    seen.lock().unwrap().push(head);
    secure.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")?;
    secure.flush()
}

/// A name that resolves to the first address when it is asked for the first time, then to the second, and so on.
fn resolves(addresses: &[&str]) -> (Lookup, Arc<AtomicUsize>) {
    let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |name| {
        assert_eq!(name, NAME);
        let place = count.fetch_add(1, Ordering::SeqCst);
        let address = addresses[place.min(addresses.len() - 1)];
        Box::pin(async move { Ok(vec![address]) })
    });
    (lookup, asked)
}

fn notify(world: &World, webhooks: Webhooks) -> Notify {
    sending(&world.over(), webhooks, world.alert.functions.clock.clone())
}

/// Sends a test to this address; how that ended.
async fn test(world: &World, notify: &Notify, url: &str) -> Value {
    let stored = world.subscribe(ANN, &json!({"channel": {"webhook": {"url": url}}})).await;
    let answer = notify.answer(json!({"test": {"owner": stored.owner, "id": stored.id}})).await.unwrap();
    world.subscriptions().remove(&stored, WithEvents::NONE).await.unwrap();
    answer
}

#[tokio::test]
async fn a_webhook_goes_over_https_to_the_address_that_was_checked_and_the_name_is_resolved_once() {
    let world = World::new().await;
    let secure = Secure::start();
    let url = format!("https://{NAME}:{}/hook", secure.port);
    // If it were resolved again before connecting, the second answer would lead inside.
    let (lookup, asked) = resolves(&["127.0.0.1", "10.0.0.1"]);
    let trusting = notify(&world, Webhooks::new(lookup, true).trusting(secure.roots.clone()));
    assert_eq!(test(&world, &trusting, &url).await, json!({"outcome": "sent"}));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let heads = std::mem::take(&mut *secure.heads.lock().unwrap());
    assert_eq!(heads.len(), 1);
    assert!(heads[0].starts_with("POST /hook HTTP/1.1\r\n"), "{}", heads[0]);
    assert!(heads[0].contains(&format!("host: {NAME}:{}", secure.port)), "{}", heads[0]);
    // The next webhook is a new question, and the answer is checked anew.
    let detail = test(&world, &trusting, &url).await["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("not public"), "{detail}");
    assert_eq!((asked.load(Ordering::SeqCst), secure.heads.lock().unwrap().len()), (2, 0));
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_or_of_another_name_is_refused() {
    let world = World::new().await;
    let (secure, other) = (Secure::start(), Secure::start());
    let url = format!("https://{NAME}:{}/hook", secure.port);
    // The machine does not know the authority, nor is it the one of the other receiver.
    for webhooks in [
        Webhooks::new(resolves(&["127.0.0.1"]).0, true),
        Webhooks::new(resolves(&["127.0.0.1"]).0, true).trusting(other.roots),
    ] {
        let answer = test(&world, &notify(&world, webhooks), &url).await;
        assert!(answer["detail"].as_str().unwrap().contains("certificate"), "{answer}");
    }
    let anywhere: Lookup = Arc::new(|_| Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) }));
    let wrong = notify(&world, Webhooks::new(anywhere, true).trusting(secure.roots.clone()));
    let answer = test(&world, &wrong, &format!("https://other.example.org:{}/hook", secure.port)).await;
    assert!(answer["detail"].as_str().unwrap().contains("certificate"), "{answer}");
    assert_eq!(secure.heads.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_redirect_to_the_inside_is_not_followed() {
    let world = World::new().await;
    let inside = Receiver::start().await;
    let port = inside.url.rsplit(':').next().unwrap().parse().unwrap();
    world.receiver.set(Mood::RedirectsTo(port));
    let answer = test(&world, &world.notify, &format!("{}/hook", world.receiver.url)).await;
    assert!(answer["detail"].as_str().unwrap().contains("redirects are not followed"), "{answer}");
    assert_eq!((world.receiver.take().len(), inside.take().len()), (1, 0));
}
