//! Why a plan is as it is, as the file of a solution says it: costs by part, tiers, other choices of each, reasons.
//!
//! Whoever else is concerned is told by class, never by name. Nothing here searches but for what each tier could have.

use crate::alternatives::{Alternative, Displaced};
use crate::budget::Budget;
use crate::cost_split::SplitTold;
use crate::format::{NamedInstance, milliseconds};
use crate::plan::{Plan, StrictTier};
use crate::reasons::Reason;
use crate::rules::State;
use crate::solved::Solved;
use crate::tiers::{most_by_search, tiers};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Alternatives told of each placed demand.
const ALTERNATIVES: usize = 3;

/// Most time for saying what each tier could have, whatever the solve was allowed: an explanation is not worth more.
const TIERS_WALL: Duration = Duration::from_secs(1);

/// Why a plan is as it is, in numbers and names of the file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Explanation {
    split: SplitTold,
    /// Points no plan can avoid.
    unavoidable: i64,
    gap_rel_avoidable: Option<f64>,
    /// By the first class of the demands: how many are placed, and the most that could be if no tier gave way to one below.
    /// The strict tiers, the highest first; where there are none all classes in order of name, which is that of the tiers.
    tiers: Vec<TierTold>,
    rungs: Vec<RungTold>,
    placed: Vec<Placed>,
    unplaced: Vec<LeftOut>,
    /// Points one more demand there would cost the others, by resource; those at 0 are left out.
    prices: Vec<Price>,
}

/// The counts of one tier.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TierTold {
    class: String,
    placed: usize,
    /// Unknown where there was no time for it.
    most: Option<usize>,
    /// Whether the most is exact, and of strict tiers that they have it; where it is not, no plan in which the tiers above
    /// have theirs places more.
    proved: bool,
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
    /// What the cost is made of; absent where the file does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<BTreeMap<String, i64>>,
    alternatives: Vec<AlternativeTold>,
}

#[derive(Debug, Clone, Serialize)]
struct AlternativeTold {
    resource: String,
    own_cost: i64,
    /// What is more in it for the demand itself than in its place in the plan, below 0 what is less, by part; absent where
    /// the file does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    own_change: Option<BTreeMap<String, i64>>,
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
struct Price {
    resource: String,
    points: i64,
}

impl Explanation {
    /// Of a plan; saying what each tier could have takes no longer than `within`.
    pub(crate) fn of(named: &NamedInstance, solved: &Solved, within: Duration) -> Self {
        let plan = solved.plan();
        // Made once: it takes longer than most questions.
        let state = solved.state();
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
                Some(resource) => placed.push(named.placed(solved, &state, demand, *resource)),
                None => unplaced.extend(named.left_out(solved, &state, demand)),
            }
        }
        let price = |(resource, name): (usize, &String)| {
            let points = solved.price(resource).filter(|points| *points > 0)?;
            Some(Price { resource: name.clone(), points })
        };
        Self {
            split: SplitTold::of(named, plan, &state),
            unavoidable: plan.unavoidable,
            gap_rel_avoidable: plan.gap().map(|gap| gap.relative_avoidable),
            tiers: named.strict_tiers(plan).unwrap_or_else(|| named.tiers(plan, within)),
            rungs: told(plan),
            placed,
            unplaced,
            prices: named.resources.iter().enumerate().filter_map(price).collect(),
        }
    }
}

impl NamedInstance {
    fn placed(&self, solved: &Solved, state: &State<'_>, demand: usize, resource: usize) -> Placed {
        let alternatives = solved.alternatives_in(demand, ALTERNATIVES + 1, || state.clone());
        let other = alternatives.into_iter().filter(|alternative| alternative.resource != resource);
        let told = |alternative: Alternative| AlternativeTold {
            resource: self.resources[alternative.resource].clone(),
            own_cost: alternative.own_cost,
            own_change: self.change(demand, resource, alternative.resource),
            system_cost: alternative.system_cost,
            at_least: alternative.at_least.filter(|_| !alternative.exact),
            exact: alternative.exact,
            moves: alternative.displaced.iter().map(|displaced| self.moved(displaced)).collect(),
        };
        Placed {
            demand: self.demands[demand].clone(),
            resource: self.resources[resource].clone(),
            cost: self.cost_of(demand, resource),
            parts: self.parts_of(demand, resource).map(|parts| named(&parts)),
            alternatives: other.take(ALTERNATIVES).map(told).collect(),
        }
    }

    fn moved(&self, displaced: &Displaced) -> Move {
        let name = |resource: Option<usize>| resource.map(|resource| self.resources[resource].clone());
        Move { class: self.first_class(displaced.demand), from: name(displaced.from), to: name(displaced.to) }
    }

    /// What a demand would have more of with another resource, by part.
    fn change(&self, demand: usize, from: usize, to: usize) -> Option<BTreeMap<String, i64>> {
        let (before, mut change) = (self.parts_of(demand, from)?, self.parts_of(demand, to)?);
        for (part, points) in &mut change {
            *points -= before.get(part).copied().unwrap_or(0);
        }
        Some(named(&change))
    }

    fn left_out(&self, solved: &Solved, state: &State<'_>, demand: usize) -> Option<LeftOut> {
        let why = solved.explain_unplaced_in(demand, || state.clone())?;
        Some(LeftOut { demand: self.demands[demand].clone(), reason: self.reason(demand, why) })
    }

    /// The name of a demand's first class.
    pub(crate) fn first_class(&self, demand: usize) -> Option<String> {
        self.class(*self.instance.demands()[demand].classes.first()?)
    }

    /// What is told of all first classes, in order of name.
    fn tiers(&self, plan: &Plan, within: Duration) -> Vec<TierTold> {
        let classes: Vec<String> =
            (0..plan.assign.len()).map(|demand| self.first_class(demand).unwrap_or_default()).collect();
        let names: Vec<&String> = BTreeSet::from_iter(&classes).into_iter().collect();
        let tier_of: Vec<usize> = classes.iter().filter_map(|class| names.binary_search(&class).ok()).collect();
        let budget = Budget::wall(within.min(TIERS_WALL));
        let by_flow = tiers(&self.instance, &plan.assign, &tier_of, budget);
        let by_flow = by_flow.map(|told| told.into_iter().map(|tier| (tier.most, true)).collect());
        let most: Option<Vec<(usize, bool)>> = by_flow.or_else(|| most_by_search(&self.instance, &tier_of, budget));
        let told = |(tier, class): (usize, &&String)| {
            let placed = plan.assign.iter().zip(&tier_of).filter(|(place, of)| place.is_some() && **of == tier).count();
            let (most, proved) = most.as_ref().map_or((None, false), |most| (Some(most[tier].0), most[tier].1));
            TierTold { class: (*class).clone(), placed, most, proved }
        };
        names.iter().enumerate().map(told).collect()
    }

    /// The strict tiers of a plan, if it has any.
    pub(crate) fn strict_tiers(&self, plan: &Plan) -> Option<Vec<TierTold>> {
        let told = |tier: &StrictTier| TierTold {
            class: self.class(tier.class).unwrap_or_default(),
            placed: tier.placed,
            most: Some(tier.most),
            proved: tier.proved,
        };
        Some(plan.tiers.as_ref()?.iter().map(told).collect())
    }

    fn class(&self, number: u32) -> Option<String> {
        self.classes.get(usize::try_from(number).ok()?).cloned()
    }
}

/// With names of their own.
fn named(parts: &BTreeMap<&str, i64>) -> BTreeMap<String, i64> {
    parts.iter().map(|(name, points)| ((*name).to_owned(), *points)).collect()
}
