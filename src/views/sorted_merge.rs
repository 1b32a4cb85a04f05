//! Several sorted lists read as one. Lazy: a reader that stops early pays only for what it read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// Merges lists sorted by key; no key is in two of them.
pub(super) fn merge<K: Ord + Copy, V, I: Iterator<Item = (K, V)>>(
    lists: impl IntoIterator<Item = I>,
) -> impl Iterator<Item = V> {
    let lists: Vec<I> = lists.into_iter().collect();
    let mut merge = Merge { heads: Vec::with_capacity(lists.len()), next: BinaryHeap::new(), lists };
    for (place, list) in merge.lists.iter_mut().enumerate() {
        let (key, head) = list.next().unzip();
        merge.heads.push(head);
        merge.next.extend(key.map(|key| Reverse((key, place))));
    }
    merge
}

struct Merge<K, V, I> {
    lists: Vec<I>,
    heads: Vec<Option<V>>,
    next: BinaryHeap<Reverse<(K, usize)>>,
}

impl<K: Ord, V, I: Iterator<Item = (K, V)>> Iterator for Merge<K, V, I> {
    type Item = V;
    fn next(&mut self) -> Option<V> {
        let mut lowest = self.next.peek_mut()?;
        let Reverse((_, place)) = *lowest;
        let (key, following) = self.lists[place].next().unzip();
        match key {
            Some(key) => *lowest = Reverse((key, place)),
            None => drop(PeekMut::pop(lowest)),
        }
        std::mem::replace(&mut self.heads[place], following)
    }
}
