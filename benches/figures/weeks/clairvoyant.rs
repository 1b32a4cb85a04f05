//! What somebody would have done who knew every call and every place of the week beforehand: one instance, proved optimal.

use std::sync::Arc;
use std::time::Duration;

use aiguilleur::domain::{Slot, SlotDraft};
use aiguilleur::geography::travel::{Place, RoadModel, TravelTime as _, displayed};
use aiguilleur::matching::seeker::Reach;
use aiguilleur::matching::suitable::suitable;
use aiguilleur::matching::{Candidate, Later, Seeker, candidate, costs};
use aiguilleur::synthetic::SyntheticRequest;
use solver::{Arc as Placement, Budget, Demand, Instance, Resource, Seed, solve};

use super::outcome::{Outcome, Patient, Seen};
use super::world::{World, need_of};

/// Solves the week.
pub(crate) fn outcome(world: &World) -> Outcome {
    let candidates = in_order(world);
    let demands = world.calls.iter().map(|call| {
        let seeker = seeker(world, call);
        let found = suitable(&seeker, &candidates, &RoadModel, call.at);
        let arcs = found.fits.iter().map(|fit| Placement { resource: fit.candidate, cost: fit.cost }).collect();
        Demand { penalty: costs::unplaced_penalty(&seeker), arcs, ..Demand::default() }
    });
    let resources = candidates.iter().map(|c| Resource { capacity: usize::from(c.slot.capacity) }).collect();
    let instance = Instance::new(demands.collect(), resources, Vec::new()).expect("sound");
    let plan = solve(&instance, Budget::wall(Duration::from_secs(60)), Seed::default());
    assert!(plan.optimal, "the week is not proved");
    let mut outcome = Outcome::default();
    for slot in &world.slots {
        *outcome.offered.entry((0, slot.draft.practitioner)).or_default() += u32::from(slot.draft.capacity);
    }
    for (call, place) in world.calls.iter().zip(&plan.assign) {
        let seen = place.map(|place| {
            let slot = &candidates[place].slot;
            let draft = &world.slots.iter().find(|one| one.draft.id == slot.id).expect("published").draft;
            Seen {
                wait: (slot.start - call.at).num_minutes(),
                travel: travel(world, call, draft),
                by: slot.practitioner,
            }
        });
        outcome.patients.push(Patient { level: call.level, seen });
    }
    outcome.count_seen();
    outcome
}

/// Every place of the week that suits a call.
pub(crate) fn suiting(world: &World, call: &SyntheticRequest) -> Vec<Arc<Slot>> {
    let candidates = in_order(world);
    let found = suitable(&seeker(world, call), &candidates, &RoadModel, call.at);
    found.fits.iter().map(|fit| candidates[fit.candidate].slot.clone()).collect()
}

fn in_order(world: &World) -> Vec<Candidate> {
    candidate::in_order(world.slots.iter().filter_map(|slot| free_place(world, &slot.draft)).collect())
}

/// Whole minutes from door to door.
pub(crate) fn travel(world: &World, call: &SyntheticRequest, draft: &SlotDraft) -> u16 {
    if draft.modality == aiguilleur::domain::Modality::Virtual {
        return 0;
    }
    let Some(candidate) = free_place(world, draft) else { return 0 };
    displayed(RoadModel.door_to_door_minutes(&home(world, call), &candidate.place, candidate.local_start))
}

fn free_place(world: &World, draft: &SlotDraft) -> Option<Candidate> {
    let practitioner = world.practitioners.iter().find(|who| who.rpps == draft.practitioner)?;
    let location = practitioner.location(&draft.location)?;
    let place = Place::located(&world.territory, location.commune, location.point, true);
    let slot = Slot {
        id: draft.id,
        territory: world.territory.id.clone(),
        start: draft.start,
        end: draft.end,
        practitioner: draft.practitioner,
        profession: practitioner.profession.clone(),
        speciality: practitioner.speciality.clone(),
        location: draft.location.clone(),
        modality: draft.modality,
        audience: draft.audience.clone(),
        arrival: draft.arrival,
        capacity: draft.capacity,
        extra_capacity: draft.extra_capacity,
        holds: Vec::new(),
        bookings: Vec::new(),
        withdrawn_at: None,
        source: draft.source,
    };
    Candidate::new(Arc::new(slot), Arc::new(practitioner.clone()), place, world.territory.zone)
}

fn home(world: &World, call: &SyntheticRequest) -> Place {
    Place::located(&world.territory, call.commune, call.facts.point, call.facts.point_is_exact)
}

/// Somebody expected with certainty, of whom everything is known.
fn seeker(world: &World, call: &SyntheticRequest) -> Seeker {
    let need = need_of(&call.facts);
    let later = Later { at: call.at, level: call.level, need, place: home(world, call), probability: 1.0 };
    // The search is widened as far as it must be: whoever knows the week may send anybody as far as somebody was ever sent.
    let reach = Reach { radius_km: 1_000.0, widening_km: 1.0 };
    let mut seeker = Seeker::expected(later, reach);
    seeker.earliest = call.at;
    seeker.constraints = call.facts.constraints.clone();
    seeker
}
