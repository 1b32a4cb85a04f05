//! How much a search may spend, and the meter that watches it.
//!
//! Work is counted in arcs looked at and decides alike on every machine; the wall clock is only the safety net.
//! This is the one file that reads a clock, and it must never let the clock change anything but when to stop.

use crate::plan::StoppedBy;
use std::time::{Duration, Instant};

/// What one solve may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Wall time after which the best answer in hand goes out.
    pub wall: Duration,
    /// Steps (arcs looked at) after which the native rungs stop; `None` for no limit but the wall.
    pub work: Option<u64>,
    /// Whether only the native rungs may be climbed, the exact ones left to others: what a caller asks for who could not have
    /// the solver's own thread. The plan then says that it was stopped because that was busy, unless it is proved anyway.
    pub native: bool,
}

impl Budget {
    /// A budget of wall time only.
    #[must_use]
    pub const fn wall(wall: Duration) -> Self {
        Self { wall, work: None, native: false }
    }
}

impl Default for Budget {
    /// 50 ms, what a person waiting for an answer does not notice.
    fn default() -> Self {
        Self::wall(Duration::from_millis(50))
    }
}

/// Seed of everything a search would otherwise draw at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Seed(pub u64);

/// Arcs looked at between two readings of the clock: a fraction of a millisecond.
const PIECE: u64 = 8_192;

/// Counts the steps of one solve and says when to stop. Once stopped it stays stopped.
#[derive(Debug)]
pub(crate) struct Meter {
    started: Instant,
    budget: Budget,
    /// The wall time sizes are measured by: never what is left of it, so that two runs decide alike.
    nominal: Duration,
    spent: u64,
    read_at: u64,
    stopped: Option<StoppedBy>,
    comes_again: bool,
}

impl Meter {
    pub(crate) fn start(budget: Budget) -> Self {
        Self {
            started: Instant::now(),
            budget,
            nominal: budget.wall,
            spent: 0,
            read_at: 0,
            stopped: None,
            comes_again: false,
        }
    }

    /// A meter for a part of the problem: its share of what is left, `size` of `left` of `whole`.
    pub(crate) fn of_part(&self, size: usize, left: usize, whole: usize) -> Self {
        let work = self.budget.work.map(|work| {
            let work = u128::from(work.saturating_sub(self.spent)) * size as u128 / left.max(1) as u128;
            u64::try_from(work).unwrap_or(u64::MAX)
        });
        let wall = part_of(self.remaining(), size, left);
        Self { nominal: part_of(self.nominal, size, whole), ..Self::start(Budget { wall, work, ..self.budget }) }
    }

    /// The same for whoever comes again once the others have had their share: what needs more time is put off until then.
    pub(crate) fn of_whoever_comes_again(self) -> Self {
        Self { comes_again: true, ..self }
    }

    /// Whether there is another turn.
    pub(crate) fn comes_again(&self) -> bool {
        self.comes_again
    }

    /// Counts steps that are taken whatever the budget says.
    pub(crate) fn note(&mut self, steps: usize) {
        self.spent = self.spent.saturating_add(steps as u64);
    }

    /// Counts steps just taken; false when no more may be taken.
    pub(crate) fn spend(&mut self, steps: usize) -> bool {
        self.note(steps);
        if self.stopped.is_none() && self.spent >= self.read_at {
            self.read();
        }
        if self.stopped.is_none() && self.budget.work.is_some_and(|limit| self.spent > limit) {
            self.stopped = Some(StoppedBy::Work);
        }
        self.stopped.is_none()
    }

    /// Whether there is anything left to spend, by the clock as it stands now.
    pub(crate) fn open(&mut self) -> bool {
        self.read_at = self.spent;
        self.spend(0)
    }

    fn read(&mut self) {
        self.read_at = self.spent.saturating_add(PIECE);
        if self.elapsed() >= self.budget.wall {
            self.stopped = Some(StoppedBy::Wall);
        }
    }

    /// Stops for the wall clock, read by somebody else (a wait that timed out).
    pub(crate) fn stop_for_wall(&mut self) {
        self.stopped.get_or_insert(StoppedBy::Wall);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.budget.wall.saturating_sub(self.elapsed())
    }

    pub(crate) fn wall(&self) -> Duration {
        self.nominal
    }

    pub(crate) fn spent(&self) -> u64 {
        self.spent
    }

    pub(crate) fn only_native(&self) -> bool {
        self.budget.native
    }

    pub(crate) fn stopped(&self) -> Option<StoppedBy> {
        self.stopped
    }
}

/// The share `size` of `whole` of a time.
fn part_of(time: Duration, size: usize, whole: usize) -> Duration {
    let nanoseconds = time.as_nanos() * size as u128 / whole.max(1) as u128;
    u64::try_from(nanoseconds).map_or(time, Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    #[test]
    fn work_ends_a_budget_at_the_same_step_every_time() {
        let mut meter = Meter::start(Budget { work: Some(10), ..Budget::wall(LONG) });
        assert!(meter.spend(10));
        assert!(!meter.spend(1));
        assert_eq!((meter.stopped(), meter.spent()), (Some(StoppedBy::Work), 11));
    }

    #[test]
    fn a_part_has_its_share_of_what_is_left() {
        let mut meter = Meter::start(Budget { work: Some(100), ..Budget::wall(LONG) });
        meter.note(20);
        let part = meter.of_part(3, 4, 12);
        assert_eq!((part.budget.work, part.wall()), (Some(60), LONG / 4));
        assert!(part.budget.wall <= LONG * 3 / 4 && part.budget.wall > LONG / 2);
        assert_eq!(meter.of_part(1, 1, 1).budget.work, Some(80));
    }

    #[test]
    fn an_empty_wall_is_seen_before_the_first_step() {
        let mut meter = Meter::start(Budget::wall(Duration::ZERO));
        assert!(!meter.open());
        assert_eq!(meter.stopped(), Some(StoppedBy::Wall));
    }
}
