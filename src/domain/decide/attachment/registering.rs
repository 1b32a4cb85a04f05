//! A household registers, corrects what is known of it, renews its consent.

use chrono::{DateTime, Utc};

use super::{may_act_for_household, of_registration, registration};
use crate::domain::attachment::{Consent, Member, Registration, Standing, Tier};
use crate::domain::decide::Answer;
use crate::domain::decide::draft::Draft;
use crate::domain::refusal::Subject;
use crate::domain::{EventKind, Refusal, RegistrationId, Role, Rpps, UniqueOwner};

/// The subject of guards: one person is registered once.
pub const REGISTERED_PERSON: &str = "registration";

/// A household as it registers, or as it is corrected.
#[derive(Debug, Clone)]
pub struct NewRegistration {
    /// Identifier.
    pub id: RegistrationId,
    /// The strongest tier among the members.
    pub tier: Tier,
    /// Whether they go to one doctor together or to none.
    pub keep_together: bool,
    /// How many they are.
    pub members: usize,
    /// Name of the sealed facts.
    pub facts_ref: String,
    /// Name of the sealed identity.
    pub identity_ref: String,
    /// One HMAC for each person.
    pub guards: Vec<String>,
    /// The doctor they see already.
    pub usual_doctor: Option<Rpps>,
}

pub(super) fn register(draft: &mut Draft<'_>, new: &NewRegistration) -> Result<Answer, Refusal> {
    if !matches!(draft.actor().role, Role::Patient | Role::Coordinator | Role::Service) {
        return Err(Refusal::Forbidden);
    }
    if draft.records.registration(new.id).is_some() {
        return Ok(Answer::Registered { registration: new.id });
    }
    guard(draft, &[], &new.guards, new.id)?;
    let now = draft.now();
    let standing = if new.usual_doctor.is_some() { Standing::CheckingUsualDoctor } else { Standing::Waiting };
    let member = Member { standing, declines: 0, refusals: 0 };
    draft.put_registration(Registration {
        id: new.id,
        territory: draft.context().territory.clone(),
        registered_at: now,
        consent: Consent { given_at: now, recorded_by: draft.actor().clone() },
        tier: new.tier,
        keep_together: new.keep_together,
        facts_ref: new.facts_ref.clone(),
        identity_ref: new.identity_ref.clone(),
        members: vec![member; new.members],
        usual_doctor: new.usual_doctor,
        usual_doctor_until: new.usual_doctor.map(|_| now + Registration::USUAL_DOCTOR_WITHIN),
        not_again: Vec::new(),
        escalated_at: None,
        news_at: now,
        guards: new.guards.clone(),
        put_away: Vec::new(),
        settled_at: None,
        erased_at: None,
    });
    draft.event(EventKind::RegistrationCreated, of_registration(new.id), None);
    Ok(Answer::Registered { registration: new.id })
}

/// Corrects what is known, whoever waits and wherever they stand. The number of members is theirs for good: somebody who joins
/// registers, somebody who leaves withdraws.
pub(super) fn correct(draft: &mut Draft<'_>, id: RegistrationId, new: &NewRegistration) -> Result<Answer, Refusal> {
    let before = known(draft, id)?;
    if before.is_over() {
        return Err(Refusal::RegistrationNotThere { state: before.state(draft.now()) });
    }
    if before.members.len() != new.members {
        return Err(Refusal::OtherMembers { members: before.members.len() });
    }
    guard(draft, &before.guards, &new.guards, id)?;
    let mut registration = Registration {
        tier: new.tier,
        keep_together: new.keep_together,
        facts_ref: new.facts_ref.clone(),
        identity_ref: new.identity_ref.clone(),
        guards: new.guards.clone(),
        ..before.clone()
    };
    if before.usual_doctor != new.usual_doctor {
        ask_usual_doctor(&mut registration, new.usual_doctor, draft.now());
    }
    let earlier = [before.facts_ref, before.identity_ref];
    let replaced = earlier.into_iter().filter(|name| *name != new.facts_ref && *name != new.identity_ref);
    registration.put_away.extend(replaced);
    draft.put_registration(registration);
    draft.event(EventKind::RegistrationCorrected, of_registration(id), None);
    Ok(Answer::Done)
}

