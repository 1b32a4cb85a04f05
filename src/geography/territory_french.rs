//! The French shape of a territory file: the folder `data/territories` of published and reconstructed CPTS. What it says
//! beyond our needs (supply, emergency departments, contours) is left unread.

use crate::domain::{Membership, SearchRadius};

use super::territory_fields::{Faults, Fields};
use super::territory_file::{CODE_EXPECTED, CommuneFields, Draft, ID_EXPECTED};

pub(super) fn draft(fields: &Fields<'_>, faults: &mut Faults) -> Draft {
    let mut communes = Vec::new();
    for (index, entry) in fields.objects("communes", faults).into_iter().enumerate() {
        let read = CommuneFields {
            name: "nom",
            postcodes: "codes_postaux",
            population: "pop",
            surface: "surf_km2",
            density: "dens7",
        };
        if let Some(commune) = read.commune(&entry, faults) {
            communes.push((index, commune));
        }
    }
    Draft {
        id: fields.parsed("id", ID_EXPECTED, faults),
        name: fields.text("nom", faults).map(str::to_owned),
        communes,
        bordering_communes: fields
            .object("voisins", faults)
            .map(|voisins| voisins.list("communes", CODE_EXPECTED, faults))
            .unwrap_or_default(),
        search_radius: search_radius(fields, faults),
        members: members(fields, faults),
        population: fields.whole("population_2023", u32::MAX, false, faults).map(|sum| ("population_2023", sum)),
        ..Draft::default()
    }
}

fn search_radius(fields: &Fields<'_>, faults: &mut Faults) -> Vec<SearchRadius> {
    let Some(by_departement) = fields.object("rayon_recherche_sas_2025", faults) else { return Vec::new() };
    let mut radii = Vec::new();
    for departement in by_departement.names() {
        let Some(entry) = by_departement.object(departement, faults) else { continue };
        // 0 stands for "no default value" (Guyane, Mayotte).
        let first = entry.number("ville_defaut_km", 0.0..=500.0, false, faults).filter(|km| *km > 0.0);
        let widening = entry.number("elargissement_km", 0.0..=500.0, false, faults);
        if let (Some(first_km), Some(widening_km)) = (first, widening) {
            radii.push(SearchRadius { departement: departement.to_owned(), first_km, widening_km });
        }
    }
    radii
}

fn members(fields: &Fields<'_>, faults: &mut Faults) -> Vec<Membership> {
    let by_kind =
        fields.object("professionnels_adherents", faults).and_then(|members| members.object("par_profession", faults));
    let Some(by_kind) = by_kind else { return Vec::new() };
    let mut read = Vec::new();
    for kind in by_kind.names() {
        if let Some(members) = by_kind.whole(kind, 100_000, true, faults) {
            let kind = if kind == "pharmacien_officine" { "pharmacien" } else { kind };
            read.push(Membership { kind: kind.to_owned(), members });
        }
    }
    read
}
