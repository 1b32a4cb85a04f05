//! Places doctors open, proposals, and both answers.

use std::sync::Arc;

use crate::booking::driver::after_a_change;
use crate::booking::{Booking, Call, Failure};
use crate::domain::attachment::{DeclineReason, Month, OpenPlaces, Proposal};
use crate::domain::decide::{Answer, AttachmentCommand, Command, NewProposal, PlacesOrder};
use crate::domain::refusal::Subject;
use crate::domain::{ProposalId, RecordKey, Refusal};

impl Booking {
    /// The month whose places are proposed now.
    pub fn month(&self) -> Month {
        Month::of(self.territory.zone, self.now())
    }

    /// Says how many places a doctor opens.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] for anybody but the doctor.
    pub async fn open_places(&self, call: &Call, order: PlacesOrder) -> Result<OpenPlaces, Failure> {
        let rpps = order.practitioner;
        self.run(call, Command::Attach(AttachmentCommand::OpenPlaces(order))).await?;
        let records = self.records(&[RecordKey::open_places(rpps)]).await.map_err(Failure::from);
        let records = records.map_err(after_a_change)?;
        records.open_places(rpps).cloned().ok_or_else(|| Refusal::Unknown(Subject::Practitioner).into())
    }

    /// Proposes people to a doctor.
    ///
    /// # Errors
    /// [`Refusal::NoPlaceLeft`] where the last place went meanwhile; others where the people are no longer to be proposed.
    pub async fn propose(&self, call: &Call, new: NewProposal) -> Result<Arc<Proposal>, Failure> {
        match self.run(call, Command::Attach(AttachmentCommand::Propose(new))).await? {
            Answer::Proposed { proposal } => self.proposal(proposal).await.map_err(after_a_change),
            _ => Err(Failure::Contention),
        }
    }

    /// A doctor answers.
    ///
    /// # Errors
    /// [`Refusal::ProposalOver`] where nobody is asked any more.
    pub async fn answer_as_doctor(
        &self,
        call: &Call,
        proposal: ProposalId,
        declined: Option<DeclineReason>,
    ) -> Result<Arc<Proposal>, Failure> {
        self.run(call, Command::Attach(AttachmentCommand::AnswerAsDoctor { proposal, declined })).await?;
        self.proposal(proposal).await.map_err(after_a_change)
    }

    /// A patient answers.
    ///
    /// # Errors
    /// [`Refusal::ProposalOver`] where nobody is asked any more.
    pub async fn answer_as_patient(
        &self,
        call: &Call,
        proposal: ProposalId,
        yes: bool,
    ) -> Result<Arc<Proposal>, Failure> {
        self.run(call, Command::Attach(AttachmentCommand::AnswerAsPatient { proposal, yes })).await?;
        self.proposal(proposal).await.map_err(after_a_change)
    }

    /// One proposal, from the store.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is none.
    pub async fn proposal(&self, id: ProposalId) -> Result<Arc<Proposal>, Failure> {
        let records = self.records(&[RecordKey::proposal(id)]).await?;
        let found = records.proposal(id).cloned().ok_or(Refusal::Unknown(Subject::Proposal))?;
        Ok(Arc::new(found))
    }
}
