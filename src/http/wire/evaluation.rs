//! An evaluation of triage on the wire: what is still to be asked, and every reason in French sentences.

use super::request::{
    AnsweredShown, CareNeedShown, EvaluationShown, ExplanationShown, HistoryEntry, HubProposalShown, PackShown,
    PathwayShown, QuestionShown, TriageShown,
};
use super::showing::Showing;
use crate::domain::{
    Answer, CareNeed, DecidedBy, EventKind, Level, Modality, PackRef, PatientFacts, Sex, TriageStatus,
};
use crate::triage::evaluation::{Contribution, Evaluation, Spoken};
use crate::triage::explanation::{Answered, Explanation, LookedAt, Reason};
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
    /// An evaluation nobody stored, of a call of which this is known.
    pub fn assessed(&self, facts: &PatientFacts, evaluation: &Evaluation) -> TriageShown {
        let stands = evaluation.status != TriageStatus::Incomplete;
        let level = evaluation.urgency.level;
        let mut shown = TriageShown {
            status: evaluation.status.code(),
            recommended: evaluation.recommends().then(|| level.code()),
            decided: stands.then(|| level.code()),
            decided_by: stands.then(|| DecidedBy::Engine.code()),
            delay_minutes: evaluation.urgency.delay.filter(|_| evaluation.recommends()).map(i64::from),
            care_need: care_need(&evaluation.care_need),
            regulation_required: evaluation.regulation_required,
            valid_until: stands.then(|| self.instant(self.now + level.holds_for())),
            pack: pack(&self.booking.pack.reference()),
            ..TriageShown::default()
        };
        self.ask(&mut shown, evaluation, false);
        explain(&mut shown, &Explanation::of(&self.booking.pack, evaluation, &facts.answers, self.now));
        if evaluation.status == TriageStatus::Stopped {
            shown.handover = self.handover(facts, Some(evaluation));
        }
        shown
    }

    /// Adds what is still to be asked; `reopened`: of a level that stands, too.
    pub(super) fn ask(&self, shown: &mut TriageShown, evaluation: &Evaluation, reopened: bool) {
        let pack = &self.booking.pack;
        let questions = |spoken: &[Spoken]| spoken.iter().map(|one| question(pack, *one)).collect();
        // A physician's level needs no more questions; those that answers opened since are asked of any other.
        let of_a_physician = [DecidedBy::Regulation, DecidedBy::Regulator].map(DecidedBy::code).map(Some);
        let is_open = shown.status == TriageStatus::Incomplete.code() || reopened;
        if is_open && evaluation.status == TriageStatus::Incomplete && !of_a_physician.contains(&shown.decided_by) {
            shown.must_ask = questions(&evaluation.must_ask);
        }
        shown.may_ask = evaluation.flags.iter().map(|place| flag(&pack.flags[*place])).collect();
        shown.may_ask.extend::<Vec<QuestionShown>>(questions(&evaluation.may_ask));
        shown.hub_proposal = hub::proposal(pack, evaluation).map(|proposal| HubProposalShown {
            motif: proposal.motif.to_owned(),
            pathway: proposal.pathway,
            priority: proposal.priority,
            care_level: proposal.care_level,
        });
    }

    /// Puts what triage made of a request at each time, the first first, where it stands in the request's history.
    pub fn evaluated_then(&self, history: &mut [HistoryEntry], evaluations: &[Explanation]) {
        let evaluating = [EventKind::RequestCreated.code(), EventKind::RequestAnswered.code()];
        let mut entries = history.iter_mut().filter(|entry| evaluating.contains(&entry.kind));
        for evaluation in evaluations {
            // Evaluated, then written down; shown by the second.
            if let Some(entry) = entries.find(|entry| entry.at.timestamp() >= evaluation.at.timestamp()) {
                entry.evaluation = Some(self.evaluation_then(evaluation));
            }
        }
    }

    fn evaluation_then(&self, of: &Explanation) -> EvaluationShown {
        EvaluationShown {
            at: self.instant(of.at),
            engine: of.engine.clone(),
            status: of.status.code(),
            recommended: of.recommended.map(Level::code),
            delay_minutes: of.delay_minutes,
            pack: pack(&of.pack),
            answered: of.answered.iter().map(answered).collect(),
            explanation: of.reasons.iter().map(reason).collect(),
        }
    }

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

/// Adds every reason.
pub(super) fn explain(shown: &mut TriageShown, explanation: &Explanation) {
    shown.explanation = explanation.reasons.iter().map(reason).collect();
    shown.answered = explanation.answered.iter().map(answered).collect();
    shown.pathways = explanation.pathways.iter().map(pathway).collect();
    shown.advice.clone_from(&explanation.advice);
    shown.safety_net.clone_from(&explanation.safety_net);
    shown.switched_off.clone_from(&explanation.switched_off);
}

fn answered(one: &Answered) -> AnsweredShown {
    AnsweredShown { id: one.id.clone(), question: one.question.clone(), answer: one.answer.clone() }
}

fn reason(one: &Reason) -> ExplanationShown {
    ExplanationShown {
        code: one.code.clone(),
        text: one.text.clone(),
        source: one.source.clone(),
        level: one.level.code(),
        decides: one.decides,
        question: one.question.clone(),
        answer: one.answer.clone(),
    }
}

fn pathway(one: &LookedAt) -> PathwayShown {
    PathwayShown {
        id: one.id.clone(),
        open: one.open,
        legal_basis: one.legal_basis.clone(),
        capability: one.capability.clone(),
        refused: one.refused.clone(),
    }
}
