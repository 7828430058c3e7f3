//! The process of a function: started with Lambda's environment, and measured through `/proc`.

use anyhow::{Context, Result};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A binary to be measured, with its name as a function.
#[derive(Clone, Debug)]
pub struct Program {
    /// The function's name.
    pub name: String,
    /// The release binary.
    pub path: PathBuf,
    /// The program that runs it, with its options; empty to run it directly.
    pub tool: Vec<String>,
}

/// A running function, which is stopped when this is dropped.
pub struct Process {
    child: Child,
    logged: Arc<AtomicU64>,
    /// Just before the process was created.
    pub started: Instant,
}

/// Processor time of a process.
#[derive(Clone, Copy, Debug)]
pub struct Scheduled {
    /// Processor time in user and system mode.
    pub used: Duration,
    /// Time in which it was ready to run while others had the processor; on a busy machine, most of the elapsed time.
    pub waited: Duration,
}

impl Scheduled {
    /// The difference to an earlier measurement.
    pub fn since(self, earlier: Self) -> Self {
        Self { used: self.used.saturating_sub(earlier.used), waited: self.waited.saturating_sub(earlier.waited) }
    }
}

/// Resident memory in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// The maximum so far.
    pub peak: u64,
    /// The current value.
    pub now: u64,
}

impl Process {
    /// Starts a program with only Lambda's own variables and the given ones.
    pub fn start(program: &Program, runtime_api: &str, variables: &[(String, String)]) -> Result<Self> {
        let path = program.path.clone().into_os_string();
        let mut words = program.tool.iter().map(Into::into).chain([path]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .env_clear()
            .envs(lambda_environment(&program.name, runtime_api))
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.path.display()))?;
        let logged = Arc::new(AtomicU64::new(0));
        drain(child.stdout.take(), Arc::clone(&logged));
        drain(child.stderr.take(), Arc::clone(&logged));
        Ok(Self { child, logged, started })
    }

    /// The processor time of all threads so far. Exact while the function waits for an event.
    pub fn scheduled(&self) -> Result<Scheduled> {
        let (mut used, mut waited) = (0, 0);
        for task in std::fs::read_dir(self.proc("task"))? {
            let schedstat = std::fs::read_to_string(task?.path().join("schedstat"))?;
            let mut numbers = schedstat.split_whitespace().map(str::parse::<u64>);
            used += numbers.next().context("schedstat is empty")??;
            waited += numbers.next().context("schedstat has no waiting time")??;
        }
        Ok(Scheduled { used: Duration::from_nanos(used), waited: Duration::from_nanos(waited) })
    }

    /// Resident memory.
    pub fn memory(&self) -> Result<Memory> {
        let status = std::fs::read_to_string(self.proc("status"))?;
        let line = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
            Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
        };
        Ok(Memory { peak: line("VmHWM:")?, now: line("VmRSS:")? })
    }

    /// Bytes written to the log so far.
    pub fn logged(&self) -> u64 {
        self.logged.load(Ordering::Relaxed)
    }

    /// Asks the process to terminate, and waits until it has.
    pub fn end(&mut self) -> Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(id.context("the process has no id")?, rustix::process::Signal::TERM)?;
        self.child.wait()?;
        Ok(())
    }

    /// How the process ended, if it has.
    pub fn ended(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(|status| status.to_string())
    }

    fn proc(&self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(name)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may already have ended, which both calls would only report.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lambda_environment(function: &str, runtime_api: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", format!("weir-bench-{function}")),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/weir-bench-{function}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench".to_owned()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_DEFAULT_REGION", "eu-central-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "bench".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "bench".to_owned()),
        ("AWS_SESSION_TOKEN", "bench".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
    ]
}

/// Reads the log like Lambda, so that writing it never blocks the function; prints it if WEIR_BENCH_LOG is set.
fn drain(pipe: Option<impl Read + Send + 'static>, logged: Arc<AtomicU64>) {
    let Some(mut pipe) = pipe else { return };
    let show = std::env::var_os("WEIR_BENCH_LOG").is_some();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(read) = pipe.read(&mut buffer) {
            if read == 0 {
                break;
            }
            logged.fetch_add(read as u64, Ordering::Relaxed);
            if show {
                eprint!("{}", String::from_utf8_lossy(buffer.get(..read).unwrap_or_default()));
            }
        }
    });
}
