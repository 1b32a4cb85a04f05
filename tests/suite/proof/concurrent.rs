//! Many clerks at once on few places, on a store that loses answers and takes some commits late: what each of them hears is
//! written down, and every slot's history must fit an order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aiguilleur::booking::{Booking, Call, Failure};
use aiguilleur::domain::{HoldId, Level, Refusal, RequestId, SlotId};
use aiguilleur::store::StoreError;
use chrono::TimeDelta;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::support::desk::{Desk, keyed, patient};
use crate::support::history::Recorder;
use crate::support::history::one_slot::{Answer, Operation};

const CLERKS: usize = 12;
const SLOTS: usize = 6;
const PLACES: u16 = 2;
const REQUESTS: usize = 24;
const CALLS: usize = 40;

/// What all the clerks share.
struct Floor {
    booking: Arc<Booking>,
    slots: Vec<SlotId>,
    requests: Vec<RequestId>,
    recorder: Recorder,
}

fn hold_id(hold: usize) -> HoldId {
    format!("hold-{hold}").parse().unwrap()
}

/// What a caller makes of the outcome of a call.
enum Heard {
    Answer(Answer),
    /// Refused for a reason outside the slot.
    Aside,
    /// Ask again.
    Unknown,
}

fn heard<T>(operation: Operation, outcome: Result<T, Failure>) -> Heard {
    match outcome {
        Ok(_) => Heard::Answer(Answer::Done),
        Err(Failure::Refused { refusal: Refusal::SlotTaken, .. }) if matches!(operation, Operation::Hold(..)) => {
            Heard::Answer(Answer::Full)
        }
        Err(Failure::Refused { refusal: Refusal::SlotTaken | Refusal::HoldExpired, .. }) => {
            Heard::Answer(Answer::NotHeld)
        }
        Err(Failure::Refused { refusal: Refusal::WrongState { .. }, .. }) => Heard::Aside,
        Err(Failure::Store(StoreError::Unknown(_)) | Failure::Contention) => Heard::Unknown,
        Err(other) => panic!("{operation:?}: {other:?}"),
    }
}

impl Floor {
    async fn call(&self, operation: Operation, slot: usize, call: &Call) -> Heard {
        let booking = &self.booking;
        match operation {
            Operation::Hold(request, hold) => {
                let (request, slot) = (self.requests[request], self.slots[slot]);
                heard(operation, booking.hold(call, request, slot, hold_id(hold), false).await)
            }
            Operation::Confirm(request, hold) => {
                heard(operation, booking.confirm(call, self.requests[request], hold_id(hold), &patient()).await)
            }
            Operation::Release(request, hold) => {
                heard(operation, booking.release(call, self.requests[request], hold_id(hold)).await)
            }
            Operation::Close(request) => {
                heard(operation, booking.cancel(call, self.requests[request], "r".to_owned()).await)
            }
            Operation::Look => {
                let slot = booking.slot(self.slots[slot]).await.unwrap();
                let place = |id: RequestId| self.requests.iter().position(|request| *request == id).unwrap();
                let booked: BTreeSet<usize> = slot.bookings.iter().map(|booking| place(booking.request)).collect();
                Heard::Answer(Answer::Seen(booked, slot.taken(booking.now())))
            }
            Operation::HoldElsewhere(_) | Operation::End(..) => unreachable!("nobody asks for this"),
        }
    }

    /// One call under one key, asked again until its outcome is known; or, seldom, given up while it is not.
    async fn ask(&self, rng: &mut ChaCha8Rng, clerk: usize, number: usize, slot: usize, operation: Operation) -> bool {
        let call = keyed(&format!("{clerk}-{number}"), 1);
        let asked = self.recorder.asks(slot, operation);
        loop {
            match self.call(operation, slot, &call).await {
                Heard::Answer(answer) => {
                    let done = answer == Answer::Done;
                    self.recorder.hears(asked, answer);
                    return done;
                }
                Heard::Aside => {
                    self.recorder.drops(asked);
                    return false;
                }
                // Whoever hangs up now never learns what became of the call.
                Heard::Unknown if rng.random_bool(0.1) => return false,
                Heard::Unknown => tokio::time::sleep(Duration::from_millis(rng.random_range(1..5))).await,
            }
        }
    }

    async fn work(self: Arc<Self>, clerk: usize, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed * 1_000 + clerk as u64);
        for number in 0..CALLS {
            let (request, slot) = (rng.random_range(0..REQUESTS), rng.random_range(0..SLOTS));
            let hold = clerk * CALLS + number;
            match rng.random_range(0..10) {
                0 | 1 => drop(self.ask(&mut rng, clerk, number, slot, Operation::Look).await),
                2 => drop(self.ask(&mut rng, clerk, number, slot, Operation::Close(request)).await),
                _ => {
                    if self.ask(&mut rng, clerk, number, slot, Operation::Hold(request, hold)).await {
                        let then = match rng.random_range(0..4) {
                            0 => Operation::Release(request, hold),
                            _ => Operation::Confirm(request, hold),
                        };
                        self.ask(&mut rng, clerk, CALLS + number, slot, then).await;
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_clerks_hear_fits_an_order_however_many_answers_are_lost() {
    for (seed, lose_every) in [(1, 0), (2, 7), (3, 3)] {
        let mut desk = Desk::open().await;
        // No patience: what the store did not say, the clerk has to ask again.
        Arc::get_mut(&mut desk.booking).unwrap().policy.patience = Duration::ZERO;
        let mut slots = Vec::new();
        for n in 0..SLOTS {
            slots.push(desk.publish(60 + 15 * i64::try_from(n).unwrap(), PLACES).await);
        }
        let mut requests = Vec::new();
        for _ in 0..REQUESTS {
            requests.push(desk.request(Level::H48).await);
        }
        desk.store.lose_every(lose_every);
        // The clock stands still: no hold ends.
        let recorder = Recorder::new(Duration::from_secs(3_600));
        let floor = Arc::new(Floor { booking: desk.booking.clone(), slots, requests, recorder });
        let clerks: Vec<_> = (0..CLERKS).map(|clerk| tokio::spawn(floor.clone().work(clerk, seed))).collect();
        for clerk in clerks {
            clerk.await.unwrap();
        }
        desk.store.lose_every(0);
        // At last everybody can see how it ended, and that is part of the history.
        for slot in 0..SLOTS {
            let asked = floor.recorder.asks(slot, Operation::Look);
            let Heard::Answer(seen) = floor.call(Operation::Look, slot, &keyed("end", 1)).await else { panic!() };
            floor.recorder.hears(asked, seen);
        }
        let (calls, unknown) = floor.recorder.counts();
        println!("{calls} calls, {} answers lost, {unknown} never known", desk.store.lost());
        assert_eq!(lose_every > 0, desk.store.lost() > 20 && unknown > 3, "too little was lost to show anything");
        assert_eq!(floor.recorder.misfits(|_| usize::from(PLACES)), Vec::<String>::new());
        desk.clock.advance(TimeDelta::minutes(5));
        desk.booking.run_due().await.unwrap();
        for slot in &floor.slots {
            let slot = desk.booking.slot(*slot).await.unwrap();
            assert!(slot.holds.is_empty() && slot.bookings.len() <= usize::from(PLACES), "{slot:?}");
        }
    }
}
