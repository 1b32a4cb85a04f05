//! Following the store: nothing lost, nothing twice, and a word when the past has changed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::fake_store::{FakeStore, weppes};
use super::slots::replayed;
use super::world::{
    Facts, after, appointment_id, confirm, create, draft, hold, hold_id, operator, practitioner, request_id, slot_id,
};
use crate::domain::decide::{Command, Outcome};
use crate::domain::{Actor, CancelledBy, EventKind, Level};
use crate::store::{EventPage, Seq, Store, StoredEvent};
use crate::views::board::BoardQuery;
use crate::views::cursor::LiveCursor;
use crate::views::feed::{self, Continuation, continuation};
use crate::views::live::{Live, LiveStream};
use crate::views::load::load;
use crate::views::territory_state::TerritoryState;
use crate::views::territory_view::TerritoryView;

/// Longer than anything here takes: a test that needs it all fails anyway.
pub(super) const LONG: Duration = Duration::from_secs(60);

pub(super) struct Followed {
    pub(super) store: Arc<FakeStore>,
    facts: Arc<Facts>,
    pub(super) view: Arc<TerritoryView>,
    stop: watch::Sender<bool>,
    feed: JoinHandle<()>,
}

pub(super) async fn follow(store: FakeStore) -> Followed {
    let (store, facts) = (Arc::new(store), Arc::new(Facts::default()));
    let (stop, stopped) = watch::channel(false);
    let (view, feed) = feed::start(store.clone(), facts.clone(), weppes(), stopped).await.unwrap();
    Followed { store, facts, view, stop, feed }
}

async fn told(live: &mut LiveStream) -> Result<Seq, LiveCursor> {
    match tokio::time::timeout(LONG, live.next()).await.unwrap().unwrap() {
        Live::Event(event) => Ok(event.seq),
        Live::Reset(at) => Err(at),
    }
}

pub(super) fn open(request: usize) -> Command {
    create(request, Some(Level::H24), after(0))
}

/// Everything a reader can see of a state, but for histories.
fn seen(state: &TerritoryState) -> String {
    let slots: Vec<_> = state.slots.all().collect();
    let all = BoardQuery { limit: usize::MAX, ..BoardQuery::default() };
    let cases: Vec<_> = state.board.list(&all, after(0)).items.iter().map(|c| (c.request.clone(), c.version)).collect();
    let mut appointments: Vec<_> = state.appointments.all().collect();
    appointments.sort_by_key(|entry| entry.appointment.id);
    let free: Vec<_> = state.slots.free(after(0), after(0), after(9_999)).map(|placed| placed.slot.id).collect();
    format!("{slots:?} {cases:?} {appointments:?} {free:?} {:?}", state.directory.all().collect::<Vec<_>>())
}

#[tokio::test]
async fn whoever_wrote_sees_what_they_did() {
    let followed = follow(FakeStore::with_slots(6)).await;
    for n in 0..20 {
        let seq = followed.store.done(&operator(), &open(n));
        assert!(followed.view.reached(seq, LONG).await);
        let case = followed.view.read(|state| state.board.get(request_id(n)).cloned()).unwrap();
        assert!(case.facts.is_some());
    }
    assert!(!followed.view.reached(10_000, Duration::ZERO).await);
    assert!(followed.view.health().is_ready());
    followed.stop.send_replace(true);
    followed.feed.await.unwrap();
}

#[tokio::test]
async fn a_rewritten_tail_is_noticed_and_the_state_built_anew() {
    let followed = follow(FakeStore::with_slots(6)).await;
    let fork = followed.store.remember();
    let lost = followed.store.done(&operator(), &open(1));
    assert!(followed.view.reached(lost, LONG).await);
    let mut live = followed.view.subscribe(None);
    // Another history of the same length, then one event more.
    followed.store.go_back_to(fork);
    followed.store.done(&operator(), &open(2));
    let seq = followed.store.done(&operator(), &open(3));
    let at = told(&mut live).await.unwrap_err();
    assert_eq!(at.seq, seq);
    let knows = |n| followed.view.read(|state| state.board.get(request_id(n)).is_some());
    assert!(!knows(1) && knows(2) && knows(3));
    assert_eq!(told_after(&followed, &mut live, 4).await, Ok(seq + 1));
}

async fn told_after(followed: &Followed, live: &mut LiveStream, request: usize) -> Result<Seq, LiveCursor> {
    followed.store.done(&operator(), &open(request));
    told(live).await
}

#[tokio::test]
async fn a_store_that_lost_its_tail_is_noticed() {
    let followed = follow(FakeStore::with_slots(6)).await;
    let fork = followed.store.remember();
    let lost = followed.store.done(&operator(), &open(1));
    assert!(followed.view.reached(lost, LONG).await);
    let mut live = followed.view.subscribe(None);
    followed.store.go_back_to(fork);
    assert_eq!(told(&mut live).await.unwrap_err().seq, lost - 1);
    assert!(followed.view.read(|state| state.board.is_empty()));
}

