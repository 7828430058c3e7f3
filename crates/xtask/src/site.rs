//! `cargo xtask site`: the dashboard for its developers. It is built quickly instead of small, and served beside the running local cloud;
//! with `--watch` it is rebuilt and reloaded with every change of its sources. Requests for anything else go to the API.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tooling::http::Http;
use tooling::page::{self, Compressed, Profile};
use tooling::place::Place;
use tooling::progress::Progress;
use tooling::stack::Stack;

/// The port. The template allows signing in from it.
const PORT: u16 = 8321;
/// The folders that the dashboard is built from.
const SOURCES: [&str; 3] = ["crates/dashboard", "crates/chart", "crates/core/src"];
/// Time between two scans of the sources.
const LOOK: Duration = Duration::from_millis(300);
/// Maximum length of a request's body, in bytes.
const MOST: usize = 1 << 20;
/// Reloads the page after a build: the request is answered when one is complete.
const RELOAD: &str = "fetch('/app/built').then(() => location.reload(), () => {});\n";

/// The options of the command.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Rebuild it with every change of its sources, and reload it in the browser.
    #[arg(long)]
    pub watch: bool,
    /// Open it in the browser.
    #[arg(long)]
    pub open: bool,
}

/// The state of the server.
struct Served {
    folder: PathBuf,
    http: Http,
    endpoint: String,
    host: String,
    built: watch::Receiver<u32>,
}

/// Builds and serves it, until it is stopped.
///
/// # Errors
/// When no local cloud runs, or the port is taken.
pub async fn run(options: &Options) -> Result<ExitCode> {
    let stack = Stack::running()?;
    let (place, progress) = (Place::of_run("site")?, Progress::new());
    page::packer(&place).await?;
    let host = stack.output("ApiUrl")?.split("://").last().unwrap_or_default().to_owned();
    let (sender, built) = watch::channel(0);
    let served = Served { folder: place.run("app"), http: Http::new(), endpoint: stack.endpoint.clone(), host, built };
    let routes = Router::new().route("/app/built", get(told)).fallback(answer).with_state(Arc::new(served));
    let listener = TcpListener::bind(("127.0.0.1", PORT)).await.with_context(|| format!("port {PORT} is taken"))?;
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move { axum::serve(listener, routes).await });
    let mut seen = BTreeMap::new();
    loop {
        let now = sources(place.root());
        // Without `--watch` only until there is one to serve.
        let is_wanted = options.watch || *sender.borrow() == 0;
        if is_wanted && now != seen {
            seen = now;
            match build(&place, &progress).await {
                Ok(()) => {
                    let is_first = *sender.borrow() == 0;
                    // Before the browser opens the page, which would otherwise reload at once.
                    sender.send_modify(|count| *count += 1);
                    if is_first {
                        let address = format!("http://localhost:{PORT}/app/");
                        println!("{address}");
                        if options.open {
                            let _ = open::that_detached(&address);
                        }
                    }
                }
                Err(error) => println!("{error:#}"),
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn build(place: &Place, progress: &Progress) -> Result<()> {
    page::program(place, Profile::Quick, progress).await?;
    let step = progress.step("page");
    step.done(&page::pack_into(place, Profile::Quick, &place.run("app"), Compressed::No).await?);
    Ok(())
}

/// Every source file, with the time of its last change.
fn sources(root: &Path) -> BTreeMap<PathBuf, SystemTime> {
    fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, SystemTime>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if let Ok(changed) = entry.metadata().and_then(|about| about.modified()) {
                found.insert(path, changed);
            }
        }
    }
    let mut found = BTreeMap::new();
    SOURCES.iter().for_each(|folder| walk(&root.join(folder), &mut found));
    found
}

/// Answers after the next build.
async fn told(State(served): State<Arc<Served>>) -> StatusCode {
    let mut built = served.built.clone();
    built.mark_unchanged();
    let _ = built.changed().await;
    StatusCode::NO_CONTENT
}

/// Serves a file or the page, and forwards everything else to the API.
async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response {
    let path = request.uri().path();
    let Some(name) = path.strip_prefix("/app/").filter(|name| *name != "config.json") else {
        return asked(&served, request)
            .await
            .unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response());
    };
    if name == "reload.js" {
        return ([(CONTENT_TYPE, "text/javascript")], RELOAD).into_response();
    }
    // Names of files must not lead out of the folder.
    let file = Some(name).filter(|name| name.starts_with("assets/") && !name.contains(".."));
    match file.map(|name| std::fs::read(served.folder.join(name))) {
        Some(Ok(bytes)) => ([(CONTENT_TYPE, media_type(name)), (CACHE_CONTROL, "no-store")], bytes).into_response(),
        Some(Err(_)) => StatusCode::NOT_FOUND.into_response(),
        None => {
            let page = std::fs::read_to_string(served.folder.join("index.html")).unwrap_or_default();
            let page = page.replace("</head>", "<script src=\"/app/reload.js\" defer></script></head>");
            ([(CONTENT_TYPE, "text/html"), (CACHE_CONTROL, "no-store")], page).into_response()
        }
    }
}

async fn asked(served: &Served, request: Request) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    parts.uri = format!("{}{path}", served.endpoint).parse()?;
    parts.headers.insert(HOST, HeaderValue::from_str(&served.host)?);
    let body = to_bytes(body, MOST).await?.to_vec();
    let answer = served.http.call(Request::from_parts(parts, body)).await?;
    Ok(answer.map(Body::from))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
