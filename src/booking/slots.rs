//! Publishing and taking back slots.

use crate::domain::decide::{Answer, Command};
use crate::domain::{Practitioner, Refusal, Slot, SlotDraft, SlotId};

use super::driver::{Step, after_a_change};
use super::{Booking, Call, Failure};

/// What became of a call to publish.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Published {
    /// Slots made, in the order of the call.
    pub created: Vec<SlotId>,
    /// Drafts refused by a rule: place in the call, and why.
    pub refused: Vec<(usize, Refusal)>,
}

/// Drafts in one commit: a longer call is cut, since a commit is one short step of the store (store.md §5).
const DRAFTS_PER_COMMIT: usize = 60;

impl Booking {
    /// Enters practitioners into the directory, or replaces what it says of them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_practitioners(&self, call: &Call, practitioners: Vec<Practitioner>) -> Result<(), Failure> {
        for (number, practitioner) in practitioners.into_iter().enumerate() {
            let step = Step::new(Command::ListPractitioner(practitioner)).part(Some(number));
            self.transact(call, step, |_| Ok(())).await?;
        }
        Ok(())
    }

    /// Publishes slots. A draft that breaks a rule is refused alone; the others are published. The same call sent again after
    /// a crash publishes what is missing and nothing twice.
    ///
    /// # Errors
    /// When the store fails; what was published by then stays.
    pub async fn publish(&self, call: &Call, drafts: Vec<SlotDraft>) -> Result<Published, Failure> {
        let mut published = Published::default();
        // A key used for another call is refused before anything is published.
        if let Some(answer) = self.answered_before(call).await? {
            answer?;
        }
        let parts = drafts.chunks(DRAFTS_PER_COMMIT).len();
        for (number, part) in drafts.chunks(DRAFTS_PER_COMMIT).enumerate() {
            let first = number * DRAFTS_PER_COMMIT;
            // The last part holds the call's own key: with it the call is whole.
            let part_of_call = (number + 1 < parts).then_some(number);
            let step = Step::new(Command::Publish(part.to_vec())).part(part_of_call);
            let answered = self.transact(call, step, |_| Ok(())).await;
            // Once a part stands, no failure of a later one says that nothing does.
            let answer = answered.map_err(|failure| if number > 0 { after_a_change(failure) } else { failure })?;
            if let Answer::Published { created, refused } = answer {
                published.created.extend(created);
                published.refused.extend(refused.into_iter().map(|(index, why)| (first + index, why)));
            }
        }
        Ok(published)
    }

    /// Takes a slot back; with `cancel_bookings`, its appointments are cancelled and their requests wait again.
    ///
    /// # Errors
    /// [`Failure`] as for every use-case; [`Refusal::SlotBooked`] for a booked slot without `cancel_bookings`.
    pub async fn withdraw(
        &self,
        call: &Call,
        slot: SlotId,
        reason: String,
        cancel_bookings: bool,
    ) -> Result<Slot, Failure> {
        self.slot(slot).await?;
        let reason = self.vault.seal_reason_of_slot(slot, &reason)?;
        let command = Command::Withdraw { slot, reason: reason.reference, cancel_bookings };
        self.transact(call, Step::new(command).with(reason.blobs), |_| Ok(())).await?;
        self.slot(slot).await.map_err(after_a_change)
    }

    /// One slot, from the store.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is none.
    pub async fn slot(&self, id: SlotId) -> Result<Slot, Failure> {
        let records = self.records(&[crate::domain::RecordKey::slot(id)]).await?;
        records.slot(id).cloned().ok_or_else(|| Refusal::Unknown(crate::domain::refusal::Subject::Slot).into())
    }
}