#[tokio::test]
async fn a_subscriber_resumes_where_it_was_without_gap() {
    let followed = follow(FakeStore::with_slots(6)).await;
    let start = followed.view.applied();
    let mut seq = start.seq;
    for n in 0..300 {
        seq = followed.store.done(&operator(), &open(n));
    }
    assert!(followed.view.reached(seq, LONG).await);
    let mut live = followed.view.subscribe(Some(start.clone()));
    for expected in start.seq + 1..=seq {
        assert_eq!(told(&mut live).await, Ok(expected));
    }
    assert_eq!(told_after(&followed, &mut live, 900).await, Ok(seq + 1));
    assert_eq!(*live.cursor(), followed.view.applied());
    // From the very first event, too.
    assert_eq!(told(&mut followed.view.subscribe(Some(LiveCursor::default()))).await, Ok(1));
}

#[tokio::test]
async fn a_subscriber_too_slow_for_the_broadcast_misses_nothing() {
    let followed = follow(FakeStore::with_slots(6)).await;
    let mut live = followed.view.subscribe(None);
    let first = live.cursor().seq + 1;
    let mut seq = 0;
    for n in 0..3_000 {
        seq = followed.store.done(&operator(), &open(n));
    }
    assert!(followed.view.reached(seq, LONG).await);
    for expected in first..=seq {
        assert_eq!(told(&mut live).await, Ok(expected));
    }
}

#[tokio::test]
async fn a_place_of_another_history_or_no_longer_kept_is_told_so_first() {
    let followed = follow(FakeStore::with_slots(6)).await;
    let at = followed.view.applied();
    let elsewhere = [
        LiveCursor { seq: at.seq, chain: "another".to_owned() },
        LiveCursor { seq: at.seq - 2, chain: "another".to_owned() },
        LiveCursor { seq: at.seq + 50, chain: "ahead".to_owned() },
    ];
    for cursor in elsewhere {
        assert_eq!(told(&mut followed.view.subscribe(Some(cursor))).await, Err(at.clone()));
    }
    let early = followed.store.remember().events[1].clone();
    followed.store.trim(&weppes(), 5).await.unwrap();
    let trimmed = LiveCursor { seq: early.seq, chain: early.chain };
    assert_eq!(told(&mut followed.view.subscribe(Some(trimmed))).await, Err(at.clone()));
    assert_eq!(told(&mut followed.view.subscribe(Some(LiveCursor::default()))).await, Err(at));
}