/// The doctor they see is another one than was said: whoever waits is asked for there first, and keeps their seniority.
fn ask_usual_doctor(registration: &mut Registration, doctor: Option<Rpps>, now: DateTime<Utc>) {
    registration.usual_doctor = doctor;
    registration.usual_doctor_until = doctor.map(|_| now + Registration::USUAL_DOCTOR_WITHIN);
    for member in &mut registration.members {
        if matches!(member.standing, Standing::Waiting | Standing::CheckingUsualDoctor) {
            member.standing = if doctor.is_some() { Standing::CheckingUsualDoctor } else { Standing::Waiting };
        }
    }
}

/// Renews the consent: whoever still looks says so. Nothing else changes.
pub(super) fn renew(draft: &mut Draft<'_>, id: RegistrationId) -> Result<Answer, Refusal> {
    let mut registration = known(draft, id)?;
    if registration.is_over() {
        return Err(Refusal::RegistrationNotThere { state: registration.state(draft.now()) });
    }
    registration.consent = Consent { given_at: draft.now(), recorded_by: draft.actor().clone() };
    registration.news_at = draft.now();
    draft.put_registration(registration);
    draft.event(EventKind::RegistrationRenewed, of_registration(id), None);
    Ok(Answer::Done)
}

pub(super) fn note_news(draft: &mut Draft<'_>, id: RegistrationId) -> Result<Answer, Refusal> {
    let mut registration = known(draft, id)?;
    registration.news_at = draft.now();
    draft.put_registration(registration);
    draft.event(EventKind::RegistrationTold, of_registration(id), None);
    Ok(Answer::Done)
}

/// Somebody read who a household is.
pub(super) fn note_read(draft: &mut Draft<'_>, id: RegistrationId) -> Result<Answer, Refusal> {
    known(draft, id)?;
    draft.event(EventKind::RegistrationRead, of_registration(id), None);
    Ok(Answer::Done)
}

fn known(draft: &Draft<'_>, id: RegistrationId) -> Result<Registration, Refusal> {
    if !may_act_for_household(draft, id) {
        return Err(Refusal::Unknown(Subject::Registration));
    }
    registration(draft.records, id)
}

/// Makes the guards of these people this registration's, and frees those it no longer has.
fn guard(draft: &mut Draft<'_>, before: &[String], now: &[String], id: RegistrationId) -> Result<(), Refusal> {
    let owner = id.to_string();
    let taken = |hmac: &&String| {
        let known = draft.records.owner(REGISTERED_PERSON, hmac);
        known.is_some_and(|known| known != owner) || now.iter().filter(|other| other == hmac).count() > 1
    };
    if let Some(place) = now.iter().position(|hmac| taken(&hmac)) {
        return Err(Refusal::AlreadyRegistered { member: place });
    }
    for hmac in now.iter().filter(|hmac| !before.contains(hmac)) {
        draft.put_guard(UniqueOwner {
            subject: REGISTERED_PERSON.to_owned(),
            hmac: hmac.clone(),
            owner: owner.clone(),
        });
    }
    free(draft, before.iter().filter(|hmac| !now.contains(hmac)));
    Ok(())
}

/// Nobody owns these guards any more.
pub(super) fn free<'a>(draft: &mut Draft<'_>, guards: impl Iterator<Item = &'a String>) {
    for hmac in guards {
        draft.put_guard(UniqueOwner {
            subject: REGISTERED_PERSON.to_owned(),
            hmac: hmac.clone(),
            owner: String::new(),
        });
    }
}
