//! The territories compiled in: `--territory weppes` works on a bare machine.

use crate::domain::Territory;

use super::territory_file;

const FILES: [(&str, &str); 2] = [
    ("weppes", include_str!("../../fixtures/territories/weppes.json")),
    ("flandre-lys", include_str!("../../fixtures/territories/flandre-lys.json")),
];

/// Their names.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// The territory with this name, if it is one of them.
pub fn load(name: &str) -> Option<Territory> {
    let (_, file) = FILES.iter().find(|(known, _)| *known == name)?;
    Some(territory_file::parse(file).expect("a test reads every compiled-in territory"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compiled_in_territory_reads_under_its_name() {
        for name in names() {
            assert_eq!(load(name).unwrap().id.as_str(), name);
        }
        assert_eq!(load("nulle-part"), None);
    }

    #[test]
    fn the_weppes_are_as_published() {
        let weppes = load("weppes").unwrap();
        assert_eq!(weppes.communes.len(), 21);
        // Published: 48 000; the communes of the reconstruction sum to 14 more.
        assert_eq!(weppes.population(), 48_014);
        assert_eq!(weppes.members.iter().map(|m| m.members).sum::<u32>(), 91);
        assert!(weppes.members.iter().all(|m| m.members > 0));
        assert_eq!(weppes.bordering_communes.len(), 21);
        let neighbour = load(weppes.neighbours[0].as_str()).unwrap();
        assert!(neighbour.communes.iter().any(|c| weppes.bordering_communes.contains(&c.code)));
    }
}