#[tokio::test]
async fn a_subscriber_from_a_node_ahead_of_this_one_is_not_reset() {
    let followed = follow(FakeStore::with_slots(6)).await;
    let shown = followed.view.applied();
    followed.store.unreachable.store(true, Ordering::SeqCst);
    let ahead = followed.store.done(&operator(), &open(1));
    let cursor = LiveCursor { seq: ahead, chain: followed.store.remember().chain() };
    assert_eq!(followed.view.applied(), shown);
    let mut live = followed.view.subscribe(Some(cursor));
    followed.store.unreachable.store(false, Ordering::SeqCst);
    assert_eq!(told_after(&followed, &mut live, 2).await, Ok(ahead + 1));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_the_view_and_is_not_skipped() {
    let followed = follow(FakeStore::with_slots(6)).await;
    let shown = followed.view.applied().seq;
    let good = {
        let mut data = followed.store.data.lock().unwrap();
        let bad = StoredEvent {
            seq: shown + 1,
            at: data.now,
            kind: EventKind::SlotHeld.code().to_owned(),
            body: "{".into(),
            chain: "c".to_owned(),
        };
        data.events.push(bad);
        data.events.len() - 1
    };
    let seq = followed.store.done(&operator(), &open(1));
    while followed.view.health().fault.is_none() {
        tokio::task::yield_now().await;
    }
    let health = followed.view.health();
    assert!(!health.is_ready() && health.fault.unwrap().contains(&format!("event {}", shown + 1)));
    assert_eq!((followed.view.applied().seq, health.last), (shown, seq));
    // Once it can be read, the view goes on by itself.
    let readable = followed.store.remember().events[0].clone();
    {
        let mut data = followed.store.data.lock().unwrap();
        data.events[good].body = readable.body;
        data.events[good].kind = readable.kind;
    }
    assert!(followed.view.reached(seq, LONG).await);
    while followed.view.health().fault.is_some() {
        tokio::task::yield_now().await;
    }
    assert!(followed.view.health().is_ready());
}

#[tokio::test]
async fn a_store_out_of_reach_makes_the_view_unready_until_it_is_back() {
    let followed = follow(FakeStore::with_slots(6)).await;
    followed.store.unreachable.store(true, Ordering::SeqCst);
    let seq = followed.store.done(&operator(), &open(1));
    while followed.view.health().fault.is_none() {
        tokio::task::yield_now().await;
    }
    assert!(!followed.view.health().is_ready());
    followed.store.unreachable.store(false, Ordering::SeqCst);
    assert!(followed.view.reached(seq, LONG).await);
}

#[tokio::test]
async fn a_view_that_shows_all_there_was_is_level_however_fast_more_comes() {
    let followed = follow(FakeStore::with_slots(6)).await;
    let began = followed.view.health().as_of;
    followed.store.busy.store(true, Ordering::SeqCst);
    followed.store.done(&operator(), &open(1));
    let level = async {
        while followed.view.health().as_of <= began {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), level).await.expect("it is level now and then");
    followed.store.busy.store(false, Ordering::SeqCst);
}

#[tokio::test]
async fn a_request_whose_facts_are_lost_stays_on_the_board() {
    let followed = follow(FakeStore::with_slots(6)).await;
    followed.facts.lost.store(true, Ordering::SeqCst);
    let seq = followed.store.done(&operator(), &open(1));
    assert!(followed.view.reached(seq, LONG).await);
    let case = followed.view.read(|state| state.board.get(request_id(1)).cloned()).unwrap();
    assert!(case.facts.is_none());
    assert_eq!(followed.view.read(|state| state.board.without_facts().count()), 1);
    // The next thing that happens to it finds them again.
    followed.facts.lost.store(false, Ordering::SeqCst);
    let seq = followed.store.done(&operator(), &hold(1, 1, 1, after(5)));
    assert!(followed.view.reached(seq, LONG).await);
    assert!(followed.view.read(|state| state.board.get(request_id(1)).unwrap().facts.is_some()));
}

#[tokio::test]
async fn a_view_started_late_knows_the_stories_from_their_start() {
    let store = FakeStore::with_slots(6);
    store.done(&operator(), &open(1));
    store.done(&operator(), &hold(1, 1, 1, after(5)));
    store.done(&operator(), &Command::NoteOffers { request: request_id(1), offered: vec![slot_id(2), slot_id(3)] });
    let created = store.remember().events.iter().find(|e| e.kind == "request.created").unwrap().seq;
    let trimmed_later = store.remember();
    let followed = follow(store).await;
    followed.view.read(|state| {
        let history = state.histories.of(request_id(1)).unwrap();
        let kinds: Vec<_> = history.entries.iter().map(|entry| entry.kind.code()).collect();
        assert_eq!(kinds, ["request.created", "slot.held", "request.held", "request.offered"]);
        assert_eq!(history.entries[3].offered, [slot_id(2), slot_id(3)]);
        assert!(history.complete);
    });
    let store = FakeStore::new();
    store.go_back_to(trimmed_later);
    store.trim(&weppes(), created).await.unwrap();
    let followed = follow(store).await;
    assert!(!followed.view.read(|state| state.histories.of(request_id(1)).unwrap().complete));
}

#[tokio::test]
async fn what_is_being_proposed_is_known_for_as_long_as_a_call_lasts() {
    let store = FakeStore::with_slots(6);
    store.done(&operator(), &open(1));
    let followed = follow(store).await;
    let offer = |slots: &[usize]| Command::NoteOffers {
        request: request_id(1),
        offered: slots.iter().map(|slot| slot_id(*slot)).collect(),
    };
    let seq = followed.store.done(&operator(), &offer(&[2, 3]));
    assert!(followed.view.reached(seq, LONG).await);
    let told = |minutes| followed.view.read(|state| state.proposals.standing(request_id(1), after(minutes)));
    assert_eq!((told(0), told(9), told(10)), (Some(slot_id(2)), Some(slot_id(2)), None));
    let seq = followed.store.done(&operator(), &offer(&[]));
    assert!(followed.view.reached(seq, LONG).await);
    assert_eq!(told(0), None, "nothing is proposed any more");
}

#[tokio::test]
async fn stopping_ends_the_feed_and_every_subscription() {
    let followed = follow(FakeStore::with_slots(6)).await;
    let mut live = followed.view.subscribe(None);
    followed.stop.send_replace(true);
    followed.feed.await.unwrap();
    assert_eq!(tokio::time::timeout(LONG, live.next()).await.unwrap(), None);
    assert_eq!(format!("{:?}", followed.view), "TerritoryView { territory: TerritoryId(\"weppes\"), applied: 12, .. }");
}

#[test]
fn a_page_says_whether_the_stream_is_still_ours() {
    let event = |seq: Seq, chain: &str| StoredEvent {
        seq,
        at: 0,
        kind: "k".to_owned(),
        body: Default::default(),
        chain: chain.to_owned(),
    };
    let at = |seq: Seq, chain: &str| LiveCursor { seq, chain: chain.to_owned() };
    let page = |events: &[StoredEvent], first, last| EventPage { events: events.to_vec(), first, last };
    let (a, b, c) = (event(7, "a"), event(8, "b"), event(9, "c"));
    let judge = |at: &LiveCursor, page| match continuation(at, page) {
        Continuation::Level => "level".to_owned(),
        Continuation::Next(events) => format!("next {}", events.len()),
        Continuation::Broken(_) => "broken".to_owned(),
    };
    for (at, page, expected) in [
        (at(0, ""), page(&[], 1, 0), "level"),
        (at(0, ""), page(&[event(1, "x")], 1, 1), "next 1"),
        (at(0, ""), page(&[event(4, "x")], 4, 4), "broken"),
        (at(7, "a"), page(std::slice::from_ref(&a), 1, 7), "level"),
        (at(7, "a"), page(&[a.clone(), b.clone(), c.clone()], 1, 9), "next 2"),
        (at(7, "other"), page(&[a.clone(), b.clone()], 1, 8), "broken"),
        (at(7, "a"), page(&[a.clone(), c.clone()], 1, 9), "broken"),
        (at(7, "a"), page(&[a], 1, 9), "broken"),
        (at(7, "a"), page(&[], 1, 6), "broken"),
        // Trimmed up to our event: nothing is lost as long as nothing has come since.
        (at(7, "a"), page(&[], 8, 7), "level"),
        (at(7, "a"), page(&[b, c], 8, 9), "broken"),
    ] {
        assert_eq!(judge(&at, page.clone()), expected, "{at:?} {page:?}");
    }
}

/// Something somebody may try; refusals are part of life.
fn commands() -> impl Strategy<Value = (i64, Command)> {
    let (request, slot, holds) = (0_usize..6, 0_usize..12, 0_usize..6);
    let level = proptest::sample::select(Level::ALL);
    let command = prop_oneof![
        (request.clone(), level.clone()).prop_map(|(n, level)| create(n, Some(level), after(0))),
        slot.clone().prop_map(|n| Command::Publish(vec![draft(n)])),
        (0_usize..6, 0_usize..3).prop_map(|(n, moves)| Command::ListPractitioner(practitioner(n, moves))),
        (request.clone(), slot.clone(), holds.clone(), 1_i64..30).prop_map(|(r, s, h, minutes)| hold(
            r,
            s,
            h,
            after(minutes)
        )),
        (request.clone(), holds.clone(), 0_usize..6).prop_map(|(r, h, a)| confirm(r, h, a)),
        (request.clone(), holds).prop_map(|(r, h)| Command::Release { request: request_id(r), hold: hold_id(h) }),
        request.clone().prop_map(|r| Command::Cancel { request: request_id(r), reason: "r".to_owned() }),
        request.clone().prop_map(|r| Command::HandOverTo15 { request: request_id(r) }),
        (request, level).prop_map(|(r, level)| Command::SetLevel {
            request: request_id(r),
            level,
            reason: "r".to_owned()
        }),
        slot.clone().prop_map(|n| Command::ExpireHolds { slot: slot_id(n) }),
        slot.prop_map(|n| Command::Withdraw { slot: slot_id(n), reason: "r".to_owned(), cancel_bookings: true }),
        (0_usize..6, any::<bool>()).prop_map(|(n, by_patient)| Command::RecordOutcome {
            appointment: appointment_id(n),
            outcome: if by_patient {
                Outcome::Cancelled { by: CancelledBy::Patient, reason: "r".to_owned() }
            } else {
                Outcome::Fulfilled
            },
        }),
    ];
    (0_i64..4, command)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replaying_the_events_gives_the_same_as_reading_the_records(
        story in proptest::collection::vec(commands(), 1..60),
    ) {
        let store = FakeStore::with_slots(4);
        for (minutes, command) in story {
            store.wait(minutes * 60_000);
            let actor = match &command {
                Command::Publish(_) | Command::ListPractitioner(_) | Command::Withdraw { .. } => Actor::service(),
                _ => operator(),
            };
            let _ = store.run(&actor, &command);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let read = runtime.block_on(load(&store, &Facts::default(), &weppes())).unwrap();
        let now = crate::domain::time::from_millis(store.remember().now);
        let mut replayed = replayed(&store);
        // Only what has begun may differ, and only until it is forgotten.
        let mut loaded = read.state;
        for state in [&mut replayed, &mut loaded] {
            state.slots.forget_begun(now);
        }
        prop_assert_eq!(seen(&replayed), seen(&loaded));
    }
}
