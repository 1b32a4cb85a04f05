//! Concurrent histories: what many callers asked and heard, and whether that fits any order.

pub(crate) mod one_slot;
pub(crate) mod orders;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use one_slot::{Answer, OneSlot, Operation, Taken};
use orders::{Call, fits_an_order};

/// Writes down what is asked and heard, in the order it happens.
#[derive(Debug)]
pub(crate) struct Recorder {
    next: AtomicU64,
    entries: Mutex<Vec<Entry>>,
    /// How long a hold lasts for sure; one made longer ago may have ended.
    hold: Duration,
}

#[derive(Debug, Clone)]
struct Entry {
    slot: usize,
    operation: Operation,
    began: u64,
    began_at: Instant,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Unknown,
    Answered(u64, Answer),
    /// It surely changed nothing, for a reason outside its slot.
    Void,
}

/// A call being made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked(usize);

impl Recorder {
    pub(crate) fn new(hold: Duration) -> Self {
        Self { next: AtomicU64::new(0), entries: Mutex::new(Vec::new()), hold }
    }

    /// A call begins.
    pub(crate) fn asks(&self, slot: usize, operation: Operation) -> Asked {
        let mut entries = self.entries.lock().unwrap();
        let began = self.next.fetch_add(1, Ordering::SeqCst);
        entries.push(Entry { slot, operation, began, began_at: Instant::now(), end: End::Unknown });
        Asked(entries.len() - 1)
    }

    /// It is answered.
    pub(crate) fn hears(&self, call: Asked, answer: Answer) {
        let mut entries = self.entries.lock().unwrap();
        entries[call.0].end = End::Answered(self.next.fetch_add(1, Ordering::SeqCst), answer);
    }

    /// What was heard turns out to mean this.
    pub(crate) fn corrects(&self, call: Asked, meant: Answer) {
        if let End::Answered(_, answer) = &mut self.entries.lock().unwrap()[call.0].end {
            *answer = meant;
        }
    }

    /// It is refused for a reason outside its slot, or was surely not made.
    pub(crate) fn drops(&self, call: Asked) {
        self.entries.lock().unwrap()[call.0].end = End::Void;
    }

    /// How many calls were made, and how many of them were never answered.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let entries = self.entries.lock().unwrap();
        (entries.len(), entries.iter().filter(|entry| entry.end == End::Unknown).count())
    }

    /// The history of each slot: what was asked of it, and what was asked elsewhere and changes it.
    fn by_slot(&self) -> BTreeMap<usize, Vec<Call<Operation, Answer>>> {
        let entries = self.entries.lock().unwrap();
        let mut visits: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for entry in &*entries {
            if let Operation::Hold(request, _) = entry.operation {
                visits.entry(request).or_default().insert(entry.slot);
            }
        }
        let mut histories: BTreeMap<usize, Vec<Call<Operation, Answer>>> = BTreeMap::new();
        let last = self.next.load(Ordering::SeqCst);
        for entry in &*entries {
            let answered = match &entry.end {
                End::Void => continue,
                End::Unknown => None,
                End::Answered(at, answer) => Some((*at, answer.clone())),
            };
            let call = |operation, answered| Call { operation, began: entry.began, answered };
            match entry.operation {
                Operation::Close(request) => {
                    for slot in visits.get(&request).into_iter().flatten() {
                        histories.entry(*slot).or_default().push(call(entry.operation, answered.clone()));
                    }
                }
                Operation::Hold(request, hold) => {
                    histories.entry(entry.slot).or_default().push(call(entry.operation, answered.clone()));
                    if matches!(answered, None | Some((_, Answer::Done))) {
                        for slot in visits[&request].iter().filter(|slot| **slot != entry.slot) {
                            let operation = Operation::HoldElsewhere(request);
                            histories.entry(*slot).or_default().push(call(operation, answered.clone()));
                        }
                        // It ends by itself no sooner than its time after it was asked for.
                        let may_end = entry.began_at + self.hold;
                        // Entries stand in the order of their beginnings.
                        let after = entries.partition_point(|other| other.began_at < may_end);
                        let began = entries.get(after).map_or(last, |other| other.began);
                        let operation = Operation::End(request, hold);
                        histories.entry(entry.slot).or_default().push(Call { operation, began, answered: None });
                    }
                }
                operation => histories.entry(entry.slot).or_default().push(call(operation, answered)),
            }
        }
        histories
    }

    /// Slots whose history fits no order, with the answer that fits none.
    pub(crate) fn misfits(&self, capacity: impl Fn(usize) -> usize) -> Vec<String> {
        let misfit = |(slot, history): (usize, Vec<Call<Operation, Answer>>)| {
            let call = fits_an_order(&OneSlot { capacity: capacity(slot) }, Taken::default(), &history).err()?;
            let until = history[call].answered.as_ref().map_or(history[call].began, |(at, _)| *at);
            let mut told: Vec<_> = history.iter().filter(|call| call.began <= until).collect();
            told.sort_by_key(|call| call.began);
            let lines: Vec<String> = told.iter().map(|call| format!("  {call:?}")).collect();
            Some(format!("slot {slot}: no order gives {:?}:\n{}", history[call], lines.join("\n")))
        };
        self.by_slot().into_iter().filter_map(misfit).collect()
    }
}
