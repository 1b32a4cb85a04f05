//! A plan kept up to date while demands come and go: one augmenting path for each arrival, on the prices that stand.
//!
//! Only for what a flow carries whole: plain instances and laminar groups. Who leaves, and a resource that closes or opens,
//! costs nothing where no price is touched; else the flow is made anew, natively. It must never hold anything that
//! [`crate::solve`] on the same instance would not find: its objective is always the optimum. What a flow does not carry is
//! solved again from what is known ([`crate::Solved::again`]).

use crate::alternatives::Displaced;
use crate::budget::{Budget, Meter};
use crate::flow::{Labels, Network};
use crate::instance::{Demand, Instance, InstanceError};
use crate::rules::by_penalty;
use crate::solved::Solved;
use std::time::Duration;
use thiserror::Error;

/// Why a plan cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StandingError {
    /// Households, groups that cross, or groups that count only some of those who may go there.
    #[error("households, and groups that are not laminar, are more than a flow carries")]
    NotAFlow,
    /// Tiers of strict priority.
    #[error("strict_tiers: a plan that is kept does not count its tiers; solve anew")]
    StrictTiers,
    /// Somebody who is to keep a place has none.
    #[error("demand {demand} has no place to keep")]
    NotPlaced {
        /// Index of the demand.
        demand: usize,
    },
    /// A demand with a fault.
    #[error(transparent)]
    Instance(#[from] InstanceError),
}

/// Where a newcomer is placed, and what that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The index it has from now on.
    pub demand: usize,
    /// Its resource; `None` where leaving it out costs the whole least.
    pub resource: Option<usize>,
    /// Points the optimum rose by.
    pub cost: i64,
    /// Those who move for it.
    pub displaced: Vec<Displaced>,
}

/// An instance with its optimum, kept so.
///
/// ```
/// use solver::{Arc, Demand, Instance, Resource, Standing};
///
/// let demand = |penalty, costs: &[i64]| {
///     let arcs = costs.iter().enumerate().map(|(resource, &cost)| Arc { resource, cost }).collect();
///     Demand { penalty, arcs, ..Demand::default() }
/// };
/// let instance = Instance::new(vec![demand(100, &[1, 2])], vec![Resource { capacity: 1 }; 2], vec![])?;
/// let mut standing = Standing::new(instance)?;
/// assert_eq!(standing.place_of(0), Some(0));
///
/// let arrival = standing.arrive(demand(90, &[1, 50]))?;
/// assert_eq!((arrival.resource, arrival.cost), (Some(0), 2));
/// assert_eq!((arrival.displaced[0].demand, arrival.displaced[0].to), (0, Some(1)));
/// # Ok::<(), solver::StandingError>(())
/// ```
#[derive(Debug)]
pub struct Standing {
    instance: Instance,
    network: Network,
    labels: Labels,
}

impl Standing {
    /// Solves and keeps.
    ///
    /// # Errors
    /// [`StandingError::NotAFlow`], [`StandingError::StrictTiers`].
    pub fn new(instance: Instance) -> Result<Self, StandingError> {
        if !instance.strict_tiers().is_empty() {
            return Err(StandingError::StrictTiers);
        }
        let network = solved(&instance);
        if !network.is_whole() {
            return Err(StandingError::NotAFlow);
        }
        let labels = Labels::new(network.tree().nodes());
        Ok(Self { instance, network, labels })
    }

    /// Keeps what was solved, without solving it again; `None` where its plan is not the optimum of a flow, or tiers
    /// are strict.
    #[must_use]
    pub fn of(solved: &Solved) -> Option<Self> {
        if !solved.instance().strict_tiers().is_empty() {
            return None;
        }
        let network = solved.exact_network()?;
        let labels = Labels::new(network.tree().nodes());
        Some(Self { instance: solved.instance().clone(), network: network.clone(), labels })
    }

    /// The plan as it stands, ready to be asked about.
    #[must_use]
    pub fn into_solved(self) -> Solved {
        Solved::kept(self.instance, self.network)
    }

