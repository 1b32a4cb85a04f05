//! What happens to households that look for a médecin traitant (domain.md §4.7). Nobody loses their seniority by what anybody
//! answers or fails to answer; a doctor's last place is given once.

mod answering;
mod erasing;
mod milestones;
mod proposing;
mod registering;
#[cfg(test)]
mod stories;

use chrono::{DateTime, Utc};

use super::Answer;
use super::draft::Draft;
use crate::domain::attachment::{
    DeclineReason, Month, PlaceKind, Proposal, ProposalState, Registration, Reserved, Standing,
};
use crate::domain::refusal::Subject;
use crate::domain::{
    CommuneCode, Concerns, ErasureReason, EventKind, ProposalId, RecordKey, Records, Refusal, RegistrationId, Role,
    Rpps, RunId,
};

pub use milestones::Milestone;
pub use registering::{NewRegistration, REGISTERED_PERSON};

/// Something somebody wants done about a household, a proposal, or a doctor's places.
#[derive(Debug, Clone)]
pub enum AttachmentCommand {
    /// Register a household. The caller has its consent.
    Register(NewRegistration),
    /// Correct what is known of it: its seniority stays.
    Correct {
        /// Which.
        registration: RegistrationId,
        /// What is known now, in the same order of members.
        now: NewRegistration,
    },
    /// Renew its consent: it still looks.
    RenewConsent {
        /// Which.
        registration: RegistrationId,
    },
    /// Say how many places a doctor opens.
    OpenPlaces(PlacesOrder),
    /// Propose people of a household to a doctor.
    Propose(NewProposal),
    /// A doctor answers.
    AnswerAsDoctor {
        /// Which proposal.
        proposal: ProposalId,
        /// Why not; none: yes.
        declined: Option<DeclineReason>,
    },
    /// The patient answers. A no is taken until they are declared: a bad fit costs nobody their place on the list.
    AnswerAsPatient {
        /// Which proposal.
        proposal: ProposalId,
        /// Whether they want this doctor.
        yes: bool,
    },
    /// Note how far people have come.
    Reach {
        /// Which registration.
        registration: RegistrationId,
        /// Which members; empty: all who can.
        members: Vec<usize>,
        /// How far.
        milestone: Milestone,
    },
    /// Note that somebody told them how things stand, or they us.
    NoteNews {
        /// Which registration.
        registration: RegistrationId,
    },
    /// Note that somebody read who a household is.
    NoteRead {
        /// Which registration.
        registration: RegistrationId,
    },
    /// Erase everything personal about a household nobody of which looks any more.
    Erase {
        /// Which.
        registration: RegistrationId,
        /// Why.
        why: ErasureReason,
    },
    /// Erase a household whose time is over, if it is.
    EndRetention {
        /// Which.
        registration: RegistrationId,
    },
    /// Remind whoever is asked, or end a proposal nobody answered, if that is due.
    LookAtProposal {
        /// Which.
        proposal: ProposalId,
    },
    /// Put a household on the list whose doctor has not answered, if that is due.
    LookAtUsualDoctor {
        /// Which.
        registration: RegistrationId,
    },
}

/// What a doctor opens.
#[derive(Debug, Clone)]
pub struct PlacesOrder {
    /// Who.
    pub practitioner: Rpps,
    /// Places in a month, reserved ones among them.
    pub per_month: u16,
    /// Of these, reserved.
    pub reserved: Reserved,
    /// Whether they visit people at home.
    pub home_visits: bool,
    /// Where; empty: wherever in the territory.
    pub visits_in: Vec<CommuneCode>,
    /// No proposals before.
    pub paused_until: Option<DateTime<Utc>>,
}

/// A proposal to be.
#[derive(Debug, Clone)]
pub struct NewProposal {
    /// Identifier.
    pub id: ProposalId,
    /// The household.
    pub registration: RegistrationId,
    /// Which of its members.
    pub members: Vec<usize>,
    /// The place each takes.
    pub places: Vec<PlaceKind>,
    /// The month those are of.
    pub month: Month,
    /// The doctor.
    pub practitioner: Rpps,
    /// The run it comes from.
    pub run: Option<RunId>,
    /// From door to door, minutes.
    pub travel_minutes: u16,
}

