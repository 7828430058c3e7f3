//! Everything on one processor, functions included.
//!
//! A Lambda function with less than 1,769 MB has a share of one processor and no more. And where two take part, half of
//! what a function's requests cost is waking the other one, which differs from machine to machine and minute to minute.

/// Confines this process, and what it starts later, to the last processor it may use. Says which that is.
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

/// Elsewhere processes go where they like, and `/proc`, which the figures come from, is missing as well.
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
