//! Several sorted lists read as one. Lazy: a reader that stops early pays only for what it read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Merges lists sorted by key; no key is in two of them.
pub(super) fn merge<K: Ord + Copy, V, I: Iterator<Item = (K, V)>>(
    lists: impl IntoIterator<Item = I>,
) -> impl Iterator<Item = V> {
    let mut merge = Merge { lists: lists.into_iter().collect(), heads: Vec::new(), next: BinaryHeap::new() };
    merge.heads.resize_with(merge.lists.len(), || None);
    for list in 0..merge.lists.len() {
        merge.advance(list);
    }
    merge
}

struct Merge<K, V, I> {
    lists: Vec<I>,
    heads: Vec<Option<V>>,
    next: BinaryHeap<Reverse<(K, usize)>>,
}

impl<K: Ord, V, I: Iterator<Item = (K, V)>> Merge<K, V, I> {
    fn advance(&mut self, list: usize) {
        if let Some((key, value)) = self.lists[list].next() {
            self.heads[list] = Some(value);
            self.next.push(Reverse((key, list)));
        }
    }
}

impl<K: Ord, V, I: Iterator<Item = (K, V)>> Iterator for Merge<K, V, I> {
    type Item = V;
    fn next(&mut self) -> Option<V> {
        let Reverse((_, list)) = self.next.pop()?;
        let value = self.heads[list].take();
        self.advance(list);
        value
    }
}
