//! The part of a board's firmware that takes updates: the rules of `docs/firmware.md` for devices, as a state machine without a network.
//!
//! It installs a firmware at most once for a job, whatever comes twice, and wherever it loses its power: the version and how the last
//! job ended are in its flash memory, and are written before anything is said.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The firmware is installed.
    Succeeded,
    /// It could not be installed: why.
    Failed(&'static str),
    /// It is not for this board: why.
    Rejected(&'static str),
}

/// A firmware that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// The job.
    pub job: String,
    /// Where the file is.
    pub url: String,
    version: String,
    sha256: String,
    size: u64,
}

/// What follows from an execution of a job that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing is to be done.
    Nothing,
    /// The file is to be fetched, and handed to [`Updater::install`].
    Fetch(Fetch),
    /// This is to be said about the job with this id.
    Say(String, Outcome),
}

/// The updater.
#[derive(Debug, Clone)]
pub struct Updater {
    /// In flash memory: the version that runs.
    pub version: String,
    /// In flash memory: the last job, and how it ended.
    last: Option<(String, Outcome)>,
}

impl Updater {
    /// A board that left the factory with this version.
    pub fn new(version: &str) -> Self {
        Self { version: version.to_owned(), last: None }
    }

    /// What is to be done about an execution, as AWS IoT hands it over when it is started: `{"execution": {"jobId", "jobDocument"}}`.
    pub fn started(&self, message: &Value) -> Next {
        let Some(job) = message.pointer("/execution/jobId").and_then(Value::as_str).map(str::to_owned) else {
            return Next::Nothing;
        };
        if let Some((_, outcome)) = self.last.as_ref().filter(|(last, _)| *last == job) {
            // What was said before the power was lost may not have been heard.
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

    /// Installs a file that was fetched; none when it could not be. How that ended is what is to be said about the job.
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
    /// The update of the execution that says so.
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

/// The checksum as jobs have it.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The numbers of a version, to be compared.
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
        // It lost its power before anybody heard, and starts the same execution again.
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
