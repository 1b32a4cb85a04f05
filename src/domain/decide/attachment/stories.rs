//! The way to a médecin traitant, told as stories; and random ones, after each step of which nothing is that must never be.

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::super::tests::World;
use super::super::{Actor, Answer, AttachmentCommand, Command, Milestone, NewProposal, NewRegistration, PlacesOrder};
use super::REGISTERED_PERSON;
use crate::domain::attachment::{
    DeclineReason, Ending, OpenPlaces, PlaceKind, Proposal, ProposalState, Registration, RegistrationState, Reserved,
    Standing, Tier,
};
use crate::domain::{
    Erased, ErasureReason, ProposalId, Record, RecordKey, Refusal, RegistrationId, Role, Rpps, Timer, TimerKind,
};

fn household(n: u128) -> RegistrationId {
    RegistrationId::new(Uuid::from_u128(n))
}

fn proposal(n: u128) -> ProposalId {
    ProposalId::new(Uuid::from_u128(n))
}

fn doctor(n: usize) -> Rpps {
    format!("1999000000{n}").parse().unwrap()
}

fn coordinator() -> Actor {
    Actor { role: Role::Coordinator, id: "coord".to_owned() }
}

fn of_doctor(n: usize) -> Actor {
    Actor { role: Role::Practitioner, id: doctor(n).to_string() }
}

fn of_household(n: u128) -> Actor {
    Actor { role: Role::Patient, id: household(n).to_string() }
}

fn new(n: u128, members: usize) -> NewRegistration {
    NewRegistration {
        id: household(n),
        tier: Tier::Fourth,
        keep_together: false,
        members,
        facts_ref: format!("{n}.facts"),
        identity_ref: format!("{n}.identity"),
        guards: (0..members).map(|member| format!("{n}-{member}")).collect(),
        usual_doctor: None,
    }
}

fn propose(n: u128, to: u128, members: &[usize], doctor_n: usize) -> AttachmentCommand {
    AttachmentCommand::Propose(NewProposal {
        id: proposal(n),
        registration: household(to),
        members: members.to_vec(),
        places: vec![PlaceKind::General; members.len()],
        month: "2026-11".parse().unwrap(),
        practitioner: doctor(doctor_n),
        run: None,
        travel_minutes: 9,
    })
}

fn open(n: usize, per_month: u16) -> PlacesOrder {
    PlacesOrder {
        practitioner: doctor(n),
        per_month,
        reserved: Reserved::default(),
        home_visits: false,
        visits_in: Vec::new(),
        paused_until: None,
    }
}

/// A world with two doctors who open so many places each.
fn world(per_month: u16) -> World {
    let mut world = World::with(&[doctor(1), doctor(2)]);
    for n in 1..=2 {
        say(&mut world, &of_doctor(n), AttachmentCommand::OpenPlaces(open(n, per_month))).unwrap();
    }
    world
}

fn say(world: &mut World, actor: &Actor, command: AttachmentCommand) -> Result<Answer, Refusal> {
    world.apply(actor, &Command::Attach(command))
}

fn registered(world: &World, n: u128) -> &Registration {
    match world.records.get(&RecordKey::registration(household(n))) {
        Some((_, Record::Registration(registration))) => registration,
        other => panic!("no registration {n}: {other:?}"),
    }
}

fn proposed(world: &World, n: u128) -> &Proposal {
    match world.records.get(&RecordKey::proposal(proposal(n))) {
        Some((_, Record::Proposal(proposal))) => proposal,
        other => panic!("no proposal {n}: {other:?}"),
    }
}

fn opened(world: &World, n: usize) -> &OpenPlaces {
    match world.records.get(&RecordKey::open_places(doctor(n))) {
        Some((_, Record::OpenPlaces(places))) => places,
        other => panic!("nothing opened by {n}: {other:?}"),
    }
}

fn left(world: &World, n: usize) -> u32 {
    opened(world, n).all_left("2026-11".parse().unwrap())
}

