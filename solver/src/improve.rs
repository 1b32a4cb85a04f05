//! Moves on an assignment in hand, for what a flow cannot say: groups that cross, and groups that count only some classes.
//!
//! Every move is priced by differences and kept only if the objective falls, so it always ends and never harms.
//! It looks only at arcs that can be part of something better. Must never draw at random but from its seed.

use crate::budget::{Meter, Seed};
use crate::instance::{Arc, Demand, Instance};
use crate::rules::State;
use crate::together;

/// Rounds of [`shake`] for each demand: enough that another doubling changed no objective in measured instances.
const SHAKES_PER_DEMAND: usize = 40;

/// Most demands taken out together in one round of [`shake`].
const SHAKEN_MAX: usize = 6;

/// For each demand the arcs that can be part of a better assignment.
#[derive(Debug)]
pub(crate) struct Columns {
    arcs: Vec<Vec<Arc>>,
    /// Of each arc what a solution that uses it costs at least.
    from: Vec<Vec<i64>>,
    /// The least each demand can cost, placed or not, groups apart.
    least: Vec<i64>,
}

impl Columns {
    /// The arcs that a solution better than `limit` points may use: all others cost at least their reduced cost above the
    /// bound (reduced cost fixing).
    pub(crate) fn new(instance: &Instance, bound: i64, limit: i64, reduced_cost: impl Fn(usize, Arc) -> i64) -> Self {
        let of = |(index, demand): (usize, &Demand)| {
            let worth = demand.arcs.iter().filter(|arc| instance.is_worth(index, **arc));
            let from = worth.map(|&arc| (arc, bound + reduced_cost(index, arc)));
            from.filter(|(_, from)| *from < limit).unzip()
        };
        let (arcs, from) = instance.demands().iter().enumerate().map(of).unzip();
        Self::with_least(instance, arcs, from)
    }

    /// Those of them that a solution better than `limit` points may use.
    pub(crate) fn within(&self, instance: &Instance, limit: i64) -> Self {
        let of = |(arcs, from): (&Vec<Arc>, &Vec<i64>)| {
            let both = arcs.iter().copied().zip(from.iter().copied());
            both.filter(|(_, from)| *from < limit).unzip()
        };
        let (arcs, from) = self.arcs.iter().zip(&self.from).map(of).unzip();
        Self::with_least(instance, arcs, from)
    }

    /// The greatest limit within which no more than so many are left; `None` where all are.
    pub(crate) fn limit_of(&self, count: usize) -> Option<i64> {
        let mut from: Vec<i64> = self.from.iter().flatten().copied().collect();
        (count < from.len()).then(|| *from.select_nth_unstable(count).1)
    }

    fn with_least(instance: &Instance, arcs: Vec<Vec<Arc>>, from: Vec<Vec<i64>>) -> Self {
        let least =
            |(demand, arcs): (&Demand, &Vec<Arc>)| arcs.iter().map(|arc| arc.cost).fold(demand.penalty, i64::min);
        let least = instance.demands().iter().zip(&arcs).map(least).collect();
        Self { arcs, from, least }
    }

    /// The arcs of a demand, by resource.
    pub(crate) fn of(&self, demand: usize) -> &[Arc] {
        &self.arcs[demand]
    }
}

/// What a move does with one demand; applied after all are compared.
#[derive(Clone, Copy)]
enum Move {
    Place(Arc),
    LeaveOut,
    /// Take the arc, and send its holder to another one or out.
    Eject(Arc, usize, Option<Arc>),
}

/// Moves single demands, each with at most one ejection, and whole households, until none helps; false if the meter stopped
/// it.
pub(crate) fn descend(state: &mut State<'_>, columns: &Columns, order: &[usize], meter: &mut Meter) -> bool {
    loop {
        let before = state.objective();
        for &demand in order {
            if !move_one(state, columns, demand, meter) {
                return false;
            }
        }
        for household in 0..state.instance().households().len() {
            if !together::bring(state, columns, household, meter) {
                return false;
            }
        }
        if state.objective() == before {
            return true;
        }
    }
}

