//! Why a plan is as it is, as the file of a solution says it: costs by part, tiers, other choices of each, reasons.
//!
//! Whoever else is concerned is told by class, never by name. Nothing here searches but for what each tier could have.

use crate::alternatives::Displaced;
use crate::budget::Budget;
use crate::format::{NamedInstance, milliseconds};
use crate::plan::{Plan, StrictTier};
use crate::solved::Solved;
use crate::tiers::tiers;
use crate::unplaced::Unplaced;
use serde::Serialize;
use std::time::Duration;

/// Alternatives told of each placed demand.
const ALTERNATIVES: usize = 3;

/// Time for saying what each tier could have: an explanation is not worth more.
const TIERS_WALL: Duration = Duration::from_secs(1);

/// Why a plan is as it is, in numbers and names of the file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Explanation {
    split: SplitTold,
    /// Points no plan can avoid.
    unavoidable: i64,
    gap_rel_avoidable: Option<f64>,
    /// By the first class of the demands: how many are placed, and the most that could be if no tier gave way to one below.
    /// The strict tiers, the highest first; where there are none all classes in order of name, which is that of the tiers,
    /// unless groups do not let it be said.
    tiers: Option<Vec<TierTold>>,
    rungs: Vec<RungTold>,
    placed: Vec<Placed>,
    unplaced: Vec<LeftOut>,
    /// Points one more demand there would cost the others, by resource; those at 0 are left out.
    prices: Vec<Price>,
}

#[derive(Debug, Clone, Serialize)]
struct SplitTold {
    arcs: i64,
    groups: i64,
    households: i64,
    /// By the first class of the demands left out.
    unplaced: Vec<(String, usize, i64)>,
}

/// The counts of one tier.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TierTold {
    class: String,
    placed: usize,
    most: usize,
    /// Of strict tiers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    proved: Option<bool>,
}

#[derive(Debug, Clone, Serialize)]
struct RungTold {
    rung: &'static str,
    outcome: &'static str,
    objective: i64,
    bound: Option<i64>,
    ms: f64,
}

#[derive(Debug, Clone, Serialize)]
struct Placed {
    demand: String,
    resource: String,
    cost: i64,
    alternatives: Vec<AlternativeTold>,
}

#[derive(Debug, Clone, Serialize)]
struct AlternativeTold {
    resource: String,
    own_cost: i64,
    /// What it costs the whole, at most where it is not exact.
    system_cost: i64,
    /// What it costs at least, where that is proved and is less.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<i64>,
    exact: bool,
    moves: Vec<Move>,
}

#[derive(Debug, Clone, Serialize)]
struct Move {
    /// The first class of whoever would move: never who.
    class: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct LeftOut {
    demand: String,
    #[serde(flatten)]
    reason: Reason,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
enum Reason {
    NoArcs,
    TooDear { cheapest: i64, penalty: i64 },
    Taken { full: usize, held_by_dearer: usize, held_by_equal: usize, held_by_cheaper: usize, limited_by: Vec<String> },
    Unfinished,
}

#[derive(Debug, Clone, Serialize)]
struct Price {
    resource: String,
    points: i64,
}

impl Explanation {
    pub(crate) fn of(named: &NamedInstance, solved: &Solved) -> Self {
        let plan = solved.plan();
        let told = |plan: &Plan| -> Vec<RungTold> {
            plan.trace
                .iter()
                .map(|trace| RungTold {
                    rung: trace.rung.as_str(),
                    outcome: trace.outcome.as_str(),
                    objective: trace.objective,
                    bound: trace.bound,
                    ms: milliseconds(trace.elapsed),
                })
                .collect()
        };
        let mut placed = Vec::new();
        let mut unplaced = Vec::new();
        for (demand, place) in plan.assign.iter().enumerate() {
            match place {
                Some(resource) => placed.push(named.placed(solved, demand, *resource)),
                None => unplaced.extend(named.left_out(solved, demand)),
            }
        }
        let price = |(resource, name): (usize, &String)| {
            let points = solved.price(resource).filter(|points| *points > 0)?;
            Some(Price { resource: name.clone(), points })
        };
        Self {
            split: SplitTold {
                arcs: plan.split.arcs,
                groups: plan.split.groups,
                households: plan.split.households,
                unplaced: named.unplaced_by_class(plan),
            },
            unavoidable: plan.unavoidable,
            gap_rel_avoidable: plan.gap().map(|gap| gap.relative_avoidable),
            tiers: named.strict_tiers(plan).or_else(|| named.tiers(plan)),
            rungs: told(plan),
            placed,
            unplaced,
            prices: named.resources.iter().enumerate().filter_map(price).collect(),
        }
    }
}

impl NamedInstance {
    fn placed(&self, solved: &Solved, demand: usize, resource: usize) -> Placed {
        let alternatives = solved.alternatives(demand, ALTERNATIVES + 1);
        let other = alternatives.into_iter().filter(|alternative| alternative.resource != resource);
        let told = |alternative: crate::Alternative| AlternativeTold {
            resource: self.resources[alternative.resource].clone(),
            own_cost: alternative.own_cost,
            system_cost: alternative.system_cost,
            at_least: alternative.at_least.filter(|_| !alternative.exact),
            exact: alternative.exact,
            moves: alternative.displaced.iter().map(|displaced| self.moved(displaced)).collect(),
        };
        Placed {
            demand: self.demands[demand].clone(),
            resource: self.resources[resource].clone(),
            cost: self.instance.arc(demand, resource).map_or(0, |arc| arc.cost),
            alternatives: other.take(ALTERNATIVES).map(told).collect(),
        }
    }

