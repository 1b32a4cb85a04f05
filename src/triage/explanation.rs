//! What an evaluation says, in the words of its pack: kept with the result (triage.md §4), it stays readable when another pack
//! is in use, or none. It describes a patient: sealed at rest, never in an event, a log or a URL.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::evaluation::{Considered, Contribution, Evaluation, Modified, Refused};
use super::pack::{Kind, Pack};
use crate::domain::{Answer, Level, PackRef, TriageStatus};

/// An explanation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// When the evaluation was made.
    pub at: DateTime<Utc>,
    /// Version of the engine that made it: the program's.
    pub engine: String,
    /// The pack it was made with.
    pub pack: PackRef,
    /// Decided, incomplete or stopped.
    pub status: TriageStatus,
    /// The level it recommended; none where a complaint of the call was switched off.
    pub recommended: Option<Level>,
    /// The minutes within which.
    pub delay_minutes: Option<u32>,
    /// Names of the complaints that were switched off.
    pub switched_off: Vec<String>,
    /// Every question that was answered, a no among them.
    pub answered: Vec<Answered>,
    /// What contributed, in the order of blocks and questions, then what raised the level.
    pub reasons: Vec<Reason>,
    /// Lighter services looked at.
    pub pathways: Vec<LookedAt>,
    /// What to tell the patient (French).
    pub advice: Vec<String>,
    /// When to call again (French).
    pub safety_net: Option<String>,
}

/// It describes a patient: no log may have it.
impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Explanation(…)")
    }
}

/// A question that was answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Its name in the API: `block.question`, or that of a spoken question for several.
    pub id: String,
    /// As it was asked (French); its name where the pack has no such question.
    pub question: String,
    /// As it was answered (French).
    pub answer: String,
}

/// Something that contributed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Its name in the pack: `block`, `block.question`, `modifier.name`.
    pub code: String,
    /// A sentence (French).
    pub text: String,
    /// Where the rule comes from.
    pub source: String,
    /// The level it asked for.
    pub level: Level,
    /// Whether the level stands on it.
    pub decides: bool,
    /// The question as it was asked, where it was one (French).
    pub question: Option<String>,
    /// Its answer (French).
    pub answer: Option<String>,
}

/// A lighter service that was looked at.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedAt {
    /// Its name in the pack.
    pub id: String,
    /// Whether it was open.
    pub open: bool,
    /// What allows it (French).
    pub legal_basis: String,
    /// What the place must be able to do.
    pub capability: Option<String>,
    /// Why it was not open (French).
    pub refused: Vec<String>,
}

impl Explanation {
    /// What an evaluation of a pack, made of these answers at this instant, says.
    pub fn of(pack: &Pack, evaluation: &Evaluation, answers: &BTreeMap<String, Answer>, at: DateTime<Utc>) -> Self {
        let entries = evaluation.entries.iter();
        let mut reasons: Vec<Reason> =
            entries.filter_map(|entry| contribution(pack, entry.what, entry.urgency.level, entry.decides)).collect();
        reasons.extend(evaluation.modifiers.iter().map(|one| modifier(pack, *one)));
        reasons.extend(evaluation.switched_off.iter().map(|block| off(pack, *block, evaluation.urgency.level)));
        let (advice, safety_net) = told(pack, evaluation);
        Self {
            at,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            pack: pack.reference(),
            status: evaluation.status,
            recommended: evaluation.recommends().then_some(evaluation.urgency.level),
            delay_minutes: evaluation.urgency.delay.filter(|_| evaluation.recommends()),
            switched_off: evaluation.switched_off.iter().map(|block| pack.complaints[*block].id.to_string()).collect(),
            answered: answers.iter().map(|(name, answer)| answered(pack, name, *answer)).collect(),
            reasons,
            pathways: evaluation.pathways.iter().map(|one| pathway(pack, one)).collect(),
            advice,
            safety_net,
        }
    }
}

fn answered(pack: &Pack, name: &str, given: Answer) -> Answered {
    let asked = pack.question(name).map(|(block, place)| &pack.complaints[block].questions[place]);
    let spoken = || pack.group(name).map(|(block, group)| &pack.complaints[block].groups[group].text);
    let question = asked.map(|one| &one.text).or_else(spoken).map_or(name, String::as_str);
    Answered { id: name.to_owned(), question: question.to_owned(), answer: answer(asked.map(|one| &one.kind), given) }
}

/// What to tell the patient: nothing before a level stands.
fn told(pack: &Pack, evaluation: &Evaluation) -> (Vec<String>, Option<String>) {
    if evaluation.status == TriageStatus::Incomplete {
        return (Vec::new(), None);
    }
    let of_answers = evaluation.entries.iter().filter_map(|entry| match entry.what {
        Contribution::Question { block, question, given: Some(given) } if given.answer == Answer::Yes => {
            pack.complaints[block].questions[question].advice.clone()
        }
        _ => None,
    });
    let mut advice: Vec<String> = of_answers.collect();
    let named = evaluation.opened.iter().map(|block| &pack.complaints[*block]).filter(|one| !one.advice.is_empty());
    let open = evaluation.pathway().map(|(block, place)| &pack.complaints[block].pathways[place]);
    match open {
        Some(pathway) => advice.push(pathway.advice.clone()),
        None => advice.extend(named.map(|complaint| complaint.advice.clone())),
    }
    let usual = evaluation.opened.get(1).map(|block| pack.complaints[*block].safety_net.clone());
    (advice, open.map(|pathway| pathway.safety_net.clone()).or(usual))
}

/// A complaint that is switched off.
fn off(pack: &Pack, block: usize, level: Level) -> Reason {
    let complaint = &pack.complaints[block];
    Reason {
        code: format!("switched_off.{}", complaint.id),
        text: format!("{} : motif mis hors service ici, le médecin régulateur décide.", complaint.label),
        source: String::new(),
        level,
        decides: true,
        question: None,
        answer: None,
    }
}

