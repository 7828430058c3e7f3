//! Confines everything to one processor, including the functions.
//!
//! A Lambda function with less than 1,769 MB gets a share of one processor only. And with two processors, half the cost of a function's
//! requests would be waking the other one, which varies between machines and over time.

/// Confines this process and its children to the last processor that it may use, and returns its name.
#[cfg(target_os = "linux")]
pub fn to_one_cpu() -> String {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let last = sched_getaffinity(None).ok().and_then(|set| (0..CpuSet::MAX_CPU).rev().find(|cpu| set.is_set(*cpu)));
    let mut one = CpuSet::new();
    one.set(last.unwrap_or_default());
    match sched_setaffinity(None, &one) {
        Ok(()) => format!("processor {} ({})", last.unwrap_or_default(), model()),
        Err(_) => format!("whichever processor was free ({})", model()),
    }
}

/// On other systems processes are not confined, and `/proc`, which the figures come from, is missing as well.
#[cfg(not(target_os = "linux"))]
pub fn to_one_cpu() -> String {
    "whichever processor was free".to_owned()
}

#[cfg(target_os = "linux")]
fn model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("model name"));
    line.map_or("unknown", |line| line.trim_start_matches([' ', '\t', ':'])).to_owned()
}
