//! Whoever is being told of a slot keeps it unless the whole gains by another, and few move at once: an operator who reads out
//! an offer is not to find it given away for a minute of somebody else's travel (solver.md §2, §4).

use solver::{Demand, InstanceError, Solved};

use super::suitable::Suitable;
use super::{Candidate, Seeker, costs};

/// How many may be moved by one plan. Our assumption: more would be noticed at every desk.
const MOVED_MOST: usize = 3;

/// What the price grows by while too many would move: a few plans and it is beyond anything a place may cost.
const GROWS_BY: i64 = 4;

/// Times the price grows.
const RAISED_MOST: usize = 3;

/// The price of moving in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moving(i64);

impl Moving {
    /// Points.
    pub(super) fn points(self) -> i64 {
        self.0
    }

    /// A demand with the price of moving in it, for somebody who is being told of the place `told`: any other costs more, and
    /// so does none.
    pub(super) fn priced(self, mut demand: Demand, told: Option<usize>) -> Demand {
        if let Some(told) = told {
            demand.penalty += self.0;
            for arc in demand.arcs.iter_mut().filter(|arc| arc.resource != told) {
                arc.cost += self.0;
            }
        }
        demand
    }

    /// The plan at the least price at which few of those who are `told` of a place move. `solve` makes one, with the places it
    /// gives to them.
    pub(super) fn few(
        told: &[Option<usize>],
        mut solve: impl FnMut(Self) -> Result<(Solved, Vec<Option<usize>>), InstanceError>,
    ) -> Result<(Solved, Self), InstanceError> {
        let mut price = Self(costs::MOVING);
        let mut raised = 0;
        loop {
            let (solved, places) = solve(price)?;
            let moved = told.iter().zip(&places).filter(|(told, place)| told.is_some() && told != place).count();
            // Where the time ended the search, another would be worse.
            if moved <= MOVED_MOST || raised == RAISED_MOST || !solved.plan().optimal {
                return Ok((solved, price));
            }
            (price, raised) = (Self(price.0 * GROWS_BY), raised + 1);
        }
    }
}

/// The place somebody is being told of, where it still suits them.
pub(super) fn told_at(seeker: &Seeker, found: &Suitable, candidates: &[Candidate]) -> Option<usize> {
    let told = seeker.told?;
    found.fits.iter().map(|fit| fit.candidate).find(|candidate| candidates[*candidate].slot.id == told)
}