fn state(world: &World, n: u128) -> RegistrationState {
    registered(world, n).state(world.now)
}

fn look(world: &mut World, kind: TimerKind) {
    let due = world.timers.iter().filter(|(timer, at)| timer.kind == kind && **at <= world.now);
    let due: Vec<Timer> = due.map(|(timer, _)| timer.clone()).collect();
    for timer in due {
        let command = match kind {
            TimerKind::Proposal => AttachmentCommand::LookAtProposal { proposal: timer.id.parse().unwrap() },
            _ => AttachmentCommand::LookAtUsualDoctor { registration: timer.id.parse().unwrap() },
        };
        say(world, &Actor::service(), command).unwrap();
    }
}

#[test]
fn from_registration_to_declaration() {
    let mut world = world(2);
    say(&mut world, &coordinator(), AttachmentCommand::Register(new(1, 2))).unwrap();
    assert_eq!(state(&world, 1), RegistrationState::Waiting);
    say(&mut world, &coordinator(), propose(1, 1, &[0, 1], 1)).unwrap();
    assert_eq!((state(&world, 1), left(&world, 1)), (RegistrationState::ProposedToDoctor, 0));
    let stranger =
        say(&mut world, &of_doctor(2), AttachmentCommand::AnswerAsDoctor { proposal: proposal(1), declined: None });
    assert!(matches!(stranger, Err(Refusal::Unknown(_))), "a proposal is its doctor's alone");
    for _ in 0..2 {
        let yes = AttachmentCommand::AnswerAsDoctor { proposal: proposal(1), declined: None };
        assert_eq!(say(&mut world, &of_doctor(1), yes), Ok(Answer::Done), "twice is once");
    }
    assert_eq!(state(&world, 1), RegistrationState::ProposedToPatient);
    say(&mut world, &of_household(1), AttachmentCommand::AnswerAsPatient { proposal: proposal(1), yes: true }).unwrap();
    assert_eq!(state(&world, 1), RegistrationState::Accepted);
    let reach = |members: &[usize], milestone| AttachmentCommand::Reach {
        registration: household(1),
        members: members.to_vec(),
        milestone,
    };
    say(&mut world, &of_doctor(1), reach(&[], Milestone::Seen)).unwrap();
    say(&mut world, &of_doctor(1), reach(&[0], Milestone::Declared)).unwrap();
    assert_eq!(state(&world, 1), RegistrationState::Seen, "the other has still to be declared");
    let by_other = say(&mut world, &of_doctor(2), reach(&[1], Milestone::Declared));
    assert!(matches!(by_other, Err(Refusal::Unknown(_))));
    say(&mut world, &of_doctor(1), reach(&[1], Milestone::FollowedWithoutDeclaration)).unwrap();
    assert!(registered(&world, 1).is_over() && registered(&world, 1).settled_at == Some(world.now));
    assert_eq!(left(&world, 1), 0, "whoever was declared has the place");
}

#[test]
fn most_only_lack_the_form_and_silence_is_no_answer() {
    let mut world = world(1);
    for n in 1..=2 {
        let usual = NewRegistration { usual_doctor: Some(doctor(2)), ..new(n, 1) };
        say(&mut world, &of_household(n), AttachmentCommand::Register(usual)).unwrap();
        assert_eq!(state(&world, n), RegistrationState::CheckingUsualDoctor);
    }
    let regularised = |n| AttachmentCommand::Reach {
        registration: household(n),
        members: Vec::new(),
        milestone: Milestone::Regularised,
    };
    assert!(say(&mut world, &of_doctor(1), regularised(1)).is_err(), "not the doctor they see");
    say(&mut world, &of_doctor(2), regularised(1)).unwrap();
    assert_eq!(state(&world, 1), RegistrationState::Regularised);
    world.pass(7 * 24 * 60 - 1);
    look(&mut world, TimerKind::UsualDoctor);
    assert_eq!(state(&world, 2), RegistrationState::CheckingUsualDoctor);
    world.pass(1);
    look(&mut world, TimerKind::UsualDoctor);
    assert_eq!(state(&world, 2), RegistrationState::Waiting);
}

