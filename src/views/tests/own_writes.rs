//! What this node commits is shown without being read back, in the order of the stream, and only when it is of the stream
//! that is followed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::fake_store::FakeStore;
use super::following::{LONG, follow, open};
use super::world::{after, hold, operator, request_id};
use crate::domain::decide::Command;
use crate::store::{NewEvent, Seq, codec};
use crate::views::OwnWrite;
use crate::views::live::Live;

/// Has the store do something, as a commit of this node would; what the node knows of it then.
fn committed(store: &FakeStore, command: &Command) -> OwnWrite {
    let before = store.remember().last();
    let last = store.done(&operator(), command);
    let data = store.remember();
    let appended: Vec<_> = data.events.iter().filter(|event| event.seq > before).collect();
    let decoded = appended.iter().map(|stored| codec::decode_event(stored).unwrap().event);
    let events: Vec<_> = decoded.collect();
    let stored = events.iter().zip(&appended);
    OwnWrite {
        stored: stored.map(|(event, kept)| NewEvent { kind: event.kind.code(), body: kept.body.clone() }).collect(),
        events,
        now: data.now,
        last,
        chain: data.chain(),
    }
}

fn is_held(view: &crate::views::TerritoryView, request: usize) -> bool {
    view.read(|state| state.board.get(request_id(request)).is_some_and(|case| case.request.held.is_some()))
}

#[tokio::test]
async fn what_this_node_did_is_shown_in_order_though_the_stream_cannot_be_read() {
    let followed = follow(FakeStore::with_slots(6)).await;
    for request in 0..2 {
        let entered = followed.store.done(&operator(), &open(request));
        assert!(followed.view.reached(entered, LONG).await);
    }
    let mut live = followed.view.subscribe(None);
    followed.store.unreachable.store(true, Ordering::SeqCst);
    let first = committed(&followed.store, &hold(0, 0, 0, after(5)));
    let second = committed(&followed.store, &hold(1, 1, 1, after(5)));
    let (between, end) = (first.last, second.last);
    followed.view.show_own(second);
    assert!(!is_held(&followed.view, 1), "shown before what comes before it");
    followed.view.show_own(first);
    assert!(followed.view.reached(end, Duration::ZERO).await);
    assert!(is_held(&followed.view, 0) && is_held(&followed.view, 1));
    let mut told: Vec<Seq> = Vec::new();
    while told.last() != Some(&end) {
        match live.next().await.unwrap() {
            Live::Event(event) => told.push(event.seq),
            Live::Reset(at) => panic!("reset at {at}"),
        }
    }
    assert_eq!(told, (between - 1..=end).collect::<Vec<_>>());
    // Read again later, it is told no second time, and what comes after goes on from there.
    followed.store.unreachable.store(false, Ordering::SeqCst);
    let later = followed.store.done(&operator(), &open(2));
    let Live::Event(event) = live.next().await.unwrap() else { panic!("reset") };
    assert_eq!(event.seq, later);
}

#[tokio::test]
async fn what_this_node_did_in_another_history_makes_the_state_anew() {
    let followed = follow(FakeStore::with_slots(6)).await;
    for request in 0..2 {
        let entered = followed.store.done(&operator(), &open(request));
        assert!(followed.view.reached(entered, LONG).await);
    }
    let fork = followed.store.remember();
    let lost = followed.store.done(&operator(), &open(7));
    assert!(followed.view.reached(lost, LONG).await);
    followed.store.go_back_to(fork);
    // As long as what was lost, then one that seems to follow it.
    followed.store.done(&operator(), &open(8));
    let own = committed(&followed.store, &hold(0, 0, 0, after(5)));
    assert_eq!(own.last - 1, lost + 1);
    let last = own.last;
    followed.view.show_own(own);
    assert!(followed.view.reached(last, LONG).await);
    let knows = |n| followed.view.read(|state| state.board.get(request_id(n)).is_some());
    assert!(!knows(7) && knows(8) && is_held(&followed.view, 0));
}
