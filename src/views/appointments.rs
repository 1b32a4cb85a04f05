//! Appointments, by identifier and by practitioner. Who the patient is stands elsewhere, sealed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::{Appointment, AppointmentId, Rpps};

/// An appointment with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentEntry {
    /// The appointment.
    pub appointment: Arc<Appointment>,
    /// How often it was written.
    pub version: u64,
}

/// The appointments of a territory.
#[derive(Debug, Default)]
pub struct Appointments {
    by_id: HashMap<AppointmentId, AppointmentEntry>,
    by_practitioner: HashMap<Rpps, BTreeMap<(DateTime<Utc>, AppointmentId), AppointmentEntry>>,
}

impl Appointments {
    /// Files an appointment, in place of what was filed of it.
    pub fn put(&mut self, appointment: Appointment, version: u64) {
        let entry = AppointmentEntry { appointment: Arc::new(appointment), version };
        let id = entry.appointment.id;
        if let Some(before) = self.by_id.insert(id, entry.clone())
            && let Some(agenda) = self.by_practitioner.get_mut(&before.appointment.practitioner)
        {
            agenda.remove(&(before.appointment.start, id));
        }
        let agenda = self.by_practitioner.entry(entry.appointment.practitioner).or_default();
        agenda.insert((entry.appointment.start, id), entry);
    }

    /// An appointment by its identifier.
    pub fn get(&self, id: AppointmentId) -> Option<&AppointmentEntry> {
        self.by_id.get(&id)
    }

    /// All of them, in no order.
    pub fn all(&self) -> impl Iterator<Item = &AppointmentEntry> {
        self.by_id.values()
    }

    /// The appointments of a practitioner that start in `[from, to)`, by start, whatever became of them.
    pub fn of_practitioner(
        &self,
        rpps: Rpps,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = &AppointmentEntry> {
        let first_at = |start| (start, AppointmentId::new(Uuid::nil()));
        let agenda = self.by_practitioner.get(&rpps).filter(|_| from < to);
        agenda.into_iter().flat_map(move |agenda| agenda.range(first_at(from)..first_at(to))).map(|(_, entry)| entry)
    }
}
