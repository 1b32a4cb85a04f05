//! Households that look for a médecin traitant, proposals to doctors, and the places doctors open. Who anybody is, and what is
//! known of their health, stands elsewhere, sealed.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::{OpenPlaces, Proposal, ProposalId, Registration, RegistrationId, Rpps};

/// A record with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The record.
    pub record: Arc<T>,
    /// How often it was written.
    pub version: u64,
}

/// What is known of a territory's search for médecins traitants.
#[derive(Debug, Default)]
pub struct Attachments {
    registrations: HashMap<RegistrationId, Versioned<Registration>>,
    by_seniority: BTreeSet<(DateTime<Utc>, RegistrationId)>,
    proposals: HashMap<ProposalId, Versioned<Proposal>>,
    of_registration: HashMap<RegistrationId, BTreeSet<ProposalId>>,
    of_practitioner: HashMap<Rpps, HashSet<ProposalId>>,
    places: HashMap<Rpps, Versioned<OpenPlaces>>,
}

impl Attachments {
    /// Files a registration, in place of what was filed of it.
    pub fn put_registration(&mut self, registration: Registration, version: u64) {
        self.by_seniority.insert((registration.registered_at, registration.id));
        let record = Arc::new(registration);
        self.registrations.insert(record.id, Versioned { record, version });
    }

    /// Files a proposal, in place of what was filed of it.
    pub fn put_proposal(&mut self, proposal: Proposal, version: u64) {
        self.of_registration.entry(proposal.registration).or_default().insert(proposal.id);
        self.of_practitioner.entry(proposal.practitioner).or_default().insert(proposal.id);
        let record = Arc::new(proposal);
        self.proposals.insert(record.id, Versioned { record, version });
    }

    /// Files what a doctor opens, in place of what was filed of it.
    pub fn put_places(&mut self, places: OpenPlaces, version: u64) {
        let record = Arc::new(places);
        self.places.insert(record.practitioner, Versioned { record, version });
    }

    /// A registration.
    pub fn registration(&self, id: RegistrationId) -> Option<&Versioned<Registration>> {
        self.registrations.get(&id)
    }

    /// Registrations, those who registered first before the others.
    pub fn by_seniority(&self) -> impl Iterator<Item = &Arc<Registration>> {
        self.by_seniority.iter().filter_map(|(_, id)| self.registrations.get(id)).map(|known| &known.record)
    }

    /// A proposal.
    pub fn proposal(&self, id: ProposalId) -> Option<&Versioned<Proposal>> {
        self.proposals.get(&id)
    }

    /// The proposals of a household, the first first.
    pub fn proposals_of(&self, id: RegistrationId) -> impl Iterator<Item = &Arc<Proposal>> {
        let proposals = self.of_registration.get(&id).into_iter().flatten();
        proposals.filter_map(|id| self.proposals.get(id)).map(|known| &known.record)
    }

    /// All proposals, in no order.
    pub fn proposals(&self) -> impl Iterator<Item = &Arc<Proposal>> {
        self.proposals.values().map(|known| &known.record)
    }

    /// The proposals to a doctor, in no order.
    pub fn proposals_to(&self, rpps: Rpps) -> impl Iterator<Item = &Arc<Proposal>> {
        let proposals = self.of_practitioner.get(&rpps).into_iter().flatten();
        proposals.filter_map(|id| self.proposals.get(id)).map(|known| &known.record)
    }

    /// What a doctor opens.
    pub fn places_of(&self, rpps: Rpps) -> Option<&Versioned<OpenPlaces>> {
        self.places.get(&rpps)
    }

    /// What doctors open, in no order.
    pub fn places(&self) -> impl Iterator<Item = &Arc<OpenPlaces>> {
        self.places.values().map(|known| &known.record)
    }
}
