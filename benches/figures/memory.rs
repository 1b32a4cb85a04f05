//! How much memory this process has.

/// Bytes of it that are in memory now.
pub(crate) fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<usize>().ok()).unwrap_or_default() * 1024
}

/// A number of bytes as megabytes.
#[expect(clippy::cast_precision_loss, reason = "a figure of a bench")]
pub(crate) fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
