//! Nodes joined into sets (union-find), the way to a set's root halved as it is walked (Tarjan, van Leeuwen 1984).

/// Disjoint sets over the nodes `0..n`.
pub(crate) struct Joined(Vec<usize>);

impl Joined {
    /// Each node alone.
    pub(crate) fn apart(nodes: usize) -> Self {
        Self((0..nodes).collect())
    }

    /// Makes one set of the sets of these nodes.
    pub(crate) fn join(&mut self, mut nodes: impl Iterator<Item = usize>) {
        let Some(first) = nodes.next() else { return };
        let first = self.root(first);
        for node in nodes {
            let node = self.root(node);
            self.0[node] = first;
        }
    }

    /// The node that stands for the set of this one.
    pub(crate) fn root(&mut self, mut node: usize) -> usize {
        while self.0[node] != node {
            self.0[node] = self.0[self.0[node]];
            node = self.0[node];
        }
        node
    }
}
