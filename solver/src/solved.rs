//! A plan kept with what it takes to ask about it: share it behind an `Arc`, every question is `&self`.
//!
//! Start here to use the crate. It must never be changed by a question.

use crate::again::Earlier;
use crate::budget::{Budget, Seed};
use crate::flow::Network;
use crate::instance::Instance;
use crate::ladder::{Climbed, climb};
use crate::pieces::Piece;
use crate::plan::Plan;
use crate::strict::Lawful;
use std::sync::Arc as Shared;

/// Assigns demands to resources at the least cost the budget allows to find. There is always an answer: the greedy rung
/// runs to its end even on an empty budget.
///
/// Same instance, same work, same seed: same plan, unless the wall clock stopped it (the plan says so).
///
/// ```
/// use solver::{Arc, Budget, Demand, Instance, Resource, Rung, Seed, solve};
///
/// let demand = |penalty, costs: &[i64]| {
///     let arcs = costs.iter().enumerate().map(|(resource, &cost)| Arc { resource, cost }).collect();
///     Demand { penalty, arcs, ..Demand::default() }
/// };
/// // Both would rather have the first resource; the whole gains most if the second demand gets it.
/// let instance = Instance::new(
///     vec![demand(100, &[1, 2]), demand(90, &[1, 50])],
///     vec![Resource { capacity: 1 }; 2],
///     vec![],
/// )?;
/// let plan = solve(&instance, Budget::default(), Seed::default());
/// assert_eq!(plan.assign, [Some(1), Some(0)]);
/// assert_eq!((plan.objective, plan.bound, plan.optimal), (3, Some(3), true));
/// assert_eq!(plan.rung, Rung::Flow);
/// # Ok::<(), solver::InstanceError>(())
/// ```
#[must_use]
pub fn solve(instance: &Instance, budget: Budget, seed: Seed) -> Plan {
    climb(instance, None, budget, seed).plan
}

/// A solved instance: the plan, and the prices and paths behind it.
///
/// ```
/// use solver::{Arc, Budget, Demand, Instance, Resource, Seed, Solved};
///
/// let demand = |penalty, costs: &[i64]| {
///     let arcs = costs.iter().enumerate().map(|(resource, &cost)| Arc { resource, cost }).collect();
///     Demand { penalty, arcs, ..Demand::default() }
/// };
/// let demands = vec![demand(100, &[1, 2]), demand(90, &[1, 50])];
/// let instance = Instance::new(demands, vec![Resource { capacity: 1 }; 2], vec![])?;
/// let solved = Solved::new(instance, Budget::default(), Seed::default());
///
/// let choices = solved.alternatives(0, 2);
/// assert_eq!((choices[0].resource, choices[0].system_cost), (1, 0));
/// // Its own cost would fall by 1 and the other's rise by 49.
/// assert_eq!((choices[1].resource, choices[1].own_cost, choices[1].system_cost), (0, 1, 48));
/// assert_eq!(choices[1].displaced[0].demand, 1);
/// # Ok::<(), solver::InstanceError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Solved {
    instance: Shared<Instance>,
    plan: Plan,
    pieces: Vec<Piece>,
    /// Of each demand the piece it is in; empty where there is one piece only.
    piece_of: Vec<Option<usize>>,
    prices: Option<Vec<Option<i64>>>,
    /// What was searched, where tiers are strict.
    lawful: Option<Lawful>,
}

impl Solved {
    /// Solves like [`solve`] and keeps what the search knows.
    #[must_use]
    pub fn new(instance: impl Into<Shared<Instance>>, budget: Budget, seed: Seed) -> Self {
        let instance = instance.into();
        let climbed = climb(&instance, None, budget, seed);
        Self::left_by(instance, climbed)
    }