#[test]
fn nobody_loses_their_seniority_by_what_others_answer_or_do_not() {
    let mut world = world(1);
    let since = world.now;
    say(&mut world, &coordinator(), AttachmentCommand::Register(new(1, 1))).unwrap();
    world.pass(60);
    say(&mut world, &coordinator(), propose(1, 1, &[0], 1)).unwrap();
    let declined = Some(DeclineReason::Full);
    say(&mut world, &of_doctor(1), AttachmentCommand::AnswerAsDoctor { proposal: proposal(1), declined }).unwrap();
    assert_eq!((state(&world, 1), left(&world, 1)), (RegistrationState::Waiting, 1));
    assert_eq!(say(&mut world, &coordinator(), propose(2, 1, &[0], 1)), Err(Refusal::DeclinedBefore));
    say(&mut world, &coordinator(), propose(3, 1, &[0], 2)).unwrap();
    world.pass(4 * 24 * 60);
    look(&mut world, TimerKind::Proposal);
    assert_eq!(proposed(&world, 3).reminded_at, Some(world.now));
    world.pass(3 * 24 * 60);
    let late = AttachmentCommand::AnswerAsDoctor { proposal: proposal(3), declined: None };
    let expired = Refusal::ProposalOver { state: ProposalState::Expired };
    assert_eq!(say(&mut world, &of_doctor(2), late), Err(expired), "a yes after the end is none");
    look(&mut world, TimerKind::Proposal);
    assert_eq!(proposed(&world, 3).state, ProposalState::Expired);
    assert_eq!((state(&world, 1), left(&world, 2)), (RegistrationState::Waiting, 1));
    assert_eq!(registered(&world, 1).registered_at, since);
    assert!(!registered(&world, 1).is_to_escalate(world.now), "two declines are not three");
}

#[test]
fn a_bad_fit_costs_nobody_their_place_on_the_list() {
    let mut world = world(1);
    say(&mut world, &coordinator(), AttachmentCommand::Register(new(1, 1))).unwrap();
    say(&mut world, &coordinator(), propose(1, 1, &[0], 1)).unwrap();
    say(&mut world, &of_doctor(1), AttachmentCommand::AnswerAsDoctor { proposal: proposal(1), declined: None })
        .unwrap();
    let answer = |yes| AttachmentCommand::AnswerAsPatient { proposal: proposal(1), yes };
    say(&mut world, &of_household(1), answer(true)).unwrap();
    let seen = AttachmentCommand::Reach { registration: household(1), members: vec![], milestone: Milestone::Seen };
    say(&mut world, &of_doctor(1), seen).unwrap();
    say(&mut world, &of_household(1), answer(false)).unwrap();
    assert_eq!((state(&world, 1), left(&world, 1)), (RegistrationState::Waiting, 1));
    assert_eq!(registered(&world, 1).members[0].refusals, 1);
}

#[test]
fn whoever_is_declared_keeps_the_place_when_another_of_the_household_finds_no_fit() {
    let mut world = world(2);
    say(&mut world, &coordinator(), AttachmentCommand::Register(new(1, 2))).unwrap();
    say(&mut world, &coordinator(), propose(1, 1, &[0, 1], 1)).unwrap();
    say(&mut world, &of_doctor(1), AttachmentCommand::AnswerAsDoctor { proposal: proposal(1), declined: None })
        .unwrap();
    let answer = |yes| AttachmentCommand::AnswerAsPatient { proposal: proposal(1), yes };
    say(&mut world, &of_household(1), answer(true)).unwrap();
    let declared =
        AttachmentCommand::Reach { registration: household(1), members: vec![0], milestone: Milestone::Declared };
    say(&mut world, &of_doctor(1), declared).unwrap();
    say(&mut world, &of_household(1), answer(false)).unwrap();
    assert_eq!((left(&world, 1), proposed(&world, 1).state), (1, ProposalState::PatientYes));
    assert_eq!(proposed(&world, 1).members, [0]);
    assert_eq!(registered(&world, 1).members[1].standing, Standing::Waiting);
    let again = say(&mut world, &of_household(1), answer(false));
    assert_eq!(
        again,
        Err(Refusal::ProposalOver { state: ProposalState::PatientYes }),
        "a declaration is not undone here"
    );
}

