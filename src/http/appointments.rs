//! Appointments: read, with who the patient is, and closed with what became of them.

use super::extract::{At, Body, PathId};
use super::fields::{Fields, parsed};
use super::rights::Appointments;
use super::wire::appointment::PatientShown;
use super::{Reply, shown};
use crate::booking::{Call, Failure};
use crate::domain::decide::{NOT_SAID, Outcome};
use crate::domain::{AppointmentId, CancelledBy, Role};

/// `GET T/appointments/{id}`. Whoever may open it is told who the patient is, and the audit says so.
pub(super) async fn one(at: At<Appointments>, id: PathId<AppointmentId>) -> Reply {
    let call = Call { actor: at.caller.actor().clone(), key: None, fingerprint: [0; 16] };
    let patient = match at.booking.patient_of(&call, id.0).await {
        Ok(patient) => Some(PatientShown {
            first_name: patient.first_name.as_str().to_owned(),
            last_name: patient.last_name.as_str().to_owned(),
            phone: patient.phone.e164().to_owned(),
            phone_shown: patient.phone.display(),
        }),
        // Erased, or sealed under a key that is no more: the appointment still stands.
        Err(Failure::Sealed(_)) => None,
        Err(failure) => return Err(at.failed(failure)),
    };
    let appointment = at.booking.appointment(id.0).await.map_err(|f| at.failed(f))?;
    let slot = at.booking.slot(appointment.slot).await.map_err(|f| at.failed(f))?;
    let mut answer = at.showing().appointment(&appointment, &slot);
    answer.patient = Some(patient);
    shown(&answer)
}

/// `POST T/appointments/{id}/outcome`.
pub(super) async fn outcome(at: At<Appointments>, id: PathId<AppointmentId>, body: Body) -> Reply {
    let outcome = body.read(|f| read_outcome(f, at.caller.role()))?;
    let appointment = at.booking.record_outcome(&body.call(&at.caller), id.0, outcome).await;
    let appointment = appointment.map_err(|f| at.failed(f))?;
    let slot = at.booking.slot(appointment.slot).await.map_err(|f| at.failed(f))?;
    shown(&at.showing().appointment(&appointment, &slot))
}

pub(super) fn read_outcome(fields: &mut Fields<'_, '_>, role: Role) -> Option<Outcome> {
    let status = fields.required("status", |item| match item.str()? {
        known @ ("fulfilled" | "noshow" | "cancelled") => Some(known.to_owned()),
        _ => item.fault("Valeur inconnue. Choisissez parmi : fulfilled, noshow, cancelled."),
    });
    let reason = fields.optional("reason", |item| item.text(1..=500));
    let by = fields.optional("by", parsed::<CancelledBy>);
    let status = status?;
    if status != "cancelled" && fields.has("by") {
        fields.fault("by", "« by » ne se donne que pour une annulation (status « cancelled »).");
        return None;
    }
    let usual = if role == Role::Practitioner { CancelledBy::Practitioner } else { CancelledBy::Patient };
    Some(match status.as_str() {
        "fulfilled" => Outcome::Fulfilled,
        "noshow" => Outcome::NoShow,
        _ => Outcome::Cancelled { by: by.unwrap_or(usual), reason: reason.unwrap_or_else(|| NOT_SAID.to_owned()) },
    })
}
