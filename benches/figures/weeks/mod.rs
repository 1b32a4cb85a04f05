//! Weeks of a territory in virtual time, lived through the service's own code: who finds a place in time when each caller takes
//! the first one, the nearest one, the one that is best for all, and when those who can wait take a promise; beside what could
//! have been done by somebody who knew the whole week beforehand.
//!
//! `cargo bench --bench figures -- weeks [--quick]`

mod clairvoyant;
mod conduct;
mod outcome;
mod world;

use aiguilleur::domain::Level;

use self::conduct::Conduct;
use self::outcome::Outcome;
use self::world::World;

/// Seeded weeks of each territory.
const WEEKS: u64 = 24;

/// Seed of the first of them.
const UNSEEN: u64 = 100;

/// Places per patient, from scarce to ample: the weeks go through them in turn.
const SUPPLY: [f64; 6] = [0.8, 0.9, 1.0, 1.2, 1.6, 3.0];

const TERRITORIES: [&str; 2] = ["weppes", "flandre-lys"];

/// Prints the tables.
pub(crate) async fn run(quick: bool) {
    // What was tried while this was built, was tried on the quick weeks; the others had never been looked at.
    let seeds = if quick { 0..6 } else { UNSEEN..UNSEEN + WEEKS };
    let mut all: Vec<(f64, Vec<(String, Outcome)>)> = Vec::new();
    for territory in TERRITORIES.into_iter().take(if quick { 1 } else { 2 }) {
        for seed in seeds.clone() {
            let supply = SUPPLY[usize::try_from(seed).expect("few") % SUPPLY.len()];
            let world = World::of(territory, seed, supply);
            let mut lived = Vec::new();
            for conduct in Conduct::ALL {
                lived.push((conduct.name().to_owned(), conduct::live(&world, conduct).await));
            }
            lived.push(("clairvoyant".to_owned(), clairvoyant::outcome(&world)));
            all.push((supply, lived));
        }
    }
    for supply in SUPPLY {
        let of_it: Vec<_> = all.iter().filter(|(one, _)| (one - supply).abs() < 1e-9).map(|(_, lived)| lived).collect();
        table(supply, &of_it);
    }
    chart(&all);
}

fn table(supply: f64, weeks: &[&Vec<(String, Outcome)>]) {
    let Some(first) = weeks.first() else { return };
    println!("\n{supply} places per patient, {} weeks\n", weeks.len());
    println!(
        "| | same day missed | 24 h missed | 48 h missed | wait, mean | wait, p90 | travel, mean | spread | cost ÷ clairvoyant | promises made | kept | at risk on the way | broken though they could be kept |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (place, (name, _)) in first.iter().enumerate() {
        let sum = Outcome::sum(weeks.iter().map(|week| &week[place].1));
        let known = Outcome::sum(weeks.iter().map(|week| &week.last().expect("the last is clairvoyant").1));
        println!(
            "| {name} | {} | {} | {} | {:.1} h | {:.1} h | {:.1} min | {:.2} | {:.2} | {} | {} | {} | {} |",
            sum.missed(Level::SameDay),
            sum.missed(Level::H24),
            sum.missed(Level::H48),
            sum.mean_wait_hours(),
            sum.wait_hours_percentile(90),
            sum.mean_travel(),
            sum.spread(),
            sum.cost() / known.cost(),
            sum.promises_made,
            sum.promises_kept,
            sum.promises_at_risk,
            sum.promises_broken,
        );
    }
}

/// The picture: same-day patients missed, by supply.
fn chart(all: &[(f64, Vec<(String, Outcome)>)]) {
    println!("\n```mermaid\nxychart-beta\n    title \"Patients à voir le jour même et non vus, %\"");
    let axis: Vec<String> = SUPPLY.iter().map(|supply| format!("\"{supply}\"")).collect();
    println!("    x-axis \"places par patient\" [{}]", axis.join(", "));
    println!("    y-axis \"% non vus\" 0 --> 60");
    let names = all.first().map_or(0, |(_, lived)| lived.len());
    for place in 0..names {
        let shares: Vec<String> = SUPPLY
            .iter()
            .map(|supply| {
                let weeks = all.iter().filter(|(one, _)| (one - supply).abs() < 1e-9).map(|(_, lived)| &lived[place].1);
                format!("{:.1}", 100.0 * Outcome::sum(weeks).share_missed(Level::SameDay))
            })
            .collect();
        println!("    line [{}]", shares.join(", "));
    }
    println!("```");
    let names: Vec<&str> =
        all.first().map(|(_, lived)| lived.iter().map(|(name, _)| name.as_str()).collect()).unwrap_or_default();
    println!("\nLines, in this order: {}.", names.join(", "));
}