#[test]
fn a_person_is_registered_once_and_again_when_it_is_over() {
    let mut world = world(1);
    say(&mut world, &coordinator(), AttachmentCommand::Register(new(1, 2))).unwrap();
    let again = NewRegistration { guards: vec!["other".to_owned(), "1-1".to_owned()], ..new(2, 2) };
    let twice = say(&mut world, &coordinator(), AttachmentCommand::Register(again.clone()));
    assert_eq!(twice, Err(Refusal::AlreadyRegistered { member: 1 }));
    let same = NewRegistration { guards: vec!["x".to_owned(), "x".to_owned()], ..new(3, 2) };
    let in_one_call = say(&mut world, &coordinator(), AttachmentCommand::Register(same));
    assert_eq!(in_one_call, Err(Refusal::AlreadyRegistered { member: 0 }), "nobody stands twice in one household");
    let withdrawn =
        AttachmentCommand::Reach { registration: household(1), members: vec![], milestone: Milestone::Withdrawn };
    say(&mut world, &of_household(1), withdrawn).unwrap();
    say(&mut world, &coordinator(), AttachmentCommand::Register(again)).unwrap();
}

#[test]
fn a_correction_keeps_the_seniority_and_moves_the_guards() {
    let mut world = world(1);
    let since = world.now;
    say(&mut world, &of_household(1), AttachmentCommand::Register(new(1, 1))).unwrap();
    world.pass(90);
    let now = NewRegistration {
        tier: Tier::First,
        guards: vec!["spelt otherwise".to_owned()],
        facts_ref: "1.facts.2".to_owned(),
        ..new(1, 1)
    };
    let correct = |now: &NewRegistration| AttachmentCommand::Correct { registration: household(1), now: now.clone() };
    say(&mut world, &of_household(1), correct(&now)).unwrap();
    let known = registered(&world, 1);
    assert_eq!(
        (known.registered_at, known.tier, &known.put_away[..]),
        (since, Tier::First, &["1.facts".to_owned()][..])
    );
    let records = world.load(&Command::Attach(AttachmentCommand::Register(new(1, 1))));
    assert_eq!(records.owner(REGISTERED_PERSON, "1-0"), None);
    let doctor_of = |doctor_n: Option<usize>| NewRegistration { usual_doctor: doctor_n.map(doctor), ..now.clone() };
    say(&mut world, &of_household(1), correct(&doctor_of(Some(2)))).unwrap();
    assert_eq!(state(&world, 1), RegistrationState::CheckingUsualDoctor, "asked first, now that they are named");
    say(&mut world, &of_household(1), correct(&doctor_of(None))).unwrap();
    assert_eq!(state(&world, 1), RegistrationState::Waiting);
    assert!(world.timers.is_empty(), "nobody is asked any more");
    let more = NewRegistration { members: 2, ..now.clone() };
    assert_eq!(say(&mut world, &of_household(1), correct(&more)), Err(Refusal::OtherMembers { members: 1 }));
}

#[test]
fn consent_that_is_over_is_renewed_first_and_the_seniority_stays() {
    let mut world = world(1);
    let since = world.now;
    say(&mut world, &coordinator(), AttachmentCommand::Register(new(1, 1))).unwrap();
    world.now += TimeDelta::days(365);
    assert_eq!(state(&world, 1), RegistrationState::Registered);
    assert_eq!(say(&mut world, &coordinator(), propose(1, 1, &[0], 1)), Err(Refusal::ConsentOver));
    say(&mut world, &of_household(1), AttachmentCommand::RenewConsent { registration: household(1) }).unwrap();
    assert_eq!(state(&world, 1), RegistrationState::Waiting);
    assert_eq!(registered(&world, 1).registered_at, since);
}

