//! The territory's directory of practitioners, by name.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::slot_index::Place;
use crate::domain::{CommuneCode, LocationId, Practitioner, Profession, Rpps};

/// Which practitioners, of which at most `limit` are answered, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryQuery {
    /// Of this profession.
    pub profession: Option<Profession>,
    /// With a place of practice in this commune.
    pub commune: Option<CommuneCode>,
    /// Each word of this text stands somewhere in the name; case, accents and hyphens do not matter.
    pub name: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// After this practitioner.
    pub after: Option<Rpps>,
}

/// A part of the directory.
#[derive(Debug, Clone, Default)]
pub struct DirectoryPage {
    /// Practitioners by name, then number.
    pub items: Vec<Arc<Practitioner>>,
    /// Where the next part begins; none when this is the last.
    pub next: Option<Rpps>,
}

/// The practitioners of a territory.
#[derive(Debug, Default)]
pub struct Directory {
    by_rpps: HashMap<Rpps, Listed>,
    by_name: BTreeMap<(Arc<str>, Rpps), Arc<Practitioner>>,
}

#[derive(Debug)]
struct Listed {
    practitioner: Arc<Practitioner>,
    folded_name: Arc<str>,
}

impl Directory {
    /// Lists a practitioner, in place of what was listed of them.
    pub fn put(&mut self, practitioner: Practitioner) {
        let rpps = practitioner.rpps;
        let folded_name: Arc<str> = fold(&practitioner.name).into();
        let practitioner = Arc::new(practitioner);
        self.by_name.insert((Arc::clone(&folded_name), rpps), Arc::clone(&practitioner));
        let before = self.by_rpps.insert(rpps, Listed { practitioner, folded_name: Arc::clone(&folded_name) });
        if let Some(before) = before.filter(|before| before.folded_name != folded_name) {
            self.by_name.remove(&(before.folded_name, rpps));
        }
    }

    /// A practitioner by their number.
    pub fn get(&self, rpps: Rpps) -> Option<&Arc<Practitioner>> {
        self.by_rpps.get(&rpps).map(|listed| &listed.practitioner)
    }

    /// Where one of a practitioner's places of practice is.
    pub fn place(&self, rpps: Rpps, location: &LocationId) -> Option<Place> {
        let location = self.get(rpps)?.location(location)?;
        Some(Place { commune: location.commune, point: location.point, accessible: location.accessible })
    }

    /// Everybody, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Practitioner>> {
        self.by_name.values()
    }

    /// The practitioners that answer `query`.
    pub fn query(&self, query: &DirectoryQuery) -> DirectoryPage {
        let folded = query.name.as_deref().map(fold).unwrap_or_default();
        let words: Vec<_> = folded.split(' ').collect();
        let after = query.after.and_then(|rpps| Some((Arc::clone(&self.by_rpps.get(&rpps)?.folded_name), rpps)));
        let span = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let mut found = self
            .by_name
            .range(span)
            .filter(|((name, _), practitioner)| {
                query.profession.as_ref().is_none_or(|asked| practitioner.profession == *asked)
                    && query.commune.is_none_or(|asked| practitioner.locations.iter().any(|l| l.commune == asked))
                    && words.iter().all(|word| name.contains(word))
            })
            .map(|(_, practitioner)| practitioner);
        let items: Vec<_> = found.by_ref().take(query.limit).cloned().collect();
        let next = found.next().and_then(|_| items.last()).map(|last| last.rpps);
        DirectoryPage { items, next }
    }
}

/// A name as people type it: lower case, no accents, one space for hyphens, apostrophes and runs of spaces. People's names
/// come from everywhere, hence Unicode's own decomposition.
fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for letter in name.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            '-' | '‐' | '\'' | '’' => folded.push(' '),
            letter if letter.is_whitespace() => folded.push(' '),
            letter => folded.push(letter),
        }
    }
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(number: u32, name: &str, profession: &str) -> Practitioner {
        Practitioner {
            rpps: format!("1999000{number:04}").parse().unwrap(),
            name: name.to_owned(),
            profession: profession.parse().unwrap(),
            speciality: None,
            languages: Vec::new(),
            locations: Vec::new(),
            synthetic: true,
        }
    }

    fn names(directory: &Directory, query: &DirectoryQuery) -> Vec<String> {
        directory.query(query).items.iter().map(|p| p.name.clone()).collect()
    }

    fn directory() -> Directory {
        let mut directory = Directory::default();
        for (number, name, profession) in [
            (1, "Dr Zoé Lefèvre-Cœur", "10"),
            (2, "Dr Anne-Marie D’Hôtel", "10"),
            (3, "Łucja NGUYỄN", "60"),
            (4, "Dr Anne Belabruc", "40"),
        ] {
            directory.put(listed(number, name, profession));
        }
        directory
    }

    #[test]
    fn a_name_is_found_however_it_is_typed() {
        let directory = directory();
        for (typed, found) in [
            ("lefevre", "Dr Zoé Lefèvre-Cœur"),
            ("COEUR zoe", "Dr Zoé Lefèvre-Cœur"),
            ("anne marie", "Dr Anne-Marie D’Hôtel"),
            ("d'hotel", "Dr Anne-Marie D’Hôtel"),
            ("lucja nguyen", "Łucja NGUYỄN"),
            ("elabru", "Dr Anne Belabruc"),
        ] {
            let query = DirectoryQuery { name: Some(typed.to_owned()), limit: 9, ..DirectoryQuery::default() };
            assert_eq!(names(&directory, &query), [found], "{typed}");
        }
        let nobody = DirectoryQuery { name: Some("anne zoé".to_owned()), limit: 9, ..DirectoryQuery::default() };
        assert!(names(&directory, &nobody).is_empty());
    }

    #[test]
    fn pages_follow_each_other_without_loss() {
        let mut directory = directory();
        let everybody = DirectoryQuery { limit: 9, ..DirectoryQuery::default() };
        let whole = names(&directory, &everybody);
        assert_eq!(whole.len(), 4);
        let mut query = DirectoryQuery { limit: 1, name: Some("  ".to_owned()), ..DirectoryQuery::default() };
        let mut read = Vec::new();
        loop {
            let page = directory.query(&query);
            read.extend(page.items.iter().map(|p| p.name.clone()));
            if page.next.is_none() {
                break;
            }
            query.after = page.next;
        }
        assert_eq!(read, whole);
        // A new name replaces the old one.
        directory.put(listed(4, "Dr Anne Nouveau", "40"));
        assert_eq!(directory.all().count(), 4);
        let dentists = DirectoryQuery { profession: "40".parse().ok(), limit: 9, ..DirectoryQuery::default() };
        assert_eq!(names(&directory, &dentists), ["Dr Anne Nouveau"]);
    }
}
