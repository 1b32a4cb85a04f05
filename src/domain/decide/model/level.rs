//! How urgent a patient is, and who says so.

use chrono::{DateTime, Utc};

use super::super::{NewRequest, NewlySaid};
use super::{Model, Patient, Stands, Told, earlier};
use crate::domain::{Actor, DecidedBy, Level, Refusal, RequestId, Role, Triage};

impl Model {
    pub(super) fn ask(&mut self, new: &NewRequest) -> Told {
        if self.patients.contains_key(&new.id) {
            return Err(Refusal::Forbidden);
        }
        let level = new.triage.decided;
        let patient = Patient {
            level,
            deadline: level.and_then(Level::delay).map(|delay| self.now + delay),
            waiting_since: self.now,
            stands: Stands::Waits,
            promised: false,
            named: None,
            decided_by: DecidedBy::Regulation,
            regulated: new.triage.regulation_required,
            reopened: false,
            agreed: false,
            late_until: None,
            fresh_until: new.triage.valid_until,
        };
        self.patients.insert(new.id, patient);
        Ok(())
    }

    pub(super) fn set_level(&mut self, actor: &Actor, request: RequestId, level: Level) -> Told {
        let (now, patient) = (self.now, self.running(request)?);
        let before = patient.level;
        let regulator = actor.role == Role::Regulator;
        if let Some(from) = before.filter(|from| level < *from && !regulator) {
            return Err(Refusal::LoweringNeedsRegulator { from });
        }
        if before == Some(level) && !regulator {
            return Ok(());
        }
        let held = patient.fresh_until.filter(|_| !regulator);
        patient.fresh_until = held.map(|until| until.min(now + level.holds_for()));
        patient.decided_by = match (regulator, before) {
            (true, _) => DecidedBy::Regulator,
            (false, None) => DecidedBy::Regulation,
            (false, Some(_)) => DecidedBy::Operator,
        };
        if patient.is_of_a_physician() {
            (patient.regulated, patient.reopened) = (false, false);
        }
        if before == Some(level) {
            return Ok(());
        }
        let deadline = level.delay().map(|delay| now + delay);
        patient.level = Some(level);
        if before.is_some_and(|from| level > from) {
            patient.deadline = earlier(patient.deadline, deadline);
            self.after_a_raise(request);
        } else {
            patient.deadline = deadline;
        }
        Ok(())
    }

    pub(super) fn reassess(&mut self, request: RequestId, triage: &Triage, said: NewlySaid) -> Told {
        let now = self.now;
        let patient = self.running(request)?;
        let raised = triage.decided > patient.level;
        // Whoever agreed, or decided, knew what was known then.
        let was_seen = patient.regulated || patient.decided_by == DecidedBy::Regulator;
        let doubted = patient.level.is_some() && said.doubt;
        let unseen = doubted || triage.regulation_required && (raised || !was_seen);
        if unseen {
            (patient.agreed, patient.late_until) = (false, None);
        }
        if raised {
            patient.level = triage.decided;
            patient.deadline =
                earlier(patient.deadline, triage.decided.and_then(Level::delay).map(|delay| now + delay));
            (patient.regulated, patient.reopened) = (triage.regulation_required, false);
            (patient.decided_by, patient.fresh_until) = (DecidedBy::Regulation, triage.valid_until);
            self.after_a_raise(request);
        } else {
            let open = said.open && patient.level.is_some() && !patient.is_of_a_physician();
            patient.regulated |= unseen;
            if open && !patient.reopened {
                (patient.agreed, patient.late_until) = (false, None);
            }
            patient.reopened = open || patient.reopened && triage.decided.is_none();
            patient.fresh_until = triage.valid_until.or(patient.fresh_until);
        }
        Ok(())
    }

    /// An emergency has no place and no promise; nobody is late by leave given for less.
    fn after_a_raise(&mut self, request: RequestId) {
        let patient = self.patients.get_mut(&request).expect("raised");
        patient.late_until = None;
        if patient.level == Some(Level::Immediate) {
            (patient.promised, patient.named) = (false, None);
            patient.stands = Stands::Waits;
            self.leave(request);
        }
    }

    pub(super) fn agree(&mut self, actor: &Actor, request: RequestId, latest: Option<DateTime<Utc>>) -> Told {
        if actor.role != Role::Regulator {
            return Err(Refusal::Forbidden);
        }
        self.patient(request)?;
        let (state, now) = (self.state(request), self.now);
        let patient = self.patient(request)?;
        if matches!(patient.stands, Stands::Over(_)) || patient.level.is_none() {
            return Err(Refusal::WrongState { state });
        }
        (patient.agreed, patient.late_until) = (true, latest);
        if let (Some(_), Some(level)) = (patient.fresh_until, patient.level) {
            patient.fresh_until = Some(now + level.holds_for());
        }
        Ok(())
    }
}

impl Patient {
    /// The level is a physician's: declared by the regulation of the call, or a régulateur's.
    fn is_of_a_physician(&self) -> bool {
        self.decided_by != DecidedBy::Operator
    }
}