#[test]
fn only_a_doctor_opens_places_and_reserves_no_more_than_they_open() {
    let mut world = world(1);
    let reserved = Reserved { ald: 2, ..Reserved::default() };
    let order = |n: usize| PlacesOrder { reserved, ..open(n, 1) };
    let too_many = say(&mut world, &of_doctor(1), AttachmentCommand::OpenPlaces(order(1)));
    assert_eq!(too_many, Err(Refusal::MoreReservedThanOpen));
    for stranger in [coordinator(), of_doctor(2), of_household(1)] {
        assert!(say(&mut world, &stranger, AttachmentCommand::OpenPlaces(open(1, 5))).is_err(), "{stranger:?}");
    }
}

#[test]
fn a_household_that_goes_together_is_never_proposed_in_part_and_two_doctors_never_have_one_person() {
    let mut world = world(2);
    let together = NewRegistration { keep_together: true, ..new(1, 2) };
    say(&mut world, &coordinator(), AttachmentCommand::Register(together)).unwrap();
    assert_eq!(say(&mut world, &coordinator(), propose(1, 1, &[0], 1)), Err(Refusal::KeptTogether));
    say(&mut world, &coordinator(), propose(2, 1, &[0, 1], 1)).unwrap();
    let second = say(&mut world, &coordinator(), propose(3, 1, &[0, 1], 2));
    assert_eq!(second, Err(Refusal::RegistrationNotThere { state: RegistrationState::ProposedToDoctor }));
}

#[test]
fn what_is_kept_of_a_household_goes_a_year_after_it_ended_or_when_it_asks() {
    let mut world = world(1);
    for n in 1..=2 {
        say(&mut world, &coordinator(), AttachmentCommand::Register(new(n, 1))).unwrap();
    }
    let erase = |n| AttachmentCommand::Erase { registration: household(n), why: ErasureReason::Asked };
    let still = say(&mut world, &Actor::service(), erase(1));
    assert_eq!(still, Err(Refusal::RegistrationNotThere { state: RegistrationState::Waiting }), "it still looks");
    for n in 1..=2 {
        let milestone = Milestone::Withdrawn;
        let withdrawn = AttachmentCommand::Reach { registration: household(n), members: vec![], milestone };
        say(&mut world, &of_household(n), withdrawn).unwrap();
    }
    say(&mut world, &Actor::service(), erase(1)).unwrap();
    let erasure = world.erased.pop().unwrap();
    assert_eq!(erasure.of, Erased::Household(household(1)));
    assert_eq!(erasure.references, ["1.facts", "1.identity"]);
    let timer = Timer { kind: TimerKind::HouseholdRetention, id: household(2).to_string() };
    assert!(!world.timers.contains_key(&Timer { id: household(1).to_string(), ..timer.clone() }));
    let due = world.timers[&timer];
    assert_eq!(due.to_rfc3339(), "2027-11-24T23:00:00+00:00", "twelve months, from the day after it ended");
    let end = || AttachmentCommand::EndRetention { registration: household(2) };
    world.now = due - TimeDelta::minutes(1);
    say(&mut world, &Actor::service(), end()).unwrap();
    assert!(world.erased.is_empty());
    world.now = due;
    say(&mut world, &Actor::service(), end()).unwrap();
    assert_eq!((world.erased.len(), registered(&world, 2).erased_at), (1, Some(due)));
}

#[derive(Debug, Clone)]
enum Step {
    Register { n: u128, members: usize, together: bool, usual: bool },
    Open { doctor: usize, places: u16 },
    Propose { n: u128, to: u128, all: bool, doctor: usize },
    Doctor { n: u128, yes: bool },
    Patient { n: u128, yes: bool },
    Reach { n: u128, member: Option<usize>, milestone: Milestone },
    Renew { n: u128 },
    Pass { hours: i64 },
}

