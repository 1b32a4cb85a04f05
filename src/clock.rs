//! Time, as the service knows it. Everything else takes `now` as an argument.

use std::fmt;
use std::sync::Mutex;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// Where "now" comes from.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;

    /// How far it is ahead of the system's clock: what a server on another machine adds to its own clock to live at the same
    /// instant.
    fn shift(&self) -> TimeDelta {
        // This clock first: were the system's read first, a pause between the two would show an instant still to come.
        let now = self.now();
        now - SystemClock::real().now()
    }
}

/// The system's clock, shifted by a constant: `--at` makes the service live at another instant, from where it runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock {
    shift: TimeDelta,
}

impl SystemClock {
    /// The system's clock as it is.
    pub fn real() -> Self {
        Self::default()
    }

    /// A clock that shows `at` now, and runs on from there.
    pub fn starting_at(at: DateTime<Utc>) -> Self {
        Self { shift: at - Self::real().now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system's clock is read")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.shift
    }

    fn shift(&self) -> TimeDelta {
        self.shift
    }
}

/// The system's clock as it was when this one was started, running on by the machine's monotonic clock: a step of the
/// system's clock, by hand or by a time server, does not show.
#[derive(Debug, Clone, Copy)]
pub struct SteadyClock {
    started: Instant,
    /// Microseconds since 1970, UTC.
    at: i64,
}

impl SteadyClock {
    /// A clock that shows the system's time now: at most some microseconds behind, never ahead.
    pub fn start() -> Self {
        let read = || {
            let before = Instant::now();
            let at = SystemClock::real().now().timestamp_micros();
            let started = Instant::now();
            (started - before, Self { started, at })
        };
        // Of several readings the quickest: the process may have been made to wait in the middle of one.
        let (_, clock) = (0..7).map(|_| read()).fold(read(), |best, next| if next.0 < best.0 { next } else { best });
        clock
    }

    /// Microseconds since 1970, UTC.
    pub fn micros(&self) -> i64 {
        let elapsed = i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.at.saturating_add(elapsed)
    }
}

/// A clock that stands where it is put until it is started, and runs on from there: the demo's people act at hours of their
/// own before it opens.
#[derive(Debug)]
pub struct StagedClock {
    stage: Mutex<Stage>,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Standing(DateTime<Utc>),
    Running(SystemClock),
}

impl StagedClock {
    /// A clock standing at `at`.
    pub fn standing_at(at: DateTime<Utc>) -> Self {
        Self { stage: Mutex::new(Stage::Standing(at)) }
    }

    /// Puts a standing clock at `at`; one that runs is left alone.
    pub fn set(&self, at: DateTime<Utc>) {
        let mut stage = self.lock();
        if let Stage::Standing(_) = *stage {
            *stage = Stage::Standing(at);
        }
    }

    /// Lets it run on from where it stands.
    pub fn run(&self) {
        let mut stage = self.lock();
        if let Stage::Standing(at) = *stage {
            *stage = Stage::Running(SystemClock::starting_at(at));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for StagedClock {
    fn now(&self) -> DateTime<Utc> {
        let stage = *self.lock();
        match stage {
            Stage::Standing(at) => at,
            Stage::Running(clock) => clock.now(),
        }
    }

    fn shift(&self) -> TimeDelta {
        let stage = *self.lock();
        match stage {
            Stage::Standing(at) => at - SystemClock::real().now(),
            Stage::Running(clock) => clock.shift(),
        }
    }
}

/// A clock that stands still until it is moved: for tests and simulations.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<DateTime<Utc>>,
}

impl ManualClock {
    /// A clock standing at `now`.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now: Mutex::new(now) }
    }

    /// Moves it forwards.
    pub fn advance(&self, by: TimeDelta) {
        *self.lock() += by;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DateTime<Utc>> {
        self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.lock()
    }
}
