//! A demand is placed at most once; unplaced it costs its penalty, placed the cost of its arc.

use crate::instance::{Arc, Instance};

/// Points that placing an unplaced demand on this arc adds, groups apart; below 0 where it is worth it.
pub(crate) fn placing(instance: &Instance, demand: usize, arc: Arc) -> i64 {
    arc.cost - instance.demands()[demand].penalty
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Demand, Resource};

    #[test]
    fn placing_saves_the_penalty() {
        let arc = Arc { resource: 0, cost: 30 };
        let demand = Demand { penalty: 100, arcs: vec![arc], ..Demand::default() };
        let instance = Instance::new(vec![demand], vec![Resource { capacity: 1 }], vec![]).unwrap();
        assert_eq!(placing(&instance, 0, arc), -70);
    }
}
