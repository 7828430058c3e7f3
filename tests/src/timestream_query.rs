//! Timestream queries over a real socket: each one is recorded, and gets a recorded answer.
//!
//! No available engine supports Timestream's SQL, so the text of each query is compared exactly, and the answers have the format of the API
//! reference (Query: ColumnInfo, Rows, NextToken).

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_timestreamquery::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_timestreamquery::{Client, Config};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use weir_aws::time_series::{History, TimestreamHistory};

/// The status and the body of an answer.
pub type Recorded = (u16, Value);

/// A Timestream that answers queries with recorded answers, in order.
pub struct Recording {
    url: String,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    answers: Vec<Recorded>,
    asked: Vec<Value>,
}

impl Recording {
    /// Starts one with these answers.
    pub async fn of(answers: Vec<Recorded>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State { answers, asked: Vec::new() }));
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&shared)));
            }
        });
        Self { url, state, server }
    }

    /// The text of the queries so far.
    pub fn asked(&self) -> Vec<String> {
        let text = |body: &Value| body["QueryString"].as_str().expect("a question").to_owned();
        self.state.lock().unwrap().asked.iter().map(text).collect()
    }

    /// The bodies of the requests so far.
    pub fn requests(&self) -> Vec<Value> {
        self.state.lock().unwrap().asked.clone()
    }

    /// A time-series store that uses it.
    pub fn history(&self) -> History {
        history_at(&self.url)
    }
}

/// The table `readings` of the database `weir-test` in the Timestream at this address.
pub fn history_at(url: &str) -> History {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
        .endpoint_url(url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::standard().with_max_attempts(1))
        .retry_partition(RetryPartition::custom(url.to_owned()).build());
    History::Timestream(TimestreamHistory::new(Client::from_conf(config.build()), "weir-test", "readings"))
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Answers the requests on a connection, until the other side closes it.
async fn serve(mut socket: TcpStream, state: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    loop {
        let (head, length) = loop {
            let mut fields = [httparse::EMPTY_HEADER; 64];
            let mut request = httparse::Request::new(&mut fields);
            if let Ok(httparse::Status::Complete(head)) = request.parse(&buffer) {
                let length = request.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
                let length = std::str::from_utf8(length.expect("a length").value).unwrap().parse::<usize>().unwrap();
                break (head, length);
            }
            if socket.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        };
        while buffer.len() < head + length {
            if socket.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let body = serde_json::from_slice(&buffer[head..head + length]).expect("AWS requests are JSON");
        buffer.drain(..head + length);
        let (status, answer) = {
            let mut state = state.lock().unwrap();
            state.asked.push(body);
            if state.answers.is_empty() {
                (500, json!({"message": "nothing recorded"}))
            } else {
                state.answers.remove(0)
            }
        };
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} Recorded\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        if socket.write_all((head + &answer).as_bytes()).await.is_err() {
            return;
        }
    }
}

/// An answer with these columns (name and scalar type) and rows; `null` is a missing value.
pub fn rows(columns: &[(&str, &str)], rows: &[Value]) -> Recorded {
    let columns: Vec<_> =
        columns.iter().map(|(name, kind)| json!({"Name": name, "Type": {"ScalarType": kind}})).collect();
    let datum = |value: &Value| match value {
        Value::Null => json!({"NullValue": true}),
        Value::String(text) => json!({"ScalarValue": text}),
        other => json!({"ScalarValue": other.to_string()}),
    };
    let row = |row: &Value| json!({"Data": row.as_array().expect("a row").iter().map(datum).collect::<Vec<_>>()});
    let rows: Vec<_> = rows.iter().map(row).collect();
    let status =
        json!({"ProgressPercentage": 100.0, "CumulativeBytesScanned": 1024, "CumulativeBytesMetered": 10_000_000});
    (
        200,
        json!({"QueryId": "AEDACANMQDLSTQR3SPDV6HEWYACX5IALTEWGK7JM3VSFQQ5J5F3HGKVEMNHBRHY", "ColumnInfo": columns, "Rows": rows, "QueryStatus": status}),
    )
}

/// The answer with a token for a further page.
pub fn followed((status, mut body): Recorded, token: &str) -> Recorded {
    body["NextToken"] = token.into();
    (status, body)
}

/// An error answer.
pub fn refused(kind: &str, message: &str) -> Recorded {
    (
        400,
        json!({"__type": format!("com.amazonaws.timestream.v20181101#{kind}"), "message": message, "Message": message}),
    )
}
