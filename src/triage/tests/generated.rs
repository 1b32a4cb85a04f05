//! Packs and calls nobody would write, which keep the rules all the same.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::domain::{Answer, Level, Sex};
use crate::triage::pack::{
    Applies, Complaint, Condition, Effect, FALLBACK, Flag, GENERAL, Group, Kind, Modifier, Pack, Pathway, Question,
    Urgency,
};

/// A call with its parts owned.
#[derive(Debug, Clone)]
pub(super) struct OwnedCall {
    pub(super) age_months: u32,
    pub(super) sex: Sex,
    pub(super) flags: BTreeMap<String, Answer>,
    pub(super) complaints: Vec<usize>,
    pub(super) answers: BTreeMap<String, Answer>,
}

const FLAGS: [&str; 3] = ["fa", "fb", "fc"];

pub(super) fn own(level: Level) -> Urgency {
    Urgency { level, delay: level.delay().and_then(|delay| u32::try_from(delay.num_minutes()).ok()) }
}

fn level(from: usize, to: usize) -> impl Strategy<Value = Level> {
    (from..=to).prop_map(|place| Level::ALL[place])
}

fn sex() -> impl Strategy<Value = Sex> {
    prop_oneof![Just(Sex::Female), Just(Sex::Male), Just(Sex::Unknown)]
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(Answer::No),
        1 => Just(Answer::Unknown),
        1 => Just(Answer::Yes),
        1 => (-2_000i64..50_000).prop_map(Answer::Number),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let of = [
        "flag.fa",
        "flag.fb and flag.fc",
        "flag.fc or age_years >= 75",
        "age_months < 3",
        "age_months < 3 and flag.fa",
    ];
    (0..of.len()).prop_map(move |place| of[place].parse().unwrap())
}

fn applies() -> impl Strategy<Value = Applies> {
    prop_oneof![
        4 => Just(Applies::default()),
        1 => prop_oneof![Just(Sex::Female), Just(Sex::Male)].prop_map(|sex| Applies { sex: Some(sex), ..Applies::default() }),
        1 => (0u32..900).prop_map(|from| Applies { from_months: Some(from), ..Applies::default() }),
        1 => (0u32..900).prop_map(|to| Applies { to_months: Some(to), ..Applies::default() }),
        1 => Just(Applies { unless_no: vec![0], ..Applies::default() }),
        1 => Just(Applies { with: vec![1], ..Applies::default() }),
    ]
}

fn question(place: usize) -> impl Strategy<Value = Question> {
    let red = (any::<bool>(), applies()).prop_map(|(vital, applies)| {
        let unknown = if vital { Level::Immediate } else { Level::SameDay };
        (true, vital, Kind::Tri(own(Level::Immediate)), own(unknown), true, applies)
    });
    let ordinary =
        (level(0, 3), 0..=3usize, any::<bool>(), applies()).prop_map(|(yes, unknown, regulation, applies)| {
            let unknown = Level::ALL[unknown.min(Level::ALL.iter().position(|one| *one == yes).unwrap())];
            (false, false, Kind::Tri(own(yes)), own(unknown), regulation, applies)
        });
    let number = (level(1, 3), 20_000i64..45_000).prop_map(|(worst, bound)| {
        let steps = vec![(true, 10_000, own(Level::H48)), (false, bound, own(worst))];
        let kind = Kind::Number { unit: "°C".to_owned(), plausible: (0, 45_000), steps };
        (false, false, kind, own(Level::Programmed), false, Applies::default())
    });
    prop_oneof![2 => red, 3 => ordinary, 1 => number].prop_map(
        move |(red_flag, vital, kind, unknown, regulation_required, mut applies)| {
            // Nobody waits for themselves, or for somebody who waits.
            if place == 0 {
                applies.unless_no.clear();
            }
            Question {
                id: format!("q{place}"),
                text: "?".to_owned(),
                help: None,
                reason: "r".to_owned(),
                source: "s".to_owned(),
                red_flag,
                vital,
                kind,
                unknown,
                regulation_required,
                advice: None,
                applies,
                for_pathway: false,
                review: false,
            }
        },
    )
}

fn questions() -> impl Strategy<Value = Vec<Question>> {
    (0usize..6).prop_flat_map(|count| (0..count).map(question).collect::<Vec<_>>())
}

