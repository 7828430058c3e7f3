//! No call to AWS takes longer than the function that makes it may run, and every client has a timeout.

use std::fs::{read_dir, read_to_string};
use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use weir_aws::config::{dynamodb, query_timeouts, sdk_of, timeouts};
use weir_aws::sockets::{self, SocketsUrl};
use weir_aws::{certificates, invoke, iot, iot_jobs, mail, people, queues};

use super::each_function;
use super::source::root;

/// What a function keeps of its time for saying what is unfinished.
const TO_REPORT: Duration = Duration::from_secs(1);

/// The clients that functions have, by the file that makes them.
fn clients() -> Vec<(&'static str, TimeoutConfig)> {
    let nobody = SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "test", None, None, "test"));
    let sdk = sdk_of("eu-central-1".into(), nobody, None).expect("a configuration");
    let of = |timeouts: Option<&TimeoutConfig>| timeouts.expect("time-outs").clone();
    vec![
        ("certificates.rs", of(certificates::client(&sdk).config().timeout_config())),
        ("config.rs", of(sdk.timeout_config())),
        ("config.rs", of(dynamodb(&sdk).config().timeout_config())),
        // Of Timestream, whose clients cannot be made without asking it: what they are made with.
        ("config.rs", timeouts()),
        ("config.rs", query_timeouts()),
        ("invoke.rs", of(invoke::client(&sdk, quarantine::PATIENCE).config().timeout_config())),
        ("iot.rs", of(iot::client(&sdk).config().timeout_config())),
        ("iot_jobs.rs", of(iot_jobs::client(&sdk).config().timeout_config())),
        ("mail.rs", of(mail::client(&sdk).config().timeout_config())),
        ("people/mod.rs", of(people::client(&sdk).config().timeout_config())),
        ("queues.rs", of(queues::client(&sdk).config().timeout_config())),
        ("sockets.rs", of(sockets::client(&sdk, &SocketsUrl::of("wss://live.example/live")).config().timeout_config())),
    ]
}

#[test]
fn every_call_to_aws_ends_before_the_function_that_makes_it() {
    for (file, timeouts) in clients() {
        let attempt = timeouts.operation_attempt_timeout().unwrap_or_else(|| panic!("{file}: an attempt has no end"));
        let whole = timeouts.operation_timeout().unwrap_or_else(|| panic!("{file}: an operation has no end"));
        let connect = timeouts.connect_timeout().unwrap_or_else(|| panic!("{file}: a connection is awaited for ever"));
        assert!(connect <= attempt && attempt <= whole, "{file}: {timeouts:?}");
        each_function(|template, name, function| {
            let runs = template.property(function, "Timeout").as_u64().expect("a number of seconds");
            let runs = Duration::from_secs(runs);
            assert!(whole + TO_REPORT < runs, "{file}: a call may take {whole:?}, and {name} runs for {runs:?}");
        });
    }
}

#[test]
fn no_client_of_aws_is_made_anywhere_else() {
    let known: Vec<_> = clients().into_iter().map(|(file, _)| file).collect();
    let aws = root().join("crates/aws/src");
    let mut makers: Vec<String> = Vec::new();
    let mut open = vec![aws.clone()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
            continue;
        }
        let text = read_to_string(&path).expect("a text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if ["Client::from_conf(", "Client::new(config", "Client::new(&config", "Client::new(sdk"]
            .iter()
            .any(|made| code.contains(made))
        {
            makers.push(path.strip_prefix(&aws).expect("below").display().to_string());
        }
    }
    makers.sort();
    let mut expected: Vec<_> = known.into_iter().map(str::to_owned).collect();
    expected.dedup();
    assert_eq!(makers, expected, "left who makes clients, right those whose time-outs are looked at");
}
