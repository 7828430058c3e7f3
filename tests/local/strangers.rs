//! Who cannot get into the local cloud: other computers, pages of other sites in the developer's browser, and programs without the keys
//! of the run.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tooling::http::{Http, Request};
use tooling::mqtt::Connection;
use tooling::process::Running;
use tooling::{browser, place};
use weir_tests::local::Local;

/// The other site. The browser is told that it is on this computer.
const SITE: &str = "elsewhere.example";
/// The function that its page tries to make.
const INTRUDER: &str = "intruder";

/// The status of a list of tables, asked for with these headers beside the key.
async fn status(local: &Local, key: Option<&str>, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method("POST").uri(&local.stack.endpoint);
    request = request.header("x-amz-target", "DynamoDB_20120810.ListTables");
    if let Some(key) = key {
        let scope = format!("Credential={key}/20260101/{}/dynamodb/aws4_request", local.stack.region);
        request = request.header("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Http::new().call(request.body(b"{}".to_vec()).unwrap()).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_request_of_another_site_is_refused_whatever_it_knows() {
    let local = Local::running();
    let key = Some(local.stack.key.id.as_str());
    for own in [&[][..], &[("origin", "http://localhost:5173")], &[("host", "localhost:80")], &[("host", "[::1]:80")]] {
        assert_eq!(status(&local, key, own).await, 200, "{own:?}");
    }
    for foreign in [
        ("host", "elsewhere.example"),
        ("host", "elsewhere.example:4566"),
        ("host", "localhost.elsewhere.example"),
        ("host", "127.0.0.1.elsewhere.example"),
        ("host", "192.0.2.1"),
        ("origin", "https://elsewhere.example"),
        ("origin", "http://localhost.elsewhere.example"),
        ("origin", "http://127.0.0.1@elsewhere.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(status(&local, key, &[foreign]).await, 403, "{foreign:?}");
    }
}

#[tokio::test]
async fn nobody_is_let_in_without_the_key_of_the_run() {
    let local = Local::running();
    for key in [None, Some("test"), Some("000000000000"), Some("AKIAIOSFODNN7EXAMPLE"), Some("")] {
        let status = status(&local, key, &[]).await;
        assert!((400..=403).contains(&status), "{key:?}: {status}");
    }
    let reset = Request::post(format!("{}/_ministack/reset", local.stack.endpoint)).body(Vec::new()).unwrap();
    assert_eq!(Http::new().call(reset).await.unwrap().status(), 403);
}

/// The first line of the answer to an upgrade to MQTT over WebSocket.
async fn upgrade(local: &Local, header: &str) -> String {
    let host = local.stack.endpoint.rsplit('/').next().unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!(
        "GET /mqtt HTTP/1.1\r\nHost: data-ats.iot.eu-central-1.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n{header}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn mqtt_needs_a_certificate_or_a_signature_and_is_not_for_pages_of_other_sites() {
    let local = Local::running();
    let key = &local.stack.key.id;
    let signed =
        format!("Authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/eu-central-1/iotdata/aws4_request\r\n");
    assert_eq!(upgrade(&local, &signed).await, "HTTP/1.1 101");
    assert_eq!(upgrade(&local, "").await, "HTTP/1.1 403");
    assert_eq!(upgrade(&local, &format!("{signed}Origin: http://{SITE}\r\n")).await, "HTTP/1.1 403");
    assert!(Connection::without_certificate(&local.stack, "nobody").await.is_err(), "let in without a certificate");
}

/// The loopback address as /proc writes it: of IPv4, the same in IPv6, and of IPv6.
#[cfg(target_os = "linux")]
const LOOPBACK: [&str; 3] = ["0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"];

/// The addresses at which the processes of the local cloud listen, as /proc writes them.
#[cfg(target_os = "linux")]
fn listening(process: u32) -> Vec<String> {
    let numbers = |folder: &str| -> Vec<u32> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    };
    // The functions are in the process group of the emulator. The name of a program, in brackets, may hold anything.
    let group = |id: &u32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        stat.rsplit(") ").next()?.split(' ').nth(2)?.parse().ok()
    };
    let mut sockets = Vec::new();
    for id in numbers("/proc").into_iter().filter(|id| group(id) == Some(process)) {
        let files = numbers(&format!("/proc/{id}/fd")).into_iter();
        let links = files.filter_map(|file| std::fs::read_link(format!("/proc/{id}/fd/{file}")).ok());
        sockets.extend(
            links.filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').to_owned())),
        );
    }
    let tables = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default());
    let lines =
        tables.iter().flat_map(|table| table.lines().skip(1)).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let open = lines.filter(|words| words[3] == "0A" && sockets.iter().any(|socket| socket == words[9]));
    open.map(|words| words[1].to_owned()).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn every_port_of_the_local_cloud_is_on_loopback() {
    let local = Local::running();
    // A function that runs has a port of its own, at which it is told its events.
    local.invoke("organizer", "kloaka_from_device", b"{}").await;
    let all = listening(local.stack.process);
    assert!(all.len() >= 3, "gateway, MQTT and a function: {all:?}");
    let loopback = |address: &&String| address.split(':').next().is_some_and(|host| LOOPBACK.contains(&host));
    let foreign = all.iter().filter(|address| !loopback(address));
    assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&String>::new(), "of {all:?}");
}

/// A page that makes a function in every way that a page can, and reports when it has tried.
fn page(local: &Local, role: &Value) -> String {
    let function = json!({
        "FunctionName": INTRUDER, "Runtime": "python3.12", "Handler": "index.handler", "Role": role,
        // An empty archive.
        "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},
    });
    let (functions, region) = (format!("{}/2015-03-31/functions", local.stack.endpoint), &local.stack.region);
    let scope = format!("test/20260101/{region}/lambda/aws4_request");
    let query = format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&X-Amz-Signature=0");
    format!(
        "<!doctype html><script type=module>
        const body = JSON.stringify({function}), said = [];
        const tried = async (address, options) => {{
            try {{ const answer = await fetch(address, {{method: 'POST', body, ...options}}); said.push(answer.type) }}
            catch (error) {{ said.push(error.name) }}
        }};
        await tried('{functions}', {{mode: 'no-cors'}});
        await tried('{functions}?{query}', {{mode: 'no-cors'}});
        await tried('{functions}', {{headers: {{'content-type': 'application/json'}}}});
        await tried('{functions}', {{headers: {{authorization: 'AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0'}}}});
        await fetch('/done', {{method: 'POST', body: said.join(' ')}});
        </script>"
    )
}

/// Serves the page until a browser that has it reports; what it reports.
async fn serve(listener: TcpListener, page: &str) -> String {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 16384];
        let mut length = 0;
        let text = loop {
            let more = stream.read(&mut request[length..]).await.unwrap_or_default();
            length += more;
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let whole =
                text.split_once("\r\n\r\n").is_some_and(|(head, body)| !head.starts_with("POST") || !body.is_empty());
            if more == 0 || whole {
                break text;
            }
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
            page.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
        if text.starts_with("POST /done") {
            return text.rsplit("\r\n\r\n").next().unwrap_or_default().to_owned();
        }
    }
}

