//! Times of one thing done many times.

use std::time::{Duration, Instant};

/// Times, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Does a thing `count` times.
    pub(crate) fn of(count: usize, mut thing: impl FnMut(usize)) -> Self {
        Self::collect((0..count).map(|n| {
            let started = Instant::now();
            thing(n);
            started.elapsed()
        }))
    }

    /// Times measured elsewhere.
    pub(crate) fn collect(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }

    /// The time that `percent` of them did not exceed, microseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent / 100).min(self.0.len() - 1);
        self.0[place].as_secs_f64() * 1e6
    }
}

/// The middle one of some figures.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
