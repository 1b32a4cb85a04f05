//! The answer: who is placed where, how good that is known to be, and how it was found.
//!
//! It holds results only and must never search: whoever doubts it asks [`crate::check()`], which shares nothing with it.

use crate::flow::Network;
use crate::instance::Instance;
use crate::rules::{State, by_penalty};
use std::time::Duration;

/// A step of the ladder, from the quickest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rung {
    /// Dearest penalty first, cheapest place left.
    Greedy,
    /// Shortest augmenting paths with potentials.
    Flow,
    /// Prices of the relaxation, climbed natively; of itself it places nobody.
    Prices,
    /// Linear relaxation that came out whole.
    Lp,
    /// Moves, ejections and seeded re-insertions on an assignment in hand.
    Repair,
    /// Branch and bound.
    Mip,
}

impl Rung {
    /// The name used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Greedy => "greedy",
            Self::Flow => "flow",
            Self::Prices => "prices",
            Self::Lp => "lp",
            Self::Repair => "repair",
            Self::Mip => "mip",
        }
    }
}

/// Why the search went no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoppedBy {
    /// The plan is proved optimal.
    Proof,
    /// The wall clock of the budget. Only then may two runs of the same input differ.
    Wall,
    /// The work of the budget.
    Work,
    /// What is left is too large for the exact rung; see [`crate::EXACT_COLUMNS_MAX`].
    SizeLimit,
    /// The exact rung was busy with another instance.
    Busy,
    /// Every rung ended, none with a proof.
    Exhausted,
}

impl StoppedBy {
    /// The name used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::Wall => "wall",
            Self::Work => "work",
            Self::SizeLimit => "size_limit",
            Self::Busy => "busy",
            Self::Exhausted => "exhausted",
        }
    }
}

/// How a rung ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It did all it can do.
    Completed,
    /// The budget ended it.
    Interrupted,
    /// It was not started: too large.
    SkippedForSize,
    /// It was not started: another instance had the solver thread.
    SkippedBusy,
    /// Its solver gave an error or an answer that did not verify; nothing of it was used.
    Failed,
}

impl Outcome {
    /// The name used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
            Self::SkippedForSize => "skipped_for_size",
            Self::SkippedBusy => "skipped_busy",
            Self::Failed => "failed",
        }
    }
}

/// What one rung achieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// The rung.
    pub rung: Rung,
    /// How it ended.
    pub outcome: Outcome,
    /// Points of the best assignment in hand after it.
    pub objective: i64,
    /// Best proved lower bound after it, in points.
    pub bound: Option<i64>,
    /// Time it took.
    pub elapsed: Duration,
}

/// The objective by its parts, in points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Split {
    /// Costs of the arcs used.
    pub arcs: i64,
    /// Penalties of the demands left unplaced.
    pub unplaced: i64,
    /// Step costs of the groups.
    pub groups: i64,
    /// Split penalties of the households.
    pub households: i64,
}

impl Split {
    /// The objective.
    #[must_use]
    pub fn total(self) -> i64 {
        self.arcs + self.unplaced + self.groups + self.households
    }
}

/// How far a plan may be from the optimum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Points between the objective and the proved bound, 0 when optimal.
    pub points: i64,
    /// The same over the objective, 0 to 1. It flatters where unavoidable penalties dominate.
    pub relative: f64,
    /// The same over the part of the objective that could be avoided at all, 0 to 1.
    pub relative_avoidable: f64,
}

/// A tier of strict priority in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrictTier {
    /// Its class.
    pub class: u32,
    /// Demands of it that are placed.
    pub placed: usize,
    /// The most that can be, where the tiers above have theirs: no plan that keeps the tiers places more. Exact where proved.
    pub most: usize,
    /// Whether it is proved that the plan keeps this tier: it and all above have their most.
    pub proved: bool,
}

/// An assignment with its worth and its proof.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// For each demand the resource it is placed with, or `None`.
    pub assign: Vec<Option<usize>>,
    /// Points, recomputed from `assign` in integers.
    pub objective: i64,
    /// The objective by its parts.
    pub split: Split,
    /// Proved lower bound on the optimum of the whole instance, in points; `None` where nothing is proved. With strict tiers on
    /// what any plan costs that places as many of each tier.
    pub bound: Option<i64>,
    /// Whether the bound meets the objective, and every strict tier is proved.
    pub optimal: bool,
    /// Penalties no plan can avoid, in points; see [`crate::Instance::unavoidable`].
    pub unavoidable: i64,
    /// What produced `assign`.
    pub rung: Rung,
    /// Why the search went no further.
    pub stopped_by: StoppedBy,
    /// Steps counted, in arcs looked at.
    pub work: u64,
    /// Rounds of pricing of the linear relaxation; 0 where it was not priced.
    pub rounds: usize,
    /// Columns of the largest linear program that was solved; 0 where none was.
    pub columns: usize,
    /// Wall time from the call to the answer.
    pub elapsed: Duration,
    /// How much of it went into what the rungs stand on: order, network, supply, models of the exact rung.
    pub built: Duration,
    /// What each rung achieved, in order.
    pub trace: Vec<Trace>,
    /// The strict tiers, the highest first; `None` where the instance has none.
    pub tiers: Option<Vec<StrictTier>>,
}

impl Plan {
    /// The optimum a flow has come to; the flow is complete and sees the whole problem.
    pub(crate) fn of_flow(instance: &Instance, network: &Network) -> Self {
        let assign = network.assignment();
        let split = State::of(instance, &assign, &by_penalty(instance)).split();
        Self {
            objective: split.total(),
            split,
            bound: Some(network.value()),
            optimal: split.total() == network.value(),
            unavoidable: instance.unavoidable(),
            rung: Rung::Flow,
            stopped_by: StoppedBy::Proof,
            work: 0,
            rounds: 0,
            columns: 0,
            elapsed: Duration::ZERO,
            built: Duration::ZERO,
            trace: Vec::new(),
            tiers: None,
            assign,
        }
    }

    /// How far from the optimum the plan may be; `None` where nothing is proved.
    #[must_use]
    pub fn gap(&self) -> Option<Gap> {
        let points = self.objective - self.bound?;
        let over = |whole: i64| if whole > 0 { points as f64 / whole as f64 } else { 0.0 };
        Some(Gap {
            points,
            relative: over(self.objective),
            relative_avoidable: over(self.objective - self.unavoidable),
        })
    }

    /// How many demands are placed.
    #[must_use]
    pub fn placed(&self) -> usize {
        self.assign.iter().flatten().count()
    }
}