/// Something that contributes; what was not asked says nothing here, it is asked.
fn contribution(pack: &Pack, what: Contribution, level: Level, decides: bool) -> Option<Reason> {
    match what {
        Contribution::Default { block } => {
            let complaint = &pack.complaints[block];
            (block > 0).then(|| Reason {
                code: complaint.id.to_string(),
                text: format!("{} : délai habituel.", complaint.label),
                source: complaint.sources.join(", "),
                level,
                decides,
                question: None,
                answer: None,
            })
        }
        Contribution::Question { block, question, given } => {
            let given = given?;
            let complaint = &pack.complaints[block];
            let asked = &complaint.questions[question];
            let spoken = given.through.map_or(&asked.text, |group| &complaint.groups[group].text);
            let answer = answer(Some(&asked.kind), given.answer);
            Some(Reason {
                code: format!("{}.{}", complaint.id, asked.id),
                text: format!("{} : {answer}.", asked.reason),
                source: asked.source.clone(),
                level,
                decides,
                question: Some(spoken.clone()),
                answer: Some(answer),
            })
        }
    }
}

/// An answer in words.
fn answer(kind: Option<&Kind>, given: Answer) -> String {
    match given {
        Answer::Yes => "oui".to_owned(),
        Answer::No => "non".to_owned(),
        Answer::Unknown => "ne sait pas".to_owned(),
        Answer::Number(value) => measure(kind, value),
    }
}

fn measure(kind: Option<&Kind>, value: i64) -> String {
    let (whole, rest) = (value / 1_000, (value % 1_000).abs());
    let number =
        if rest == 0 { whole.to_string() } else { format!("{whole},{}", format!("{rest:03}").trim_end_matches('0')) };
    match kind {
        Some(Kind::Number { unit, .. }) => format!("{number} {unit}"),
        Some(Kind::Choice(choices)) => {
            let chosen = usize::try_from(whole).ok().and_then(|place| choices.get(place));
            chosen.map_or(number, |(label, _)| label.clone())
        }
        Some(Kind::Tri(_)) | None => number,
    }
}

fn modifier(pack: &Pack, one: Modified) -> Reason {
    let modifier = &pack.modifiers[one.modifier];
    let (before, after) = (one.before.code(), one.after.code());
    let text = match (one.doubtful, one.after > one.before) {
        (true, _) => format!("{} : non connu, vu par le régulateur.", modifier.label),
        (false, true) => format!("{} : le niveau passe de {before} à {after}.", modifier.label),
        (false, false) => format!("{} : le niveau est déjà assez haut.", modifier.label),
    };
    Reason {
        code: format!("modifier.{}", modifier.id),
        text,
        source: modifier.source.clone(),
        level: one.after,
        decides: one.after > one.before,
        question: None,
        answer: None,
    }
}

fn pathway(pack: &Pack, considered: &Considered) -> LookedAt {
    let complaint = &pack.complaints[considered.block];
    let pathway = &complaint.pathways[considered.pathway];
    let why = |refused: &Refused| match refused {
        Refused::NotDecided => "Le niveau n'est pas encore décidé, ou un régulateur doit voir l'appel.".to_owned(),
        Refused::Level => "Le niveau est trop élevé.".to_owned(),
        Refused::Person => "L'âge ou le sexe ne convient pas.".to_owned(),
        Refused::OtherComplaint => "Un autre motif est ouvert.".to_owned(),
        Refused::Flag(flag) => {
            let label = pack.flags.iter().find(|known| known.id == *flag).map_or(flag.as_str(), |known| &known.label);
            format!("{label} : oui, ou non connu.")
        }
        Refused::Excluded(question) => format!("{} : oui, ou non connu.", complaint.questions[*question].reason),
        Refused::Unasked(question) => format!("{} : non demandé.", complaint.questions[*question].reason),
    };
    LookedAt {
        id: pathway.id.clone(),
        open: considered.refused.is_empty(),
        legal_basis: pathway.legal_basis.clone(),
        capability: pathway.capability.clone(),
        refused: considered.refused.iter().map(why).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Sex;
    use crate::triage::{Answers, Call, evaluate};

    #[test]
    fn every_answer_stands_in_it_as_it_was_asked_and_given() {
        let pack = Pack::general();
        let block = pack.place(&"fievre_adulte".parse().unwrap()).unwrap();
        let first = &pack.complaints[block].questions[0];
        let asked = format!("fievre_adulte.{}", first.id);
        let given: BTreeMap<String, Answer> =
            [(asked.clone(), Answer::No), ("fievre_adulte.gone".to_owned(), Answer::Number(2_500))].into();
        let (answers, flags) = (Answers::read(pack, &given), BTreeMap::new());
        let call = Call { age_months: 480, sex: Sex::Male, flags: &flags, complaints: &[block], answers: &answers };
        let at = "2026-11-24T09:00:00Z".parse().unwrap();
        let explanation = Explanation::of(pack, &evaluate(pack, &call), &given, at);
        let said = |id: &str| explanation.answered.iter().find(|one| one.id == id).unwrap();
        assert_eq!((&said(&asked).question, said(&asked).answer.as_str()), (&first.text, "non"));
        let gone = said("fievre_adulte.gone");
        assert_eq!((gone.question.as_str(), gone.answer.as_str()), ("fievre_adulte.gone", "2,5"));
        let text = serde_json::to_string(&explanation).unwrap();
        assert!(serde_json::from_str::<Explanation>(&text).unwrap() == explanation, "it comes back as it was");
        assert_eq!(format!("{explanation:?}"), "Explanation(…)");
    }
}
