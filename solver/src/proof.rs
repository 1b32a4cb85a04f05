//! What is proved of an instance, by the flow or by prices: the bound, and by how much a placement misses it.
//!
//! It only reads what others found, and must never search.

use crate::counted::Ways;
use crate::duals::Priced;
use crate::exact::Useful;
use crate::flow::Network;
use crate::instance::{Arc, Instance};
use crate::rules::household;

/// What says by how much at least a placement misses the bound.
pub(crate) enum Proof<'n> {
    /// The potentials of the flow.
    Flow(&'n Network),
    /// Prices of the relaxation.
    Prices(Box<Priced>),
}

impl Proof<'_> {
    /// The prices of the relaxation, if that is what proves.
    pub(crate) fn into_priced(self) -> Option<Box<Priced>> {
        match self {
            Self::Flow(_) => None,
            Self::Prices(priced) => Some(priced),
        }
    }

    /// The lower bound that is proved, in points.
    pub(crate) fn bound(&self, instance: &Instance) -> i64 {
        match self {
            Self::Flow(network) => network.bound(instance),
            Self::Prices(priced) => priced.paid.bound,
        }
    }
}

/// What a solution that costs less than `limit` may do, by what is proved: nothing that misses `floor` by as much.
pub(crate) struct Below<'p> {
    pub(crate) instance: &'p Instance,
    pub(crate) proof: &'p Proof<'p>,
    pub(crate) floor: i64,
    pub(crate) limit: i64,
}

impl Useful for Below<'_> {
    fn alone(&self, demand: usize, arc: Option<Arc>) -> bool {
        let miss = match self.proof {
            Proof::Flow(network) => {
                let apart = household::split_penalty(self.instance, demand);
                arc.map_or(self.instance.demands()[demand].penalty - network.worth(self.instance, demand), |arc| {
                    network.reduced_cost(self.instance, demand, arc) + apart
                })
            }
            Proof::Prices(priced) => priced.miss_alone(self.instance, demand, arc),
        };
        self.floor + miss < self.limit
    }

    fn together(&self, household: usize, resource: usize) -> bool {
        let miss = match self.proof {
            Proof::Flow(network) => {
                let arcs = self.instance.households()[household].members.iter();
                let arcs = arcs.filter_map(|&member| Some((member, self.instance.arc(member, resource)?)));
                arcs.map(|(member, arc)| network.reduced_cost(self.instance, member, arc)).sum()
            }
            Proof::Prices(priced) => priced.miss_together(self.instance, household, resource).unwrap_or(i64::MAX / 2),
        };
        self.floor + miss < self.limit
    }

    fn ways(&self) -> Ways {
        match self.proof {
            Proof::Flow(_) => Ways::default(),
            Proof::Prices(priced) => priced.ways(self.instance, self.limit),
        }
    }
}