    fn moved(&self, displaced: &Displaced) -> Move {
        let name = |resource: Option<usize>| resource.map(|resource| self.resources[resource].clone());
        Move { class: self.first_class(displaced.demand), from: name(displaced.from), to: name(displaced.to) }
    }

    fn left_out(&self, solved: &Solved, demand: usize) -> Option<LeftOut> {
        let reason = match solved.explain_unplaced(demand)? {
            Unplaced::NoArcs => Reason::NoArcs,
            Unplaced::TooDear { cheapest } => {
                Reason::TooDear { cheapest, penalty: self.instance.demands()[demand].penalty }
            }
            Unplaced::Taken(taken) => Reason::Taken {
                full: taken.full,
                held_by_dearer: taken.held_by_dearer,
                held_by_equal: taken.held_by_equal,
                held_by_cheaper: taken.held_by_cheaper,
                limited_by: taken.limited_by.iter().map(|&group| self.groups[group].clone()).collect(),
            },
            Unplaced::Unfinished => Reason::Unfinished,
        };
        Some(LeftOut { demand: self.demands[demand].clone(), reason })
    }

    fn first_class(&self, demand: usize) -> Option<String> {
        self.class(*self.instance.demands()[demand].classes.first()?)
    }

    fn tiers(&self, plan: &Plan) -> Option<Vec<TierTold>> {
        let classes: Vec<String> =
            (0..plan.assign.len()).map(|demand| self.first_class(demand).unwrap_or_default()).collect();
        let names: Vec<&String> = std::collections::BTreeSet::from_iter(&classes).into_iter().collect();
        let tier_of: Vec<usize> = classes.iter().filter_map(|class| names.binary_search(&class).ok()).collect();
        let told = tiers(&self.instance, &plan.assign, &tier_of, Budget::wall(TIERS_WALL))?;
        let told = names.iter().zip(told);
        Some(
            told.map(|(class, tier)| TierTold {
                class: (*class).clone(),
                placed: tier.placed,
                most: tier.most,
                proved: None,
            })
            .collect(),
        )
    }

    /// The strict tiers of a plan, if it has any.
    pub(crate) fn strict_tiers(&self, plan: &Plan) -> Option<Vec<TierTold>> {
        let told = |tier: &StrictTier| TierTold {
            class: self.class(tier.class).unwrap_or_default(),
            placed: tier.placed,
            most: tier.most,
            proved: Some(tier.proved),
        };
        Some(plan.tiers.as_ref()?.iter().map(told).collect())
    }

    fn class(&self, number: u32) -> Option<String> {
        self.classes.get(usize::try_from(number).ok()?).cloned()
    }

    /// Demands left out and their penalties, by first class, in order of name.
    fn unplaced_by_class(&self, plan: &Plan) -> Vec<(String, usize, i64)> {
        let mut by_class: std::collections::BTreeMap<String, (usize, i64)> = std::collections::BTreeMap::new();
        for (demand, _) in plan.assign.iter().enumerate().filter(|(_, place)| place.is_none()) {
            let (count, points) = by_class.entry(self.first_class(demand).unwrap_or_default()).or_default();
            *count += 1;
            *points += self.instance.demands()[demand].penalty;
        }
        by_class.into_iter().map(|(class, (count, points))| (class, count, points)).collect()
    }
}