/// Keys a command needs; some are named by records.
pub(super) fn needed(records: &Records, command: &AttachmentCommand, keys: &mut Vec<RecordKey>) {
    let of_registration = |id: RegistrationId, keys: &mut Vec<RecordKey>| {
        keys.push(RecordKey::registration(id));
        let members = records.registration(id).into_iter().flat_map(|registration| &registration.members);
        let proposals: Vec<_> = members.filter_map(|member| member.standing.proposal()).collect();
        for id in proposals {
            keys.push(RecordKey::proposal(id));
            keys.extend(records.proposal(id).map(|proposal| RecordKey::open_places(proposal.practitioner)));
        }
    };
    let guards = |new: &NewRegistration, keys: &mut Vec<RecordKey>| {
        keys.extend(new.guards.iter().map(|hmac| RecordKey::unique(REGISTERED_PERSON, hmac)));
    };
    match command {
        AttachmentCommand::Register(new) => {
            keys.push(RecordKey::registration(new.id));
            guards(new, keys);
        }
        AttachmentCommand::Correct { registration, now } => {
            keys.push(RecordKey::registration(*registration));
            guards(now, keys);
            let before = records.registration(*registration).into_iter().flat_map(|known| &known.guards);
            keys.extend(before.map(|hmac| RecordKey::unique(REGISTERED_PERSON, hmac)));
        }
        AttachmentCommand::RenewConsent { registration }
        | AttachmentCommand::NoteNews { registration }
        | AttachmentCommand::NoteRead { registration }
        | AttachmentCommand::Erase { registration, .. }
        | AttachmentCommand::EndRetention { registration }
        | AttachmentCommand::LookAtUsualDoctor { registration } => keys.push(RecordKey::registration(*registration)),
        AttachmentCommand::Reach { registration, .. } => {
            of_registration(*registration, keys);
            let guards = records.registration(*registration).into_iter().flat_map(|known| &known.guards);
            keys.extend(guards.map(|hmac| RecordKey::unique(REGISTERED_PERSON, hmac)));
        }
        AttachmentCommand::OpenPlaces(order) => {
            keys.extend([RecordKey::practitioner(order.practitioner), RecordKey::open_places(order.practitioner)]);
        }
        AttachmentCommand::Propose(new) => keys.extend([
            RecordKey::proposal(new.id),
            RecordKey::registration(new.registration),
            RecordKey::open_places(new.practitioner),
        ]),
        AttachmentCommand::AnswerAsDoctor { proposal, .. }
        | AttachmentCommand::AnswerAsPatient { proposal, .. }
        | AttachmentCommand::LookAtProposal { proposal } => {
            keys.push(RecordKey::proposal(*proposal));
            if let Some(proposal) = records.proposal(*proposal) {
                keys.extend([
                    RecordKey::registration(proposal.registration),
                    RecordKey::open_places(proposal.practitioner),
                ]);
            }
        }
    }
}

/// Decides.
pub(super) fn decide(draft: &mut Draft<'_>, command: &AttachmentCommand) -> Result<Answer, Refusal> {
    match command {
        AttachmentCommand::Register(new) => registering::register(draft, new),
        AttachmentCommand::Correct { registration, now } => registering::correct(draft, *registration, now),
        AttachmentCommand::RenewConsent { registration } => registering::renew(draft, *registration),
        AttachmentCommand::NoteNews { registration } => registering::note_news(draft, *registration),
        AttachmentCommand::NoteRead { registration } => registering::note_read(draft, *registration),
        AttachmentCommand::OpenPlaces(order) => proposing::open_places(draft, order),
        AttachmentCommand::Propose(new) => proposing::propose(draft, new),
        AttachmentCommand::AnswerAsDoctor { proposal, declined } => answering::as_doctor(draft, *proposal, *declined),
        AttachmentCommand::AnswerAsPatient { proposal, yes } => answering::as_patient(draft, *proposal, *yes),
        AttachmentCommand::LookAtProposal { proposal } => answering::look(draft, *proposal),
        AttachmentCommand::Reach { registration, members, milestone } => {
            milestones::reach(draft, *registration, members, *milestone)
        }
        AttachmentCommand::LookAtUsualDoctor { registration } => milestones::look(draft, *registration),
        AttachmentCommand::Erase { registration, why } => erasing::erase(draft, *registration, *why),
        AttachmentCommand::EndRetention { registration } => erasing::end_retention(draft, *registration),
    }
}

