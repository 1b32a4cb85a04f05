//! Time spent on a processor, which says what a thing costs however busy the machine is.

use std::fs;
use std::time::Duration;

/// A tick of the kernel's accounts, as `proc_pid_stat(5)` shows them on every Linux of today.
const TICK: Duration = Duration::from_millis(10);

/// Of a process, threads that have ended included.
pub(crate) fn of_process(pid: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field, a name, may hold anything but ends with the last parenthesis; then come state, …, utime, stime.
    let fields = text.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let ticks = |field: &str| field.parse::<u32>().unwrap_or_default();
    fields.split_whitespace().skip(11).take(2).map(ticks).map(|ticks| TICK * ticks).sum()
}

/// Of this thread.
pub(crate) fn of_this_thread() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}
