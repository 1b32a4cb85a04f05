//! What triage proposes in the words of the national exchange hub (Hub Santé, RS-EDA; triage.md §1.1, §2.4): the motif of the
//! call, its pathway, and a priority of regulation and level of care. A proposal only: both are the médecin régulateur's, and
//! nothing is ever recorded as decided by us.

use super::engine::GENERAL;
use super::evaluation::{Contribution, Evaluation};
use super::pack::Pack;
use crate::domain::{Level, TriageStatus};

/// Codes proposed to the regulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal<'a> {
    /// `motif`: `M03.06`.
    pub motif: &'a str,
    /// `filiere`: `AMU` or `SNP`.
    pub pathway: &'static str,
    /// `priorite` of the act of regulation.
    pub priority: &'static str,
    /// `niveauSoin` of the response.
    pub care_level: &'static str,
}

/// What to propose for an evaluation; none while it is not finished.
pub fn proposal<'a>(pack: &'a Pack, evaluation: &Evaluation) -> Option<Proposal<'a>> {
    if evaluation.status == TriageStatus::Incomplete {
        return None;
    }
    let level = evaluation.urgency.level;
    let places = evaluation.triggers().filter_map(|entry| match entry.what {
        Contribution::Question { block, question, .. } => Some((block, question)),
        Contribution::Default { .. } => None,
    });
    let places: Vec<_> = places.collect();
    let vital = places.iter().any(|&(block, question)| pack.complaints[block].questions[question].vital);
    let mut blocks = places.iter().map(|(block, _)| *block).chain(evaluation.opened.iter().copied());
    let block = blocks.find(|block| *block != GENERAL).unwrap_or(GENERAL);
    let complaint = &pack.complaints[block];
    let if_immediate = complaint.hubsante_motif_if_immediate.as_deref().filter(|_| level == Level::Immediate);
    let (priority, care_level) = match level {
        Level::Immediate if vital => ("P0", "R1"),
        Level::Immediate => ("P1", "R2"),
        Level::SameDay | Level::H24 => ("P2", "R3"),
        Level::H48 => ("P3", "R3"),
        Level::Programmed => ("NR", "R4"),
    };
    Some(Proposal {
        motif: if_immediate.unwrap_or(&complaint.hubsante_motif),
        pathway: if level == Level::Immediate { "AMU" } else { "SNP" },
        priority,
        care_level,
    })
}
