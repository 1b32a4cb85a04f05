//! A person's data go. Who asks is a person of the CPTS at the machine itself: the person they concern may be found by what
//! they say of themselves, and the audit has both, the search and the erasure.

use chrono::NaiveDate;

use super::driver::{Step, what_stands_is_not_denied};
use super::vault::VaultError;
use super::{Booking, Call, Failure};
use crate::domain::decide::{AttachmentCommand, Command};
use crate::domain::refusal::Subject;
use crate::domain::{
    Age, Appointment, CareRequest, ErasureReason, PersonName, PhoneNumber, RecordKey, Records, Refusal, Registration,
    RegistrationId, RequestId,
};

/// What somebody says of themselves. Everything given must be so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// Their last name, whatever its accents and capitals.
    pub last_name: Option<PersonName>,
    /// Their telephone number.
    pub phone: Option<PhoneNumber>,
    /// Their date of birth.
    pub birth_date: Option<NaiveDate>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Requests of that person, in the order they were entered.
    pub requests: Vec<RequestId>,
    /// Registrations of households that person is of, or answers for, in the order they were entered.
    pub households: Vec<RegistrationId>,
    /// How many could not be opened.
    pub unreadable: usize,
}

impl Booking {
    /// Erases everything personal about a request that is over: its key and what was sealed go in the commit that says so, and
    /// the records keep what statistics count. Erased again, nothing happens.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] while somebody still waits or comes for it: cancel it first.
    pub async fn erase(&self, call: &Call, id: RequestId, why: ErasureReason) -> Result<CareRequest, Failure> {
        let key = RecordKey::request(id);
        let left = |records: &Records| {
            let request = records.request(id).cloned().ok_or(Refusal::Unknown(Subject::Request))?;
            Ok((request.is_half_erased(), request))
        };
        self.erase_by_steps(call, &Command::Erase { request: id, why }, &key, left).await
    }

    /// Erases everything personal about a household nobody of which looks any more. Erased again, nothing happens.
    ///
    /// # Errors
    /// [`Refusal::RegistrationNotThere`] while somebody of it still looks: note that they withdrew first.
    pub async fn erase_household(
        &self,
        call: &Call,
        id: RegistrationId,
        why: ErasureReason,
    ) -> Result<Registration, Failure> {
        let key = RecordKey::registration(id);
        let left = |records: &Records| {
            let registration = records.registration(id).cloned().ok_or(Refusal::Unknown(Subject::Registration))?;
            Ok((registration.is_half_erased(), registration))
        };
        let command = Command::Attach(AttachmentCommand::Erase { registration: id, why });
        self.erase_by_steps(call, &command, &key, left).await
    }

    /// Erases until nothing is left to remove: more than one commit may hold goes step by step. `left` reads from the record
    /// whether there is more.
    async fn erase_by_steps<T>(
        &self,
        call: &Call,
        command: &Command,
        key: &RecordKey,
        left: impl Fn(&Records) -> Result<(bool, T), Refusal>,
    ) -> Result<T, Failure> {
        let mut round = 0;
        loop {
            let step = Step::new(command.clone()).part((round > 0).then_some(round));
            self.transact(call, step, |_| Ok(())).await?;
            let records = self.records(std::slice::from_ref(key)).await.map_err(what_stands_is_not_denied)?;
            let (is_half_erased, record) = left(&records)?;
            if !is_half_erased {
                self.scrub().await;
                return Ok(record);
            }
            round += 1;
        }
    }

    /// Has the store rid its files of what was removed, as far as it can while it runs.
    pub(super) async fn scrub(&self) {
        if let Err(error) = self.store.scrub().await {
            tracing::warn!(territory = %self.territory.id, %error, "what was erased may still stand in the store's files");
        }
    }

