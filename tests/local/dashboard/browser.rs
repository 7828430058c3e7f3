//! A real browser on the dashboard, driven over WebDriver: chromedriver and Chromium, with a profile of its own, without a window.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tokio::process::Command;
use tooling::people::Person;
use tooling::process::Running;
use tooling::{browser, place, port};
use url::{ParseError, Url};
use weir_tests::local::Local;

/// How long something may take to show.
const PATIENCE: Duration = Duration::from_secs(40);
const LOOK: Duration = Duration::from_millis(50);

/// A browser; dropping it ends it.
pub struct Browser {
    client: Client,
    /// Address of the dashboard without the slash at its end: `http://….localhost:4566/app`.
    pub dashboard: String,
    /// Address of the local cloud, where people sign in.
    pub endpoint: String,
    _driver: Running,
    folder: PathBuf,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What a browser has asked.
#[derive(Debug, Default)]
pub struct Traffic {
    /// The addresses of all requests.
    pub asked: Vec<String>,
    /// Those to which the answer was a 5xx.
    pub failed: Vec<String>,
}

/// A command that WebDriver leaves to the driver.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (axum::http::Method, Option<String>) {
        (axum::http::Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// A browser that knows nobody, of somebody who reads English; `None`, said on the terminal, where there is none.
    pub async fn start(local: &Local, name: &str) -> Option<Self> {
        Self::start_in(local, name, "en").await
    }

    /// The same of somebody who prefers a language.
    pub async fn start_in(local: &Local, name: &str, language: &str) -> Option<Self> {
        let (Some(program), Some(driver)) = (browser::find(), browser::driver()) else {
            // Straight to the terminal, since the output of a test that passes is not shown.
            use std::io::Write;
            let _ = writeln!(
                std::io::stderr(),
                "NOT RUN: {name} of the dashboard, because there is no chromium with its driver. On Debian: \
                 apt-get install --no-install-recommends chromium chromium-driver"
            );
            return None;
        };
        let folder = place::Place::of_run("dashboard").unwrap().run(&format!("browser-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        let port = port::any_free().unwrap();
        let mut command = Command::new(driver);
        command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let running = Running::start("chromedriver", command).unwrap();
        let arguments = [
            "--headless=new",
            // A container has no room for the browser's own sandbox; the page is ours.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--window-size=1280,900",
        ];
        let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", folder.display()));
        arguments.push(format!("--lang={language}"));
        let preferences = json!({"intl.accept_languages": language});
        let capabilities = json!({
            "goog:chromeOptions": {"binary": program, "args": arguments, "prefs": preferences},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        });
        let capabilities: Map<String, Value> = serde_json::from_value(capabilities).unwrap();
        let address = format!("http://127.0.0.1:{port}");
        let deadline = Instant::now() + PATIENCE;
        let client = loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(capabilities.clone()).connect(&address).await {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < deadline, "chromedriver does not answer: {error}"),
            }
            tokio::time::sleep(LOOK).await;
        };
        let url = local.stack.output("DashboardUrl").unwrap();
        let dashboard = url.trim_end_matches('/').to_owned();
        let browser = Self { client, dashboard, endpoint: local.stack.endpoint.clone(), _driver: running, folder };
        // Without a screen no window has the focus, and then a page is told of no change of it.
        browser.tell("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await;
        Some(browser)
    }

    /// Goes to an address below `/app`.
    pub async fn open(&self, path: &str) {
        self.to(&format!("{}{path}", self.dashboard)).await;
    }

    /// Goes to any address.
    pub async fn to(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// Waits until the managed login asks who is there, and says it.
    pub async fn log_in(&self, person: &Person) {
        self.fill("#username", &person.email).await;
        self.fill("#password", &person.password).await;
        self.click("button[type=submit]").await;
    }

    /// Types into a field.
    pub async fn fill(&self, field: &str, text: &str) {
        self.there(field).await;
        let field = self.client.find(Locator::Css(field)).await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Gives a field this value, in place of what it had, and tells the page by `event`: `input` or `change`.
    pub async fn set(&self, field: &str, value: &str, event: &str) {
        self.there(field).await;
        let script = format!(
            "const field = document.querySelector({}); field.value = {}; field.dispatchEvent(new Event({}, {{bubbles: true}}))",
            json!(field),
            json!(value),
            json!(event)
        );
        self.ask(&script).await;
    }

    /// Clicks something. While the page scrolls, the fixed header may lie above it: then it is tried again.
    pub async fn click(&self, what: &str) {
        self.there(what).await;
        let middle = format!("document.querySelector({})?.scrollIntoView({{block: 'center'}})", json!(what));
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.ask(&middle).await;
            let clicked = self.client.find(Locator::Css(what)).await.unwrap().click().await;
            match clicked {
                Err(CmdError::Standard(error))
                    if error.error == ErrorStatus::ElementClickIntercepted && Instant::now() < deadline =>
                {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                clicked => return clicked.unwrap(),
            }
        }
    }

    /// Waits until there is something that the selector names.
    pub async fn there(&self, selector: &str) {
        let script = format!("return !!document.querySelector({})", json!(selector));
        self.until(&format!("there is {selector}"), &script).await;
    }

    /// Waits until the page says something.
    pub async fn says(&self, words: &str) {
        let script = format!("return document.body.innerText.includes({})", json!(words));
        self.until(&format!("the page says {words:?}"), &script).await;
    }

    /// Waits until a script returns something true.
    pub async fn until(&self, what: &str, script: &str) {
        let deadline = Instant::now() + PATIENCE;
        // While a page is on its way there is none to ask.
        while self.client.execute(script, Vec::new()).await.unwrap_or_default() != Value::Bool(true) {
            if Instant::now() > deadline {
                let text = self.client.execute("return document.body.innerText", Vec::new()).await;
                panic!(
                    "not so: {what}. {} says {text:?}; the console {:?}",
                    self.address().await,
                    self.console().await
                );
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What a script returns.
    pub async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// What a script that takes its time hands to its last argument.
    pub async fn ask_slowly(&self, script: &str) -> Value {
        self.client.execute_async(script, Vec::new()).await.unwrap()
    }

    /// The present address.
    pub async fn address(&self) -> String {
        self.client.current_url().await.map(|url| url.to_string()).unwrap_or_default()
    }

    /// Tells the browser itself something (Chrome DevTools Protocol), and returns its answer.
    pub async fn tell(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.client.issue_cmd(Own { path: "goog/cdp/execute", body }).await.unwrap()
    }

    /// What the browser has written into one of its logs since this was last asked.
    async fn log(&self, kind: &str) -> Vec<Value> {
        let read = self.client.issue_cmd(Own { path: "se/log", body: json!({"type": kind}) }).await.unwrap();
        read.as_array().cloned().unwrap_or_default()
    }

    /// What the console says.
    pub async fn console(&self) -> Vec<String> {
        let lines = self.log("browser").await.into_iter();
        lines.filter_map(|line| Some(line.get("message")?.as_str()?.to_owned())).collect()
    }

    /// What was asked since this was last called, and which answers said that the server had failed.
    pub async fn traffic(&self) -> Traffic {
        let mut traffic = Traffic::default();
        for line in self.log("performance").await {
            let Some(event) = line["message"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
                continue;
            };
            let event = &event["message"];
            let parameters = &event["params"];
            let address = |value: &Value| value.as_str().map(str::to_owned);
            match event["method"].as_str() {
                Some("Network.requestWillBeSent") => traffic.asked.extend(address(&parameters["request"]["url"])),
                Some("Network.webSocketCreated") => traffic.asked.extend(address(&parameters["url"])),
                Some("Network.responseReceived") if parameters["response"]["status"].as_u64() >= Some(500) => {
                    traffic.failed.extend(address(&parameters["response"]["url"]));
                }
                _ => {}
            }
        }
        traffic
    }

    /// Keeps a picture of the whole page as `target/dashboard/<name>.png`.
    pub async fn picture(&self, name: &str) {
        let folder = weir_tests::root().join("target/dashboard");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Waits until there is another window, and goes there; the window from which it came.
    pub async fn other_window(&self) -> fantoccini::wd::WindowHandle {
        let own = self.client.window().await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let others = self.client.windows().await.unwrap();
            if let Some(other) = others.into_iter().find(|other| *other != own) {
                self.client.switch_to_window(other).await.unwrap();
                return own;
            }
            assert!(Instant::now() < deadline, "no other window opens");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Number of windows and tabs.
    pub async fn windows(&self) -> usize {
        self.client.windows().await.unwrap().len()
    }

    /// Goes to a window.
    pub async fn to_window(&self, window: fantoccini::wd::WindowHandle) {
        self.client.switch_to_window(window).await.unwrap();
    }
}
