use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use weir_aws::config;
use weir_aws::invoke::{self, Invoker};

use super::*;

/// A queue with scripted answers, followed by empty ones; and a function that accepts nothing.
#[derive(Default)]
struct Fake {
    /// The messages of each answer.
    gives: Vec<Vec<&'static str>>,
    /// The queue's counts: messages that are visible, and messages in flight.
    counts: (u64, u64),
    /// Number of calls of the function.
    calls: usize,
}

impl Fake {
    fn answer(&mut self, target: &str, url: &str) -> Value {
        match target.rsplit('.').next().unwrap_or_default() {
            "GetQueueUrl" => json!({"QueueUrl": format!("{url}/000000000000/queue")}),
            "ReceiveMessage" if self.gives.is_empty() => json!({}),
            "ReceiveMessage" => {
                let message = |id: &&str| json!({"MessageId": id, "ReceiptHandle": id, "Body": r#"{"requestPayload": {}}"#, "Attributes": {"SentTimestamp": "1"}});
                json!({"Messages": self.gives.remove(0).iter().map(message).collect::<Vec<_>>()})
            }
            "GetQueueAttributes" => json!({"Attributes": {"ApproximateNumberOfMessages": self.counts.0.to_string(),
                "ApproximateNumberOfMessagesNotVisible": self.counts.1.to_string()}}),
            "ChangeMessageVisibility" => json!({}),
            _ => {
                self.calls += 1;
                json!({"batchItemFailures": [{"itemIdentifier": "1"}]})
            }
        }
    }
}

/// Serves requests one after another, at a new address.
async fn serve(fake: Arc<Mutex<Fake>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let own = url.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut request, mut part) = (Vec::new(), [0; 4096]);
            let (head, mut missing) = loop {
                let length = stream.read(&mut part).await.unwrap();
                request.extend_from_slice(&part[..length]);
                let text = String::from_utf8_lossy(&request).to_lowercase();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                    let length: usize = header("content-length: ").map_or(0, |length| length.parse().unwrap());
                    break (String::from_utf8_lossy(&request).into_owned(), length - body.len());
                }
            };
            while missing > 0 {
                missing -= stream.read(&mut part).await.unwrap();
            }
            let target = head.lines().find_map(|line| line.split_once("AmazonSQS.")).map_or("", |(_, target)| target);
            let body = fake.lock().unwrap().answer(target.trim(), &own).to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

async fn drained(fake: Fake) -> (Tally, usize) {
    let fake = Arc::new(Mutex::new(fake));
    let url = serve(Arc::clone(&fake)).await;
    let credentials = aws_sdk_sqs::config::Credentials::new("test", "test", None, None, "test");
    let credentials = aws_sdk_sqs::config::SharedCredentialsProvider::new(credentials);
    let sdk = config::sdk_of("eu-central-1".into(), credentials, Some(url)).unwrap();
    let target = Target {
        prefix: "weir-test".into(),
        queues: super::super::queue::client(&sdk),
        invoker: Invoker::new(invoke::client(&sdk, Duration::from_secs(5))),
        tables: config::dynamodb(&sdk),
        hold: Duration::ZERO,
    };
    let queue = Queue::find(&target, "calibration").await.unwrap().unwrap();
    let tally = drain(&target, &queue, &Progress::new()).await.unwrap();
    let calls = fake.lock().unwrap().calls;
    (tally, calls)
}

#[tokio::test]
async fn what_comes_back_while_others_can_still_be_had_does_not_end_it() {
    // The first two become visible again before the third is received for the first time.
    let gives = vec![vec!["1", "2"], vec!["1", "2"], vec!["3"]];
    let (tally, calls) = drained(Fake { gives, counts: (1, 2), calls: 0 }).await;
    assert_eq!((calls, tally.left), (3, 3), "{}", tally.text());
}

#[tokio::test]
async fn what_another_run_has_in_hand_to_the_end_is_left() {
    let (tally, calls) = drained(Fake { gives: vec![vec!["1"]], counts: (0, 3), calls: 0 }).await;
    assert_eq!((calls, tally.left), (1, 3), "{}", tally.text());
    assert!(tally.errors.iter().any(|error| error.contains("another run")), "{:?}", tally.errors);
}
