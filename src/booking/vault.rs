//! Where sealed data meets the store: what describes or names a patient goes in and comes out here, and nowhere else. One
//! request is one subject, with a data key of its own.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::domain::{
    Appointment, AppointmentId, CareRequest, PatientFacts, PatientIdentity, RequestId, SlotId, TerritoryId,
};
use crate::seal::{
    DataKey, SealError, Sealer, blob_names, open_facts, open_identity, open_text, seal_facts, seal_identity, seal_text,
};
use crate::store::{Store, StoreError};
use crate::views::FactsSource;

/// The sealed data of one territory.
#[derive(Debug, Clone)]
pub struct Vault {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    territory: TerritoryId,
}

/// Why sealed data cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The blob or its key is not there: erased, or never written.
    #[error("sealed data {0} is not there")]
    Missing(String),
    /// It cannot be opened or made.
    #[error("sealed data cannot be opened or made: {0}")]
    Seal(String),
}

impl From<SealError> for VaultError {
    fn from(error: SealError) -> Self {
        Self::Seal(error.to_string())
    }
}

impl Vault {
    /// The sealed data of a territory.
    pub fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>, territory: TerritoryId) -> Self {
        Self { store, sealer, territory }
    }

    /// Seals the facts of a new request under a key of its own; answers the name they are kept under.
    ///
    /// # Errors
    /// [`VaultError`]; nothing that a record names is lost then.
    pub async fn seal_new_subject(&self, request: RequestId, facts: &PatientFacts) -> Result<String, VaultError> {
        let (key, wrapped) = self.sealer.new_subject()?;
        let reference = format!("{request}.facts");
        let sealed = seal_facts(&key, &self.territory, &reference, facts)?;
        let blobs = vec![(blob_names::wrapped_key(request), wrapped), (blob_names::payload(&reference), sealed)];
        self.store.blobs_put(&self.territory, blobs).await?;
        Ok(reference)
    }

    /// Seals changed facts under a name of their own: the earlier ones stand until the commit that names the new.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn seal_facts_again(
        &self,
        request: RequestId,
        version: uuid::Uuid,
        facts: &PatientFacts,
    ) -> Result<String, VaultError> {
        let key = self.key_of(request).await?;
        let reference = format!("{request}.facts.{version}");
        let sealed = seal_facts(&key, &self.territory, &reference, facts)?;
        self.store.blobs_put(&self.territory, vec![(blob_names::payload(&reference), sealed)]).await?;
        Ok(reference)
    }

    /// Seals what somebody wrote about a request (why a level was changed, why it was cancelled): free text of a call may say
    /// anything about the patient. Answers the reference that stands in its place in events and audit.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn seal_reason(&self, request: RequestId, text: &str) -> Result<String, VaultError> {
        let key = self.key_of(request).await?;
        let reference = format!("{request}.reason.{}", uuid::Uuid::now_v7());
        let sealed = seal_text(&key, &self.territory, &reference, text)?;
        self.store.blobs_put(&self.territory, vec![(blob_names::payload(&reference), sealed)]).await?;
        Ok(reference)
    }

    /// Seals what a practitioner wrote about a slot taken back: it may name a patient, or say why they are ill themselves.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn seal_reason_of_slot(&self, slot: SlotId, text: &str) -> Result<String, VaultError> {
        let (key, wrapped) = self.sealer.new_subject()?;
        let reference = format!("{slot}.reason.{}", uuid::Uuid::now_v7());
        let sealed = seal_text(&key, &self.territory, &reference, text)?;
        let blobs = vec![(blob_names::wrapped_key(&reference), wrapped), (blob_names::payload(&reference), sealed)];
        self.store.blobs_put(&self.territory, blobs).await?;
        Ok(reference)
    }

    /// What was written under a reference of [`Vault::seal_reason`]; none for any other text.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open_reason(&self, request: RequestId, reference: &str) -> Result<Option<String>, VaultError> {
        if !reference.starts_with(&format!("{request}.reason.")) {
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

    /// Seals who the patient of an appointment to be is; answers the name it is kept under.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn seal_identity(
        &self,
        request: RequestId,
        appointment: AppointmentId,
        identity: &PatientIdentity,
    ) -> Result<String, VaultError> {
        let key = self.key_of(request).await?;
        let reference = format!("{appointment}.identity");
        let sealed = seal_identity(&key, &self.territory, &reference, identity)?;
        self.store.blobs_put(&self.territory, vec![(blob_names::payload(&reference), sealed)]).await?;
        Ok(reference)
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

    async fn key_of(&self, request: RequestId) -> Result<DataKey, VaultError> {
        let wrapped = self.blob(blob_names::wrapped_key(request)).await?;
        Ok(self.sealer.unwrap(&wrapped)?)
    }

    async fn blob(&self, name: String) -> Result<Bytes, VaultError> {
        self.store.blob_get(&self.territory, &name).await?.ok_or(VaultError::Missing(name))
    }
}

impl FactsSource for Vault {
    fn facts(&self, request: &CareRequest) -> BoxFuture<'_, Result<Arc<PatientFacts>, String>> {
        let (id, facts_ref) = (request.id, request.facts_ref.clone());
        async move { self.facts_under(id, &facts_ref).await.map_err(|error| error.to_string()) }.boxed()
    }
}
