//! What a store lacks of what people were told, in words somebody can act on: whom to call back, and about which hour.

use std::collections::BTreeMap;

use crate::domain::time::{Zone, from_millis};
use crate::domain::{EventKind, TerritoryId};
use crate::receipts::{Receipt, Told};

/// Everything missing of a territory, one line each, the oldest first; the last line counts what is not listed.
pub fn describe(territory: &TerritoryId, zone: Zone, missing: &[Receipt]) -> Vec<String> {
    if missing.is_empty() {
        return vec![format!("{territory} : rien ne manque.")];
    }
    let mut lines = vec![format!(
        "{territory} : {} changement(s) confirmé(s) à quelqu'un manquent dans le magasin.",
        missing.len()
    )];
    let hour = |at: chrono::DateTime<chrono::Utc>| zone.local(at).format("%d/%m/%Y %H:%M").to_string();
    let mut unlisted = 0_usize;
    for receipt in missing {
        let told_at = hour(from_millis(receipt.at));
        unlisted += usize::from(receipt.changes.is_empty());
        lines.extend(receipt.changes.iter().map(|told| format!("- confirmé le {told_at} : {}", sentence(told, &hour))));
    }
    if unlisted > 0 {
        lines.push(format!(
            "- et {unlisted} autre(s) changement(s) sans promesse à un patient (créneaux, retenues, lectures)"
        ));
    }
    lines
}

/// How many of each kind are missing, by code: for logs and the audit.
pub fn counts(missing: &[Receipt]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for told in missing.iter().flat_map(|receipt| &receipt.changes) {
        *counts.entry(told.kind.code()).or_default() += 1;
    }
    counts
}

fn sentence(told: &Told, hour: &impl Fn(chrono::DateTime<chrono::Utc>) -> String) -> String {
    let what = match told.kind {
        EventKind::AppointmentBooked => "rendez-vous réservé",
        EventKind::AppointmentCancelled => "rendez-vous annulé",
        EventKind::AppointmentFulfilled => "patient vu",
        EventKind::AppointmentNoShow => "patient non venu",
        EventKind::RequestCreated => "demande de soins entrée",
        EventKind::RequestLevelled => "niveau d'urgence décidé",
        EventKind::RequestPromised => "promesse d'être vu",
        EventKind::RequestCancelled => "demande annulée",
        EventKind::RequestHandedTo15 => "patient confié au 15",
        EventKind::RequestErased => "données d'une personne effacées",
        EventKind::RegistrationCreated => "foyer inscrit pour un médecin traitant",
        EventKind::RegistrationReached => "étape notée pour un foyer",
        EventKind::RegistrationErased => "données d'un foyer effacées",
        EventKind::ProposalAccepted => "proposition acceptée",
        EventKind::ProposalPatientYes => "proposition acceptée par le patient",
        EventKind::SlotWithdrawn => "créneau retiré",
        other => other.code(),
    };
    let mut sentence = what.to_owned();
    if let Some(start) = told.start {
        sentence.push_str(&format!(" pour le {}", hour(start)));
    }
    if let Some(rpps) = told.practitioner {
        sentence.push_str(&format!(" chez le praticien {rpps}"));
    }
    let ids = [
        ("rendez-vous", told.appointment.map(|id| id.to_string())),
        ("demande", told.request.map(|id| id.to_string())),
        ("inscription", told.registration.map(|id| id.to_string())),
        ("créneau", told.slot.map(|id| id.to_string())),
    ];
    let ids: Vec<_> = ids.into_iter().filter_map(|(what, id)| Some(format!("{what} {}", id?))).collect();
    if !ids.is_empty() {
        sentence.push_str(&format!(" ({})", ids.join(", ")));
    }
    sentence
}
