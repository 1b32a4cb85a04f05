//! A group's load has a convex price in steps, and never exceeds its maximum.

use crate::instance::{Instance, Step};

/// Points of the `unit`-th unit of load, counted from 1; 0 without steps.
pub(crate) fn unit_price(steps: &[Step], unit: usize) -> i64 {
    let mut left = unit;
    for step in steps {
        match step.width {
            Some(width) if left > width => left -= width,
            _ => return step.unit_cost,
        }
    }
    0
}

/// The load of every group.
#[derive(Debug, Clone)]
pub(crate) struct Loads {
    of: Vec<usize>,
}

impl Loads {
    pub(crate) fn new(instance: &Instance) -> Self {
        Self { of: vec![0; instance.groups().len()] }
    }

    /// Points one more placement would add in the groups of the resource; `None` where a maximum is reached.
    pub(crate) fn rise(&self, instance: &Instance, demand: usize, resource: usize) -> Option<i64> {
        let mut rise = 0;
        for &group in instance.groups_of(resource) {
            if instance.counts(group, demand) {
                if self.is_full(instance, group) {
                    return None;
                }
                rise += unit_price(&instance.groups()[group].steps, self.of[group] + 1);
            }
        }
        Some(rise)
    }

    /// The first group of the resource whose maximum is reached for this demand.
    pub(crate) fn barrier(&self, instance: &Instance, demand: usize, resource: usize) -> Option<usize> {
        let groups = instance.groups_of(resource).iter().copied();
        groups.into_iter().find(|&group| instance.counts(group, demand) && self.is_full(instance, group))
    }

    fn is_full(&self, instance: &Instance, group: usize) -> bool {
        instance.groups()[group].max.is_some_and(|max| self.of[group] >= max)
    }

    /// Counts a placement; the points it added.
    pub(crate) fn add(&mut self, instance: &Instance, demand: usize, resource: usize) -> i64 {
        let mut rise = 0;
        for &group in instance.groups_of(resource) {
            if instance.counts(group, demand) {
                self.of[group] += 1;
                rise += unit_price(&instance.groups()[group].steps, self.of[group]);
            }
        }
        rise
    }

    /// Counts a withdrawal; the points it saved.
    pub(crate) fn remove(&mut self, instance: &Instance, demand: usize, resource: usize) -> i64 {
        let mut fall = 0;
        for &group in instance.groups_of(resource) {
            if instance.counts(group, demand) {
                fall += unit_price(&instance.groups()[group].steps, self.of[group]);
                self.of[group] -= 1;
            }
        }
        fall
    }

    /// Points one more placement would add, group by group of the resource, those without a price left out.
    pub(crate) fn raises(
        &self,
        instance: &Instance,
        demand: usize,
        resource: usize,
    ) -> impl Iterator<Item = (usize, i64)> {
        let counted = instance.groups_of(resource).iter().filter(move |&&group| instance.counts(group, demand));
        let raise = |&group: &usize| (group, unit_price(&instance.groups()[group].steps, self.of[group] + 1));
        counted.map(raise).filter(|(_, points)| *points > 0)
    }

    /// Points of one group.
    pub(crate) fn cost(&self, instance: &Instance, group: usize) -> i64 {
        (1..=self.of[group]).map(|unit| unit_price(&instance.groups()[group].steps, unit)).sum()
    }

    /// Points of all groups.
    pub(crate) fn total(&self, instance: &Instance) -> i64 {
        (0..self.of.len()).map(|group| self.cost(instance, group)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Demand, Group, Resource};

    #[test]
    fn units_are_priced_step_by_step() {
        let steps = [(Some(0), 1), (Some(2), 3), (Some(1), 5), (None, 9)];
        let steps = steps.map(|(width, unit_cost)| Step { width, unit_cost });
        let prices = [1, 2, 3, 4, 5].map(|unit| unit_price(&steps, unit));
        assert_eq!(prices, [3, 3, 5, 9, 9]);
        assert_eq!(unit_price(&[], 4), 0);
    }

    #[test]
    fn a_full_group_stops_only_those_it_counts() {
        let of = |class| Demand { classes: vec![class], ..Demand::default() };
        let group = Group { resources: vec![0], classes: Some(vec![1]), max: Some(1), ..Group::default() };
        let resources = vec![Resource { capacity: 3 }];
        let instance = Instance::new(vec![of(1), of(1), of(2)], resources, vec![group]).unwrap();
        let mut loads = Loads::new(&instance);
        loads.add(&instance, 0, 0);
        assert_eq!(loads.rise(&instance, 1, 0), None);
        assert_eq!(loads.barrier(&instance, 1, 0), Some(0));
        assert_eq!(loads.rise(&instance, 2, 0), Some(0));
    }

    #[test]
    fn what_is_added_is_saved_again() {
        let steps = vec![Step { width: Some(1), unit_cost: 2 }, Step { width: None, unit_cost: 7 }];
        let group = Group { resources: vec![0], steps, ..Group::default() };
        let demands = vec![Demand::default(); 2];
        let instance = Instance::new(demands, vec![Resource { capacity: 2 }], vec![group]).unwrap();
        let mut loads = Loads::new(&instance);
        assert_eq!([loads.add(&instance, 0, 0), loads.add(&instance, 1, 0)], [2, 7]);
        assert_eq!(loads.total(&instance), 9);
        assert_eq!([loads.remove(&instance, 0, 0), loads.total(&instance)], [7, 2]);
    }
}
