//! The other time-series store for the local cloud: moto answers as Timestream does, and a second copy of the function `calibration`
//! writes to it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::cloud::{Call, Cloud};
use crate::copy;
use crate::place::Place;
use crate::process::{Running, tail};
use crate::progress::Progress;
use crate::stack::Stack;
use crate::tools::Set;

/// Timeout for moto's first answer.
const START: Duration = Duration::from_secs(60);

/// Name of the stack's output that names the copy.
pub const FUNCTION: &str = "TimestreamCalibrationFunctionName";
/// Name of the stack's output with moto's address.
pub const ENDPOINT: &str = "TimestreamEndpoint";

/// A running moto; dropping it stops it.
#[derive(Debug)]
pub struct Timestream {
    _running: Running,
}

impl Timestream {
    /// Starts moto with the database and table of the stack, and adds the copy of `calibration` to the local cloud. Both are named
    /// in the stack's outputs afterwards.
    ///
    /// # Errors
    /// When moto does not come up or the function cannot be added.
    pub async fn start(place: &Place, stack: &mut Stack, port: u16, progress: &Progress) -> Result<Self> {
        let step = progress.step("timestream");
        step.note("starting moto");
        let log = place.run("moto.log");
        let output = std::fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone().context("cannot write moto's log")?;
        let mut command = Command::new(Set::Moto.program(place, "moto_server"));
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]).env_remove("PYTHONDONTWRITEBYTECODE");
        command.stdin(Stdio::null()).stdout(Stdio::from(output)).stderr(Stdio::from(errors));
        let mut running = Running::start("moto", command)?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let moto = Cloud::new(&endpoint, &stack.region, &stack.key);

        let deadline = Instant::now() + START;
        let health = || Call { service: "timestream", method: "GET", path: "/moto-api/data.json", ..Call::default() };
        while moto.bytes(health()).await.is_err() {
            let ended = running.ended().is_some();
            if ended || Instant::now() > deadline {
                bail!("moto does not answer. The end of {}:\n{}", log.display(), tail(&log, 15));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        step.note("adding a copy of calibration");
        add_copy(stack, &moto).await?;
        step.done(&format!("moto at {endpoint}, and a copy of calibration that writes there"));
        Ok(Self { _running: running })
    }
}

async fn add_copy(stack: &mut Stack, moto: &Cloud) -> Result<()> {
    let (mut database, mut table) = (None, None);
    let copy = copy::add(stack, "calibration", "timestream", |variables| {
        database = variables.get("TIMESTREAM_DATABASE").cloned();
        table = variables.get("TIMESTREAM_TABLE").cloned();
        variables.insert("TIME_SERIES_STORE".to_owned(), json!("timestream"));
        variables.insert("AWS_ENDPOINT_URL_TIMESTREAM_WRITE".to_owned(), json!(moto.endpoint()));
    });
    let copy = copy.await?;
    create(moto, "CreateDatabase", &json!({"DatabaseName": database})).await?;
    create(moto, "CreateTable", &json!({"DatabaseName": database, "TableName": table})).await?;
    stack.outputs.insert(FUNCTION.to_owned(), copy);
    stack.outputs.insert(ENDPOINT.to_owned(), moto.endpoint().to_owned());
    Ok(())
}

async fn create(moto: &Cloud, operation: &str, request: &Value) -> Result<()> {
    let target = format!("Timestream_20181101.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")];
    let answer = moto.json("timestream", "POST", "/", &headers, Some(request)).await?;
    ensure!(answer.is_object(), "moto answers {operation} with {answer}");
    Ok(())
}
