//! The members of a CPTS, made up: as many of each kind as its territory file says, or as its population suggests.

use std::collections::{BTreeSet, HashMap};

use crate::domain::{Commune, CommuneCode, Language, Location, Membership, Practitioner, Rpps, Speciality, Territory};

use super::draws::Draws;
use super::kinds::{self, KINDS, Kind};
use super::parameters::{Key, MEMBER_KINDS, OTHER_LANGUAGES, Parameters, SPECIALITIES, rounded};
use super::people;

/// The practitioners of a territory. They depend on the seed alone, not on the hour: the same people every day.
pub fn practitioners(territory: &Territory, parameters: &Parameters, seed: u64) -> Vec<Practitioner> {
    let mut making = Making {
        draws: Draws::new(seed, &territory.id, "practitioners", None),
        parameters,
        territory,
        numbers: BTreeSet::new(),
        names: BTreeSet::new(),
        groups: HashMap::new(),
        places: HashMap::new(),
    };
    let mut made = Vec::new();
    for Membership { kind, members } in members(territory, parameters) {
        // A kind the table does not know has no national code here: left out rather than guessed.
        let Some(kind) = kinds::kind(&kind) else { continue };
        for index in 0..members {
            made.extend(making.practitioner(kind, index));
        }
    }
    made
}

/// Members by kind: the territory's own numbers, else shared out from its population, every kind once where there is room.
pub fn members(territory: &Territory, parameters: &Parameters) -> Vec<Membership> {
    if !territory.members.is_empty() {
        return territory.members.clone();
    }
    let inhabitants = f64::from(u32::try_from(territory.population()).unwrap_or(u32::MAX));
    let total = rounded(inhabitants / 10_000.0 * parameters.get(Key::MembersPer10k)).max(1);
    let members = |share: f64| rounded(f64::from(total) * share).max(u32::from(total >= 20));
    MEMBER_KINDS
        .shares
        .iter()
        .map(|(kind, share)| Membership { kind: (*kind).into(), members: members(*share) })
        .collect()
}

struct Making<'a> {
    draws: Draws,
    parameters: &'a Parameters,
    territory: &'a Territory,
    numbers: BTreeSet<Rpps>,
    names: BTreeSet<String>,
    /// The maison de santé of a commune, once somebody works there.
    groups: HashMap<CommuneCode, Location>,
    /// How many places of this name a commune has.
    places: HashMap<(CommuneCode, &'static str), u32>,
}

impl Making<'_> {
    fn practitioner(&mut self, kind: &Kind, index: u32) -> Option<Practitioner> {
        let territory = self.territory;
        let commune = self.draws.weighted(&territory.communes, |commune| f64::from(commune.population.max(1)))?;
        let rpps = self.number();
        let location = self.location(kind, commune, rpps);
        Some(Practitioner {
            rpps,
            name: self.name(kind),
            profession: kind.profession(),
            speciality: speciality(kind, index),
            languages: self.languages(),
            locations: vec![location],
            synthetic: true,
        })
    }

    /// Eleven digits that begin with 1999 and carry a wrong key: never somebody's number (data.md §5).
    fn number(&mut self) -> Rpps {
        loop {
            let digits = format!("1999{:07}", self.draws.below(10_000_000));
            let rpps: Rpps = digits.parse().expect("four and seven digits");
            if !rpps.key_is_right() && self.numbers.insert(rpps) {
                return rpps;
            }
        }
    }

    fn name(&mut self, kind: &Kind) -> String {
        // 215 first names and 400 surnames: a free pair is soon found for any CPTS.
        loop {
            let name = people::practitioner(&mut self.draws, kind.doctor);
            if self.names.insert(name.clone()) {
                return name;
            }
        }
    }

    fn languages(&mut self) -> Vec<Language> {
        let mut codes = vec!["fr"];
        if self.draws.happens(self.parameters.get(Key::EnglishShare)) {
            codes.push("en");
        }
        if self.draws.happens(self.parameters.get(Key::OtherLanguageShare)) {
            codes.extend(self.draws.one_of(OTHER_LANGUAGES));
        }
        codes.into_iter().map(|code| code.parse().expect("two letters")).collect()
    }

    fn location(&mut self, kind: &Kind, commune: &Commune, rpps: Rpps) -> Location {
        let in_group = kind.joins_group && self.draws.happens(self.parameters.get(Key::GroupShare));
        if in_group && let Some(group) = self.groups.get(&commune.code) {
            return group.clone();
        }
        let label = if in_group { "Maison de santé" } else { kind.place };
        let number = self.places.entry((commune.code, label)).or_insert(0);
        *number += 1;
        let numbered = if *number == 1 { label.to_owned() } else { format!("{label} {number}") };
        let location = Location {
            // The form of the national place identifiers: 4, the RPPS, three digits.
            id: format!("4{rpps}001").parse().expect("digits alone"),
            name: format!("{numbered}, {}", commune.name),
            commune: commune.code,
            point: self.draws.point_in(commune),
            accessible: self.draws.happens(self.parameters.get(Key::AccessibleShare)),
        };
        if in_group {
            self.groups.insert(commune.code, location.clone());
        }
        location
    }
}

