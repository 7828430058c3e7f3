//! The part of a board's firmware that installs updates: the rules for devices in `docs/firmware.md`, as a state machine without a network.
//!
//! It installs a firmware at most once per job, even if messages are duplicated, and whenever it loses power: the version and the outcome
//! of the last job are in flash memory, and are written before they are reported.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The outcome of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The firmware is installed.
    Succeeded,
    /// It could not be installed, for this reason.
    Failed(&'static str),
    /// It is not for this board, for this reason.
    Rejected(&'static str),
}

/// A firmware to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// The id of the job.
    pub job: String,
    /// The address of the file.
    pub url: String,
    version: String,
    sha256: String,
    size: u64,
}

/// The next action for a started execution of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// None.
    Nothing,
    /// Download the file, and pass it to [`Updater::install`].
    Fetch(Fetch),
    /// Report this outcome of the job with this id.
    Say(String, Outcome),
}

/// The updater.
#[derive(Debug, Clone)]
pub struct Updater {
    /// In flash memory: the running version.
    pub version: String,
    /// In flash memory: the last job, and its outcome.
    last: Option<(String, Outcome)>,
}

impl Updater {
    /// A board with this factory version.
    pub fn new(version: &str) -> Self {
        Self { version: version.to_owned(), last: None }
    }

    /// The action for an execution in the format of AWS IoT: `{"execution": {"jobId", "jobDocument"}}`.
    pub fn started(&self, message: &Value) -> Next {
        let Some(job) = message.pointer("/execution/jobId").and_then(Value::as_str).map(str::to_owned) else {
            return Next::Nothing;
        };
        if let Some((_, outcome)) = self.last.as_ref().filter(|(last, _)| *last == job) {
            // A report before a loss of power may not have been received.
            return Next::Say(job, *outcome);
        }
        let document = message.pointer("/execution/jobDocument").unwrap_or(&Value::Null);
        let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
        if text("operation").as_deref() != Some("firmware") {
            return Next::Say(job, Outcome::Rejected("unknown operation"));
        }
        let (Some(version), Some(sha256), Some(url)) = (text("version"), text("sha256"), text("url")) else {
            return Next::Say(job, Outcome::Rejected("the document is not complete"));
        };
        let forced = document.get("force") == Some(&Value::Bool(true));
        if !forced && numbers(&version) <= numbers(&self.version) {
            return Next::Say(job, Outcome::Rejected("not newer"));
        }
        let size = document.get("size").and_then(Value::as_u64).unwrap_or(0);
        Next::Fetch(Fetch { job, url, version, sha256, size })
    }

    /// Installs a downloaded file; `None` if the download failed. The result is to be reported as the outcome of the job.
    pub fn install(&mut self, fetch: &Fetch, file: Option<&[u8]>) -> Outcome {
        let outcome = match file {
            None => Outcome::Failed("download"),
            Some(file) if file.len() as u64 != fetch.size => Outcome::Failed("size"),
            Some(file) if hex(&Sha256::digest(file)) != fetch.sha256 => Outcome::Failed("checksum"),
            Some(_) => Outcome::Succeeded,
        };
        if outcome == Outcome::Succeeded {
            self.version.clone_from(&fetch.version);
        }
        self.last = Some((fetch.job.clone(), outcome));
        outcome
    }
}

impl Outcome {
    /// The status update of the execution that reports this outcome.
    pub fn update(self) -> Value {
        let (status, why) = match self {
            Self::Succeeded => ("SUCCEEDED", None),
            Self::Failed(why) => ("FAILED", Some(why)),
            Self::Rejected(why) => ("REJECTED", Some(why)),
        };
        match why {
            None => json!({"status": status}),
            Some(why) => json!({"status": status, "statusDetails": {"reason": why}}),
        }
    }
}

/// The checksum in the format of job documents.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The numbers of a version, for comparison.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"a firmware";

    fn execution(job: &str, version: &str, force: bool) -> Value {
        let document = json!({"operation": "firmware", "version": version, "sha256": hex(&Sha256::digest(FILE)),
            "size": FILE.len(), "force": force, "url": "http://127.0.0.1/file"});
        json!({"execution": {"jobId": job, "jobDocument": document, "versionNumber": 2}, "timestamp": 1})
    }

    fn fetch(updater: &Updater, message: &Value) -> Fetch {
        match updater.started(message) {
            Next::Fetch(fetch) => fetch,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_newer_firmware_is_installed_once_and_its_end_is_said_again() {
        let mut updater = Updater::new("1.9.0");
        let message = execution("job-1", "1.10.0", false);
        let wanted = fetch(&updater, &message);
        assert_eq!(updater.install(&wanted, Some(FILE)), Outcome::Succeeded);
        assert_eq!(updater.version, "1.10.0");
        // It lost power before its report was received, and starts the same execution again.
        assert_eq!(updater.started(&message), Next::Say("job-1".into(), Outcome::Succeeded));
    }

    #[test]
    fn a_file_that_is_not_the_one_that_was_meant_is_not_installed() {
        for (file, why) in [
            (None, "download"),
            (Some(&b"a firmwarf"[..]), "checksum"),
            (Some(&b"a firmware and more"[..]), "size"),
            (Some(&b""[..]), "size"),
        ] {
            let mut updater = Updater::new("1.0.0");
            let wanted = fetch(&updater, &execution("job-1", "1.1.0", false));
            assert_eq!(updater.install(&wanted, file), Outcome::Failed(why));
            assert_eq!(updater.version, "1.0.0");
        }
    }

    #[test]
    fn versions_only_go_up_unless_the_job_forces_it() {
        let updater = Updater::new("1.10.0");
        for version in ["1.10.0", "1.9.9", "0.99.0"] {
            let said = Next::Say("job-1".into(), Outcome::Rejected("not newer"));
            assert_eq!(updater.started(&execution("job-1", version, false)), said, "{version}");
            assert!(matches!(updater.started(&execution("job-1", version, true)), Next::Fetch(_)), "{version}");
        }
    }

    #[test]
    fn what_it_does_not_know_is_rejected_and_no_execution_is_nothing() {
        let updater = Updater::new("1.0.0");
        assert_eq!(updater.started(&json!({"timestamp": 1})), Next::Nothing);
        for document in [json!({}), json!({"operation": "dance"}), json!({"operation": "firmware", "version": "2.0.0"})]
        {
            let message = json!({"execution": {"jobId": "j", "jobDocument": document}});
            assert!(matches!(updater.started(&message), Next::Say(_, Outcome::Rejected(_))), "{message}");
        }
    }
}
