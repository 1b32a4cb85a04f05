//! Unscheduled requests and slots of some days: who may use which, at what cost, and what is kept for whom.

use std::collections::BTreeMap;
use std::fmt;

use aiguilleur::domain::Territory;
use aiguilleur::geography::travel::Place;
use serde_json::{Value, json};

use crate::instances::{Draw, minutes};

/// Which rows over several slots an instance has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Groups {
    /// None.
    None,
    /// Fairness by practitioner and day, inside reserves by profession and day: nested, for everybody.
    Laminar,
    /// Fairness over the whole horizon, and reserves by profession and day for less urgent levels only, each inside the next.
    Crossing,
}

impl Groups {
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::Laminar, Self::Crossing];
}

impl fmt::Display for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "plain",
            Self::Laminar => "laminar",
            Self::Crossing => "crossing",
        })
    }
}

/// Which instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Urgent {
    pub(crate) requests: i64,
    pub(crate) slots: i64,
    pub(crate) groups: Groups,
    pub(crate) seed: u64,
}

/// By level: share of requests, minutes within which they are to be seen, points a minute of waiting costs (tenths), points
/// for nobody (solver.md §2).
const LEVELS: [(f64, i64, i64, i64); 4] = [
    (0.04, 4 * 60, 60, 400_000),
    (0.16, 24 * 60, 16, 120_000),
    (0.45, 48 * 60, 5, 40_000),
    (0.35, 120 * 60, 2, 15_000),
];

/// By profession: share of requests and of slots.
const PROFESSIONS: [f64; 3] = [0.7, 0.2, 0.1];

/// Slots that suit a request by everything the other rules ask (skills, access, audience): so many that a request may use
/// about a hundred of two thousand, as in the territories solver.md measured.
const SUITS: f64 = 0.15;

/// Slots of a practitioner in a day of eight hours.
const SLOTS_A_DAY: i64 = 8;

struct Slot {
    owner: usize,
    day: i64,
    start: i64,
}

struct Owner {
    profession: usize,
    place: Place,
    speaks: bool,
}

/// The instance, as its file says it.
pub(crate) fn instance(territory: &Territory, of: Urgent) -> Value {
    let mut draw = Draw::new(territory, of.seed);
    // Two days of slots for every practitioner.
    let owners: Vec<Owner> = (0..(of.slots / (2 * SLOTS_A_DAY)).max(3))
        .map(|_| Owner { profession: draw.share(&PROFESSIONS), place: draw.place(), speaks: draw.happens(0.2) })
        .collect();
    let mut slots: Vec<Slot> = (0..of.slots)
        .map(|number| {
            let owner = usize::try_from(number).expect("small") % owners.len();
            let day = draw.below(2);
            Slot { owner, day, start: day * 24 * 60 + 30 + draw.below(16) * 30 }
        })
        .collect();
    // The earliest first, as whoever takes the first that is free sees them.
    slots.sort_by_key(|slot| (slot.start, slot.owner));
    let demands: Vec<Value> = (0..of.requests).map(|number| demand(&mut draw, &owners, &slots, number)).collect();
    let groups = match of.groups {
        Groups::None => Vec::new(),
        Groups::Laminar => {
            let mut groups = fairness(&slots, |slot| (slot.owner, slot.day));
            groups.extend(reserves(&owners, &slots, &[None]));
            groups
        }
        Groups::Crossing => {
            let mut groups = fairness(&slots, |slot| (slot.owner, 0));
            let nested = [&["L2", "L3", "L4"][..], &["L3", "L4"], &["L4"]];
            groups.extend(reserves(&owners, &slots, &nested.map(Some)));
            groups
        }
    };
    let resources: Vec<Value> = (0..slots.len()).map(|slot| json!({"id": format!("s{slot}"), "capacity": 1})).collect();
    json!({
        "format": "aiguilleur-instance/1", "kind": "urgent",
        "name": format!("u-{}x{}-{}-{}", of.requests, of.slots, of.groups, of.seed), "seed": of.seed,
        "resources": resources, "demands": demands, "groups": groups, "households": [],
    })
}

fn demand(draw: &mut Draw<'_>, owners: &[Owner], slots: &[Slot], number: i64) -> Value {
    let level = draw.share(&LEVELS.map(|(share, ..)| share));
    let (_, within, waiting, penalty) = LEVELS[level];
    let (profession, place, foreign) = (draw.share(&PROFESSIONS), draw.place(), draw.happens(0.1));
    let patience = 10 + draw.below(15);
    let travel: Vec<i64> = owners.iter().map(|owner| minutes(&place, &owner.place)).collect();
    let mut arcs = Vec::new();
    for (index, slot) in slots.iter().enumerate() {
        let owner = &owners[slot.owner];
        let travel = travel[slot.owner];
        if owner.profession == profession && slot.start <= within && travel <= patience && draw.happens(SUITS) {
            let mismatch = if foreign && !owner.speaks { 300 } else { 0 };
            arcs.push((index, waiting * slot.start / 10 + 12 * travel + mismatch));
        }
    }
    json!({"id": format!("d{number}"), "classes": [format!("L{}", level + 1)], "penalty": penalty, "current": -1, "arcs": arcs})
}

/// A practitioner's load, by this window: two are free, two are dear, those after them dearer.
fn fairness<W: Ord>(slots: &[Slot], window: impl Fn(&Slot) -> (usize, W)) -> Vec<Value> {
    by(slots, window)
        .enumerate()
        .map(|(number, slots)| {
            let steps = json!([[2, 0], [2, 60], [null, 180]]);
            json!({"id": format!("f{number}"), "kind": "fairness", "resources": slots, "classes": null, "max": null, "steps": steps})
        })
        .collect()
}

/// What is kept of a profession's places of a day, against each of these sets of levels.
fn reserves(owners: &[Owner], slots: &[Slot], against: &[Option<&[&str]>]) -> Vec<Value> {
    let mut groups = Vec::new();
    for (number, pool) in by(slots, |slot| (owners[slot.owner].profession, slot.day)).enumerate() {
        for (depth, levels) in against.iter().enumerate() {
            // The less urgent, the more is kept against them: a tenth, a fifth, three tenths.
            let free = pool.len() - pool.len() * (depth + 1) / 10;
            let width = (pool.len() / 20).max(1);
            let steps = json!([[free, 0], [width, 1_200], [width, 4_000], [null, 6_000]]);
            groups.push(json!({"id": format!("r{number}.{depth}"), "kind": "reserve", "resources": pool, "classes": levels, "max": null, "steps": steps}));
        }
    }
    groups
}

/// The slots of each window, by window.
fn by<W: Ord>(slots: &[Slot], window: impl Fn(&Slot) -> W) -> impl Iterator<Item = Vec<usize>> {
    let mut windows: BTreeMap<W, Vec<usize>> = BTreeMap::new();
    for (index, slot) in slots.iter().enumerate() {
        windows.entry(window(slot)).or_default().push(index);
    }
    windows.into_values()
}
