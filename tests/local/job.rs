//! Firmware over the air in the local cloud: uploaded with a signed address, brought to boards by AWS IoT Jobs, told back by its events.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use fleet_sim::simulate::updater::hex;
use fleet_sim::updates::Updates;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;
use tooling::api::Api;
use tooling::cloud::Call;
use tooling::http::{Http, Request};
use tooling::mqtt::Connection;
use weir_aws::bucket::Bucket;
use weir_core::domain::Timestamp;
use weir_core::domain::firmware::Firmware;
use weir_tests::events::event;
use weir_tests::local::{Local, now, until};

/// Longer than AWS IoT lets a board work that has a minute.
const A_MINUTE_AND_MORE: Duration = Duration::from_secs(66);

/// Puts a file to an address with these headers; the status.
async fn put(url: &str, headers: &BTreeMap<String, String>, file: &[u8]) -> u16 {
    let mut request = Request::builder().method("PUT").uri(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    Http::new().call(request.body(file.to_vec()).unwrap()).await.unwrap().status().as_u16()
}

/// Announces a version of a file; the address and the headers for its upload.
async fn announce(api: &Api, version: &str, file: &[u8]) -> (String, BTreeMap<String, String>) {
    let body = json!({"version": version, "sha256": hex(&Sha256::digest(file)), "size": file.len()});
    let said = api.expect(&[201], "POST", "/fleet/firmware", Some(&body)).await.unwrap().json();
    let headers = serde_json::from_value(said["upload"]["headers"].clone()).unwrap();
    (said["upload"]["url"].as_str().unwrap().to_owned(), headers)
}

/// Announces a version of a file and uploads it.
async fn uploaded(api: &Api, version: &str, file: &[u8]) {
    let (url, headers) = announce(api, version, file).await;
    assert_eq!(put(&url, &headers, file).await, 200, "{url}");
}

async fn make(api: &Api, order: &Value) -> Value {
    api.expect(&[202], "POST", "/fleet/jobs", Some(order)).await.unwrap().json()
}

async fn read(api: &Api, id: &Value) -> Value {
    api.expect(&[200], "GET", &format!("/fleet/jobs/{}", id.as_str().unwrap()), None).await.unwrap().json()
}

/// Waits until the job has this state, sweeping meanwhile.
async fn comes_to(local: &Local, api: &Api, id: &Value, state: &str) -> Value {
    let function = local.stack.function("job").unwrap();
    until(state, async || {
        let job = read(api, id).await;
        if job["state"] == state {
            return Some(job);
        }
        local.call(function, &event("job", "sweep")).await;
        None
    })
    .await
}

/// The events of jobs of a device: what they say, and why.
async fn told(api: &Api, device: &str) -> Vec<(String, String)> {
    let page = api.expect(&[200], "GET", &format!("/devices/{device}/events?kind=job"), None).await.unwrap().json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["changes"][0]["after"]), text(&one["detail"])))
        .collect()
}

/// A board that takes jobs until it is dropped.
struct Board(JoinHandle<()>);

