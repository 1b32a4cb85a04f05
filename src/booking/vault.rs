//! Where sealed data meets the store: what describes or names a patient is sealed and opened here, and nowhere else. One
//! request is one subject, with a data key of its own. Sealed data travel with the commit that names them: what a refused
//! commit would have named is nowhere.

use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::domain::attachment::{HouseholdFacts, HouseholdIdentity};
use crate::domain::{
    Appointment, AppointmentId, CareRequest, Erased, Erasure, PatientFacts, PatientIdentity, Registration,
    RegistrationId, RequestId, SlotId, TerritoryId,
};
use crate::seal::{
    DataKey, SealError, Sealer, blob_names, open_explanation, open_facts, open_household_identity, open_identity,
    open_text, seal_explanation, seal_facts, seal_household_identity, seal_identity, seal_text,
};
use crate::store::{Store, StoreError, Write};
use crate::triage::Explanation;
use crate::views::FactsSource;

/// The sealed data of one territory.
#[derive(Debug, Clone)]
pub struct Vault {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    territory: TerritoryId,
}

/// Something sealed, to be written by the commit that names it.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The name it is kept under.
    pub reference: String,
    /// The blobs to be written.
    pub blobs: Vec<Write>,
}

impl Sealed {
    fn new(reference: String, payload: Bytes) -> Self {
        let blobs = vec![keep(blob_names::payload(&reference), payload)];
        Self { reference, blobs }
    }

    /// With the wrapped key of a subject that is new.
    fn with_key_of(mut self, subject: impl Display, wrapped: Bytes) -> Self {
        self.blobs.push(keep(blob_names::wrapped_key(subject), wrapped));
        self
    }
}

fn keep(name: String, bytes: Bytes) -> Write {
    Write::Blob { name, bytes: Some(bytes) }
}

/// The blobs an erasure removes, what triage made of facts with the facts. A reason written about a slot has a key of its own, which goes with it.
pub(super) fn removal(erasure: &Erasure) -> Vec<Write> {
    let Erasure { of, references } = erasure;
    let remove = |name| Write::Blob { name, bytes: None };
    let (subject, key) = match of {
        Erased::Request(request) => (request.to_string(), blob_names::wrapped_key(request)),
        Erased::Household(registration) => {
            (registration.to_string(), blob_names::wrapped_key_of_household(*registration))
        }
    };
    let of_a_slot = |reference: &&String| reference.contains(REASON) && !reference.starts_with(&subject);
    let is_evaluated =
        |reference: &&String| matches!(of, Erased::Request(_)) && reference.starts_with(&format!("{subject}{FACTS}"));
    let mut blobs = vec![remove(key)];
    blobs.extend(references.iter().map(|reference| remove(blob_names::payload(reference))));
    blobs.extend(references.iter().filter(is_evaluated).map(|reference| remove(blob_names::explanation(reference))));
    blobs.extend(references.iter().filter(of_a_slot).map(|reference| remove(blob_names::wrapped_key(reference))));
    blobs
}

/// Stands in the reference of facts.
const FACTS: &str = ".facts";

/// Stands in the reference of a reason.
const REASON: &str = ".reason.";

/// Why sealed data cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The blob or its key is not there: erased, or never written.
    #[error("sealed data {0} is not there")]
    Missing(String),
    /// Its key is wrapped under one that is not at hand.
    #[error(transparent)]
    OtherKey(SealError),
    /// It cannot be opened or made.
    #[error("sealed data cannot be opened or made: {0}")]
    Seal(String),
}

impl From<SealError> for VaultError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::OtherKek { .. } => Self::OtherKey(error),
            error => Self::Seal(error.to_string()),
        }
    }
}