fn complaint(place: usize, count: usize) -> impl Strategy<Value = Complaint> {
    let id = match place {
        0 => GENERAL.to_owned(),
        _ if place + 1 == count => FALLBACK.to_owned(),
        _ => format!("c{place}"),
    };
    let redirects = prop::collection::vec((condition(), 1..count), 0..2);
    (questions(), level(0, 3), redirects, any::<bool>(), any::<bool>()).prop_map(
        move |(questions, default, redirects, covers, pathway)| {
            let tri = |question: &Question| matches!(question.kind, Kind::Tri(_));
            let grouped: Vec<usize> = (0..questions.len()).filter(|at| tri(&questions[*at])).take(3).collect();
            let groups = (grouped.len() > 1)
                .then(|| Group { id: "g".to_owned(), text: "?".to_owned(), members: grouped, covers })
                .into_iter()
                .collect();
            let care_need = super::super::pack::care_need::general_practice();
            let exclusions: Vec<usize> = (0..questions.len()).filter(|at| tri(&questions[*at])).collect();
            let pathways = (pathway && place > 0)
                .then(|| Pathway {
                    id: "p".to_owned(),
                    care_need: crate::domain::CareNeed { profession: "21".parse().unwrap(), ..care_need.clone() },
                    at_most: Level::H24,
                    sex: None,
                    from_years: None,
                    to_years: None,
                    capability: None,
                    exclusions,
                    no_flags: vec!["fa".to_owned()],
                    legal_basis: "l".to_owned(),
                    advice: "a".to_owned(),
                    safety_net: "s".to_owned(),
                })
                .into_iter()
                .collect();
            Complaint {
                id: id.parse().unwrap(),
                label: id.clone(),
                synonyms: vec!["mot".to_owned()],
                hubsante_motif: "M06.04".to_owned(),
                hubsante_motif_if_immediate: None,
                applies: Applies::default(),
                default: own(if place == 0 { Level::Programmed } else { default }),
                care_need,
                sources: vec!["s".to_owned()],
                advice: String::new(),
                safety_net: "s".to_owned(),
                redirects: redirects.into_iter().filter(|(_, to)| *to != place).collect(),
                no_red_flag_reason: None,
                direct_osnp: None,
                review: false,
                questions,
                groups,
                pathways,
            }
        },
    )
}

fn modifier(place: usize, count: usize) -> impl Strategy<Value = Modifier> {
    let effect = prop_oneof![
        level(0, 4).prop_map(Effect::Floor),
        (1u8..=4, level(0, 4)).prop_map(|(by, cap)| Effect::Raise { by, cap }),
    ];
    (condition(), prop::collection::vec(any::<bool>(), count), effect, any::<bool>()).prop_map(
        move |(when, applies_to, effect, regulation_required)| Modifier {
            id: format!("m{place}"),
            label: "m".to_owned(),
            when,
            applies_to,
            effect,
            regulation_required,
            modality: None,
            source: "s".to_owned(),
        },
    )
}

pub(super) fn pack() -> impl Strategy<Value = Pack> {
    (3usize..6).prop_flat_map(|count| {
        let complaints = (0..count).map(|place| complaint(place, count)).collect::<Vec<_>>();
        let modifiers =
            (0usize..4).prop_flat_map(move |some| (0..some).map(|at| modifier(at, count)).collect::<Vec<_>>());
        (complaints, modifiers).prop_map(|(complaints, modifiers)| {
            let flags = FLAGS.map(|id| Flag {
                id: id.to_owned(),
                label: id.to_owned(),
                question: Some(id.to_owned()),
                applies: Applies::default(),
            });
            Pack::assembled(flags.to_vec(), modifiers, complaints)
        })
    })
}

/// A call to a pack: who, what, and answers to some of its questions.
pub(super) fn call(pack: &Pack) -> impl Strategy<Value = OwnedCall> + use<> {
    let names: Vec<String> = pack
        .complaints
        .iter()
        .flat_map(|block| {
            let questions = block.questions.iter().map(|one| &one.id);
            questions.chain(block.groups.iter().map(|one| &one.id)).map(move |one| format!("{}.{one}", block.id))
        })
        .collect();
    let flags: Vec<String> = pack.flags.iter().map(|flag| flag.id.clone()).collect();
    let count = pack.complaints.len();
    let some = |names: Vec<String>, likely: f64| {
        let each = names.into_iter().map(move |name| (Just(name), prop::option::weighted(likely, answer())));
        each.collect::<Vec<_>>().prop_map(|all| {
            all.into_iter().filter_map(|(name, answer)| Some((name, answer?))).collect::<BTreeMap<String, Answer>>()
        })
    };
    let likely = prop_oneof![Just(0.3), Just(0.9), Just(0.999)];
    let answers = likely.prop_flat_map(move |likely| some(names.clone(), likely));
    (0u32..1_300, sex(), some(flags, 0.4), prop::collection::vec(1..count, 1..4), answers).prop_map(
        |(age_months, sex, flags, complaints, answers)| OwnedCall { age_months, sex, flags, complaints, answers },
    )
}
