//! Calls with the level a clinician would give: what is heard in their text alone, and what their answers lead to.
//!
//! The set was written without sight of the words of the pack. Of the emergencies and of the ordinary calls, the first, the third
//! and so on only measure; words may be mended after the others.

use std::collections::BTreeMap;

use super::name_of;
use crate::domain::{Answer, Level, Sex};
use crate::triage::evaluation::Spoken;
use crate::triage::pack::{Kind, Pack};
use crate::triage::{Answers, Evaluation, Suggester, evaluate};

#[derive(serde::Deserialize)]
struct References {
    call: Vec<Reference>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    text: String,
    age_months: u32,
    sex: Sex,
    #[serde(default)]
    flags: Vec<String>,
    level: Level,
    blocks: Vec<String>,
    #[serde(default)]
    red_flags: Vec<String>,
    #[serde(default)]
    yes: Vec<String>,
    #[serde(default)]
    measured: BTreeMap<String, i64>,
}

/// What was made of a call.
struct Made<'a> {
    call: &'a Reference,
    /// The right complaint is among the first three.
    opened: bool,
    /// Red flags that must be asked about by the text alone, if it does not deny them.
    forced: Vec<String>,
    /// Those of the reference among them, denied or not.
    found: usize,
    level: Level,
    asked: usize,
}

fn made<'a>(pack: &Pack, call: &'a Reference) -> Made<'a> {
    let suggestion = Suggester::of(pack).unwrap().suggest(&call.text);
    let first = suggestion.complaints.iter().take(3).map(|(block, _)| pack.complaints[*block].id.as_str());
    let opened = first.clone().any(|id| call.blocks.iter().any(|right| right == id));
    let name = |block: usize, question: usize| name_of(pack, Spoken::Question(block, question));
    let found = suggestion.forced.iter().filter(|one| call.red_flags.contains(&name(one.block, one.question))).count();
    let loud = suggestion.forced.iter().filter(|one| !one.denied);
    let forced = loud.map(|one| format!("{} ({})", name(one.block, one.question), one.heard)).collect();
    // Without a right complaint in front of the operator, it is looked for by hand.
    let right = |id: &&str| call.blocks.iter().any(|right| right == id);
    let block = first.clone().find(right).unwrap_or(&call.blocks[0]).parse().unwrap();
    let (evaluation, asked) = answered(pack, call, pack.place(&block).unwrap());
    Made { call, opened, forced, found, level: evaluation.urgency.level, asked }
}

/// Every question that is due is answered as the text says, and no where it says nothing.
fn answered(pack: &Pack, call: &Reference, complaint: usize) -> (Evaluation, usize) {
    let said = |name: &String| call.yes.contains(name) || call.red_flags.contains(name);
    let flags = pack.flags.iter().map(|flag| {
        let answer = if call.flags.contains(&flag.id) { Answer::Yes } else { Answer::No };
        (flag.id.clone(), answer)
    });
    let flags: BTreeMap<String, Answer> = flags.collect();
    let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
    for asked in 0..200 {
        let read = Answers::read(pack, &answers);
        let (age_months, sex) = (call.age_months, call.sex);
        let of = crate::triage::Call { age_months, sex, flags: &flags, complaints: &[complaint], answers: &read };
        let evaluation = evaluate(pack, &of);
        let Some(next) = evaluation.must_ask.first() else { return (evaluation, asked) };
        let of_question = |block: usize, question: usize| {
            let name = name_of(pack, Spoken::Question(block, question));
            match &pack.complaints[block].questions[question].kind {
                Kind::Number { .. } => call.measured.get(&name).map_or(Answer::Unknown, |is| Answer::Number(*is)),
                Kind::Choice(_) => Answer::Number(0),
                Kind::Tri(_) if said(&name) => Answer::Yes,
                Kind::Tri(_) => Answer::No,
            }
        };
        let answer = match *next {
            Spoken::Question(block, question) => of_question(block, question),
            Spoken::Group(block, group) => {
                let mut members = pack.complaints[block].groups[group].members.iter();
                if members.any(|member| of_question(block, *member) != Answer::No) { Answer::Yes } else { Answer::No }
            }
        };
        answers.insert(name_of(pack, *next), answer);
    }
    panic!("{}: asking never ends", call.text)
}

/// The share, and the interval that holds it in 95 of 100 cases (Wilson).
fn share(count: usize, of: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred calls")]
    let (count, n) = (count as f64, of as f64);
    let (p, z) = (count / n, 1.96);
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    format!("{count}/{n} = {p:.3} ({:.3}–{:.3})", middle - half, middle + half)
}

