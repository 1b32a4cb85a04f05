//! The objective by its parts, in points, under the names its file gives them.
//!
//! It adds up what is there; it must never search.

use crate::format::NamedInstance;
use crate::plan::Plan;
use crate::rules::State;
use serde::Serialize;
use std::collections::BTreeMap;

/// Points inside the cost of every arc that leads away from where a demand is, by the kind of the instance: what the format
/// says, not what a search knows.
const MOVE_POINTS: [(&str, i64); 2] = [("urgent", 300), ("panel", 250)];

/// The objective by its parts, in points: `arcs`, `groups`, `households` and those of `unplaced` add up to it, the others
/// say what these are made of.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SplitTold {
    arcs: i64,
    /// What the arcs' are made of; absent where the file tells of no arc.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<BTreeMap<String, i64>>,
    /// Of those arcs of which the file does not tell it, where it tells of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    arcs_without_parts: Option<i64>,
    moves: MovesTold,
    groups: i64,
    /// The groups' by their label.
    groups_by_kind: BTreeMap<String, i64>,
    households: i64,
    /// By the first class of the demands left out: how many, and their penalties.
    unplaced: Vec<(String, usize, i64)>,
}

/// Demands that do not keep the place they hold provisionally.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct MovesTold {
    /// How many have another place.
    elsewhere: usize,
    /// How many have none.
    nowhere: usize,
    /// Points of moving, within those of the arcs; unknown in a kind of instance that has no such price.
    points: Option<i64>,
}

impl SplitTold {
    /// Of a plan, which is what the state holds.
    pub(crate) fn of(named: &NamedInstance, plan: &Plan, state: &State<'_>) -> Self {
        let (mut parts, mut untold) = (BTreeMap::new(), 0);
        for (demand, place) in plan.assign.iter().enumerate() {
            let Some(resource) = *place else { continue };
            match named.parts_of(demand, resource) {
                Some(told) => {
                    for (name, points) in told {
                        *parts.entry(name.to_owned()).or_default() += points;
                    }
                }
                None => untold += named.cost_of(demand, resource),
            }
        }
        let mut groups_by_kind = BTreeMap::new();
        for (group, kind) in named.group_kinds.iter().enumerate() {
            *groups_by_kind.entry(kind.clone()).or_default() += state.cost_of_group(group);
        }
        let told = !named.parts.is_empty();
        Self {
            arcs: plan.split.arcs,
            parts: told.then_some(parts),
            arcs_without_parts: (told && untold > 0).then_some(untold),
            moves: MovesTold::of(named, plan),
            groups: plan.split.groups,
            groups_by_kind,
            households: plan.split.households,
            unplaced: named.unplaced_by_class(plan),
        }
    }
}

impl MovesTold {
    fn of(named: &NamedInstance, plan: &Plan) -> Self {
        let of_a_move = MOVE_POINTS.iter().find(|(kind, _)| *kind == named.kind).map(|(_, points)| *points);
        let (mut elsewhere, mut nowhere, mut total) = (0, 0, 0);
        for (index, (demand, place)) in named.instance.demands().iter().zip(&plan.assign).enumerate() {
            let Some(current) = demand.current else { continue };
            match *place {
                None => nowhere += 1,
                Some(resource) if resource != current => {
                    elsewhere += 1;
                    // An arc cannot hold more than it costs, whatever the format says of it.
                    total += of_a_move.unwrap_or(0).min(named.cost_of(index, resource));
                }
                Some(_) => {}
            }
        }
        Self { elsewhere, nowhere, points: of_a_move.map(|_| total) }
    }
}

impl NamedInstance {
    /// Points of an arc; 0 where there is none.
    pub(crate) fn cost_of(&self, demand: usize, resource: usize) -> i64 {
        self.instance.arc(demand, resource).map_or(0, |arc| arc.cost)
    }

    /// What an arc costs by part, where the file tells it.
    pub(crate) fn parts_of(&self, demand: usize, resource: usize) -> Option<BTreeMap<&str, i64>> {
        let arcs = &self.instance.demands()[demand].arcs;
        self.parts.of(demand, arcs.binary_search_by_key(&resource, |arc| arc.resource).ok()?)
    }

    /// Demands left out and their penalties, by first class, in order of name.
    fn unplaced_by_class(&self, plan: &Plan) -> Vec<(String, usize, i64)> {
        let mut by_class: BTreeMap<String, (usize, i64)> = BTreeMap::new();
        for (demand, _) in plan.assign.iter().enumerate().filter(|(_, place)| place.is_none()) {
            let (count, points) = by_class.entry(self.first_class(demand).unwrap_or_default()).or_default();
            *count += 1;
            *points += self.instance.demands()[demand].penalty;
        }
        by_class.into_iter().map(|(class, (count, points))| (class, count, points)).collect()
    }
}