/// Puts one demand where it costs the whole least; false if the meter stopped it (the state is whole all the same).
fn move_one(state: &mut State<'_>, columns: &Columns, demand: usize, meter: &mut Meter) -> bool {
    let mut best = state.objective();
    let was = state.withdraw(demand);
    let mut chosen = was.map_or(Move::LeaveOut, Move::Place);
    if state.objective() < best {
        (best, chosen) = (state.objective(), Move::LeaveOut);
    }
    let penalty = state.instance().demands()[demand].penalty;
    let mut open = meter.spend(columns.of(demand).len());
    for &arc in columns.of(demand) {
        if !open {
            break;
        }
        if let Some(price) = state.price(demand, arc) {
            let objective = state.objective() - penalty + price;
            if objective < best {
                (best, chosen) = (objective, Move::Place(arc));
            }
        } else if state.is_full(arc.resource) {
            for holder in state.holders(arc.resource).to_vec() {
                open &= meter.spend(1);
                if let Some((objective, next)) = ejection(state, columns, demand, arc, holder, best) {
                    (best, chosen) = (objective, Move::Eject(arc, holder, next));
                    open &= meter.spend(columns.of(holder).len());
                }
            }
        }
    }
    apply(state, demand, chosen);
    open
}

/// The objective if the demand took the holder's place and the holder the best one left; `None` where a limit forbids it or
/// it is not below `best`.
fn ejection(
    state: &mut State<'_>,
    columns: &Columns,
    demand: usize,
    arc: Arc,
    holder: usize,
    best: i64,
) -> Option<(i64, Option<Arc>)> {
    let held = state.withdraw(holder)?;
    let penalties = state.instance().demands()[demand].penalty + state.instance().demands()[holder].penalty;
    // Before any scan: group costs only add to this, and a household can save no more than it pays now.
    let saved = [demand, holder].map(|demand| state.apart(demand)).iter().sum::<i64>();
    let least = state.objective() - penalties - saved + arc.cost + columns.least[holder];
    let answer = state.price(demand, arc).filter(|_| least < best).map(|_| {
        state.place(demand, arc);
        let next = state.cheapest(holder, columns.of(holder));
        let saved = next.map_or(0, |(price, _)| state.instance().demands()[holder].penalty - price);
        let objective = state.objective() - saved;
        state.withdraw(demand);
        (objective, next.map(|(_, arc)| arc))
    });
    state.place(holder, held);
    answer.filter(|(objective, _)| *objective < best)
}

fn apply(state: &mut State<'_>, demand: usize, chosen: Move) {
    match chosen {
        Move::LeaveOut => {}
        Move::Place(arc) => state.place(demand, arc),
        Move::Eject(arc, holder, next) => {
            state.withdraw(holder);
            state.place(demand, arc);
            if let Some(next) = next {
                state.place(holder, next);
            }
        }
    }
}

/// Takes a few demands that compete out together and puts them back in another order, again and again; keeps what is no
/// worse. False if the meter stopped it.
pub(crate) fn shake(state: &mut State<'_>, columns: &Columns, seed: Seed, meter: &mut Meter) -> bool {
    let movable: Vec<usize> = (0..columns.arcs.len()).filter(|&demand| !columns.of(demand).is_empty()).collect();
    if movable.is_empty() {
        return true;
    }
    let mut draw = Draw(seed.0);
    for _ in 0..movable.len() * SHAKES_PER_DEMAND {
        let centre = movable[draw.below(movable.len())];
        let shaken = competitors(state, columns, centre, &mut draw);
        let before = state.objective();
        let places: Vec<Option<Arc>> = shaken.iter().map(|&demand| state.withdraw(demand)).collect();
        let steps: usize = shaken.iter().map(|&demand| columns.of(demand).len()).sum();
        for &demand in &shaken {
            if let Some((_, arc)) = state.cheapest(demand, columns.of(demand)) {
                state.place(demand, arc);
            }
        }
        if state.objective() > before {
            for &demand in &shaken {
                state.withdraw(demand);
            }
            for (&demand, place) in shaken.iter().zip(places) {
                if let Some(arc) = place {
                    state.place(demand, arc);
                }
            }
        }
        if !meter.spend(steps + 1) {
            return false;
        }
    }
    true
}