struct Counts {
    emergencies: usize,
    ordinary: usize,
    opened: usize,
    found: usize,
    loud: usize,
    missed: usize,
    stopped: usize,
    false_alarms: usize,
    exact: usize,
    under: usize,
    asked: usize,
}

fn counts(half: &[&Made<'_>]) -> Counts {
    let is_emergency = |made: &&&Made<'_>| made.call.level == Level::Immediate;
    let (emergencies, ordinary): (Vec<&Made<'_>>, Vec<&Made<'_>>) = (
        half.iter().filter(is_emergency).copied().collect(),
        half.iter().filter(|one| !is_emergency(one)).copied().collect(),
    );
    let mut asked: Vec<usize> = ordinary.iter().map(|made| made.asked).collect();
    asked.sort_unstable();
    Counts {
        emergencies: emergencies.len(),
        ordinary: ordinary.len(),
        opened: half.iter().filter(|made| made.opened).count(),
        found: emergencies.iter().filter(|made| made.found > 0).count(),
        loud: ordinary.iter().filter(|made| !made.forced.is_empty()).count(),
        missed: emergencies.iter().filter(|made| made.level <= Level::H24).count(),
        stopped: emergencies.iter().filter(|made| made.level == Level::Immediate).count(),
        false_alarms: ordinary.iter().filter(|made| made.level == Level::Immediate).count(),
        exact: half.iter().filter(|made| made.level == made.call.level).count(),
        under: half.iter().filter(|made| made.level < made.call.level).count(),
        asked: asked[asked.len() / 2],
    }
}

#[test]
fn reference_calls_are_heard_and_come_to_their_level() {
    let pack = Pack::general();
    let References { call } = toml::from_str(include_str!("../../../fixtures/calls/references.toml")).unwrap();
    for name in call.iter().flat_map(|call| call.red_flags.iter().chain(&call.yes).chain(call.measured.keys())) {
        assert!(pack.question(name).is_some(), "{name}");
    }
    let made: Vec<Made<'_>> = call.iter().map(|call| made(pack, call)).collect();
    let mut halves: [Vec<&Made<'_>>; 2] = [Vec::new(), Vec::new()];
    let mut seen = BTreeMap::from([(true, 0), (false, 0)]);
    for one in &made {
        let place = seen.get_mut(&(one.call.level == Level::Immediate)).unwrap();
        halves[*place % 2].push(one);
        *place += 1;
    }
    for (half, name) in halves.iter().zip(["only measures", "may serve to mend"]) {
        let of = counts(half);
        println!("\n{name}: {} emergencies, {} ordinary calls", of.emergencies, of.ordinary);
        println!("  right complaint among the first three {}", share(of.opened, half.len()));
        println!("  red flag found from the text          {}", share(of.found, of.emergencies));
        println!("  ordinary text that forces one         {}", share(of.loud, of.ordinary));
        println!("  emergency at h24 or later             {}", share(of.missed, of.emergencies));
        println!("  sensitivity for immediate             {}", share(of.stopped, of.emergencies));
        println!("  false alarms                          {}", share(of.false_alarms, of.ordinary));
        println!("  exact level                           {}", share(of.exact, half.len()));
        println!("  below the level                       {}", share(of.under, half.len()));
        println!("  spoken questions, median of ordinary  {}", of.asked);
    }
    // Of the half that only measures nothing is told call by call: nobody is to be tempted.
    halves[1].iter().for_each(|one| tell(one));
    let used = counts(&halves[1]);
    assert_eq!(used.missed, 0, "an emergency at h24 or later");
    assert!(used.stopped * 100 >= used.emergencies * 97, "{} of {}", used.stopped, used.emergencies);
    assert!(used.false_alarms * 100 <= used.ordinary * 15, "{} of {}", used.false_alarms, used.ordinary);
    assert!(used.exact * 10 >= halves[1].len() * 8, "{} of {}", used.exact, halves[1].len());
}

/// What was not made of a call as it should.
fn tell(one: &Made<'_>) {
    let call = one.call;
    let is_emergency = call.level == Level::Immediate;
    if is_emergency && one.found == 0 {
        println!("mute: {} | {:?}, not {:?}", call.text, one.forced, call.red_flags);
    }
    if !is_emergency && !one.forced.is_empty() {
        println!("loud: {} | {:?}", call.text, one.forced);
    }
    if !one.opened {
        println!("other complaint: {} | not {:?}", call.text, call.blocks);
    }
    if one.level != call.level {
        println!("other level: {} | {:?}, not {:?}", call.text, one.level, call.level);
    }
}
