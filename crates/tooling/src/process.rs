//! Programs this one starts. Each leads a process group of its own, and the whole group ends when its `Running` is dropped, so an error
//! or Ctrl-C leaves no process behind.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a group may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// A started program and everything it started.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    group: Option<Pid>,
}

impl Running {
    /// Starts the program.
    ///
    /// # Errors
    /// When it cannot be started; the message says what is missing.
    pub fn start(name: &str, mut command: Command) -> Result<Self> {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        let child = match command.process_group(0).spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => bail!("cannot start {name}: {}", absent(&program)),
            other => other.with_context(|| format!("cannot start {name} ({program})"))?,
        };
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self { name: name.to_owned(), child, group })
    }

    /// The process id, as long as the program runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// The started program itself, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When the operating system cannot say how it ended.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        self.child.wait().await.with_context(|| format!("cannot wait for {}", self.name))
    }

    /// How it ended, when it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Ends it and everything it started, and waits until that is done.
    pub fn end(&mut self) {
        let Some(group) = self.group.take() else { return };
        let _ = kill_process_group(group, Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            let _ = self.child.try_wait();
            if test_kill_process_group(group).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.try_wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// What to do about a missing program.
fn absent(program: &str) -> String {
    if program.ends_with("cargo") {
        return format!(
            "there is no {program}. Install the Rust toolchain from https://rustup.rs, and have its programs in PATH"
        );
    }
    format!("there is no program {program}")
}

/// Runs a program to its end, writing all its output to `log` and handing every line to `line` as it comes.
///
/// # Errors
/// When it cannot be started or does not end well; then the message carries the last lines of its output.
pub async fn run_logged(name: &str, mut command: Command, log: &Path, mut line: impl FnMut(&str)) -> Result<()> {
    let mut written = std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(name, command)?;
    let (Some(out), Some(err)) = (running.child().stdout.take(), running.child().stderr.take()) else {
        bail!("{name} has no output to read");
    };
    let (mut out, mut err) = (BufReader::new(out).split(b'\n'), BufReader::new(err).split(b'\n'));
    let (mut out_open, mut err_open) = (true, true);
    while out_open || err_open {
        let part = tokio::select! {
            part = out.next_segment(), if out_open => { out_open = matches!(part, Ok(Some(_))); part }
            part = err.next_segment(), if err_open => { err_open = matches!(part, Ok(Some(_))); part }
        };
        if let Ok(Some(bytes)) = part {
            let text = String::from_utf8_lossy(&bytes);
            // Of a line that was overwritten again and again, the last version is what a person would see.
            let text = text.trim_end().rsplit('\r').next().unwrap_or_default();
            let _ = std::io::Write::write_all(&mut written, format!("{text}\n").as_bytes());
            line(text);
        }
    }
    let status = running.wait().await?;
    if !status.success() {
        bail!("{name} failed ({status}). The end of {}:\n{}", log.display(), tail(log, 25));
    }
    Ok(())
}

/// Runs a program to its end with its own output.
///
/// # Errors
/// When it cannot be started or does not end well.
pub async fn to_its_end(name: &str, mut command: Command) -> Result<()> {
    command.stdin(Stdio::null());
    let status = Running::start(name, command)?.wait().await?;
    anyhow::ensure!(status.success(), "{name} ended with {status}");
    Ok(())
}

/// The last lines of a file, indented, for a message.
pub fn tail(file: &Path, lines: usize) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all.iter().skip(all.len().saturating_sub(lines)).map(|line| format!("    {line}\n")).collect()
}

/// Cargo, as it was when it started this program; without what it told this program about itself. Build scripts look at some of that
/// (ring's does), so that crates would be compiled again whenever somebody runs cargo from a shell in between.
///
/// It builds what Cargo.lock names, or nothing.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg("--locked");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    #[tokio::test]
    async fn a_dropped_program_takes_its_children_along() {
        let mut running = Running::start("sh", sh("sleep 60 & echo $!; wait")).unwrap();
        let mut lines = BufReader::new(running.child().stdout.take().unwrap()).lines();
        let grandchild = Pid::from_raw(lines.next_line().await.unwrap().unwrap().parse().unwrap()).unwrap();
        assert!(rustix::process::test_kill_process(grandchild).is_ok());
        drop(running);
        let gone = Instant::now() + Duration::from_secs(2);
        while rustix::process::test_kill_process(grandchild).is_ok() {
            assert!(Instant::now() < gone, "the grandchild outlived the group");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[tokio::test]
    async fn a_failing_program_is_reported_with_the_end_of_its_output() {
        let log = std::env::temp_dir().join(format!("xtask-{}.log", std::process::id()));
        let mut lines = Vec::new();
        let error = run_logged("sh", sh("echo one; echo two >&2; exit 3"), &log, |line| lines.push(line.to_owned()))
            .await
            .unwrap_err();
        let _ = std::fs::remove_file(&log);
        lines.sort();
        assert_eq!(lines, ["one", "two"]);
        assert!(error.to_string().contains("exit status: 3") && error.to_string().contains("    two\n"), "{error}");
    }

    #[test]
    fn cargo_builds_what_the_lock_file_names_or_nothing() {
        let command = cargo();
        assert_eq!(command.as_std().get_args().next().unwrap(), "--locked");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let error = Running::start("the tool", Command::new("no-such-program-here")).unwrap_err();
        assert_eq!(error.to_string(), "cannot start the tool: there is no program no-such-program-here");
    }
}