impl Drop for Board {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Board {
    async fn start(local: &Local, name: &str, version: &str) -> Self {
        local.register(&json!({ "id": name })).await;
        let mut connection = local.connect(name).await;
        let mut updates = Updates::new(name, version);
        updates.begin(&mut connection).await.unwrap();
        Self(tokio::spawn(async move {
            while let Ok(message) = connection.next().await {
                updates.hear(&mut connection, &message).await.unwrap();
            }
        }))
    }
}

/// Says something about a job on behalf of a thing, over HTTP.
async fn says(local: &Local, thing: &str, job: &Value, status: &str) -> Result<Value, String> {
    let path = format!("/things/{thing}/jobs/{}", job.as_str().unwrap());
    let body = json!({ "status": status });
    let sent = local.stack.cloud().json("iot-jobs-data", "POST", &path, &[], Some(&body)).await;
    sent.map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn s3_takes_the_file_that_was_announced_and_no_other() {
    let local = Local::running();
    let (api, file) = (local.admin().await, b"the firmware 10.0.1".as_slice());
    let (url, headers) = announce(&api, "10.0.1", file).await;
    // Another file of the same size, a longer one, another key, and without the checksum.
    assert_ne!(put(&url, &headers, b"the firmware 10.0.2").await, 200);
    let mut longer = headers.clone();
    longer.remove("content-length");
    assert_ne!(put(&url, &longer, b"the firmware 10.0.1 and more").await, 200);
    assert_ne!(put(&url.replace("10.0.1", "10.0.3"), &headers, file).await, 200);
    assert_ne!(put(&url, &BTreeMap::new(), b"the firmware 10.0.2").await, 200);
    let order = json!({"firmware": "10.0.1", "target": {"tube": "Q"}});
    let refused = api.call("POST", "/fleet/jobs", Some(&order)).await.unwrap();
    assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("urn:weir:problem:transition")));
    assert_eq!(put(&url, &headers, file).await, 200);
    let again = json!({"version": "10.0.1", "sha256": hex(&Sha256::digest(file)), "size": file.len()});
    assert_eq!(api.call("POST", "/fleet/firmware", Some(&again)).await.unwrap().status, 409);
    let listed = api.expect(&[200], "GET", "/fleet/firmware?limit=200", None).await.unwrap().json();
    let own = listed["items"].as_array().unwrap().iter().find(|one| one["version"] == "10.0.1").unwrap();
    assert!(own["uploaded_at"].is_string());
    // Nobody reads it without a signature.
    let bare = url.split('?').next().unwrap();
    let read = Http::new().call(Request::builder().uri(bare).body(Vec::new()).unwrap()).await.unwrap();
    assert_eq!(read.status(), 403);
}

/// A connector that nothing goes over.
#[derive(Debug)]
struct Nothing;

impl HttpConnector for Nothing {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        unreachable!("signing asks nobody")
    }
}

#[tokio::test]
async fn an_address_that_has_expired_is_refused() {
    let local = Local::running();
    let file = b"late".as_slice();
    let key = &local.stack.key;
    let credentials = SharedCredentialsProvider::new(Credentials::new(&key.id, &key.secret, None, None, "test"));
    let (name, region) = (local.stack.output("FirmwareBucketName").unwrap().to_owned(), local.stack.region.clone());
    let bucket =
        Bucket::new(name, region, local.stack.endpoint.clone(), credentials, SharedHttpConnector::new(Nothing));
    let sha256 = hex(&Sha256::digest(file)).parse().unwrap();
    let at = Timestamp::from_millis(now());
    let firmware = Firmware::announced("10.0.9".parse().unwrap(), sha256, 4, "ann".into(), at).unwrap();
    for (signed, status) in [(at.plus_seconds(-1_000), 403), (at, 200)] {
        let upload = bucket.upload(&firmware, signed).await.unwrap();
        let headers = upload.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        assert_eq!(put(&upload.url, &headers, file).await, status);
    }
}

#[tokio::test]
async fn a_board_takes_a_job_and_shows_what_it_runs_and_older_versions_are_refused() {
    let local = Local::running();
    let (api, file) = (local.admin().await, b"the firmware 11.1.0".as_slice());
    let _board = Board::start(&local, "job-01", "11.0.0").await;
    uploaded(&api, "11.1.0", file).await;
    let order = json!({"firmware": "11.1.0", "target": {"devices": ["job-01"]}});
    let made = make(&api, &order).await;
    assert_eq!((&made["state"], &made["devices"]), (&json!("IN_PROGRESS"), &json!(1)));
    let done = comes_to(&local, &api, &made["id"], "COMPLETED").await;
    assert_eq!(done["counts"]["succeeded"], 1);
    assert_eq!(
        (&done["executions"]["items"][0]["device"], &done["executions"]["items"][0]["status"]),
        (&json!("job-01"), &json!("SUCCEEDED"))
    );
    until("the device shows it", async || {
        let shown = api.expect(&[200], "GET", "/devices/job-01", None).await.unwrap().json();
        (shown["firmware"] == "11.1.0").then_some(())
    })
    .await;
    until("the event", async || {
        (told(&api, "job-01").await == [("SUCCEEDED".to_owned(), String::new())]).then_some(())
    })
    .await;
    // Nothing goes back, unless it is forced.
    uploaded(&api, "11.0.5", b"the firmware 11.0.5").await;
    let mut back = json!({"firmware": "11.0.5", "target": {"devices": ["job-01"]}});
    let refused = api.call("POST", "/fleet/jobs", Some(&back)).await.unwrap();
    assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/target/devices/0")));
    back["force"] = true.into();
    let forced = make(&api, &back).await;
    comes_to(&local, &api, &forced["id"], "COMPLETED").await;
    until("the device shows the old one", async || {
        let shown = api.expect(&[200], "GET", "/devices/job-01", None).await.unwrap().json();
        (shown["firmware"] == "11.0.5").then_some(())
    })
    .await;
    // The groups are gone.
    let groups = local.stack.cloud().json("iot", "GET", "/thing-groups", &[], None).await.unwrap();
    for id in [&made["id"], &forced["id"]] {
        assert!(!groups.to_string().contains(id.as_str().unwrap()), "{groups}");
    }
}

