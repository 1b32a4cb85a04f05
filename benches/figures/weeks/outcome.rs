//! What became of the patients of a week.

use std::collections::BTreeMap;

use aiguilleur::domain::{Level, Rpps};

/// One patient.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patient {
    /// Level.
    pub(crate) level: Level,
    /// When and how far, if seen in time.
    pub(crate) seen: Option<Seen>,
}

/// How a patient was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// From the call to the start, minutes.
    pub(crate) wait: i64,
    /// Door to door, minutes.
    pub(crate) travel: u16,
    /// By whom.
    pub(crate) by: Rpps,
}

/// Patients of one week or several.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// Everybody.
    pub(crate) patients: Vec<Patient>,
    /// Places offered, by practitioner (and week).
    pub(crate) offered: BTreeMap<(usize, Rpps), u32>,
    /// Patients seen, by practitioner (and week).
    pub(crate) seen: BTreeMap<(usize, Rpps), u32>,
    /// Promises made.
    pub(crate) promises_made: usize,
    /// And kept.
    pub(crate) promises_kept: usize,
    /// At risk at some time.
    pub(crate) promises_at_risk: usize,
    /// Broken although a place that suited was free for them at the last moment.
    pub(crate) promises_broken: usize,
}

impl Outcome {
    /// Several weeks as one.
    pub(crate) fn sum<'a>(weeks: impl Iterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for (number, week) in weeks.enumerate() {
            sum.patients.extend(&week.patients);
            sum.offered.extend(week.offered.iter().map(|((_, who), count)| ((number, *who), *count)));
            sum.seen.extend(week.seen.iter().map(|((_, who), count)| ((number, *who), *count)));
            sum.promises_made += week.promises_made;
            sum.promises_kept += week.promises_kept;
            sum.promises_at_risk += week.promises_at_risk;
            sum.promises_broken += week.promises_broken;
        }
        sum
    }

    /// Counts who was seen by whom.
    pub(crate) fn count_seen(&mut self) {
        for seen in self.patients.iter().filter_map(|patient| patient.seen) {
            *self.seen.entry((0, seen.by)).or_default() += 1;
        }
    }

    fn of(&self, level: Level) -> (usize, usize) {
        let of_level = || self.patients.iter().filter(|patient| patient.level == level);
        (of_level().filter(|patient| patient.seen.is_none()).count(), of_level().count())
    }

    /// "missed of all" of a level.
    pub(crate) fn missed(&self, level: Level) -> String {
        let (missed, all) = self.of(level);
        format!("{missed} of {all}")
    }

    /// The share of a level that was missed.
    pub(crate) fn share_missed(&self, level: Level) -> f64 {
        let (missed, all) = self.of(level);
        whole(missed) / whole(all.max(1))
    }

    fn waits(&self) -> Vec<f64> {
        let mut waits: Vec<f64> =
            self.patients.iter().filter_map(|patient| patient.seen).map(|seen| minutes(seen.wait) / 60.0).collect();
        waits.sort_by(f64::total_cmp);
        waits
    }

    /// Of those seen.
    pub(crate) fn mean_wait_hours(&self) -> f64 {
        mean(&self.waits())
    }

    /// Of those seen.
    pub(crate) fn wait_hours_percentile(&self, percent: usize) -> f64 {
        let waits = self.waits();
        waits.get((waits.len() * percent / 100).min(waits.len().saturating_sub(1))).copied().unwrap_or(0.0)
    }

    /// Of those seen, minutes.
    pub(crate) fn mean_travel(&self) -> f64 {
        let trips: Vec<f64> =
            self.patients.iter().filter_map(|patient| patient.seen).map(|seen| f64::from(seen.travel)).collect();
        mean(&trips)
    }

    /// Between practitioners: the Gini coefficient of the share of their places that was used, 0 where all are alike.
    pub(crate) fn spread(&self) -> f64 {
        let mut loads: Vec<f64> = self
            .offered
            .iter()
            .map(|(who, offered)| f64::from(self.seen.get(who).copied().unwrap_or(0)) / f64::from(*offered))
            .collect();
        loads.sort_by(f64::total_cmp);
        let sum: f64 = loads.iter().sum();
        let weighted: f64 = loads.iter().enumerate().map(|(rank, load)| whole(2 * rank + 1) * load).sum();
        let count = whole(loads.len());
        if sum > 0.0 { weighted / (count * sum) - 1.0 } else { 0.0 }
    }

    /// The points of solver.md §2: waiting, travel, and what it costs not to be seen in time.
    pub(crate) fn cost(&self) -> f64 {
        let points = |patient: &Patient| match (patient.seen, patient.level) {
            (Some(seen), level) => minutes(seen.wait) * per_minute(level) + 12.0 * f64::from(seen.travel),
            (None, Level::SameDay | Level::Immediate) => 400_000.0,
            (None, Level::H24) => 120_000.0,
            (None, Level::H48) => 40_000.0,
            (None, Level::Programmed) => 15_000.0,
        };
        self.patients.iter().map(points).sum()
    }
}

/// Points of a minute's wait (solver.md §2).
pub(crate) fn per_minute(level: Level) -> f64 {
    match level {
        Level::Immediate | Level::SameDay => 6.0,
        Level::H24 => 1.6,
        Level::H48 => 0.5,
        Level::Programmed => 0.2,
    }
}

fn minutes(count: i64) -> f64 {
    f64::from(i32::try_from(count).expect("a week has few minutes"))
}

fn whole(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("few"))
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / whole(numbers.len().max(1))
}