impl Vault {
    /// The sealed data of a territory.
    pub fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>, territory: TerritoryId) -> Self {
        Self { store, sealer, territory }
    }

    /// Seals the facts of a new request under a key of its own, with what triage made of them.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn seal_new_subject(
        &self,
        request: RequestId,
        facts: &PatientFacts,
        explanation: Option<&Explanation>,
    ) -> Result<Sealed, VaultError> {
        let (key, wrapped) = self.sealer.new_subject()?;
        let sealed = self.facts_and_why(&key, format!("{request}{FACTS}"), facts, explanation)?;
        Ok(sealed.with_key_of(request, wrapped))
    }

    /// Seals changed facts under a name of their own, with what triage made of them: the earlier ones stay, for whoever is
    /// reading them, until the request is erased.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn seal_facts_again(
        &self,
        request: RequestId,
        facts: &PatientFacts,
        explanation: Option<&Explanation>,
    ) -> Result<Sealed, VaultError> {
        let key = self.key_of(request).await?;
        self.facts_and_why(&key, format!("{request}{FACTS}.{}", Uuid::now_v7()), facts, explanation)
    }

    fn facts_and_why(
        &self,
        key: &DataKey,
        reference: String,
        facts: &PatientFacts,
        explanation: Option<&Explanation>,
    ) -> Result<Sealed, VaultError> {
        let payload = seal_facts(key, &self.territory, &reference, facts)?;
        let mut sealed = Sealed::new(reference, payload);
        if let Some(explanation) = explanation {
            let payload = seal_explanation(key, &self.territory, &sealed.reference, explanation)?;
            sealed.blobs.push(keep(blob_names::explanation(&sealed.reference), payload));
        }
        Ok(sealed)
    }

    /// What triage made of facts when it was asked, by the reference of the facts; none where it was not.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open_explanation(&self, request: RequestId, facts: &str) -> Result<Option<Explanation>, VaultError> {
        let name = blob_names::explanation(facts);
        let (key, sealed) = tokio::join!(self.key_of(request), self.store.blob(&self.territory, &name));
        let Some(sealed) = sealed? else { return Ok(None) };
        Ok(Some(open_explanation(&key?, &self.territory, facts, &sealed)?))
    }

    /// The references of the facts of a request, those of its entry first.
    pub fn facts_references(request: &CareRequest) -> impl Iterator<Item = &String> {
        let own = format!("{}{FACTS}", request.id);
        request.put_away.iter().chain([&request.facts_ref]).filter(move |reference| reference.starts_with(&own))
    }

    /// Seals what somebody wrote about a request (why a level was changed, why it was cancelled): free text of a call may say
    /// anything about the patient. Its reference stands in its place in events and audit.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn seal_reason(&self, request: RequestId, text: &str) -> Result<Sealed, VaultError> {
        let key = self.key_of(request).await?;
        let reference = format!("{request}{REASON}{}", Uuid::now_v7());
        let payload = seal_text(&key, &self.territory, &reference, text)?;
        Ok(Sealed::new(reference, payload))
    }

    /// Seals what a practitioner wrote about a slot taken back: it may name a patient, or say why they are ill themselves.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn seal_reason_of_slot(&self, slot: SlotId, text: &str) -> Result<Sealed, VaultError> {
        let (key, wrapped) = self.sealer.new_subject()?;
        let reference = format!("{slot}{REASON}{}", Uuid::now_v7());
        let payload = seal_text(&key, &self.territory, &reference, text)?;
        Ok(Sealed::new(reference.clone(), payload).with_key_of(reference, wrapped))
    }

    /// What was written under a reference of [`Vault::seal_reason`]; none for any other text.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open_reason(&self, request: RequestId, reference: &str) -> Result<Option<String>, VaultError> {
        if !reference.starts_with(&format!("{request}{REASON}")) {
            return Ok(None);
        }
        let key = self.key_of(request).await?;
        let sealed = self.blob(blob_names::payload(reference)).await?;
        Ok(Some(open_text(&key, &self.territory, reference, &sealed)?))
    }

    /// The facts of a request.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open_facts(&self, request: &CareRequest) -> Result<Arc<PatientFacts>, VaultError> {
        self.facts_under(request.id, &request.facts_ref).await
    }

    async fn facts_under(&self, request: RequestId, reference: &str) -> Result<Arc<PatientFacts>, VaultError> {
        let key = self.key_of(request).await?;
        let sealed = self.blob(blob_names::payload(reference)).await?;
        Ok(Arc::new(open_facts(&key, &self.territory, reference, &sealed)?))
    }

    /// Seals who the patient of an appointment to be is.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn seal_identity(
        &self,
        request: RequestId,
        appointment: AppointmentId,
        identity: &PatientIdentity,
    ) -> Result<Sealed, VaultError> {
        let key = self.key_of(request).await?;
        let reference = format!("{appointment}.identity");
        let payload = seal_identity(&key, &self.territory, &reference, identity)?;
        Ok(Sealed::new(reference, payload))
    }

    /// Who the patient of an appointment is.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open_identity(&self, appointment: &Appointment) -> Result<PatientIdentity, VaultError> {
        let key = self.key_of(appointment.request).await?;
        let reference = &appointment.identity_ref;
        let sealed = self.blob(blob_names::payload(reference)).await?;
        Ok(open_identity(&key, &self.territory, reference, &sealed)?)
    }

    /// Seals a household that registers, under a key of its own: what matching needs, and who they are.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn seal_new_household(
        &self,
        id: RegistrationId,
        facts: &HouseholdFacts,
        identity: &HouseholdIdentity,
    ) -> Result<(Sealed, Sealed), VaultError> {
        let (key, wrapped) = self.sealer.new_subject()?;
        let (facts, identity) = self.household(&key, id, facts, identity)?;
        let name = blob_names::wrapped_key_of_household(id);
        let facts = Sealed { blobs: facts.blobs.into_iter().chain([keep(name, wrapped)]).collect(), ..facts };
        Ok((facts, identity))
    }

    /// Seals what is known of a household now; what was known before stays until it is erased.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn seal_household_again(
        &self,
        id: RegistrationId,
        facts: &HouseholdFacts,
        identity: &HouseholdIdentity,
    ) -> Result<(Sealed, Sealed), VaultError> {
        let key = self.key_of_household(id).await?;
        self.household(&key, id, facts, identity)
    }

    fn household(
        &self,
        key: &DataKey,
        id: RegistrationId,
        facts: &HouseholdFacts,
        identity: &HouseholdIdentity,
    ) -> Result<(Sealed, Sealed), VaultError> {
        let time = Uuid::now_v7();
        let (facts_ref, identity_ref) = (format!("{id}{FACTS}.{time}"), format!("{id}.identity.{time}"));
        let facts = seal_facts(key, &self.territory, &facts_ref, facts)?;
        let identity = seal_household_identity(key, &self.territory, &identity_ref, identity)?;
        Ok((Sealed::new(facts_ref, facts), Sealed::new(identity_ref, identity)))
    }

    /// What matching needs of a household.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open_household_facts(&self, registration: &Registration) -> Result<HouseholdFacts, VaultError> {
        let (key, reference) = (self.key_of_household(registration.id).await?, &registration.facts_ref);
        let sealed = self.blob(blob_names::payload(reference)).await?;
        Ok(open_facts(&key, &self.territory, reference, &sealed)?)
    }

    /// Who a household is.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open_household_identity(&self, registration: &Registration) -> Result<HouseholdIdentity, VaultError> {
        let (key, reference) = (self.key_of_household(registration.id).await?, &registration.identity_ref);
        let sealed = self.blob(blob_names::payload(reference)).await?;
        Ok(open_household_identity(&key, &self.territory, reference, &sealed)?)
    }

    async fn key_of_household(&self, id: RegistrationId) -> Result<DataKey, VaultError> {
        let wrapped = self.blob(blob_names::wrapped_key_of_household(id)).await?;
        Ok(self.sealer.unwrap(&wrapped)?)
    }

    /// Whether a key at hand opens what is sealed of a request.
    ///
    /// # Errors
    /// [`VaultError::OtherKey`] when none does.
    pub async fn check_key_of(&self, request: RequestId) -> Result<(), VaultError> {
        self.key_of(request).await.map(drop)
    }

    async fn key_of(&self, request: RequestId) -> Result<DataKey, VaultError> {
        let wrapped = self.blob(blob_names::wrapped_key(request)).await?;
        Ok(self.sealer.unwrap(&wrapped)?)
    }

    async fn blob(&self, name: String) -> Result<Bytes, VaultError> {
        self.store.blob(&self.territory, &name).await?.ok_or(VaultError::Missing(name))
    }
}

impl FactsSource for Vault {
    fn facts(&self, request: &CareRequest) -> BoxFuture<'_, Result<Arc<PatientFacts>, String>> {
        let (id, facts_ref) = (request.id, request.facts_ref.clone());
        async move { self.facts_under(id, &facts_ref).await.map_err(|error| error.to_string()) }.boxed()
    }
}
