//! Two solves of one instance at once, beside one alone: what a process that plans for two at a time may expect.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use solver::format::NamedInstance;

use crate::solves::verified;

/// Solves `rounds` times alone and `rounds` times on each of two threads that begin together.
pub(crate) fn measure(named: &NamedInstance, rounds: usize, budget: Duration) -> Value {
    let together = Barrier::new(2);
    let alone = (0..rounds).map(|_| verified(named, budget).1).collect::<Vec<_>>();
    let solves = || -> Vec<(bool, f64)> {
        let one = || {
            together.wait();
            let (plan, ms) = verified(named, budget);
            (plan.optimal, ms)
        };
        (0..rounds).map(|_| one()).collect()
    };
    let both = thread::scope(|scope| {
        let threads = [scope.spawn(solves), scope.spawn(solves)];
        threads.map(|thread| thread.join().expect("a thread that ends")).concat()
    });
    json!({
        "alone_ms": alone,
        "both_ms": both.iter().map(|&(_, ms)| ms).collect::<Vec<_>>(),
        "both_proved": both.iter().filter(|(proved, _)| *proved).count(),
    })
}