#[tokio::test]
async fn a_board_refuses_a_file_that_is_not_the_one_that_was_meant() {
    let local = Local::running();
    let (api, file) = (local.admin().await, b"the firmware 12.0.0".as_slice());
    let _board = Board::start(&local, "job-02", "11.0.0").await;
    uploaded(&api, "12.0.0", file).await;
    // Whoever owns the bucket puts something else there.
    let bucket = local.stack.output("FirmwareBucketName").unwrap();
    let path = format!("/{bucket}/firmware/12.0.0/{}", hex(&Sha256::digest(file)));
    let other =
        Call { service: "s3", method: "PUT", path: &path, body: b"the firmware 12.0.X".to_vec(), ..Call::default() };
    // The job is made first: with the wrong file there would be none.
    let made = {
        let order = json!({"firmware": "12.0.0", "target": {"tube": "Q"}});
        make(&api, &order).await;
        local.stack.cloud().bytes(other).await.unwrap();
        make(&api, &json!({"firmware": "12.0.0", "target": {"devices": ["job-02"]}, "abort_percent": 100})).await
    };
    let failed = until("the board ends", async || {
        let job = read(&api, &made["id"]).await;
        (job["counts"]["failed"] == 1).then_some(job)
    })
    .await;
    assert!(["COMPLETED", "ABORTED"].contains(&failed["state"].as_str().unwrap()), "{failed}");
    until("the event", async || {
        told(&api, "job-02").await.contains(&("FAILED".to_owned(), "checksum".to_owned())).then_some(())
    })
    .await;
    let shown = api.expect(&[200], "GET", "/devices/job-02", None).await.unwrap().json();
    assert_eq!(shown["firmware"], "11.0.0");
}

