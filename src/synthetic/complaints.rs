//! What people call about: the mix of official motifs, spread over the blocks of the triage pack the caller passes in, and
//! whom a block is about.

use crate::domain::{ComplaintId, Sex};

use super::draws::Draws;
use super::parameters::MOTIFS;

/// A block of the triage pack, as far as the generator needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComplaintProfile {
    /// The block.
    pub id: ComplaintId,
    /// Its official motif.
    pub hubsante_motif: String,
}

/// Somebody a complaint must fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) months: u32,
    pub(super) sex: Sex,
}

/// A complaint for this person, by the mix of motifs; one of those that fit when the pack has none of a motif. None of an
/// empty pack.
pub(super) fn draw<'a>(
    complaints: &'a [ComplaintProfile],
    caller: Caller,
    chance: &mut Draws,
) -> Option<&'a ComplaintProfile> {
    let fitting: Vec<&ComplaintProfile> = complaints.iter().filter(|c| fits(c.id.as_str(), caller)).collect();
    let of_motif = |motif: &str| -> Vec<&'a ComplaintProfile> {
        fitting.iter().copied().filter(|complaint| complaint.hubsante_motif == motif).collect()
    };
    let motifs: Vec<(Vec<&ComplaintProfile>, f64)> =
        MOTIFS.shares.iter().map(|(motif, share)| (of_motif(motif), *share)).filter(|(of, _)| !of.is_empty()).collect();
    match chance.weighted(&motifs, |(_, share)| *share) {
        Some((of_motif, _)) => chance.one_of(of_motif).copied(),
        None => chance.one_of(&fitting).or(chance.one_of(&complaints.iter().collect::<Vec<_>>())).copied(),
    }
}

/// Whom the blocks of the general pack are about, by their names; a block not listed is for everybody.
fn fits(block: &str, caller: Caller) -> bool {
    let years = caller.months / 12;
    match block {
        "nourrisson_moins_3_mois" => caller.months < 3,
        "fievre_enfant" | "enfant_malaise_pleurs" => (3..13 * 12).contains(&caller.months),
        "fievre_adulte" => years >= 13,
        "troubles_urinaires_femme" | "gynecologie" => caller.sex == Sex::Female && years >= 12,
        "grossesse_saignement_douleur" | "grossesse_autre" | "post_partum" | "contraception_urgence" => {
            caller.sex == Sex::Female && (15..50).contains(&years)
        }
        "troubles_urinaires_homme" | "douleur_scrotale" => caller.sex == Sex::Male && years >= 12,
        "tension_arterielle" | "anxiete_depression" | "glycemie_diabete" => years >= 16,
        // Always asked, never what somebody calls about.
        "signes_vitaux" => false,
        _ => true,
    }
}
