//! A resource takes no more demands than its capacity.

use crate::instance::Instance;

/// Who is placed with each resource.
#[derive(Debug, Clone)]
pub(crate) struct Holders {
    of: Vec<Vec<usize>>,
}

impl Holders {
    pub(crate) fn new(instance: &Instance) -> Self {
        Self { of: vec![Vec::new(); instance.resources().len()] }
    }

    pub(crate) fn has_room(&self, instance: &Instance, resource: usize) -> bool {
        self.of[resource].len() < instance.resources()[resource].capacity
    }

    pub(crate) fn of(&self, resource: usize) -> &[usize] {
        &self.of[resource]
    }

    pub(crate) fn add(&mut self, demand: usize, resource: usize) {
        self.of[resource].push(demand);
    }

    pub(crate) fn remove(&mut self, demand: usize, resource: usize) {
        // Order is kept: what a search sees must not depend on the way it came.
        self.of[resource].retain(|holder| *holder != demand);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Resource;

    #[test]
    fn a_resource_has_room_until_its_capacity_is_held() {
        let instance = Instance::new(vec![], vec![Resource { capacity: 2 }], vec![]).unwrap();
        let mut holders = Holders::new(&instance);
        holders.add(4, 0);
        assert!(holders.has_room(&instance, 0));
        holders.add(7, 0);
        assert!(!holders.has_room(&instance, 0));
        holders.remove(4, 0);
        assert_eq!((holders.has_room(&instance, 0), holders.of(0)), (true, [7].as_slice()));
    }
}