#[tokio::test]
async fn a_wave_of_a_thousand_boards_is_aborted_when_five_percent_have_failed() {
    let local = Local::running();
    let api = local.admin().await;
    uploaded(&api, "13.0.0", b"the firmware 13.0.0").await;
    let cloud = local.stack.cloud();
    for number in 1..=1_000 {
        let (thing, level) = (format!("wave-{number:04}"), format!("W{number}"));
        cloud.json("iot", "POST", &format!("/things/{thing}"), &[], Some(&json!({}))).await.unwrap();
        let row =
            json!({"id": thing, "enabled": true, "sensors": [], "version": 1, "level_id": level, "tube": "W#enabled"});
        local.tables.put("Devices", &row).await.unwrap();
    }
    let order = json!({"firmware": "13.0.0", "target": {"tube": "W"}, "rollout_per_minute": 60, "abort_percent": 5});
    let made = make(&api, &order).await;
    let function = local.stack.function("job").unwrap();
    let mut job = made;
    // A sweep takes as many as it can within its time.
    for _ in 0..60 {
        if job["state"] != "PREPARING" {
            break;
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        local.call(function, &event("job", "sweep")).await;
        job = read(&api, &job["id"]).await;
    }
    assert_eq!((&job["state"], &job["devices"], &job["skipped"]), (&json!("IN_PROGRESS"), &json!(1_000), &json!(0)));
    // Of those that were told first every twentieth fails.
    let page = api.expect(&[200], "GET", &format!("/fleet/jobs/{}?limit=60", job["id"].as_str().unwrap()), None).await;
    let told: Vec<String> = page.unwrap().json()["executions"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["device"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told.len(), 60, "as many as are told in a minute");
    let mut ended = 0;
    for (place, thing) in told.iter().enumerate() {
        let status = if place == 10 { "FAILED" } else { "SUCCEEDED" };
        if says(&local, thing, &job["id"], status).await.is_err() {
            break;
        }
        ended += 1;
    }
    assert_eq!(ended, 20, "1 of 20 is 5 %");
    let aborted = comes_to(&local, &api, &job["id"], "ABORTED").await;
    let counts = &aborted["counts"];
    assert_eq!(
        [&counts["succeeded"], &counts["failed"], &counts["cancelled"]],
        [19, 1, 40].map(Value::from).each_ref()
    );
}

#[tokio::test]
async fn a_job_that_is_cancelled_in_the_middle_ends_for_boards_that_are_at_it() {
    let local = Local::running();
    let api = local.admin().await;
    uploaded(&api, "14.0.0", b"the firmware 14.0.0").await;
    for name in ["job-05", "job-06"] {
        local.register(&json!({ "id": name })).await;
        local.identity(name).await;
    }
    let made = make(&api, &json!({"firmware": "14.0.0", "target": {"devices": ["job-05", "job-06"]}})).await;
    says(&local, "job-05", &made["id"], "IN_PROGRESS").await.unwrap();
    let path = format!("/fleet/jobs/{}", made["id"].as_str().unwrap());
    let cancelled = api.expect(&[200], "DELETE", &path, None).await.unwrap().json();
    assert_eq!(cancelled["state"], "CANCELLED");
    let read = read(&api, &made["id"]).await;
    assert_eq!(read["counts"]["cancelled"], 2, "{read}");
    let late = says(&local, "job-05", &made["id"], "SUCCEEDED").await;
    assert!(late.is_err(), "{late:?}");
    for name in ["job-05", "job-06"] {
        until("the event", async || told(&api, name).await.iter().any(|one| one.0 == "CANCELED").then_some(())).await;
    }
}

#[tokio::test]
async fn a_board_that_begins_and_never_answers_times_out() {
    let local = Local::running();
    let api = local.admin().await;
    uploaded(&api, "15.0.0", b"the firmware 15.0.0").await;
    local.register(&json!({"id": "job-07"})).await;
    let mut board: Connection = local.connect("job-07").await;
    board.subscribe("$aws/things/job-07/jobs/start-next/accepted").await.unwrap();
    let order =
        json!({"firmware": "15.0.0", "target": {"devices": ["job-07"]}, "timeout_minutes": 1, "abort_percent": 100});
    let made = make(&api, &order).await;
    board.publish("$aws/things/job-07/jobs/start-next", b"{}".to_vec()).await.unwrap();
    let started: Value = serde_json::from_slice(&board.message().await.unwrap().payload).unwrap();
    assert_eq!(started["execution"]["jobId"], made["id"]);
    assert!(started["execution"]["jobDocument"]["url"].as_str().unwrap().contains("X-Amz-Signature"), "{started}");
    tokio::time::sleep(A_MINUTE_AND_MORE).await;
    let read = until("the timeout", async || {
        let job = read(&api, &made["id"]).await;
        (job["counts"]["timed_out"] == 1).then_some(job)
    })
    .await;
    assert!(
        read["state"] != "IN_PROGRESS"
            || comes_to(&local, &api, &made["id"], "COMPLETED").await["state"] == "COMPLETED"
    );
    until("the event", async || told(&api, "job-07").await.iter().any(|one| one.0 == "TIMED_OUT").then_some(())).await;
}

#[tokio::test]
async fn a_board_may_take_its_own_jobs_and_nobody_elses() {
    let local = Local::running();
    local.register(&json!({"id": "job-08"})).await;
    let mut board = local.connect("job-08").await;
    board.subscribe("$aws/things/job-08/jobs/notify-next").await.unwrap();
    assert!(board.subscribe("$aws/things/job-01/jobs/notify-next").await.is_err());
    let mut board = local.connect("job-09").await;
    assert!(board.publish("$aws/things/job-01/jobs/start-next", b"{}".to_vec()).await.is_err());
}