    /// Solves an instance that came out of this one, from what this search knows: demands added at the end, demands emptied,
    /// costs, capacities or households changed. Any other instance is solved as well, only no sooner than anew. What a flow
    /// carries whole is solved anew by that flow; [`crate::Standing`] keeps it.
    ///
    /// It is worth as much as [`solve`]: the same rungs are climbed, and what is proved is proved of the new instance alone.
    /// Places held before are the first answer, as far as they are still allowed and with what they leave room for, where they
    /// cost less than the greedy rung's; prices by resource and group are where better ones are looked for, where they turn
    /// out to be near. With strict tiers, in this instance or the new one, the places are used and the prices are not: they
    /// have the surcharges of these very tiers in them.
    ///
    /// Of the very same instance the plan is never worse, and comes back as it is where it was optimal.
    ///
    /// Same instances, same work, same seeds: same plan, unless the wall clock stopped either search.
    ///
    /// ```
    /// use solver::{Arc, Budget, Demand, Household, Instance, Resource, Seed, Solved};
    ///
    /// let demand = |penalty, costs: &[i64]| {
    ///     let arcs = costs.iter().enumerate().map(|(resource, &cost)| Arc { resource, cost }).collect();
    ///     Demand { penalty, arcs, ..Demand::default() }
    /// };
    /// let mut demands = vec![demand(90, &[3, 5]), demand(80, &[3, 4])];
    /// let instance = |demands: &[Demand]| {
    ///     let household = Household { members: vec![0, 1], split_penalty: 10 };
    ///     let instance = Instance::new(demands.to_vec(), vec![Resource { capacity: 2 }; 2], vec![])?;
    ///     instance.with_households(vec![household])
    /// };
    /// let solved = Solved::new(instance(&demands)?, Budget::default(), Seed::default());
    /// assert_eq!(solved.plan().assign, [Some(0), Some(0)]);
    ///
    /// demands.push(demand(95, &[1, 50]));
    /// let again = solved.again(instance(&demands)?, Budget::default(), Seed::default());
    /// assert_eq!(again.plan().assign, [Some(1), Some(1), Some(0)]);
    /// # Ok::<(), solver::InstanceError>(())
    /// ```
    #[must_use]
    pub fn again(&self, instance: impl Into<Shared<Instance>>, budget: Budget, seed: Seed) -> Self {
        let instance = instance.into();
        if self.plan.optimal && *instance == *self.instance {
            return self.clone();
        }
        let climbed = climb(&instance, Some(&self.leaves_to(&instance)), budget, seed);
        Self::left_by(instance, climbed)
    }

    /// What this search knows of an instance that came out of its own.
    pub(crate) fn leaves_to(&self, next: &Instance) -> Earlier {
        Earlier::of(&self.instance, &self.plan, &self.pieces, next)
    }

    fn left_by(instance: Shared<Instance>, climbed: Climbed) -> Self {
        let Climbed { plan, pieces, prices, lawful, .. } = climbed;
        let searched = lawful.as_ref().map_or(&instance, |lawful| &lawful.instance);
        let pieces: Vec<Piece> = pieces.into_iter().map(|piece| piece.ready(searched)).collect();
        let mut piece_of = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            for &demand in piece.demands().unwrap_or_default() {
                piece_of.resize(instance.demands().len(), None);
                piece_of[demand] = Some(index);
            }
        }
        Self { instance, plan, pieces, piece_of, prices, lawful }
    }

    /// What a flow that was kept has come to; it is complete and sees the whole problem.
    pub(crate) fn kept(instance: Instance, network: Network) -> Self {
        let plan = Plan::of_flow(&instance, &network);
        let piece = Piece::new(plan.objective, plan.bound, Some(network), None).ready(&instance);
        let (pieces, piece_of) = (vec![piece], Vec::new());
        Self { instance: instance.into(), plan, pieces, piece_of, prices: None, lawful: None }
    }

    /// The instance solved.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// The plan found.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The shadow price of a resource, in points: what one more demand there would cost the others at least. By the prices of
    /// the relaxation where they were found, else by the flow's. `None` where neither ran or the resource is unknown, and where
    /// tiers are strict and it would not cost points but somebody of a tier.
    #[must_use]
    pub fn price(&self, resource: usize) -> Option<i64> {
        if resource >= self.instance.resources().len() {
            return None;
        }
        let price = match &self.prices {
            Some(prices) => prices[resource],
            None => self.pieces.first().and_then(Piece::network).map(|network| network.price(resource)),
        };
        price.filter(|points| self.is_lawful(*points))
    }

    /// What was searched: the instance, with the surcharges that keep strict tiers.
    pub(crate) fn searched(&self) -> &Instance {
        self.lawful.as_ref().map_or(&self.instance, |lawful| &lawful.instance)
    }

    /// Whether a difference in what was searched is one of points, and not of who is placed.
    pub(crate) fn is_lawful(&self, points: i64) -> bool {
        self.lawful.as_ref().is_none_or(|lawful| lawful.is_of_points(points))
    }

    /// The piece a demand is in; `None` where it has no placement worth using.
    pub(crate) fn piece_of(&self, demand: usize) -> Option<&Piece> {
        match &self.piece_of[..] {
            [] => self.pieces.first(),
            piece_of => self.pieces.get(piece_of[demand]?),
        }
    }

    /// The network, where its optimum is the plan.
    pub(crate) fn exact_network(&self) -> Option<&Network> {
        self.pieces.first().and_then(Piece::whole_network)
    }
}