/// A demand and some of those who hold what it could use, in a drawn order.
fn competitors(state: &State<'_>, columns: &Columns, centre: usize, draw: &mut Draw) -> Vec<usize> {
    let mut chosen = vec![centre];
    let arcs = columns.of(centre);
    let size = 2 + draw.below(SHAKEN_MAX - 1);
    for _ in 0..size * 2 {
        let holders = state.holders(arcs[draw.below(arcs.len())].resource);
        if chosen.len() < size && !holders.is_empty() {
            let holder = holders[draw.below(holders.len())];
            if !chosen.contains(&holder) {
                chosen.push(holder);
            }
        }
    }
    for last in (1..chosen.len()).rev() {
        chosen.swap(last, draw.below(last + 1));
    }
    chosen
}

/// `SplitMix64` (Steele, Lea, Flood 2014): small, fast, the same on every machine.
struct Draw(u64);

impl Draw {
    /// A number below `end`, which must be above 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        // The remainder is below `end`, so it fits; the slight bias does no harm here.
        usize::try_from(mixed % end as u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::instance::Resource;
    use crate::rules::by_penalty;

    fn instance() -> Instance {
        let arcs = |arcs: &[(usize, i64)]| arcs.iter().map(|&(resource, cost)| Arc { resource, cost }).collect();
        let demand = |penalty, pairs: &[(usize, i64)]| Demand { penalty, arcs: arcs(pairs), ..Demand::default() };
        let demands = vec![demand(100, &[(0, 1), (1, 2)]), demand(90, &[(0, 1)])];
        Instance::new(demands, vec![Resource { capacity: 1 }; 2], vec![]).unwrap()
    }

    #[test]
    fn an_ejection_makes_room_for_somebody_left_out() {
        let instance = instance();
        let order = by_penalty(&instance);
        let mut state = State::of(&instance, &[Some(0), None], &order);
        let columns = Columns::new(&instance, 0, i64::MAX, |_, _| 0);
        assert!(descend(&mut state, &columns, &order, &mut Meter::start(Budget::wall(std::time::Duration::MAX))));
        assert_eq!((state.assignment(), state.objective()), (vec![Some(1), Some(0)], 3));
    }

    #[test]
    fn without_budget_the_state_stays_whole() {
        let instance = instance();
        let order = by_penalty(&instance);
        let mut state = State::of(&instance, &[Some(0), None], &order);
        let columns = Columns::new(&instance, 0, i64::MAX, |_, _| 0);
        let budget = Budget { work: Some(0), ..Budget::wall(std::time::Duration::MAX) };
        assert!(!descend(&mut state, &columns, &order, &mut Meter::start(budget)));
        assert_eq!((state.objective(), state.split().total()), (91, 91));
    }

    #[test]
    fn columns_too_dear_for_anything_better_are_dropped() {
        let columns = Columns::new(&instance(), 10, 12, |_, arc| arc.cost);
        assert_eq!([0, 1].map(|demand| columns.of(demand).len()), [1, 1]);
        let columns = Columns::new(&instance(), 10, 13, |_, arc| arc.cost);
        assert_eq!([0, 1].map(|demand| columns.of(demand).len()), [2, 1]);
        assert_eq!((columns.limit_of(3), columns.limit_of(2)), (None, Some(12)));
        let narrow = columns.within(&instance(), 12);
        assert_eq!([0, 1].map(|demand| narrow.of(demand).len()), [1, 1]);
    }
}
