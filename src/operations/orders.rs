//! What somebody at the terminal asks for, as one thing that can be carried out on a store that was opened for it or sent to
//! a running service, which alone can read its own. Carried out the same way, and told in the same words.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::audit::{self, AuditError, End, Stretch};
use super::backup::{self, BackupError};
use super::{erasure, missing};
use crate::booking::{Booking, Call, Failure, Sought};
use crate::domain::{Actor, ErasureReason, Refusal, RegistrationId, RequestId, Retention, Role, TerritoryId};
use crate::receipts::{self, Journal, JournalError, Receipt, ReconcileError, Reconciled, Since};
use crate::seal::Signer;
use crate::store::Store;

/// What the signatures of an audit handed out are for.
pub const AUDIT: &str = "audit export";

/// An order, and who gives it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// Who, as the audit will say.
    pub by: String,
    /// In which territories; none named: all that are served.
    pub territories: Vec<TerritoryId>,
    /// What.
    pub what: Wanted,
}

/// What is to be done. Paths are absolute: whoever carries it out stands elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Back up into a new folder.
    BackUp {
        /// The folder.
        out: PathBuf,
    },
    /// Say what was told to callers and is missing.
    CheckReceipts,
    /// Note that somebody has seen to what is missing.
    AcknowledgeReceipts,
    /// Find the requests of a person.
    Find {
        /// Their last name.
        last_name: Option<String>,
        /// Their telephone number.
        phone: Option<String>,
        /// Their date of birth.
        birth_date: Option<NaiveDate>,
    },
    /// Erase a request that is over.
    Erase {
        /// Which.
        request: RequestId,
        /// Why.
        why: ErasureReason,
    },
    /// Hand out a stretch of the audit.
    ExportAudit {
        /// The file to be made.
        out: PathBuf,
        /// Its first event.
        from: Option<End>,
        /// Its last.
        to: Option<End>,
        /// The stretch it follows.
        after: Option<PathBuf>,
    },
    /// Trim what has had its time and is in these archives.
    TrimAudit {
        /// In order.
        archives: Vec<PathBuf>,
    },
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What to tell whoever asked, line by line.
    pub lines: Vec<String>,
    /// Whether something needs somebody.
    pub alarming: bool,
}

/// What an order is carried out on.
#[derive(Debug)]
pub struct Ground {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The territories served.
    pub territories: Vec<Arc<Booking>>,
    /// The receipts of this node, where it keeps any.
    pub receipts: Option<Arc<Journal>>,
    /// Signs the audit.
    pub signer: Signer,
}