/// A general practitioner is registered under one of three codes; a specialist's is dealt in turn.
fn speciality(kind: &Kind, index: u32) -> Option<Speciality> {
    let turn = |codes: &[&str]| {
        let count = u32::try_from(codes.len()).unwrap_or(1);
        codes.get(usize::try_from(index % count).unwrap_or(0)).map(|code| code.parse().expect("a code of TRE_R38"))
    };
    match kind.key {
        "medecin_specialiste" => turn(SPECIALITIES),
        // Most have SM54; the two older codes must be understood too.
        "medecin_generaliste" => turn(&["SM54", "SM54", "SM54", "SM26", "SM53"]),
        _ => kind.speciality(),
    }
}

/// The kind of a practitioner made here.
pub(super) fn kind_of(practitioner: &Practitioner) -> Option<&'static Kind> {
    let is_gp = practitioner.speciality.as_ref().is_some_and(Speciality::is_general_practice);
    KINDS.iter().filter(|kind| kind.profession() == practitioner.profession).find(|kind| match kind.key {
        "medecin_generaliste" => is_gp,
        "medecin_specialiste" => !is_gp && practitioner.speciality.as_ref().is_none_or(|s| s.as_str() != "SM03"),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::builtin;

    fn weppes() -> Vec<Practitioner> {
        practitioners(&builtin::load("weppes").unwrap(), &Parameters::demo(), 1)
    }

    #[test]
    fn the_weppes_have_their_ninety_one_members_of_all_ten_professions() {
        let made = weppes();
        assert_eq!(made.len(), 91);
        let count = |key: &str| made.iter().filter(|p| kind_of(p).unwrap().key == key).count();
        for Membership { kind, members } in builtin::load("weppes").unwrap().members {
            assert_eq!(count(&kind), usize::try_from(members).unwrap(), "{kind}");
            assert!(members > 0);
        }
        let codes: BTreeSet<&str> = made.iter().map(|p| p.profession.as_str()).collect();
        assert_eq!(codes, ["10", "21", "40", "50", "60", "70", "80", "91", "92"].into());
        assert_eq!(count("biologiste"), 1);
    }

    #[test]
    fn nobody_can_be_taken_for_a_real_person() {
        let made = weppes();
        for practitioner in &made {
            assert!(practitioner.synthetic && practitioner.name.starts_with("[FICTIF] "));
            assert!(practitioner.rpps.as_str().starts_with("1999"));
            assert!(!practitioner.rpps.key_is_right(), "{}", practitioner.rpps);
        }
        let numbers: BTreeSet<&str> = made.iter().map(|p| p.rpps.as_str()).collect();
        let names: BTreeSet<&str> = made.iter().map(|p| p.name.as_str()).collect();
        assert_eq!((numbers.len(), names.len()), (91, 91));
    }

    #[test]
    fn everybody_practises_somewhere_near_the_middle_of_a_commune_and_some_share_a_place() {
        let territory = builtin::load("weppes").unwrap();
        let made = weppes();
        let mut points: HashMap<String, &Location> = HashMap::new();
        let mut shared = 0;
        for location in made.iter().flat_map(|p| &p.locations) {
            let commune = territory.commune(location.commune).unwrap();
            assert!(commune.point.distance_km(location.point) < 1.6, "{}", location.name);
            assert!(location.name.ends_with(&commune.name));
            if let Some(known) = points.insert(location.id.to_string(), location) {
                assert_eq!(known, location);
                shared += 1;
            }
        }
        assert!(shared > 5, "{shared}");
        assert!(points.values().any(|place| !place.accessible));
    }

    #[test]
    fn a_seed_makes_the_same_people_and_another_seed_others() {
        let territory = builtin::load("weppes").unwrap();
        let made = |seed| practitioners(&territory, &Parameters::demo(), seed);
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
    }

    #[test]
    fn a_territory_that_counts_no_members_gets_them_from_its_population() {
        let mut territory = builtin::load("weppes").unwrap();
        territory.members.clear();
        let made = practitioners(&territory, &Parameters::published(), 1);
        assert!((85..=97).contains(&made.len()), "{}", made.len());
        let kinds: BTreeSet<&str> = made.iter().map(|p| kind_of(p).unwrap().key).collect();
        assert_eq!(kinds.len(), KINDS.len());
    }
}