    /// The requests of somebody. Sealed data are opened one by one, shown to nobody, and the audit says that they were.
    ///
    /// # Errors
    /// The store's when it fails; what cannot be opened is counted.
    pub async fn find(&self, call: &Call, sought: &Sought) -> Result<Found, Failure> {
        let Some(by) = sought.by() else { return Ok(Found::default()) };
        self.run(call, Command::NoteSearch { by }).await?;
        let mut requests: Vec<_> = self.view.read(|state| state.board.all().map(|case| case.request.clone()).collect());
        requests.retain(|request| request.erased_at.is_none());
        requests.sort_by_key(|request| (request.created_at, request.id));
        let mut found = Found::default();
        for request in requests {
            match self.is_of(&request, sought).await {
                Ok(true) => found.requests.push(request.id),
                Ok(false) => {}
                Err(Failure::Sealed(_)) => found.unreadable += 1,
                Err(failure) => return Err(failure),
            }
        }
        let households: Vec<_> = self.view.read(|state| state.attachments.by_seniority().cloned().collect());
        for household in households.into_iter().filter(|household| household.erased_at.is_none()) {
            match self.is_of_household(&household, sought).await {
                Ok(true) => found.households.push(household.id),
                Ok(false) => {}
                Err(VaultError::Store(error)) => return Err(error.into()),
                Err(_) => found.unreadable += 1,
            }
        }
        Ok(found)
    }

    /// Whether somebody of a household, or the adult who answers for it, is all that is sought.
    async fn is_of_household(&self, household: &Registration, sought: &Sought) -> Result<bool, VaultError> {
        let facts = self.vault.open_household_facts(household).await?;
        let identity = self.vault.open_household_identity(household).await?;
        if sought.phone.as_ref().is_some_and(|phone| phone.e164() != identity.phone.e164()) {
            return Ok(false);
        }
        let named = |last: &PersonName| sought.last_name.as_ref().is_none_or(|name| name.sounds_as(last));
        let born = |birth: NaiveDate| sought.birth_date.is_none_or(|date| date == birth);
        let mut members = identity.names.iter().zip(&facts.members);
        let is_member = members.any(|((_, last), member)| named(last) && born(member.birth_date));
        let is_guardian =
            sought.birth_date.is_none() && identity.guardian.as_ref().is_some_and(|(_, last)| named(last));
        Ok(is_member || is_guardian)
    }

    async fn is_of(&self, request: &CareRequest, sought: &Sought) -> Result<bool, Failure> {
        if let Some(birth_date) = sought.birth_date
            && self.vault.open_facts(request).await?.age != Age::BirthDate(birth_date)
        {
            return Ok(false);
        }
        if sought.last_name.is_none() && sought.phone.is_none() {
            return Ok(true);
        }
        let keys: Vec<_> = request.appointments.iter().map(|id| RecordKey::appointment(*id)).collect();
        let records = self.records(&keys).await?;
        for appointment in request.appointments.iter().filter_map(|id| records.appointment(*id)) {
            if self.is_for(appointment, sought).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn is_for(&self, appointment: &Appointment, sought: &Sought) -> Result<bool, Failure> {
        let patient = self.vault.open_identity(appointment).await?;
        let same_name = sought.last_name.as_ref().is_none_or(|name| name.sounds_as(&patient.last_name));
        let same_phone = sought.phone.as_ref().is_none_or(|phone| phone.e164() == patient.phone.e164());
        Ok(same_name && same_phone)
    }

    /// Writes into the audit that somebody has seen to changes the store lost.
    ///
    /// # Errors
    /// The store's when it fails.
    pub async fn note_loss(&self, call: &Call, changes: usize) -> Result<(), Failure> {
        if changes > 0 {
            self.run(call, Command::NoteLoss { changes }).await?;
        }
        Ok(())
    }

    /// What a caller hears when nothing could be opened or sealed for a request because it was erased.
    pub(super) async fn or_erased(&self, id: RequestId, failure: Failure) -> Failure {
        if !matches!(failure, Failure::Sealed(VaultError::Missing(_)) | Failure::Unreadable) {
            return failure;
        }
        match self.records(&[RecordKey::request(id)]).await {
            Ok(records) if records.request(id).is_some_and(|request| request.erased_at.is_some()) => {
                Refusal::Erased.into()
            }
            _ => failure,
        }
    }
}

impl Sought {
    /// By what, as a code for the audit; none when nothing is given.
    fn by(&self) -> Option<String> {
        let given = [
            ("last_name", self.last_name.is_some()),
            ("phone", self.phone.is_some()),
            ("birth_date", self.birth_date.is_some()),
        ];
        let by: Vec<_> = given.into_iter().filter_map(|(code, given)| given.then_some(code)).collect();
        (!by.is_empty()).then(|| by.join("+"))
    }
}
