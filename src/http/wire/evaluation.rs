//! An evaluation of triage on the wire: what is still to be asked, and every reason in French sentences.

use super::request::{
    CareNeedShown, ExplanationShown, HubProposalShown, PackShown, PathwayShown, QuestionShown, TriageShown,
};
use super::showing::Showing;
use crate::domain::{Answer, CareNeed, DecidedBy, Level, Modality, PackRef, PatientFacts, Sex, TriageStatus};
use crate::triage::evaluation::{Considered, Contribution, Evaluation, Modified, Refused, Spoken};
use crate::triage::hub;
use crate::triage::pack::{Flag, Kind, Pack};

/// The minutes a level leaves.
pub(super) fn minutes_of(level: Option<Level>) -> Option<i64> {
    level.and_then(Level::delay).map(|delay| delay.num_minutes())
}

/// A care need.
pub(super) fn care_need(need: &CareNeed) -> CareNeedShown {
    CareNeedShown {
        profession: need.profession.to_string(),
        speciality: need.speciality.as_ref().map(ToString::to_string),
        modality: need.modality.map(Modality::code),
    }
}

/// A triage pack.
pub(super) fn pack(pack: &PackRef) -> PackShown {
    PackShown { id: pack.id.clone(), version: pack.version.clone(), hash: pack.hash.clone() }
}

/// A question as it is asked.
pub(in crate::http) fn question(pack: &Pack, spoken: Spoken) -> QuestionShown {
    match spoken {
        Spoken::Question(block, place) => {
            let complaint = &pack.complaints[block];
            let question = &complaint.questions[place];
            let (kind, unit, choices) = match &question.kind {
                Kind::Tri(_) => ("tri", None, Vec::new()),
                Kind::Number { unit, .. } => ("number", Some(unit.clone()), Vec::new()),
                Kind::Choice(choices) => ("choice", None, choices.iter().map(|(label, _)| label.clone()).collect()),
            };
            QuestionShown {
                id: format!("{}.{}", complaint.id, question.id),
                text: question.text.clone(),
                kind,
                red_flag: question.red_flag,
                vital: question.vital,
                help: question.help.clone(),
                unit,
                choices,
                members: Vec::new(),
            }
        }
        Spoken::Group(block, place) => {
            let complaint = &pack.complaints[block];
            let group = &complaint.groups[place];
            let members = || group.members.iter().map(|member| &complaint.questions[*member]);
            QuestionShown {
                id: format!("{}.{}", complaint.id, group.id),
                text: group.text.clone(),
                kind: "group",
                red_flag: members().any(|question| question.red_flag),
                vital: members().any(|question| question.vital),
                help: None,
                unit: None,
                choices: Vec::new(),
                members: members().map(|question| format!("{}.{}", complaint.id, question.id)).collect(),
            }
        }
    }
}

impl Showing<'_> {
    /// An evaluation nobody stored.
    pub fn assessed(&self, facts: &PatientFacts, evaluation: &Evaluation) -> TriageShown {
        let stands = evaluation.status != TriageStatus::Incomplete;
        let level = evaluation.urgency.level;
        let mut shown = TriageShown {
            status: evaluation.status.code(),
            recommended: Some(level.code()),
            decided: stands.then(|| level.code()),
            decided_by: stands.then(|| DecidedBy::Engine.code()),
            delay_minutes: evaluation.urgency.delay.map(i64::from),
            care_need: care_need(&evaluation.care_need),
            regulation_required: evaluation.regulation_required,
            valid_until: stands.then(|| self.instant(self.now + level.holds_for())),
            pack: pack(&self.booking.pack.reference()),
            ..TriageShown::default()
        };
        self.explain(&mut shown, evaluation);
        if evaluation.status == TriageStatus::Stopped {
            shown.handover = self.handover(facts, Some(evaluation));
        }
        shown
    }

    /// Adds what is still to be asked, and every reason.
    pub(super) fn explain(&self, shown: &mut TriageShown, evaluation: &Evaluation) {
        let pack = &self.booking.pack;
        let questions = |spoken: &[Spoken]| spoken.iter().map(|one| question(pack, *one)).collect();
        if shown.status == TriageStatus::Incomplete.code() {
            shown.must_ask = questions(&evaluation.must_ask);
        }
        shown.may_ask = evaluation.flags.iter().map(|place| flag(&pack.flags[*place])).collect();
        shown.may_ask.extend::<Vec<QuestionShown>>(questions(&evaluation.may_ask));
        let entries = evaluation.entries.iter();
        shown.explanation =
            entries.filter_map(|entry| contribution(pack, entry.what, entry.urgency.level, entry.decides)).collect();
        shown.explanation.extend(evaluation.modifiers.iter().map(|one| modifier(pack, *one)));
        shown.pathways = evaluation.pathways.iter().map(|one| pathway(pack, one)).collect();
        if evaluation.status == TriageStatus::Incomplete {
            return;
        }
        shown.hub_proposal = hub::proposal(pack, evaluation).map(|proposal| HubProposalShown {
            motif: proposal.motif.to_owned(),
            pathway: proposal.pathway,
            priority: proposal.priority,
            care_level: proposal.care_level,
        });
        let of_answers = evaluation.entries.iter().filter_map(|entry| match entry.what {
            Contribution::Question { block, question, given: Some(given) } if given.answer == Answer::Yes => {
                pack.complaints[block].questions[question].advice.clone()
            }
            _ => None,
        });
        let named = evaluation.opened.iter().map(|block| &pack.complaints[*block]).filter(|one| !one.advice.is_empty());
        let open = evaluation.pathway().map(|(block, place)| &pack.complaints[block].pathways[place]);
        shown.advice = of_answers.collect();
        match open {
            Some(pathway) => shown.advice.push(pathway.advice.clone()),
            None => shown.advice.extend(named.map(|complaint| complaint.advice.clone())),
        }
        let usual = evaluation.opened.get(1).map(|block| pack.complaints[*block].safety_net.clone());
        shown.safety_net = open.map(|pathway| pathway.safety_net.clone()).or(usual);
    }
}