const HOUSEHOLDS: u128 = 5;
const PROPOSALS: u128 = 24;

fn step() -> impl Strategy<Value = Step> {
    let milestone = prop::sample::select(Milestone::ALL);
    prop_oneof![
        4 => (0..HOUSEHOLDS, 1..4usize, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(n, members, together, usual)| Step::Register { n, members, together, usual }),
        2 => (1..3usize, 0..6u16).prop_map(|(doctor, places)| Step::Open { doctor, places }),
        8 => (0..PROPOSALS, 0..HOUSEHOLDS, any::<bool>(), 1..3usize)
            .prop_map(|(n, to, all, doctor)| Step::Propose { n, to, all, doctor }),
        6 => (0..PROPOSALS, prop::bool::weighted(0.7)).prop_map(|(n, yes)| Step::Doctor { n, yes }),
        6 => (0..PROPOSALS, prop::bool::weighted(0.7)).prop_map(|(n, yes)| Step::Patient { n, yes }),
        4 => (0..HOUSEHOLDS, prop::option::of(0..3usize), milestone)
            .prop_map(|(n, member, milestone)| Step::Reach { n, member, milestone }),
        1 => (0..HOUSEHOLDS).prop_map(|n| Step::Renew { n }),
        2 => (1..100i64).prop_map(|hours| Step::Pass { hours }),
    ]
}

fn play(world: &mut World, step: &Step) {
    let (actor, command) = match *step {
        Step::Register { n, members, together, usual } => {
            let usual_doctor = usual.then(|| doctor(1));
            let new = NewRegistration { keep_together: together, usual_doctor, ..new(n, members) };
            (coordinator(), AttachmentCommand::Register(new))
        }
        Step::Open { doctor, places } => (of_doctor(doctor), AttachmentCommand::OpenPlaces(open(doctor, places))),
        Step::Propose { n, to, all, doctor } => {
            let Some((_, Record::Registration(known))) = world.records.get(&RecordKey::registration(household(to)))
            else {
                return;
            };
            let members: Vec<_> = known.waiting().take(if all { usize::MAX } else { 1 }).collect();
            (coordinator(), propose(n, to, &members, doctor))
        }
        Step::Doctor { n, yes } => {
            let Some((_, Record::Proposal(known))) = world.records.get(&RecordKey::proposal(proposal(n))) else {
                return;
            };
            let actor = Actor { role: Role::Practitioner, id: known.practitioner.to_string() };
            let declined = (!yes).then_some(DeclineReason::Absent);
            (actor, AttachmentCommand::AnswerAsDoctor { proposal: proposal(n), declined })
        }
        Step::Patient { n, yes } => (coordinator(), AttachmentCommand::AnswerAsPatient { proposal: proposal(n), yes }),
        Step::Reach { n, member, milestone } => {
            let members = member.into_iter().collect();
            (coordinator(), AttachmentCommand::Reach { registration: household(n), members, milestone })
        }
        Step::Renew { n } => (coordinator(), AttachmentCommand::RenewConsent { registration: household(n) }),
        Step::Pass { hours } => {
            world.pass(hours * 60);
            look(world, TimerKind::Proposal);
            look(world, TimerKind::UsualDoctor);
            return;
        }
    };
    let before = world.records.clone();
    let events = world.events.len();
    if say(world, &actor, command).is_err() {
        assert!(world.records == before && world.events.len() == events, "a refusal changes nothing");
    }
}

