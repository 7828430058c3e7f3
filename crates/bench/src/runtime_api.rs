//! Lambda's side of the Runtime API: a function requests the next event and posts the result.

use crate::http::{Connection, Message};
use crate::process::{Process, Program};
use anyhow::{Context, Result, anyhow, bail};
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The function's timeout as passed to it, and the timeout of the benchmark.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A server of the Runtime API, for one function at a time.
pub struct RuntimeApi {
    address: SocketAddr,
    heard: Receiver<Heard>,
}

/// A running function that is waiting for an event.
pub struct Function {
    api: Rc<RuntimeApi>,
    process: Process,
    waiting: Sender<Event>,
    /// Time from the creation of the process to its first request for an event.
    pub start: Duration,
    events: u64,
}

/// The result of one event.
pub struct Outcome {
    /// The function's answer, or `Err` with the error that it reported.
    pub answer: Result<String, String>,
    /// Time from sending the first byte of the event to receiving the last byte of the answer.
    pub took: Duration,
}

struct Event {
    id: String,
    body: String,
    sent: Arc<OnceLock<Instant>>,
}

enum Heard {
    Next { at: Instant, give: Sender<Event> },
    Answer { at: Instant, answer: Result<String, String> },
    InitError(String),
}

impl RuntimeApi {
    /// Listens on loopback.
    pub fn start() -> Result<Rc<Self>> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let (tell, heard) = channel();
        // Threads that already wait in `accept`, so that creating threads does not count towards the start.
        for _ in 0..4 {
            let (listener, tell) = (listener.try_clone()?, tell.clone());
            std::thread::spawn(move || {
                while let Ok((stream, _)) = listener.accept() {
                    // A function that is stopped while it waits breaks its connection, which is no error.
                    let _ = Connection::new(stream).and_then(|connection| serve(connection, &tell));
                }
            });
        }
        Ok(Rc::new(Self { address, heard }))
    }

    /// Starts a function and waits until it asks for its first event.
    pub fn run(self: &Rc<Self>, program: &Program, variables: &[(String, String)]) -> Result<Function> {
        while self.heard.try_recv().is_ok() {}
        let mut process = Process::start(program, &self.address.to_string(), variables)?;
        let (at, waiting) = self.next(&mut process).with_context(|| format!("starting {}", program.name))?;
        let start = at.duration_since(process.started);
        Ok(Function { api: Rc::clone(self), process, waiting, start, events: 0 })
    }

    fn next(&self, process: &mut Process) -> Result<(Instant, Sender<Event>)> {
        match self.hear(process)? {
            Heard::Next { at, give } => Ok((at, give)),
            Heard::InitError(error) => bail!("the function could not start: {error}"),
            _ => bail!("the function answered without an event"),
        }
    }

    fn hear(&self, process: &mut Process) -> Result<Heard> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Ok(heard) = self.heard.recv_timeout(Duration::from_millis(200)) {
                return Ok(heard);
            }
            if let Some(how) = process.ended() {
                bail!("the function ended ({how}); WEIR_BENCH_LOG=1 shows its log");
            }
            if Instant::now() > deadline {
                bail!("no request from the function for {} s", TIMEOUT.as_secs());
            }
        }
    }
}

impl Function {
    /// Sends one event to the function, and waits until it has answered and requests the next one.
    pub fn invoke(&mut self, body: String) -> Result<Outcome> {
        self.events += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.events);
        let sent = Arc::new(OnceLock::new());
        let event = Event { id, body, sent: Arc::clone(&sent) };
        self.waiting.send(event).map_err(|_| anyhow!("the function has ended"))?;
        let Heard::Answer { at, answer } = self.api.hear(&mut self.process)? else {
            bail!("the event was not answered")
        };
        (_, self.waiting) = self.api.next(&mut self.process)?;
        let sent = sent.get().context("the function answered an unknown event")?;
        Ok(Outcome { answer, took: at.duration_since(*sent) })
    }

    /// Ends the function.
    pub fn end(mut self) -> Result<()> {
        self.process.end()
    }

    /// The process behind the function.
    pub fn process(&self) -> &Process {
        &self.process
    }
}

fn serve(mut connection: Connection, tell: &Sender<Heard>) -> Result<()> {
    while let Some(request) = connection.request()? {
        let path = request.path.trim_start_matches("/2018-06-01/runtime/");
        match (request.first.as_str(), path) {
            ("GET", "invocation/next") => {
                let (give, given) = channel();
                tell.send(Heard::Next { at: request.arrived, give })?;
                let Ok(event) = given.recv() else { return Ok(()) };
                event.sent.get_or_init(Instant::now);
                send_event(&mut connection, &event)?;
            }
            ("POST", "init/error") => {
                tell.send(Heard::InitError(text(&request)))?;
                accepted(&mut connection)?;
            }
            ("POST", path) => {
                let answer = if path.ends_with("/error") { Err(text(&request)) } else { Ok(text(&request)) };
                tell.send(Heard::Answer { at: request.arrived, answer })?;
                accepted(&mut connection)?;
            }
            _ => connection.send("HTTP/1.1 404 Not Found", &[], b"")?,
        }
    }
    Ok(())
}

fn send_event(connection: &mut Connection, event: &Event) -> Result<()> {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH)? + TIMEOUT;
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", event.id.as_str()),
        ("lambda-runtime-deadline-ms", &deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:000000000000:function:bench"),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0"),
    ];
    connection.send("HTTP/1.1 200 OK", &headers, event.body.as_bytes())
}

fn accepted(connection: &mut Connection) -> Result<()> {
    connection.send("HTTP/1.1 202 Accepted", &[("content-type", "application/json")], br#"{"status":"OK"}"#)
}

fn text(message: &Message) -> String {
    String::from_utf8_lossy(&message.body).into_owned()
}
