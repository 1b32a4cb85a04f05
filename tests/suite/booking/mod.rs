//! The use-cases over a real store: races, lost answers, ended holds, and what waits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aiguilleur::booking::{Call, Failure};
use aiguilleur::clock::ManualClock;
use aiguilleur::domain::{Answer, HoldId, Level, Refusal, RequestState, SlotDraft, SlotState, Timer, TimerKind};
use aiguilleur::receipts::Journal;
use aiguilleur::seal::{Kek, Sealer};
use aiguilleur::store::{Commit, CommitOutcome, EmbeddedStore, IdemKey, Store as _, StoreError, Write};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use crate::support::desk::{Desk, keyed, operator, patient};

fn hold_id(n: usize) -> HoldId {
    format!("hold-{n}").parse().unwrap()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Failure>) -> Refusal {
    match result {
        Err(Failure::Refused { refusal, .. }) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_callers_want_one_place_and_one_has_it_while_the_others_hear_what_else_there_is() {
    let desk = Desk::open().await;
    let wanted = desk.publish(60, 1).await;
    desk.publish(90, 60).await;
    let mut calls = Vec::new();
    for n in 0..50 {
        let request = desk.request(Level::H24).await;
        let booking = desk.booking.clone();
        calls.push(tokio::spawn(async move {
            booking.hold(&operator(), request, wanted, hold_id(n), false).await?;
            booking.confirm(&operator(), request, hold_id(n), &patient()).await
        }));
    }
    let mut booked = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(appointment) => {
                assert_eq!(appointment.slot, wanted);
                booked += 1;
            }
            Err(Failure::Refused { refusal: Refusal::SlotTaken, offers: Some(offers) }) => {
                assert!(!offers.items.is_empty() && offers.items.iter().all(|offer| offer.slot.id != wanted));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(booked, 1);
    assert_eq!(desk.booking.slot(wanted).await.unwrap().bookings.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_and_the_booking_is_made_once() {
    let desk = Desk::open().await;
    let slots: Vec<_> = [desk.publish(60, 1).await, desk.publish(90, 1).await, desk.publish(120, 1).await].into();
    // Every second commit loses its answer, half of them after it was made.
    desk.store.lose_every(2);
    for (n, slot) in slots.iter().enumerate() {
        let request = desk.request(Level::H24).await;
        desk.booking.hold(&operator(), request, *slot, hold_id(n), false).await.unwrap();
        let appointment = desk.booking.confirm(&operator(), request, hold_id(n), &patient()).await.unwrap();
        assert_eq!(desk.booking.slot(*slot).await.unwrap().bookings[0].appointment, appointment.id);
    }
    assert!(desk.store.lost() > 4, "the test lost too few answers to show anything");
    for slot in slots {
        assert_eq!(desk.booking.slot(slot).await.unwrap().bookings.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_said_and_the_same_key_resolves_it() {
    let mut desk = Desk::open().await;
    let slot = desk.publish(60, 1).await;
    let request = desk.request(Level::H24).await;
    // No patience: the service may not ask again by itself.
    Arc::get_mut(&mut desk.booking).unwrap().policy.patience = Duration::ZERO;
    desk.store.lose_every(1);
    let first = desk.booking.hold(&keyed("k", 1), request, slot, hold_id(1), false).await;
    assert!(matches!(first, Err(Failure::Store(StoreError::Unknown(_)))), "{first:?}");
    desk.store.lose_every(0);
    let held = desk.booking.hold(&keyed("k", 1), request, slot, hold_id(1), false).await.unwrap();
    assert_eq!(held.hold, hold_id(1));
    assert_eq!(desk.booking.slot(slot).await.unwrap().holds.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_goes_away_after_a_lost_answer_leaves_the_outcome_unknown() {
    let mut desk = Desk::open().await;
    let slot = desk.publish(60, 1).await;
    let request = desk.request(Level::H24).await;
    Arc::get_mut(&mut desk.booking).unwrap().policy.patience = Duration::from_millis(300);
    desk.store.leave_with_the_next_answer();
    // It was made. That the second try could not be, says nothing of the first.
    let first = desk.booking.hold(&keyed("k", 1), request, slot, hold_id(1), false).await;
    assert!(matches!(first, Err(Failure::Store(StoreError::Unknown(_)))), "{first:?}");
    // A call of which nothing was ever unknown surely did nothing.
    let other = desk.booking.cancel(&operator(), request, "r".to_owned()).await;
    assert!(matches!(other, Err(Failure::Store(StoreError::Unavailable(_)))), "{other:?}");
    desk.store.come_back();
    assert_eq!(desk.booking.hold(&keyed("k", 1), request, slot, hold_id(1), false).await.unwrap().hold, hold_id(1));
    assert_eq!(desk.booking.slot(slot).await.unwrap().holds.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_is_not_denied_when_the_store_cannot_be_read_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-24T08:00:00Z".parse().unwrap()));
    let store = Arc::new(EmbeddedStore::in_memory(clock.clone()).unwrap());
    let journal = Journal::open(&folder.path().join("receipts"), 90).unwrap();
    let desk = Desk::over(store, clock, Arc::new(Sealer::new(Kek::generate().unwrap())), Some(journal)).await;
    let (first, _) = desk.booking.create_request(&keyed("k", 1), desk.order(Level::H24)).await.unwrap();
    desk.store.hide_events(true);
    // What was answered then cannot be proved now: no word of "nothing was recorded".
    let again = desk.booking.create_request(&keyed("k", 1), desk.order(Level::H24)).await;
    assert!(matches!(again, Err(Failure::Store(StoreError::Unknown(_)))), "{again:?}");
    desk.store.hide_events(false);
    let (again, _) = desk.booking.create_request(&keyed("k", 1), desk.order(Level::H24)).await.unwrap();
    assert_eq!(first.request.id, again.request.id);
}

#[tokio::test]
async fn a_hold_lasts_from_the_decision_that_stands_also_when_the_clock_was_wrong_before() {
    let desk = Desk::open().await;
    let slot = desk.publish(60, 1).await;
    let request = desk.request(Level::H24).await;
    desk.store.correct_the_clock_at_the_next_commit(desk.clock.clone(), TimeDelta::minutes(10));
    let held = desk.booking.hold(&operator(), request, slot, hold_id(1), false).await.unwrap();
    assert_eq!(held.until, desk.now() + TimeDelta::minutes(5));
    desk.store.correct_the_clock_at_the_next_commit(desk.clock.clone(), TimeDelta::minutes(3));
    let held = desk.booking.extend(&operator(), request, hold_id(1)).await.unwrap();
    assert_eq!(held.until, desk.now() + TimeDelta::minutes(5));
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_another_body_is_refused() {
    let desk = Desk::open().await;
    let slot = desk.publish(60, 1).await;
    let (first, _) = desk.booking.create_request(&keyed("k", 1), desk.order(Level::H24)).await.unwrap();
    let (again, _) = desk.booking.create_request(&keyed("k", 1), desk.order(Level::H24)).await.unwrap();
    assert_eq!(first.request.id, again.request.id);
    let other = desk.booking.create_request(&keyed("k", 2), desk.order(Level::H48)).await;
    assert!(matches!(other, Err(Failure::Store(StoreError::IdemMismatch))), "{other:?}");

    let request = first.request.id;
    desk.booking.hold(&keyed("h", 1), request, slot, hold_id(1), false).await.unwrap();
    let booked = desk.booking.confirm(&keyed("c", 1), request, hold_id(1), &patient()).await.unwrap();
    let replayed = desk.booking.confirm(&keyed("c", 1), request, hold_id(1), &patient()).await.unwrap();
    assert_eq!(booked.id, replayed.id);
    // A refusal is remembered too: the same call has the same outcome even when the place is free again.
    let late = desk.request(Level::H24).await;
    assert_eq!(refusal(desk.booking.hold(&keyed("l", 1), late, slot, hold_id(2), false).await), Refusal::SlotTaken);
    desk.booking.cancel(&operator(), request, "ne vient plus".to_owned()).await.unwrap();
    assert_eq!(refusal(desk.booking.hold(&keyed("l", 1), late, slot, hold_id(2), false).await), Refusal::SlotTaken);
    desk.booking.hold(&keyed("l2", 1), late, slot, hold_id(2), false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_given_at_the_same_time_add_up() {
    let desk = Desk::open().await;
    let request = desk.request(Level::H24).await;
    let calls: Vec<_> = (0..12)
        .map(|n| {
            let booking = desk.booking.clone();
            let answers = BTreeMap::from([(format!("fievre_adulte.q{n}"), Answer::Yes)]);
            tokio::spawn(async move { booking.add_answers(&operator(), request, answers, BTreeMap::new()).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let facts = desk.booking.case(request).await.unwrap().facts.unwrap();
    assert_eq!(facts.answers.len(), 12, "a yes was lost");
    assert_eq!(desk.booking.case(request).await.unwrap().request.level(), Some(Level::H24));
}

#[tokio::test]
async fn a_full_slot_can_be_taken_back_whole() {
    let desk = Desk::open().await;
    let draft = SlotDraft { extra_capacity: 10, ..desk.draft(60, 50) };
    let slot = desk.booking.publish(&Call::of_service(), vec![draft]).await.unwrap().created[0];
    for n in 0..60 {
        let request = desk.request(Level::H24).await;
        desk.booking.hold(&operator(), request, slot, hold_id(n), true).await.unwrap();
        desk.booking.confirm(&operator(), request, hold_id(n), &patient()).await.unwrap();
    }
    desk.booking.withdraw(&Call::of_service(), slot, "absent".to_owned(), true).await.unwrap();
    assert_eq!(desk.booking.view.read(|state| state.board.waiting(desk.now()).count()), 60);
}

#[tokio::test]
async fn one_key_is_one_call_also_for_calls_of_several_commits() {
    let desk = Desk::open().await;
    let call = |body| Call { key: Some("k".to_owned()), fingerprint: [body; 16], ..Call::of_service() };
    let drafts: Vec<_> = (0..100).map(|n| desk.draft(60 + 15 * n, 1)).collect();
    let slot = desk.booking.publish(&call(1), drafts).await.unwrap().created[0];
    let other = desk.booking.withdraw(&call(2), slot, "absent".to_owned(), false).await;
    assert!(matches!(other, Err(Failure::Store(StoreError::IdemMismatch))), "{other:?}");
}

#[tokio::test]
async fn an_ended_hold_is_free_by_rule_and_the_sweeper_only_tells_it() {
    let desk = Desk::open().await;
    let slot = desk.publish(60, 1).await;
    let (first, second) = (desk.request(Level::H24).await, desk.request(Level::H24).await);
    desk.booking.hold(&operator(), first, slot, hold_id(1), false).await.unwrap();
    desk.clock.advance(TimeDelta::minutes(5));
    let offers = desk.booking.offers(&operator(), second, None).await.unwrap();
    assert_eq!(offers.items[0].slot.id, slot);
    desk.booking.run_due().await.unwrap();
    assert!(desk.booking.slot(slot).await.unwrap().holds.is_empty());
    let case = desk.booking.case(first).await.unwrap();
    assert_eq!(case.request.state(desk.now()), RequestState::Open);
    assert!(matches!(
        desk.booking.confirm(&operator(), first, hold_id(1), &patient()).await,
        Err(Failure::Refused { refusal: Refusal::HoldExpired, offers: Some(_) })
    ));
}

#[tokio::test]
async fn timers_that_cannot_be_run_keep_nobody_else_waiting_however_many_they_are() {
    let desk = Desk::open().await;
    // No delivery can be made yet: these stay due.
    let stuck = (0..200).map(|n| Write::Timer {
        timer: Timer { kind: TimerKind::Delivery, id: format!("d{n}") },
        at: Some(desk.store.now()),
    });
    let commit = Commit {
        idem: IdemKey { actor: "test".to_owned(), key: "stuck".to_owned() },
        fingerprint: [0; 16],
        decided_at: desk.store.now(),
        guards: Vec::new(),
        writes: stuck.collect(),
        events: Vec::new(),
        answer: Bytes::new(),
    };
    let committed = desk.store.commit(&desk.booking.territory.id, commit).await.unwrap();
    assert!(matches!(committed, CommitOutcome::Done { .. }), "{committed:?}");
    let slot = desk.publish(60, 1).await;
    let request = desk.request(Level::H24).await;
    desk.booking.hold(&operator(), request, slot, hold_id(1), false).await.unwrap();
    desk.clock.advance(TimeDelta::minutes(5));
    desk.booking.run_due().await.unwrap();
    desk.booking.run_due().await.unwrap();
    assert!(desk.booking.slot(slot).await.unwrap().holds.is_empty(), "the ended hold was never looked at");
}

#[tokio::test]
async fn files_are_rid_of_what_was_erased_and_not_of_what_could_not_be() {
    let desk = Desk::open().await;
    let request = desk.request(Level::H24).await;
    desk.booking.cancel(&operator(), request, "ne vient plus".to_owned()).await.unwrap();
    let later: DateTime<Utc> = "2027-04-01T08:00:00Z".parse().unwrap();
    desk.clock.advance(later - desk.now());
    desk.store.go_away();
    for _ in 0..3 {
        let failed = desk.booking.run_due().await;
        assert!(matches!(failed, Err(Failure::Store(StoreError::Unavailable(_)))), "{failed:?}");
    }
    assert_eq!(desk.store.scrubs(), 0);
    desk.store.come_back();
    desk.booking.run_due().await.unwrap();
    assert_eq!(desk.booking.case(request).await.unwrap().request.erased_at, Some(desk.now()));
    assert_eq!(desk.store.scrubs(), 1);
}

#[tokio::test]
async fn a_slot_that_does_not_suit_is_refused_with_its_rule() {
    let desk = Desk::open().await;
    let tomorrow = desk.publish(24 * 60, 1).await;
    let request = desk.request(Level::SameDay).await;
    let refused = refusal(desk.booking.hold(&operator(), request, tomorrow, hold_id(1), false).await);
    assert_eq!(refused, Refusal::Unsuitable { rule: "within_deadline".into() });
}

#[tokio::test]
async fn a_request_that_found_nothing_is_offered_the_place_that_appears() {
    let desk = Desk::open().await;
    let request = desk.request(Level::H24).await;
    let offers = desk.booking.offers(&operator(), request, None).await.unwrap();
    assert!(offers.items.is_empty());
    assert_eq!(offers.unserved.as_ref().map(|reason| reason.code), Some("no_such_slot"));
    let slot = desk.publish(60, 1).await;
    desk.booking.offer_to_those_without().await.unwrap();
    let told = desk.booking.view.read(|state| state.histories.of(request).and_then(|h| h.entries.last().cloned()));
    assert_eq!(told.map(|entry| entry.offered), Some(vec![slot]));
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_come_from_the_native_rungs_and_say_so_while_others_have_the_solver() {
    let desk = Desk::open().await;
    desk.publish(60, 1).await;
    let request = desk.request(Level::H24).await;
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let at_work = tokio::spawn({
        let solver = desk.solver.clone();
        async move {
            let long = move |_| {
                begun.send(()).unwrap();
                ended.recv().unwrap();
            };
            solver.run(Duration::from_secs(3_600), long).await
        }
    });
    has_begun.await.unwrap();
    let meanwhile = desk.booking.look_for_offers(request, None).await.unwrap();
    assert_eq!(meanwhile.items.len(), 1);
    assert!(meanwhile.search.solver_busy && meanwhile.search.optimal);
    end.send(()).unwrap();
    at_work.await.unwrap().unwrap();
    let budget = Some(Duration::from_secs(2));
    let after = desk.booking.look_for_offers(request, budget).await.unwrap();
    assert!(!after.search.solver_busy && after.items.len() == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_calls_that_publish_the_same_hour_make_one_slot() {
    let desk = Desk::open().await;
    let mut calls = Vec::new();
    for _ in 0..20 {
        let (booking, draft) = (desk.booking.clone(), desk.draft(60, 1));
        calls.push(tokio::spawn(async move { booking.publish(&Call::of_service(), vec![draft]).await.unwrap() }));
    }
    let mut created = 0;
    for call in calls {
        let published = call.await.unwrap();
        created += published.created.len();
        assert!(published.refused.iter().all(|(_, why)| matches!(why, Refusal::Overlap { .. })));
    }
    assert_eq!(created, 1);
}

#[tokio::test]
async fn a_long_call_to_publish_is_whole_and_sent_again_makes_nothing_twice() {
    let desk = Desk::open().await;
    let drafts: Vec<_> = (0..150).map(|n| desk.draft(60 + 15 * n, 1)).collect();
    let call = Call { key: Some("p".to_owned()), ..Call::of_service() };
    let first = desk.booking.publish(&call, drafts.clone()).await.unwrap();
    let again = desk.booking.publish(&call, drafts).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(first.created.iter().collect::<BTreeSet<_>>().len(), 150);
    assert_eq!(desk.booking.view.read(|state| state.slots.len()), 150);
}

#[tokio::test]
async fn a_cancelled_place_is_free_again_and_who_acts_sees_it() {
    let desk = Desk::open().await;
    let slot = desk.publish(60, 1).await;
    let request = desk.request(Level::H24).await;
    desk.booking.hold(&operator(), request, slot, hold_id(1), false).await.unwrap();
    desk.booking.confirm(&operator(), request, hold_id(1), &patient()).await.unwrap();
    let shown = || desk.booking.view.read(|state| state.slots.get(slot).map(|placed| placed.slot.state(desk.now())));
    assert_eq!(shown(), Some(SlotState::Booked));
    desk.booking.cancel(&operator(), request, "ne vient plus".to_owned()).await.unwrap();
    assert_eq!(shown(), Some(SlotState::Free));
}

#[tokio::test]
async fn who_the_patient_is_comes_back_from_the_vault_and_the_reading_is_written_down() {
    let desk = Desk::open().await;
    let slot = desk.publish(60, 1).await;
    let request = desk.request(Level::H24).await;
    desk.booking.hold(&operator(), request, slot, hold_id(1), false).await.unwrap();
    let appointment = desk.booking.confirm(&operator(), request, hold_id(1), &patient()).await.unwrap();
    assert_eq!(desk.booking.patient_of(&operator(), appointment.id).await.unwrap(), patient());
    let last = desk.booking.view.read(|state| state.histories.of(request).and_then(|h| h.entries.last().cloned()));
    assert_eq!(last.map(|entry| entry.kind.code()), Some("appointment.identity_read"));
}