/// The registration, or the refusal that says there is none, or nothing left of it.
fn registration(records: &Records, id: RegistrationId) -> Result<Registration, Refusal> {
    let found = records.registration(id).ok_or(Refusal::Unknown(Subject::Registration))?;
    if found.erased_at.is_some() { Err(Refusal::Erased) } else { Ok(found.clone()) }
}

/// The proposal, or the refusal that says there is none.
fn proposal(records: &Records, id: ProposalId) -> Result<Proposal, Refusal> {
    records.proposal(id).cloned().ok_or(Refusal::Unknown(Subject::Proposal))
}

/// Whether the actor may act for a household: the coordinator, the service, and whoever has its link.
fn may_act_for_household(draft: &Draft<'_>, id: RegistrationId) -> bool {
    match draft.actor().role {
        Role::Coordinator | Role::Service => true,
        Role::Patient => draft.actor().id == id.to_string(),
        Role::Operator | Role::Regulator | Role::Practitioner | Role::System => false,
    }
}

/// Whether the actor may act for a doctor: themselves, and the service. Nobody answers in a doctor's name.
fn may_act_for_doctor(draft: &Draft<'_>, rpps: Rpps) -> bool {
    match draft.actor().role {
        Role::Service => true,
        Role::Practitioner => draft.actor().id == rpps.as_str(),
        Role::Coordinator | Role::Patient | Role::Operator | Role::Regulator | Role::System => false,
    }
}

/// Puts the members of a proposal on the list again. They keep their seniority; the doctor is not proposed again.
fn back_on_the_list(registration: &mut Registration, proposal: &Proposal) {
    for &member in &proposal.members {
        if let Some(member) = registration.members.get_mut(member)
            && member.standing.proposal() == Some(proposal.id)
        {
            member.standing = Standing::Waiting;
        }
    }
    if !registration.not_again.contains(&proposal.practitioner) {
        registration.not_again.push(proposal.practitioner);
    }
}

/// Gives back the places of a proposal.
fn give_back(draft: &mut Draft<'_>, proposal: &Proposal) {
    if let Some(mut places) = draft.open_places_so_far(proposal.practitioner) {
        places.give_back(proposal.id);
        draft.put_open_places(places);
    }
}

/// Members leave a proposal and give their places back, each their own; it is over once nobody is left in it.
fn leave(draft: &mut Draft<'_>, mut proposal: Proposal, leaving: &[usize]) {
    let stay = proposal.members.iter().zip(&proposal.places).filter(|(member, _)| !leaving.contains(member));
    let (members, places): (Vec<_>, Vec<_>) = stay.map(|(member, place)| (*member, *place)).unzip();
    if let Some(mut open) = draft.open_places_so_far(proposal.practitioner) {
        open.keep_only(proposal.id, &places);
        draft.put_open_places(open);
    }
    let kind = if members.is_empty() { EventKind::ProposalPatientNo } else { EventKind::ProposalLeft };
    if members.is_empty() {
        proposal.state = ProposalState::PatientNo;
    } else {
        (proposal.members, proposal.places) = (members, places);
    }
    let concerns = of_proposal(&proposal);
    draft.put_proposal(proposal);
    draft.event(kind, concerns, None);
}

fn of_registration(id: RegistrationId) -> Concerns {
    Concerns { registration: Some(id), ..Concerns::default() }
}

fn of_proposal(proposal: &Proposal) -> Concerns {
    Concerns {
        proposal: Some(proposal.id),
        registration: Some(proposal.registration),
        practitioner: Some(proposal.practitioner),
        ..Concerns::default()
    }
}
