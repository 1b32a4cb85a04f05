//! Why a demand is left out, as the file of a solution says it: numbers in points and counts, groups by their names.
//!
//! Whoever else is concerned is counted, never named.

use crate::format::NamedInstance;
use crate::unplaced::{Apart, Raise, Taken, Unplaced};
use serde::Serialize;

/// The first reason that applies, and what belongs to it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum Reason {
    /// It has no arc.
    NoArcs,
    /// Nothing that is worth it has room.
    Taken {
        full: usize,
        held_by_dearer: usize,
        held_by_equal: usize,
        held_by_cheaper: usize,
        /// Cheapest arc and price together, beside the penalty.
        least: Option<i64>,
        penalty: i64,
        limited_by: Vec<String>,
    },
    /// What has room costs as much as leaving it out, or more.
    TooDear { cheapest: i64, penalty: i64, raised_by: Vec<RaiseTold> },
    /// There is room apart from its household only.
    Household {
        members: usize,
        placed: usize,
        separately: usize,
        split_penalty: i64,
        suit_all: usize,
        room_for_all: usize,
    },
    /// The budget ended first.
    Unfinished,
}

/// A group whose price is in the way.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RaiseTold {
    group: String,
    kind: String,
    points: i64,
}

impl NamedInstance {
    /// Why a demand is left out, in the names of the file.
    pub(crate) fn reason(&self, demand: usize, why: Unplaced) -> Reason {
        let penalty = self.instance.demands()[demand].penalty;
        match why {
            Unplaced::NoArcs => Reason::NoArcs,
            Unplaced::Taken(taken) => {
                let Taken { full, held_by_dearer, held_by_equal, held_by_cheaper, least, limited_by } = taken;
                let limited_by = limited_by.iter().map(|&group| self.groups[group].clone()).collect();
                Reason::Taken { full, held_by_dearer, held_by_equal, held_by_cheaper, least, penalty, limited_by }
            }
            Unplaced::TooDear { cheapest, raised_by } => {
                let told = |Raise { group, points }| RaiseTold {
                    group: self.groups[group].clone(),
                    kind: self.group_kinds[group].clone(),
                    points,
                };
                Reason::TooDear { cheapest, penalty, raised_by: raised_by.into_iter().map(told).collect() }
            }
            Unplaced::Household(apart) => {
                let Apart { members, placed, separately, split_penalty, suit_all, room_for_all } = apart;
                Reason::Household { members, placed, separately, split_penalty, suit_all, room_for_all }
            }
            Unplaced::Unfinished => Reason::Unfinished,
        }
    }
}
