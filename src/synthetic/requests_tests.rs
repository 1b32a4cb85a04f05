//! What simulations rely on.

use super::*;
use crate::geography::builtin;
use crate::synthetic::parameters::MOTIFS;
use crate::triage::Pack;

fn pack() -> Vec<ComplaintProfile> {
    Pack::general()
        .complaints
        .iter()
        .map(|c| ComplaintProfile { id: c.id.clone(), hubsante_motif: c.hubsante_motif.clone() })
        .collect()
}

fn year(parameters: &Parameters) -> Vec<SyntheticRequest> {
    let (from, until) = ("2026-01-04T23:00:00Z", "2027-01-03T23:00:00Z");
    let weppes = builtin::load("weppes").unwrap();
    arrivals(&weppes, &pack(), parameters, 11, from.parse().unwrap(), until.parse().unwrap())
}

fn share(requests: &[SyntheticRequest], test: impl Fn(&SyntheticRequest) -> bool) -> f64 {
    let count = |n: usize| f64::from(u32::try_from(n).unwrap());
    count(requests.iter().filter(|request| test(request)).count()) / count(requests.len())
}

fn local(request: &SyntheticRequest) -> chrono::NaiveDateTime {
    crate::domain::time::Zone::PARIS.local(request.at).naive_local()
}

#[test]
fn over_a_year_as_many_arrive_as_the_table_says_on_the_days_and_hours_it_says() {
    let requests = year(&Parameters::published());
    // Weekdays that are no public holiday, 5 January 2026 to 3 January 2027, each with its factor; Saturdays at half.
    let expected: f64 = NaiveDate::from_ymd_opt(2026, 1, 5)
        .unwrap()
        .iter_days()
        .take(364)
        .filter(|day| holiday("59", *day).is_none())
        .map(|day| match day.weekday() {
            Weekday::Sun => 0.0,
            Weekday::Sat => 1.5,
            Weekday::Mon => 3.0 * 1.30,
            Weekday::Tue => 3.0,
            Weekday::Wed => 3.0 * 0.90,
            Weekday::Thu => 3.0 * 0.85,
            Weekday::Fri => 3.0 * 0.95,
        })
        .sum::<f64>()
        * 4.8014;
    let got = f64::from(u32::try_from(requests.len()).unwrap());
    assert!((got / expected - 1.0).abs() < 0.05, "{got} for {expected}");
    for request in &requests {
        let local = local(request);
        let last = if local.weekday() == Weekday::Sat { 11 } else { 19 };
        assert!((8..=last).contains(&chrono::Timelike::hour(&local)), "{local}");
        assert!(holiday("59", local.date()).is_none() && local.weekday() != Weekday::Sun, "{local}");
    }
    let mondays = share(&requests, |r| local(r).weekday() == Weekday::Mon);
    let thursdays = share(&requests, |r| local(r).weekday() == Weekday::Thu);
    assert!(mondays > thursdays * 1.2, "{mondays} {thursdays}");
    let flu = year(&Parameters::published().with(Key::EpidemicFactor, 1.6).unwrap());
    let flu = f64::from(u32::try_from(flu.len()).unwrap());
    assert!((flu / expected / 1.6 - 1.0).abs() < 0.05, "{flu}");
}

#[test]
fn people_levels_and_motifs_come_in_the_shares_of_the_table() {
    let requests = year(&Parameters::published());
    let near = |got: f64, wanted: f64, what: &str| assert!((got - wanted).abs() < 0.025, "{what}: {got} for {wanted}");
    for (level, wanted) in LEVELS.shares {
        near(share(&requests, |r| r.level.code() == *level), *wanted, level);
    }
    for (channel, wanted) in CHANNELS.shares {
        near(share(&requests, |r| r.channel.code() == *channel), *wanted, channel);
    }
    near(share(&requests, |r| r.in_territory), 0.90, "in the territory");
    near(share(&requests, |r| r.qualification == Qualification::Visit), 0.55, "visit");
    let years = |r: &SyntheticRequest| match r.facts.age {
        Age::Years(years) => years,
        _ => 0,
    };
    near(share(&requests, |r| years(r) < 13), 0.22, "children");
    near(share(&requests, |r| years(r) >= 70), 0.20, "old people");
    let pack = pack();
    let motif = |r: &SyntheticRequest| pack.iter().find(|c| c.id == r.facts.complaint).unwrap().hubsante_motif.clone();
    // Gynaecology and urology fit only some, so the others get a little more.
    for (wanted_motif, wanted) in MOTIFS.shares {
        near(share(&requests, |r| motif(r) == *wanted_motif), *wanted, wanted_motif);
    }
}

#[test]
fn nobody_calls_about_what_cannot_be_theirs() {
    for request in year(&Parameters::published()) {
        let PatientFacts { age, sex, complaint, constraints, .. } = &request.facts;
        match complaint.as_str() {
            "fievre_adulte" => assert!(matches!(age, Age::Years(years) if *years >= 13)),
            "nourrisson_moins_3_mois" => assert!(matches!(age, Age::Months(months) if *months < 3)),
            "troubles_urinaires_femme" | "grossesse_autre" => assert_eq!(*sex, Sex::Female),
            "douleur_scrotale" => assert_eq!(*sex, Sex::Male),
            "signes_vitaux" => panic!("signes_vitaux is no complaint"),
            _ => {}
        }
        assert!(constraints.max_travel_minutes.is_none_or(|minutes| (5..=180).contains(&minutes)));
    }
}

#[test]
fn a_day_is_the_same_whatever_window_it_is_seen_through() {
    let weppes = builtin::load("weppes").unwrap();
    let run = |from: &str, until: &str, seed| {
        arrivals(&weppes, &pack(), &Parameters::published(), seed, from.parse().unwrap(), until.parse().unwrap())
    };
    let week = run("2026-11-22T23:00:00Z", "2026-11-29T23:00:00Z", 1);
    let tuesday = run("2026-11-23T23:00:00Z", "2026-11-24T23:00:00Z", 1);
    assert!(!tuesday.is_empty());
    assert!(tuesday.iter().all(|request| week.contains(request)));
    assert!(week != run("2026-11-22T23:00:00Z", "2026-11-29T23:00:00Z", 2));
}

#[test]
fn a_demo_opens_with_a_dozen_people_waiting_for_a_visit() {
    let weppes = builtin::load("weppes").unwrap();
    let now: DateTime<Utc> = "2026-11-24T08:00:00Z".parse().unwrap();
    let run = |seed| pending(&weppes, &pack(), &Parameters::demo(), seed, now);
    let waiting = run(1);
    assert_eq!(waiting.len(), 12);
    assert!(waiting == run(1) && waiting != run(2));
    for request in &waiting {
        assert_eq!(request.qualification, Qualification::Visit);
        assert!(now - TimeDelta::minutes(90) <= request.at && request.at <= now);
        assert_eq!(request.in_territory, weppes.commune(request.commune).is_some());
    }
}

#[test]
fn without_a_pack_or_a_commune_nobody_calls() {
    let mut weppes = builtin::load("weppes").unwrap();
    let now: DateTime<Utc> = "2026-11-24T08:00:00Z".parse().unwrap();
    assert!(pending(&weppes, &[], &Parameters::demo(), 1, now).is_empty());
    weppes.communes.clear();
    assert!(pending(&weppes, &pack(), &Parameters::demo(), 1, now).is_empty());
}
