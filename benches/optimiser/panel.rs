//! Patients without a family doctor and doctors with places: households that would stay together, and doctors who would
//! rather not be filled to the last place.

use aiguilleur::domain::Territory;
use aiguilleur::geography::travel::Place;
use serde_json::{Value, json};

use crate::instances::{Draw, minutes};

/// Which instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panel {
    pub(crate) patients: i64,
    pub(crate) doctors: i64,
    pub(crate) seed: u64,
}

/// By tier: share of patients, and points for no doctor (solver.md §2).
const TIERS: [(f64, i64); 4] = [(0.1, 60_000), (0.2, 40_000), (0.3, 20_000), (0.4, 10_000)];

/// Of each hundred patients alone or in a household, how many live with so many others.
const HOUSEHOLDS: [f64; 5] = [0.76, 0.10, 0.06, 0.05, 0.03];

/// Doctors a patient can be taken by, at most: the nearest that suit.
const CHOICES_MAX: usize = 31;

/// Places for each hundred patients.
const PLACES: i64 = 80;

struct Doctor {
    place: Place,
    capacity: i64,
    children: bool,
    home_visits: bool,
}

/// The instance, as its file says it.
pub(crate) fn instance(territory: &Territory, of: Panel) -> Value {
    let mut draw = Draw::new(territory, of.seed);
    let mean = of.patients * PLACES / 100 / of.doctors;
    let doctors: Vec<Doctor> = (0..of.doctors)
        .map(|_| Doctor {
            place: draw.place(),
            capacity: (mean / 2 + draw.below(mean + 1)).max(1),
            children: draw.happens(0.85),
            home_visits: draw.happens(0.6),
        })
        .collect();
    let (mut demands, mut households) = (Vec::new(), Vec::new());
    while i64::try_from(demands.len()).expect("few") < of.patients {
        let left = usize::try_from(of.patients).expect("few") - demands.len();
        let size = (draw.share(&HOUSEHOLDS) + 1).min(left);
        let place = draw.place();
        let first = demands.len();
        for _ in 0..size {
            demands.push(patient(&mut draw, &doctors, place, first == demands.len(), demands.len()));
        }
        if size > 1 {
            let members: Vec<usize> = (first..first + size).collect();
            households.push(json!({"id": format!("h{first}"), "members": members, "split_penalty": 1_500}));
        }
    }
    let resources: Vec<Value> = doctors
        .iter()
        .enumerate()
        .map(|(number, doctor)| json!({"id": format!("m{number}"), "capacity": doctor.capacity}))
        .collect();
    let groups: Vec<Value> = doctors.iter().enumerate().map(|(number, doctor)| fairness(number, doctor)).collect();
    json!({
        "format": "aiguilleur-instance/1", "kind": "panel",
        "name": format!("m-{}x{}-{}", of.patients, of.doctors, of.seed), "seed": of.seed,
        "resources": resources, "demands": demands, "groups": groups, "households": households,
    })
}

fn patient(draw: &mut Draw<'_>, doctors: &[Doctor], place: Place, adult: bool, number: usize) -> Value {
    let tier = draw.share(&TIERS.map(|(share, _)| share));
    let child = !adult && draw.happens(0.6);
    let at_home = tier == 0 && draw.happens(0.3);
    let mut near: Vec<(i64, usize)> = Vec::new();
    for (index, doctor) in doctors.iter().enumerate() {
        if (!child || doctor.children) && (!at_home || doctor.home_visits) {
            near.push((minutes(&place, &doctor.place), index));
        }
    }
    near.sort_unstable();
    near.truncate(CHOICES_MAX);
    let mut arcs: Vec<(usize, i64)> =
        near.into_iter().map(|(travel, index)| (index, 10 * travel + draw.below(4) * 25)).collect();
    arcs.sort_unstable();
    let mut classes = vec![format!("T{}", tier + 1)];
    if at_home {
        classes.push("home".to_owned());
    }
    let penalty = TIERS[tier].1 + draw.below(400);
    json!({"id": format!("p{number}"), "classes": classes, "penalty": penalty, "current": -1, "arcs": arcs})
}

/// A doctor filled beyond half, then beyond three quarters.
fn fairness(number: usize, doctor: &Doctor) -> Value {
    let (half, quarter) = (doctor.capacity / 2, doctor.capacity / 4);
    let steps = json!([[half, 0], [quarter, 100], [null, 250]]);
    json!({"id": format!("f{number}"), "kind": "fairness", "resources": [number], "classes": null, "max": null, "steps": steps})
}