fn open(browser: &Path, address: &str, folder: &Path) -> Running {
    let mut command = Command::new(browser);
    // A container has no room for the browser's own sandbox; the page is ours.
    command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]);
    command.arg(format!("--user-data-dir={}", folder.display()));
    command.arg(format!("--host-resolver-rules=MAP {SITE} 127.0.0.1")).arg(address);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Running::start("the browser", command).unwrap()
}

#[tokio::test]
async fn a_page_of_another_site_in_a_browser_cannot_make_a_function() {
    let local = Local::running();
    let Some(browser) = browser::find() else {
        // Straight to the terminal, since the output of a test that passes is not shown.
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "NOT RUN: what a page in a browser can do, because there is no chromium");
        return;
    };
    let cloud = local.stack.cloud();
    let path = format!("/2015-03-31/functions/{}", local.stack.function("organizer").unwrap());
    let known = cloud.json("lambda", "GET", &path, &[], None).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{SITE}:{}/", listener.local_addr().unwrap().port());
    let folder = place::Place::of_run("strangers").unwrap().run("browser");
    let running = open(&browser, &address, &folder);
    let page = page(&local, &known["Configuration"]["Role"]);
    let said = tokio::time::timeout(Duration::from_secs(60), serve(listener, &page)).await.expect("the page reports");
    drop(running);
    // Its requests were sent, and what was answered is hidden from it.
    assert!(said.starts_with("opaque opaque"), "{said}");
    let made = cloud.json("lambda", "GET", &format!("/2015-03-31/functions/{INTRUDER}"), &[], None).await;
    assert!(made.is_err(), "the page has made a function ({said}): {made:?}");
}