    /// The instance as it stands; a demand that left is empty, a resource that is closed takes 0.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Points of the optimum.
    #[must_use]
    pub fn objective(&self) -> i64 {
        self.network.value()
    }

    /// The resource a demand is placed with; `None` also for an unknown one.
    #[must_use]
    pub fn place_of(&self, demand: usize) -> Option<usize> {
        let known = demand < self.instance.demands().len();
        self.network.arc_of(Some(demand).filter(|_| known)?).map(|arc| arc.resource)
    }

    /// Everybody's place, in the order of the instance.
    #[must_use]
    pub fn assignment(&self) -> Vec<Option<usize>> {
        self.network.assignment()
    }

    /// What one more demand at this resource would cost the others at least, in points; `None` for an unknown one.
    #[must_use]
    pub fn price(&self, resource: usize) -> Option<i64> {
        (resource < self.instance.resources().len()).then(|| self.network.price(resource))
    }

    /// Takes a demand in, along one shortest path.
    ///
    /// # Errors
    /// A fault of the demand, or a group that would not count it; nothing is changed then.
    pub fn arrive(&mut self, demand: Demand) -> Result<Arrival, StandingError> {
        let resources = self.instance.resources().len();
        let groups = demand.arcs.iter().filter(|arc| arc.resource < resources);
        let mut groups = groups.flat_map(|arc| self.instance.groups_of(arc.resource));
        if groups.any(|&group| !self.instance.would_count(group, &demand)) {
            return Err(StandingError::NotAFlow);
        }
        let newcomer = self.instance.demands().len();
        self.instance.push(demand)?;
        let before = self.network.value();
        // Where the movers were is read off the flow before it changes: they are known only after the search.
        let places = self.network.assignment();
        let movers = self.network.arrive(&self.instance, &mut self.labels);
        let displaced = |mover: usize| Displaced { demand: mover, from: places[mover], to: self.place_of(mover) };
        Ok(Arrival {
            demand: newcomer,
            resource: self.place_of(newcomer),
            cost: self.network.value() - before,
            displaced: movers.into_iter().map(displaced).collect(),
        })
    }

    /// Makes a demand that is placed keep its place the more: every other, and none, costs it so many points more. Nobody moves
    /// for that, and the prices stand.
    ///
    /// # Errors
    /// [`StandingError::NotPlaced`] where it has no place to keep, [`StandingError::Instance`] where the points are below 0 or
    /// beyond all others; nothing is changed then.
    pub fn hold(&mut self, demand: usize, points: i64) -> Result<(), StandingError> {
        let place = self.place_of(demand).ok_or(StandingError::NotPlaced { demand })?;
        self.instance.raise_others(demand, place, points)?;
        self.network.costs_changed(&self.instance, demand);
        Ok(())
    }

    /// Lets a demand go; its index stays, empty. Whether others may have moved up: then the flow was made anew.
    pub fn depart(&mut self, demand: usize) -> bool {
        if demand >= self.instance.demands().len() {
            return false;
        }
        let alone = self.network.depart(&self.instance, demand);
        self.instance.empty(demand);
        if !alone {
            self.network = solved(&self.instance);
        }
        !alone
    }

    /// Gives a resource so many places, 0 to close it. Whether others may have moved: then the flow was made anew.
    pub fn resize(&mut self, resource: usize, capacity: usize) -> bool {
        let Some(before) = self.instance.resources().get(resource).map(|resource| resource.capacity) else {
            return false;
        };
        let bears = self.network.bears(resource, capacity, before);
        self.instance.resize(resource, capacity);
        if !bears {
            self.network = solved(&self.instance);
        }
        !bears
    }
}

fn solved(instance: &Instance) -> Network {
    let mut network = Network::new(instance);
    network.insert_all(instance, &by_penalty(instance), &mut Meter::start(Budget::wall(Duration::MAX)));
    network
}
