//! Households: registered, corrected, renewed, read.

use std::sync::Arc;

use uuid::Uuid;

use crate::booking::driver::{Step, after_a_change};
use crate::booking::{Booking, Call, Failure};
use crate::domain::attachment::{HouseholdFacts, HouseholdIdentity, Proposal, Registration};
use crate::domain::decide::{Answer, AttachmentCommand, Command, Milestone, NewRegistration};
use crate::domain::refusal::Subject;
use crate::domain::{RecordKey, Refusal, RegistrationId, Rpps};

/// A household as an edge hands it in: every field parsed, its consent given.
#[derive(Debug, Clone)]
pub struct RegistrationOrder {
    /// What matching needs.
    pub facts: HouseholdFacts,
    /// Who they are.
    pub identity: HouseholdIdentity,
    /// One keyed digest for each person, so that nobody is registered twice.
    pub guards: Vec<String>,
    /// Whether they go to one doctor together or to none.
    pub keep_together: bool,
    /// The doctor they see already.
    pub usual_doctor: Option<Rpps>,
}

/// A registration with what is sealed about it, as far as it can be opened.
#[derive(Debug, Clone)]
pub struct HouseholdCase {
    /// The registration.
    pub registration: Arc<Registration>,
    /// What matching needs.
    pub facts: Option<HouseholdFacts>,
    /// Who they are.
    pub identity: Option<HouseholdIdentity>,
    /// Its proposals, the first first.
    pub proposals: Vec<Arc<Proposal>>,
}

impl Booking {
    /// Registers a household that gave its consent.
    ///
    /// # Errors
    /// [`Refusal::AlreadyRegistered`] where one of them is on the list.
    pub async fn register(&self, call: &Call, order: RegistrationOrder) -> Result<HouseholdCase, Failure> {
        let id = RegistrationId::new(Uuid::now_v7());
        if let Some(rpps) = order.usual_doctor {
            self.knows_doctor(rpps)?;
        }
        let (facts, identity) = self.vault.seal_new_household(id, &order.facts, &order.identity)?;
        let new = self.as_registered(id, &order, facts.reference, identity.reference);
        let blobs = facts.blobs.into_iter().chain(identity.blobs).collect();
        let step = Step::new(Command::Attach(AttachmentCommand::Register(new))).with(blobs);
        match self.transact(call, step, |_| Ok(())).await? {
            Answer::Registered { registration } => self.household(registration).await.map_err(after_a_change),
            _ => Err(Failure::Contention),
        }
    }

    /// Corrects what is known of a household. Its seniority stays.
    ///
    /// # Errors
    /// [`Refusal::OtherMembers`] for another number of people.
    pub async fn correct_household(
        &self,
        call: &Call,
        id: RegistrationId,
        order: RegistrationOrder,
    ) -> Result<HouseholdCase, Failure> {
        if let Some(rpps) = order.usual_doctor {
            self.knows_doctor(rpps)?;
        }
        self.household(id).await?;
        let (facts, identity) = self.vault.seal_household_again(id, &order.facts, &order.identity).await?;
        let now = self.as_registered(id, &order, facts.reference, identity.reference);
        let blobs = facts.blobs.into_iter().chain(identity.blobs).collect();
        let command = Command::Attach(AttachmentCommand::Correct { registration: id, now });
        self.transact(call, Step::new(command).with(blobs), |_| Ok(())).await?;
        self.household(id).await.map_err(after_a_change)
    }

    fn as_registered(
        &self,
        id: RegistrationId,
        order: &RegistrationOrder,
        facts_ref: String,
        identity_ref: String,
    ) -> NewRegistration {
        NewRegistration {
            id,
            tier: order.facts.tier(self.territory.zone, self.now()),
            keep_together: order.keep_together,
            members: order.facts.members.len(),
            facts_ref,
            identity_ref,
            guards: order.guards.clone(),
            usual_doctor: order.usual_doctor,
        }
    }

    /// Renews a household's consent: it still looks.
    ///
    /// # Errors
    /// [`Refusal::RegistrationNotThere`] once it is over.
    pub async fn renew_consent(&self, call: &Call, id: RegistrationId) -> Result<HouseholdCase, Failure> {
        self.run(call, Command::Attach(AttachmentCommand::RenewConsent { registration: id })).await?;
        self.household(id).await.map_err(after_a_change)
    }

    /// Notes how far people have come; all who can, where none are named.
    ///
    /// # Errors
    /// [`Refusal::RegistrationNotThere`] where nobody stands where that could be.
    pub async fn note_milestone(
        &self,
        call: &Call,
        id: RegistrationId,
        members: Vec<usize>,
        milestone: Milestone,
    ) -> Result<HouseholdCase, Failure> {
        let command = AttachmentCommand::Reach { registration: id, members, milestone };
        self.run(call, Command::Attach(command)).await?;
        self.household(id).await.map_err(after_a_change)
    }

    /// One household, from the store, with what is sealed about it.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is none.
    pub async fn household(&self, id: RegistrationId) -> Result<HouseholdCase, Failure> {
        let records = self.records(&[RecordKey::registration(id)]).await?;
        let registration = records.registration(id).cloned().ok_or(Refusal::Unknown(Subject::Registration))?;
        Ok(self.opened(Arc::new(registration)).await)
    }

    /// One household, for somebody who is told who it is: the audit says so.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is none.
    pub async fn read_household(&self, call: &Call, id: RegistrationId) -> Result<HouseholdCase, Failure> {
        let household = self.household(id).await?;
        if household.identity.is_some() {
            self.run(call, Command::Attach(AttachmentCommand::NoteRead { registration: id })).await?;
        }
        Ok(household)
    }

    /// What is sealed about a registration, as far as it can be opened.
    pub async fn opened(&self, registration: Arc<Registration>) -> HouseholdCase {
        let proposals =
            self.view.read(|state| state.attachments.proposals_of(registration.id).map(Arc::clone).collect());
        if registration.erased_at.is_some() {
            return HouseholdCase { registration, facts: None, identity: None, proposals };
        }
        let facts = self.vault.open_household_facts(&registration).await;
        let identity = self.vault.open_household_identity(&registration).await;
        if let Some(error) = facts.as_ref().err().or(identity.as_ref().err()) {
            tracing::warn!(registration = %registration.id, %error, "a household is shown without what is sealed of it");
        }
        HouseholdCase { facts: facts.ok(), identity: identity.ok(), registration, proposals }
    }

    /// Whether a doctor is in the directory.
    fn knows_doctor(&self, rpps: Rpps) -> Result<(), Refusal> {
        let known = self.view.read(|state| state.directory.get(rpps).map(|who| who.profession.is_medecin()));
        match known {
            Some(true) => Ok(()),
            Some(false) => Err(Refusal::NoMedecin),
            None => Err(Refusal::Unknown(Subject::Practitioner)),
        }
    }
}