/// What must never be, whatever was done.
fn nothing_is_that_must_never_be(before: &World, world: &World) {
    let records = |world: &World| world.records.values().map(|(_, record)| record.clone()).collect::<Vec<_>>();
    let all = records(world);
    let proposals: Vec<_> =
        all.iter().filter_map(|r| if let Record::Proposal(one) = r { Some(one) } else { None }).collect();
    for record in &all {
        match record {
            Record::Registration(one) => {
                if let Some((_, Record::Registration(was))) = before.records.get(&record.key()) {
                    assert_eq!(one.registered_at, was.registered_at, "seniority is never lost");
                    assert!(was.not_again.iter().all(|rpps| one.not_again.contains(rpps)));
                    for (was, now) in was.members.iter().zip(&one.members) {
                        assert!(!was.standing.is_over() || was.standing == now.standing, "what is over is over");
                    }
                }
                for (place, member) in one.members.iter().enumerate() {
                    let of = |p: &&&Proposal| p.registration == one.id && p.members.contains(&place) && p.is_pending();
                    let pending: Vec<_> = proposals.iter().filter(of).collect();
                    assert!(pending.len() <= 1, "one person, one proposal");
                    let stands = match member.standing {
                        Standing::ProposedToDoctor(id) => Some((id, ProposalState::Sent)),
                        Standing::ProposedToPatient(id) => Some((id, ProposalState::Accepted)),
                        _ => None,
                    };
                    assert_eq!(stands, pending.first().map(|p| (p.id, p.state)), "both say the same");
                }
                let settled = one.settled_at.is_some();
                assert!(settled == one.is_over() && (!settled || one.guards.is_empty()));
            }
            Record::Proposal(one) => {
                let Some((_, Record::Registration(of))) = world.records.get(&RecordKey::registration(one.registration))
                else {
                    panic!("a proposal of nobody")
                };
                if of.keep_together && one.state == ProposalState::Sent {
                    let looking = of.members.iter().filter(|member| !member.standing.is_over()).count();
                    assert_eq!(one.members.len(), looking, "never in part");
                }
                let was_there = before.records.contains_key(&record.key());
                assert!(was_there || !of.not_again.contains(&one.practitioner), "declined, and proposed again");
                let timer = Timer { kind: TimerKind::Proposal, id: one.id.to_string() };
                assert_eq!(world.timers.get(&timer).copied(), one.next_call());
            }
            Record::OpenPlaces(one) => {
                let month = "2026-11".parse().unwrap();
                let has = |p: &&&Proposal| {
                    let gone =
                        matches!(p.state, ProposalState::Declined | ProposalState::Expired | ProposalState::PatientNo);
                    p.practitioner == one.practitioner && !gone
                };
                let taken: usize = proposals.iter().filter(has).map(|p| p.places.len()).sum();
                assert_eq!(one.taken(month, PlaceKind::General) as usize, taken, "every place has its owner");
                if let Some((_, Record::OpenPlaces(was))) = before.records.get(&record.key()) {
                    let more = one.taken(month, PlaceKind::General) > was.taken(month, PlaceKind::General);
                    assert!(!more || taken <= usize::from(one.per_month), "the last place is given once");
                }
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_everybody_does_seniority_places_and_people_stay_whole(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = world(3);
        for step in &steps {
            let before = World {
                now: world.now,
                records: world.records.clone(),
                timers: world.timers.clone(),
                events: Vec::new(),
                erased: Vec::new(),
            };
            play(&mut world, step);
            nothing_is_that_must_never_be(&before, &world);
        }
    }
}

#[test]
fn whoever_found_a_doctor_gives_a_place_back_at_once() {
    let mut world = world(2);
    say(&mut world, &coordinator(), AttachmentCommand::Register(new(1, 2))).unwrap();
    say(&mut world, &coordinator(), propose(1, 1, &[0, 1], 1)).unwrap();
    let found = |members: &[usize]| AttachmentCommand::Reach {
        registration: household(1),
        members: members.to_vec(),
        milestone: Milestone::FoundElsewhere,
    };
    say(&mut world, &of_household(1), found(&[0])).unwrap();
    assert_eq!((left(&world, 1), proposed(&world, 1).state), (1, ProposalState::Sent), "the other is still asked for");
    say(&mut world, &of_household(1), found(&[1])).unwrap();
    assert_eq!((left(&world, 1), proposed(&world, 1).state), (2, ProposalState::PatientNo));
    assert_eq!(registered(&world, 1).members[0].standing, Standing::Over(Ending::FoundElsewhere));
}
