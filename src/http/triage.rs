//! The triage protocol: what a request may be entered under. The engine's questions come with the engine.

use super::extract::At;
use super::rights::Anyone;
use super::wire::triage::{ComplaintShown, Protocol};
use super::{Reply, shown};

/// `GET T/triage/protocol`.
pub(super) async fn protocol(at: At<Anyone>) -> Reply {
    let pack = &at.booking.pack;
    let complaints = pack.complaints.iter().map(|complaint| ComplaintShown {
        id: complaint.id.to_string(),
        label: complaint.label.clone(),
        questions: Vec::new(),
    });
    shown(&Protocol {
        id: pack.id.clone(),
        version: pack.version.clone(),
        hash: pack.hash.clone(),
        // Nobody signed the pack that is shipped: seed content, not clinically validated.
        approvals: Vec::new(),
        complaints: complaints.collect(),
    })
}
