//! Assignment of demands to resources: pure, deterministic, always an answer inside the budget, with what is proved about it.
//!
//! An [`Instance`] is checked once, [`solve`] makes a [`Plan`], [`check()`] verifies it without sharing code with the search, and
//! [`Solved`] keeps the plan to answer what else could be done and at what price for the whole.
//!
//! | module | job |
//! |---|---|
//! | `instance` | the problem, valid by construction |
//! | `plan` | the answer: assignment, objective, bound, which rung, what stopped it |
//! | `budget` | what a search may spend, and the only clock |
//! | `rules` | what an assignment costs and may not do, one file per family |
//! | `greedy` | first rung: dearest penalty first |
//! | `laminar` | which groups a flow can carry |
//! | `supply` | what resources and groups can take, unit by unit |
//! | `duals` | prices, and the bound they prove |
//! | `counted` | that bound raised, where whole numbers of demands are placed |
//! | `ascent` | those prices natively, where few resources take many each |
//! | `round` | the assignment prices suggest |
//! | `flow` | second rung: shortest augmenting paths, exact for the plain problem and for laminar groups |
//! | `improve` | moves and ejections for the other groups |
//! | `together` | moves of whole households |
//! | `exact` | linear relaxation and branch and bound on a thread of its own, below a measured size |
//! | `parts` | what has nothing to do with one another |
//! | `strict` | tiers of strict priority, kept by surcharges and rows |
//! | `proof` | what is proved, and by how much a placement misses it |
//! | `ladder` | the rungs in order, the best answer in hand |
//! | `solved` | a plan to ask about |
//! | `standing` | a plan kept while demands come and go |
//! | `again` | what an earlier search leaves to the next |
//! | `reoptimise` | a better plan for those who have places, moving few |
//! | `alternatives` | what else could be done with one demand, and at what price |
//! | `detours` | those prices, exact, from the flow |
//! | `pieces` | what is proved of a placement, piece by piece |
//! | `tiers` | whether a higher tier gave up anybody |
//! | `unplaced` | why a demand is left out |
//! | `check` | the independent verifier |
//! | `arc_parts` | what the costs of arcs are made of, where a file tells it |
//! | `cost_split` | the objective by its parts, in the names of its file |
//! | `reasons` | why a demand is left out, in the names of its file |
//! | `explanation` | why a plan is as it is, in the names of its file |
//! | `format` | the neutral files of instances and solutions |
//!
//! Costs are whole points (`i64`) everywhere but in `exact`, `priced` and `ascent`, whose floats only suggest. It knows nothing of what a demand is, logs nothing and
//! reads no clock but the budget's.

#![cfg_attr(not(feature = "highs"), forbid(unsafe_code))]

mod again;
mod alternatives;
mod arc_parts;
mod ascent;
#[cfg(feature = "highs")]
mod basis;
mod budget;
mod check;
mod cost_split;
mod counted;
mod detours;
mod duals;
mod exact;
mod explanation;
mod flow;
pub mod format;
mod greedy;
mod improve;
mod instance;
mod joined;
mod ladder;
mod laminar;
mod parts;
mod pieces;
mod plan;
#[cfg(feature = "highs")]
mod priced;
mod proof;
mod reasons;
mod reoptimise;
mod round;
mod rules;
mod solved;
mod standing;
mod strict;
mod supply;
mod tiers;
mod together;
mod unplaced;

pub use alternatives::{Alternative, Displaced};
pub use arc_parts::ArcParts;
pub use budget::{Budget, Seed};
pub use check::{Verdict, Violation, check, check_assignment};
pub use exact::EXACT_COLUMNS_MAX;
pub use instance::{Arc, Demand, Group, Household, Instance, InstanceError, Resource, Step, TOTAL_MAX};
pub use plan::{Gap, Outcome, Plan, Rung, Split, StoppedBy, StrictTier, Trace};
pub use reoptimise::{Exchange, Moving, Reoptimised, reoptimise};
pub use solved::{Solved, solve};
pub use standing::{Arrival, Standing, StandingError};
pub use tiers::{Tier, tiers};
pub use unplaced::{Apart, Raise, Taken, Unplaced};