impl Showing<'_> {
    /// What to say to the 15, in the order it is asked there: who, what, which signs, what is known.
    pub(super) fn handover(&self, facts: &PatientFacts, evaluation: Option<&Evaluation>) -> Vec<String> {
        let pack = &self.booking.pack;
        let zone = self.booking.territory.zone;
        let (years, months) = (facts.age.years(zone, self.now), facts.age.months(zone, self.now));
        let age = if years < 2 { format!("{months} mois") } else { format!("{years} ans") };
        let who = match facts.sex {
            Sex::Female => format!("Patiente de {age}."),
            Sex::Male => format!("Patient de {age}."),
            Sex::Unknown => format!("Patient de {age}, sexe non précisé."),
        };
        let complaints = std::iter::once(&facts.complaint).chain(&facts.other_complaints);
        let complaints = complaints.filter_map(|id| pack.complaint(id)).map(|complaint| complaint.label.clone());
        let signs = evaluation.map(|evaluation| alarms(pack, evaluation)).unwrap_or_default();
        let known = pack.flags.iter().filter(|flag| facts.flags.get(&flag.id) == Some(&Answer::Yes));
        let known = known.map(|flag| flag.label.clone());
        let line =
            |head: &str, said: Vec<String>| (!said.is_empty()).then(|| format!("{head} : {}.", said.join(" ; ")));
        let lines = [
            Some(who),
            line("Motif", complaints.collect()),
            line("Signe d'alerte", signs),
            line("Terrain", known.collect()),
        ];
        lines.into_iter().flatten().collect()
    }
}

/// The signs that stopped triage.
fn alarms(pack: &Pack, evaluation: &Evaluation) -> Vec<String> {
    let of_answers = evaluation.triggers().filter_map(|entry| match entry.what {
        Contribution::Question { block, question, given } => {
            let reason = &pack.complaints[block].questions[question].reason;
            let unknown = given.is_some_and(|given| given.answer == Answer::Unknown);
            Some(if unknown { format!("{reason} (non écarté)") } else { reason.clone() })
        }
        Contribution::Default { .. } => None,
    });
    let raised = evaluation.modifiers.iter().filter(|one| one.after == Level::Immediate && one.after > one.before);
    of_answers.chain(raised.map(|one| pack.modifiers[one.modifier].label.clone())).collect()
}

/// A flag as it is asked about.
fn flag(flag: &Flag) -> QuestionShown {
    QuestionShown {
        id: format!("flag.{}", flag.id),
        text: flag.question.clone().unwrap_or_else(|| flag.label.clone()),
        kind: "flag",
        red_flag: false,
        vital: false,
        help: None,
        unit: None,
        choices: Vec::new(),
        members: Vec::new(),
    }
}

/// Something that contributes; what was not asked says nothing here, it is asked.
fn contribution(pack: &Pack, what: Contribution, level: Level, decides: bool) -> Option<ExplanationShown> {
    let level = level.code();
    match what {
        Contribution::Default { block } => {
            let complaint = &pack.complaints[block];
            (block > 0).then(|| ExplanationShown {
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
            let answer = match given.answer {
                Answer::Yes => "oui".to_owned(),
                Answer::No => "non".to_owned(),
                Answer::Unknown => "ne sait pas".to_owned(),
                Answer::Number(value) => measure(&asked.kind, value),
            };
            Some(ExplanationShown {
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

fn measure(kind: &Kind, value: i64) -> String {
    let (whole, rest) = (value / 1_000, (value % 1_000).abs());
    let number =
        if rest == 0 { whole.to_string() } else { format!("{whole},{}", format!("{rest:03}").trim_end_matches('0')) };
    match kind {
        Kind::Number { unit, .. } => format!("{number} {unit}"),
        Kind::Choice(choices) => {
            let chosen = usize::try_from(whole).ok().and_then(|place| choices.get(place));
            chosen.map_or(number, |(label, _)| label.clone())
        }
        Kind::Tri(_) => number,
    }
}

fn modifier(pack: &Pack, one: Modified) -> ExplanationShown {
    let modifier = &pack.modifiers[one.modifier];
    let (before, after) = (one.before.code(), one.after.code());
    let text = match (one.doubtful, one.after > one.before) {
        (true, _) => format!("{} : non connu, vu par le régulateur.", modifier.label),
        (false, true) => format!("{} : le niveau passe de {before} à {after}.", modifier.label),
        (false, false) => format!("{} : le niveau est déjà assez haut.", modifier.label),
    };
    ExplanationShown {
        code: format!("modifier.{}", modifier.id),
        text,
        source: modifier.source.clone(),
        level: after,
        decides: one.after > one.before,
        question: None,
        answer: None,
    }
}

fn pathway(pack: &Pack, considered: &Considered) -> PathwayShown {
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
    PathwayShown {
        id: pathway.id.clone(),
        open: considered.refused.is_empty(),
        legal_basis: pathway.legal_basis.clone(),
        capability: pathway.capability.clone(),
        refused: considered.refused.iter().map(why).collect(),
    }
}