/// Why an order is not carried out. In French: whoever runs the service reads it.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// No such territory here.
    #[error("le territoire {0} n'est pas servi ici")]
    Unserved(TerritoryId),
    /// It concerns one territory only.
    #[error("plusieurs territoires sont servis ici : dites lequel (--territory)")]
    Which,
    /// A text that says nothing.
    #[error("{0}")]
    Unreadable(&'static str),
    /// The request is not over.
    #[error(
        "cette demande est encore en cours ({0}) : quelqu'un attend, ou est attendu. Annulez-la, ou dites ce qu'elle est \
         devenue, puis recommencez"
    )]
    StillOpen(&'static str),
    /// There is none.
    #[error("aucune demande de cet identifiant dans ce territoire")]
    NoSuchRequest,
    /// Sealed data that cannot be opened.
    #[error("{0} demande(s) n'ont pas pu être ouvertes : la recherche n'est pas complète")]
    Unopened(usize),
    /// Anything else that went wrong.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// Backups.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The audit.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// Receipts held against the store.
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
    /// Receipts.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Somebody at the terminal, as the audit names them.
pub(super) fn at_the_terminal(by: &str) -> Actor {
    Actor { role: Role::Service, id: format!("terminal:{by}") }
}

impl Ground {
    /// Carries an order out.
    ///
    /// # Errors
    /// [`OrderError`].
    pub async fn carry_out(&self, order: Order) -> Result<Outcome, OrderError> {
        let call = Call { actor: at_the_terminal(&order.by), ..Call::of_service() };
        let chosen = self.chosen(&order.territories)?;
        let mut outcome = Outcome::default();
        match order.what {
            Wanted::BackUp { out } => {
                let ids: Vec<_> = chosen.iter().map(|booking| booking.territory.id.clone()).collect();
                let made = backup::back_up_all(&*self.store, &ids, &out).await?;
                outcome.lines.extend(made.iter().map(|backed_up| backed_up.summary.to_string()));
                outcome.lines.push(
                    "Les fichiers de clés n'y sont pas : sans eux, rien de scellé ne se relit. Gardez-les à part."
                        .to_owned(),
                );
            }
            Wanted::CheckReceipts => {
                self.hold_receipts_against_the_store(&chosen, &mut outcome).await?;
            }
            Wanted::AcknowledgeReceipts => {
                let Some(journal) = &self.receipts else { return Ok(outcome) };
                let reconciled = self.hold_receipts_against_the_store(&chosen, &mut outcome).await?;
                outcome.alarming = false;
                for (booking, found) in chosen.iter().zip(reconciled) {
                    self.acknowledge(journal, booking, &call, found.missing, &mut outcome).await?;
                }
            }
            Wanted::Find { last_name, phone, birth_date } => {
                let sought = sought(last_name, phone, birth_date)?;
                for booking in chosen {
                    let found = booking.find(&call, &sought).await?;
                    let line = |request| format!("{} {request}", booking.territory.id);
                    outcome.lines.extend(found.requests.iter().map(line));
                    let of_household = |id| format!("{} {id} (médecin traitant)", booking.territory.id);
                    outcome.lines.extend(found.households.iter().map(of_household));
                    if found.unreadable > 0 {
                        return Err(OrderError::Unopened(found.unreadable));
                    }
                }
            }
            Wanted::Erase { request, why } => {
                let booking = the_one(&chosen)?;
                let household = RegistrationId::new(request.uuid());
                let place = &booking.territory.id;
                if booking.view.read(|state| state.attachments.registration(household).is_some()) {
                    booking.erase_household(&call, household, why).await.map_err(why_not_erased)?;
                    outcome.lines.push(format!("{place} : l'inscription {household} est effacée."));
                } else {
                    booking.erase(&call, request, why).await.map_err(why_not_erased)?;
                    outcome.lines.push(format!("{place} : la demande {request} est effacée."));
                }
            }
            Wanted::ExportAudit { out, from, to, after } => {
                let territory = &the_one(&chosen)?.territory;
                let before = after.map(|path| audit::verify(&path, Some(&self.signer), |_, _| {})).transpose()?;
                let (id, zone, stretch) = (&territory.id, territory.zone, Stretch { from, to });
                let segment =
                    audit::export(&*self.store, id, zone, stretch, before.as_ref(), &self.signer, &out).await?;
                outcome.lines.push(segment.to_string());
            }
            Wanted::TrimAudit { archives } => {
                let territory = &the_one(&chosen)?.territory;
                let retention = Retention::of_the_table(territory.zone);
                let trimmed = audit::trim(&*self.store, &territory.id, &retention, &archives, &self.signer).await?;
                outcome.lines.push(format!("{} : {} événements élagués.", territory.id, trimmed.events));
                if trimmed.not_archived > 0 {
                    let left = trimmed.not_archived;
                    outcome
                        .lines
                        .push(format!("{left} autres ont fait leur temps et ne sont dans aucun de ces exports."));
                }
            }
        }
        Ok(outcome)
    }

    fn chosen(&self, named: &[TerritoryId]) -> Result<Vec<Arc<Booking>>, OrderError> {
        if named.is_empty() {
            return Ok(self.territories.clone());
        }
        let find = |id: &TerritoryId| {
            let served = self.territories.iter().find(|booking| booking.territory.id == *id);
            served.cloned().ok_or_else(|| OrderError::Unserved(id.clone()))
        };
        named.iter().map(find).collect()
    }

    async fn hold_receipts_against_the_store(
        &self,
        chosen: &[Arc<Booking>],
        outcome: &mut Outcome,
    ) -> Result<Vec<Reconciled>, OrderError> {
        let Some(journal) = &self.receipts else { return Ok(Vec::new()) };
        let ids: Vec<_> = chosen.iter().map(|booking| booking.territory.id.clone()).collect();
        let reconciled = receipts::reconcile(journal, &*self.store, &ids, Since::Ever).await?;
        for (booking, found) in chosen.iter().zip(&reconciled) {
            let territory = &booking.territory;
            outcome.lines.extend(missing::describe(&territory.id, territory.zone, &found.missing));
            outcome.alarming |= !found.missing.is_empty();
        }
        Ok(reconciled)
    }

    /// Notes that somebody has seen to what a territory lacks. The erasures among it are done again first: what is
    /// acknowledged is never looked at again, and whoever came back would stay. Those that cannot be done stay missing.
    async fn acknowledge(
        &self,
        journal: &Journal,
        booking: &Booking,
        call: &Call,
        missing: Vec<Receipt>,
        outcome: &mut Outcome,
    ) -> Result<(), OrderError> {
        let territory = &booking.territory.id;
        let redone = erasure::redo(booking, &missing).await;
        outcome.lines.extend(redone.describe(territory));
        let (undone, seen_to): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|receipt| redone.leaves_undone(receipt));
        outcome.alarming |= !undone.is_empty();
        booking.note_loss(call, seen_to.len()).await?;
        journal.acknowledge(territory, &seen_to, &call.actor.id, self.store.now())?;
        Ok(())
    }
}

fn the_one(chosen: &[Arc<Booking>]) -> Result<&Arc<Booking>, OrderError> {
    match chosen {
        [one] => Ok(one),
        _ => Err(OrderError::Which),
    }
}

fn sought(
    last_name: Option<String>,
    phone: Option<String>,
    birth_date: Option<NaiveDate>,
) -> Result<Sought, OrderError> {
    let no_name = |_| OrderError::Unreadable("ce nom de famille n'en est pas un");
    let no_phone = |_| OrderError::Unreadable("ce n'est pas un numéro de téléphone : écrivez-le comme 06 12 34 56 78");
    let last_name = last_name.map(|name| name.parse().map_err(no_name)).transpose()?;
    let phone = phone.map(|phone| phone.parse().map_err(no_phone)).transpose()?;
    Ok(Sought { last_name, phone, birth_date })
}

fn why_not_erased(failure: Failure) -> OrderError {
    match failure {
        Failure::Refused { refusal: Refusal::WrongState { state }, .. } => OrderError::StillOpen(state.code()),
        Failure::Refused { refusal: Refusal::RegistrationNotThere { state }, .. } => {
            OrderError::StillOpen(state.code())
        }
        Failure::Refused { refusal: Refusal::Unknown(_), .. } => OrderError::NoSuchRequest,
        failure => failure.into(),
    }
}
