//! What the demo and the simulations rely on.

use std::collections::BTreeMap;

use super::*;
use crate::geography::builtin;
use crate::synthetic::practitioners::practitioners;

const TUESDAY: &str = "2026-11-24T08:00:00Z";

fn made(parameters: &Parameters, seed: u64, from: &str, days: u16) -> Vec<SyntheticSlot> {
    let weppes = builtin::load("weppes").unwrap();
    let people = practitioners(&weppes, parameters, seed);
    slots(&weppes, &people, parameters, seed, from.parse().unwrap(), days)
}

fn gp_places(slots: &[SyntheticSlot], seed: u64) -> u32 {
    let weppes = builtin::load("weppes").unwrap();
    let people = practitioners(&weppes, &Parameters::published(), seed);
    let is_gp = |slot: &&SyntheticSlot| {
        let owner = people.iter().find(|p| p.rpps == slot.draft.practitioner).unwrap();
        kind_of(owner).unwrap().key == "medecin_generaliste"
    };
    slots.iter().filter(is_gp).map(|slot| u32::from(slot.draft.capacity)).sum()
}

#[test]
fn the_same_seed_and_instant_give_the_same_slots_and_another_seed_others() {
    let run = |seed| made(&Parameters::demo(), seed, TUESDAY, 7);
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let ids: BTreeSet<SlotId> = run(1).iter().map(|slot| slot.draft.id).collect();
    assert_eq!(ids.len(), run(1).len());
    assert!(ids.iter().all(|id| id.uuid().get_version_num() == 7));
}

#[test]
fn at_the_published_defaults_the_weppes_get_some_five_gp_places_a_day_and_the_demo_clearly_more() {
    let week = |parameters: &Parameters, seed| f64::from(gp_places(&made(parameters, seed, TUESDAY, 7), seed)) / 5.0;
    for seed in 1..=10 {
        let published = week(&Parameters::published(), seed);
        assert!((3.5..=6.5).contains(&published), "seed {seed}: {published} a day");
        let demo = week(&Parameters::demo(), seed);
        assert!(demo > 4.0 * published && demo > 20.0, "seed {seed}: {demo} a day");
    }
}

#[test]
fn nothing_lies_in_the_past_on_a_closed_day_or_over_another_slot_of_the_same_person() {
    // Over 11 November, a public holiday, and two weekends.
    let from = "2026-11-06T10:07:00Z";
    let slots = made(&Parameters::demo(), 3, from, 14);
    let start: DateTime<Utc> = from.parse().unwrap();
    let mut agendas: BTreeMap<_, Agenda> = BTreeMap::new();
    for SyntheticSlot { draft, published_at } in &slots {
        assert!(draft.start > start && draft.start < start + TimeDelta::days(14) && draft.start < draft.end);
        assert!(start <= *published_at && *published_at <= draft.start);
        let local = crate::domain::time::Zone::PARIS.local(draft.start);
        assert_ne!(local.weekday(), Weekday::Sun);
        assert_ne!(local.date_naive().to_string(), "2026-11-11");
        let span = Span { slot: draft.id, start: draft.start, end: draft.end };
        assert!(agendas.entry(draft.practitioner).or_insert_with(|| Agenda::new(draft.practitioner)).insert(span));
    }
    assert!(agendas.len() > 30, "{}", agendas.len());
}

#[test]
fn weekly_hours_stay_on_the_wall_clock_over_the_change_of_october() {
    // The clocks go back on Sunday 25 October 2026.
    let slots = made(&Parameters::demo(), 5, "2026-10-19T00:00:00Z", 14);
    let local = |slot: &SyntheticSlot| crate::domain::time::Zone::PARIS.local(slot.draft.start).naive_local();
    let week = |shift: i64| -> BTreeSet<_> {
        let monday: chrono::NaiveDate = "2026-10-19".parse().unwrap();
        let monday = monday + TimeDelta::days(shift);
        slots
            .iter()
            .filter(|slot| (monday..monday + TimeDelta::days(6)).contains(&local(slot).date()))
            .map(|slot| (slot.draft.practitioner, local(slot) - TimeDelta::days(shift)))
            .collect()
    };
    assert!(week(0).len() > 100);
    assert_eq!(week(0), week(7));
    let at_half_past_eleven =
        |day: &str| slots.iter().find(|s| local(s).to_string() == format!("{day} 11:30:00")).unwrap();
    assert_eq!(at_half_past_eleven("2026-10-23").draft.start.to_rfc3339(), "2026-10-23T09:30:00+00:00");
    assert_eq!(at_half_past_eleven("2026-10-30").draft.start.to_rfc3339(), "2026-10-30T10:30:00+00:00");
}

#[test]
fn every_way_of_seeing_patients_is_there() {
    let slots = made(&Parameters::demo(), 1, TUESDAY, 7);
    let count = |test: &dyn Fn(&SlotDraft) -> bool| slots.iter().filter(|slot| test(&slot.draft)).count();
    for modality in Modality::ALL {
        assert!(count(&|slot| slot.modality == *modality) > 0, "{modality}");
    }
    for audience in Audience::ALL {
        assert!(count(&|slot| slot.audience.contains(audience)) > 0, "{audience}");
    }
    assert!(count(&|slot| !slot.audience.contains(&Audience::Public)) > 0);
    assert!(count(&|slot| slot.extra_capacity == 1) > 0);
    assert!(count(&|slot| slot.capacity == 1) * 10 > slots.len() * 9);
    let some_seed_has_walk_ins = (1..=5).any(|seed| {
        made(&Parameters::demo(), seed, TUESDAY, 7)
            .iter()
            .any(|slot| slot.draft.arrival == Arrival::WalkIn && slot.draft.capacity > 1)
    });
    assert!(some_seed_has_walk_ins);
    let known_later = slots.iter().filter(|slot| slot.published_at > TUESDAY.parse::<DateTime<Utc>>().unwrap()).count();
    assert!(known_later > slots.len() / 5 && known_later < slots.len() / 2, "{known_later} of {}", slots.len());
}

#[test]
fn a_working_day_is_no_weekend_and_no_holiday() {
    let weppes = builtin::load("weppes").unwrap();
    for (at, working) in [
        ("2026-11-24T08:00:00Z", true),
        ("2026-11-22T08:00:00Z", false),
        ("2026-11-21T08:00:00Z", false),
        ("2026-11-11T08:00:00Z", false),
        // Already Sunday in Paris.
        ("2026-11-21T23:30:00Z", false),
    ] {
        assert_eq!(is_working_day(&weppes, at.parse().unwrap()), working, "{at}");
    }
}
