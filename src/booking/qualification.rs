//! What triage makes of a request, and what stands then: the engine recommends, a person of the regulation may have decided
//! already, and a red flag stops whoever decided (triage.md §1.3, §4).

use chrono::{DateTime, Utc};

use super::{Booking, Failure, Standing};
use crate::domain::{CareNeed, DecidedBy, Level, PatientFacts, Triage, TriageStatus};
use crate::triage::pack::Urgency;
use crate::triage::{Answers, Call, Evaluation, Suggester, Suggestion, evaluate};

impl Booking {
    /// Whether the pack knows a flag of this name.
    pub fn knows_flag(&self, name: &str) -> bool {
        self.pack.flags.iter().any(|flag| flag.id == name)
    }

    /// What a caller's own words suggest.
    ///
    /// # Errors
    /// [`Failure::Words`] when the words of the pack cannot be read.
    pub fn suggested(&self, text: &str) -> Result<Suggestion, Failure> {
        let suggester = Suggester::of(&self.pack).map_err(|error| Failure::Words(error.to_string()))?;
        Ok(suggester.suggest(text))
    }

    /// What triage makes of what is known of a patient at an instant; none while triage is off. A pack that is not in force
    /// (triage.md §3) recommends nothing, but a red flag it knows stops all the same.
    pub fn evaluated(&self, facts: &PatientFacts, at: DateTime<Utc>) -> Option<Evaluation> {
        let standing = self.triage_standing(at);
        if standing == Standing::Off {
            return None;
        }
        let answers = Answers::read(&self.pack, &facts.answers);
        let complaints: Vec<usize> = std::iter::once(&facts.complaint)
            .chain(&facts.other_complaints)
            .filter_map(|complaint| self.pack.place(complaint))
            .collect();
        let call = Call {
            age_months: facts.age.months(self.territory.zone, at),
            sex: facts.sex,
            flags: &facts.flags,
            complaints: &complaints,
            answers: &answers,
        };
        let evaluation = evaluate(&self.pack, &call).without(&self.switched_off());
        Some(evaluation).filter(|evaluation| standing == Standing::InUse || evaluation.status == TriageStatus::Stopped)
    }

    /// What stands for somebody of whom this is known and was evaluated, whose level was `declared` by the regulation of the
    /// call or not.
    pub(super) fn triage_of(
        &self,
        facts: &PatientFacts,
        evaluation: Option<&Evaluation>,
        declared: Option<Level>,
        now: DateTime<Utc>,
    ) -> Triage {
        let status = evaluation.map_or(TriageStatus::Incomplete, |evaluation| evaluation.status);
        // A complaint that is switched off has nothing recommended, but for a stop.
        let recommending = evaluation.filter(|evaluation| evaluation.recommends());
        let urgency = recommending.map(|evaluation| evaluation.urgency);
        let (decided, decided_by) = match (declared, status) {
            // A red flag stops whatever was declared.
            (_, TriageStatus::Stopped) => (urgency, Some(DecidedBy::Engine)),
            (Some(level), _) => (Some(Urgency { level, delay: None }), Some(DecidedBy::Regulation)),
            (None, TriageStatus::Decided) => (urgency, Some(DecidedBy::Engine)),
            (None, TriageStatus::Incomplete) => (None, None),
        };
        let is_off = evaluation.is_some() && recommending.is_none();
        // What is provisional is recommended only where nothing else stands.
        let said = declared.is_none() || (!facts.answers.is_empty() && status != TriageStatus::Incomplete);
        Triage {
            status: match decided.map(|urgency| urgency.level) {
                None => TriageStatus::Incomplete,
                Some(Level::Immediate) => TriageStatus::Stopped,
                Some(_) => TriageStatus::Decided,
            },
            recommended: urgency.filter(|_| said).map(|urgency| urgency.level),
            decided: decided.map(|urgency| urgency.level),
            decided_by,
            decided_at: decided.map(|_| now),
            delay_minutes: decided.and_then(|urgency| urgency.delay),
            // A lighter service is open to a level triage came to, not to one that was declared.
            care_need: self.care_need(facts, evaluation.filter(|_| declared.is_none())),
            reopened: false,
            // What the regulation of the call decided needs no second régulateur.
            regulation_required: declared.is_none()
                && (status == TriageStatus::Decided || is_off)
                && evaluation.is_some_and(|evaluation| evaluation.regulation_required),
            valid_until: evaluation
                .filter(|_| declared.is_none() && status != TriageStatus::Incomplete)
                .map(|evaluation| now + evaluation.urgency.level.holds_for()),
            pack: self.pack.reference(),
        }
    }

    /// Who should see the patient: what triage says, or the complaint's usual need, but for what the caller asks otherwise.
    fn care_need(&self, facts: &PatientFacts, evaluation: Option<&Evaluation>) -> CareNeed {
        let usual = || self.pack.care_need_of(&facts.complaint);
        let mut need = evaluation.map_or_else(usual, |evaluation| evaluation.care_need.clone());
        if let Some(profession) = &facts.constraints.profession {
            if *profession != need.profession {
                need.speciality = None;
            }
            need.profession = profession.clone();
        }
        if let Some(modality) = facts.constraints.modality {
            need.modality = Some(modality);
        }
        need
    }
}
