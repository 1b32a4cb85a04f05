//! The instance of a pool: what each demand may use and at what cost, what each place takes, and what fairness adds.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use solver::{Arc as Placement, Demand, Group, Step};

use super::moving::told_at;
use super::pool::Expected;
use super::suitable::{Suitable, suitable as suitable_to};
use super::{Candidate, Seeker, costs};
use crate::domain::Rpps;
use crate::geography::travel::TravelTime;

/// Unscheduled places already gone, by practitioner and day.
pub type Taken = HashMap<(Rpps, NaiveDate), usize>;

/// Pairs below which a second thread costs more than it brings.
const PAIRS_FOR_TWO: usize = 50_000;

/// What suits each seeker; a large pool is looked at by two threads.
pub(super) fn all_suitable(
    seekers: &[Seeker],
    candidates: &[Candidate],
    travel: &dyn TravelTime,
    now: DateTime<Utc>,
) -> Vec<Suitable> {
    let look = |part: &[Seeker]| -> Vec<Suitable> {
        part.iter().map(|seeker| suitable_to(seeker, candidates, travel, now)).collect()
    };
    if seekers.len() * candidates.len() < PAIRS_FOR_TWO {
        return look(seekers);
    }
    let (first, second) = seekers.split_at(seekers.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| look(second));
        let mut all = look(first);
        all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        all
    })
}

/// Placements every demand keeps, however few wait: alternatives are read off them.
const PLACEMENTS_AT_LEAST: usize = 60;

/// A demand with the placements that some best plan may use. When `waiting` demands share the places, one of anybody's
/// `waiting` cheapest is always free, and moving there costs at most the dearest step of fairness: a placement dearer than
/// that is in no best plan, and leaving it out takes nothing from the proof. The one they are being told of stays in.
pub(super) fn demand(seeker: &Seeker, found: &Suitable, candidates: &[Candidate], waiting: usize) -> Demand {
    let enough = waiting.max(PLACEMENTS_AT_LEAST);
    let mut points: Vec<i64> = found.fits.iter().map(|fit| fit.cost).collect();
    let dearest = if points.len() > enough {
        points.select_nth_unstable(enough - 1).1.saturating_add(costs::DEAREST_STEP)
    } else {
        i64::MAX
    };
    let told = told_at(seeker, found, candidates);
    let useful = found.fits.iter().filter(|fit| fit.cost <= dearest || told == Some(fit.candidate));
    let arcs = useful.map(|fit| Placement { resource: fit.candidate, cost: fit.cost }).collect();
    Demand { penalty: costs::unplaced_penalty(seeker), arcs, ..Demand::default() }
}

/// A demand of somebody who may still come, which counts as far as that is likely.
pub(super) fn for_expected(
    one: &Expected,
    candidates: &[Candidate],
    travel: &dyn TravelTime,
    waiting: usize,
) -> Demand {
    let found = suitable_to(&one.seeker, candidates, travel, one.arrives);
    let mut demand = demand(&one.seeker, &found, candidates, waiting);
    demand.penalty = costs::expected_penalty(&one.seeker, one.probability);
    for arc in &mut demand.arcs {
        arc.cost = costs::weighted(arc.cost, one.probability);
    }
    demand
}

/// One group per practitioner and day; their resources are disjoint, so the plan keeps its proof.
pub(super) fn fair_shares(candidates: &[Candidate], taken: &Taken) -> Vec<Group> {
    let mut resources: HashMap<(Rpps, NaiveDate), Vec<usize>> = HashMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        resources.entry((candidate.slot.practitioner, candidate.day)).or_default().push(index);
    }
    let mut groups: Vec<_> = resources.into_iter().collect();
    groups.sort_by_key(|(key, _)| *key);
    groups
        .into_iter()
        .map(|(key, resources)| {
            let steps = costs::fair_share_steps(taken.get(&key).copied().unwrap_or(0));
            let steps = steps.into_iter().map(|(width, unit_cost)| Step { width, unit_cost }).collect();
            Group { resources, classes: None, max: None, steps }
        })
        .collect()
}
