//! Reads the fields of a JSON document one by one, gathering every fault with the field's path instead of stopping at the
//! first: whoever wrote the file mends it once.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::TerritoryFault;

/// All that is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Faults(pub(super) Vec<TerritoryFault>);

impl Faults {
    /// Notes that the field at `path` is wrong, and why (French: people read it).
    pub(super) fn add(&mut self, path: impl Into<String>, detail: impl Into<String>) {
        self.0.push(TerritoryFault { path: path.into(), detail: detail.into() });
    }
}

/// An object of the document, and where it stands in it.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The whole document.
    pub(super) fn document(map: &'a Map<String, Value>) -> Self {
        Self { path: String::new(), map }
    }

    /// The path of one of its fields: `communes[3].lat`.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The names of its fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.map.keys().map(String::as_str)
    }

    /// A field, if it is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// A text that must be there and must not be blank.
    pub(super) fn text(&self, name: &str, faults: &mut Faults) -> Option<&'a str> {
        match self.get(name) {
            None => {
                faults.add(self.path_of(name), "ce champ manque");
                None
            }
            Some(value) => match value.as_str().map(str::trim) {
                Some(text) if !text.is_empty() => Some(text),
                _ => {
                    faults.add(self.path_of(name), "un texte non vide est attendu");
                    None
                }
            },
        }
    }

    /// A text that must be there and read as a `T`; `expected` says what that is.
    pub(super) fn parsed<T: FromStr>(&self, name: &str, expected: &str, faults: &mut Faults) -> Option<T> {
        let text = self.text(name, faults)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            faults.add(self.path_of(name), format!("« {text} » : {expected}"));
        }
        parsed
    }

    /// The same, for a field that may be left out.
    pub(super) fn parsed_if_given<T: FromStr>(&self, name: &str, expected: &str, faults: &mut Faults) -> Option<T> {
        self.get(name).and_then(|_| self.parsed(name, expected, faults))
    }

    /// A finite number within a range. Left out, it is a fault only when `needed`.
    pub(super) fn number(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<f64>,
        needed: bool,
        faults: &mut Faults,
    ) -> Option<f64> {
        let Some(value) = self.get(name) else {
            if needed {
                faults.add(self.path_of(name), "ce champ manque");
            }
            return None;
        };
        let number = value.as_f64().filter(|number| range.contains(number));
        if number.is_none() {
            faults.add(
                self.path_of(name),
                format!("{value} : un nombre de {} à {} est attendu", range.start(), range.end()),
            );
        }
        number
    }

    /// A whole number from 0 to `most`.
    pub(super) fn whole(&self, name: &str, most: u32, needed: bool, faults: &mut Faults) -> Option<u32> {
        let Some(value) = self.get(name) else {
            if needed {
                faults.add(self.path_of(name), "ce champ manque");
            }
            return None;
        };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number <= most);
        if number.is_none() {
            faults.add(self.path_of(name), format!("{value} : un nombre entier de 0 à {most} est attendu"));
        }
        number
    }

    /// A list of texts, each read as a `T`; empty when left out.
    pub(super) fn list<T: FromStr>(&self, name: &str, expected: &str, faults: &mut Faults) -> Vec<T> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            faults.add(self.path_of(name), "une liste est attendue");
            return Vec::new();
        };
        let mut read = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item.as_str().and_then(|text| text.trim().parse().ok()) {
                Some(value) => read.push(value),
                None => faults.add(format!("{}[{index}]", self.path_of(name)), format!("{item} : {expected}")),
            }
        }
        read
    }

    /// An object within, when it is there.
    pub(super) fn object(&self, name: &str, faults: &mut Faults) -> Option<Self> {
        let path = self.path_of(name);
        match self.get(name)?.as_object() {
            Some(map) => Some(Self { path, map }),
            None => {
                faults.add(path, "un objet est attendu");
                None
            }
        }
    }

    /// The objects of a list; empty when left out.
    pub(super) fn objects(&self, name: &str, faults: &mut Faults) -> Vec<Self> {
        let path = self.path_of(name);
        let Some(value) = self.get(name) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            faults.add(path, "une liste est attendue");
            return Vec::new();
        };
        let mut read = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match item.as_object() {
                Some(map) => read.push(Self { path, map }),
                None => faults.add(path, "un objet est attendu"),
            }
        }
        read
    }

    /// Names every field that is not in `known`: a misspelt field is never silently left out.
    pub(super) fn refuse_others(&self, known: &[&str], faults: &mut Faults) {
        for name in self.names().filter(|name| !known.contains(name)) {
            faults.add(self.path_of(name), format!("champ inconnu ; connus : {}", known.join(", ")));
        }
    }
}
