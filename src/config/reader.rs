//! Reads settings one by one, from the manual's defaults, the operator's file and the environment, in that order; the last to
//! say something wins. Every fault is gathered with the setting's name and where it was given: whoever mends the file mends
//! it once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use toml::de::{DeTable, DeValue};

use super::environment::{PREFIX, Variable};

/// One thing wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault {
    /// Which: `service.listen`.
    pub setting: String,
    /// Where it was given: a line of the file, a variable; nothing where it was not.
    pub given: Option<String>,
    /// What is wrong and what to do (French).
    pub detail: String,
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.given {
            Some(given) => write!(f, "{} ({given}) : {}", self.setting, self.detail),
            None => write!(f, "{} : {}", self.setting, self.detail),
        }
    }
}

/// A value as it was given.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Whole(i64),
    Flag(bool),
    List(Vec<Value>),
    /// The text of a variable: whatever the setting is.
    Variable(String),
    /// A table, a fraction: nothing a setting is.
    Other,
}

#[derive(Debug, Clone)]
struct Given {
    value: Value,
    by: Option<String>,
}

/// A setting's section and name.
type Name = (String, String);

/// All values, and what was found wrong so far.
#[derive(Debug)]
pub(super) struct Reader {
    values: BTreeMap<Name, Given>,
    asked: BTreeSet<Name>,
    faults: Vec<SettingFault>,
    base: PathBuf,
}

/// Not TOML: line and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotToml {
    pub(super) line: usize,
    pub(super) message: String,
}

impl Reader {
    /// The manual's defaults. Relative paths begin at `base`.
    ///
    /// # Errors
    /// [`NotToml`].
    pub(super) fn new(manual: &str, base: &Path) -> Result<Self, NotToml> {
        let mut reader =
            Self { values: BTreeMap::new(), asked: BTreeSet::new(), faults: Vec::new(), base: base.to_owned() };
        reader.add_file(manual, None)?;
        Ok(reader)
    }

    /// What a file says, named for people; the manual is no file.
    ///
    /// # Errors
    /// [`NotToml`].
    pub(super) fn add_file(&mut self, text: &str, name: Option<&str>) -> Result<(), NotToml> {
        let document = DeTable::parse(text).map_err(|error| NotToml {
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        for (section, entries) in document.get_ref() {
            let at = |start| name.map(|name| format!("{name}, ligne {}", line_of(text, start)));
            let DeValue::Table(entries) = entries.get_ref() else {
                self.faults.push(SettingFault {
                    setting: section.get_ref().to_string(),
                    given: at(section.span().start),
                    detail: "ce réglage est hors de toute section : placez-le sous la sienne, comme [service]"
                        .to_owned(),
                });
                continue;
            };
            for (setting, value) in entries {
                let given = Given { value: read(value.get_ref()), by: at(setting.span().start) };
                self.values.insert((section.get_ref().to_string(), setting.get_ref().to_string()), given);
            }
        }
        Ok(())
    }

    /// What variables say.
    pub(super) fn add_variables(&mut self, variables: &[Variable]) {
        for (variable, text) in variables {
            let rest = variable.trim_start_matches(PREFIX).to_ascii_lowercase();
            // No section has an underscore in its name.
            let (section, setting) = rest.split_once('_').unwrap_or((rest.as_str(), ""));
            let value = text.clone().map_or(Value::Other, Value::Variable);
            let given = Given { value, by: Some(format!("variable {variable}")) };
            self.values.insert((section.to_owned(), setting.to_owned()), given);
        }
    }

    /// The settings of one section.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'_> {
        Section { reader: self, name }
    }

    /// Every fault, those of settings nobody asked for among them.
    pub(super) fn finish(mut self) -> Vec<SettingFault> {
        let unknown: Vec<_> = self.values.iter().filter(|(name, _)| !self.asked.contains(*name)).collect();
        let faults = unknown.into_iter().map(|((section, name), given)| SettingFault {
            setting: if name.is_empty() { section.clone() } else { format!("{section}.{name}") },
            given: given.by.clone(),
            detail: format!("réglage inconnu ; {}", self.nearest(section, name)),
        });
        let faults: Vec<_> = faults.collect();
        self.faults.extend(faults);
        self.faults
    }

    /// The names of all settings that were asked for.
    #[cfg(test)]
    pub(super) fn asked(&self) -> impl Iterator<Item = String> + '_ {
        self.asked.iter().map(|(section, name)| format!("{section}.{name}"))
    }

    fn nearest(&self, section: &str, name: &str) -> String {
        let meant = format!("{section}.{name}");
        let likeness = |(section, name): &Name| strsim::jaro_winkler(&meant, &format!("{section}.{name}"));
        let best = self.asked.iter().map(|known| (likeness(known), known)).max_by(|a, b| a.0.total_cmp(&b.0));
        match best.filter(|(likeness, _)| *likeness > 0.8) {
            Some((_, (section, name))) => format!("vouliez-vous écrire {section}.{name} ?"),
            None => "voyez la liste par « aiguilleur serve --print-config »".to_owned(),
        }
    }
}

fn read(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other, Value::Whole)
        }
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Array(items) => Value::List(items.iter().map(|item| read(item.get_ref())).collect()),
        // Written without quotes, it is read as the text it is.
        DeValue::Datetime(at) => Value::Text(at.to_string()),
        DeValue::Float(_) | DeValue::Table(_) => Value::Other,
    }
}

fn line_of(text: &str, start: usize) -> usize {
    text.get(..start).unwrap_or_default().matches('\n').count() + 1
}

/// One section being read. A setting that cannot be read is noted as a fault, and what is returned for it is never used:
/// settings with faults start nothing.
#[derive(Debug)]
pub(super) struct Section<'a> {
    reader: &'a mut Reader,
    name: &'static str,
}

impl Section<'_> {
    /// Notes a fault of a setting: what is wrong, and what to do.
    pub(super) fn fault(&mut self, name: &str, detail: impl Into<String>) {
        let given = self.reader.values.get(&(self.name.to_owned(), name.to_owned()));
        self.reader.faults.push(SettingFault {
            setting: format!("{}.{name}", self.name),
            given: given.and_then(|given| given.by.clone()),
            detail: detail.into(),
        });
    }

    /// A text, where one is given.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.ask(name)? {
            Value::Text(text) | Value::Variable(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            _ => {
                self.fault(name, "un texte entre guillemets est attendu");
                None
            }
        }
    }

    /// A text read as a `T`, where one is given; `expected` says what that is.
    pub(super) fn parsed<T: FromStr>(&mut self, name: &str, expected: &str) -> Option<T> {
        let text = self.text(name)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.fault(name, format!("« {text} » : {expected}"));
        }
        parsed
    }

    /// The path of a file or folder, where one is given.
    pub(super) fn path(&mut self, name: &str) -> Option<PathBuf> {
        let text = self.text(name)?;
        Some(self.reader.base.join(text))
    }

    /// A path as another setting's text gives it.
    pub(super) fn beside(&self, path: &str) -> PathBuf {
        self.reader.base.join(path)
    }

    /// True or false; false where nothing is given.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        let flag = match self.ask(name) {
            None => return false,
            Some(Value::Flag(flag)) => Some(flag),
            Some(Value::Variable(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        if flag.is_none() {
            self.fault(name, "true ou false est attendu");
        }
        flag.unwrap_or_default()
    }

    /// A whole number within a range.
    pub(super) fn whole(&mut self, name: &str, range: RangeInclusive<u32>) -> u32 {
        let number = match self.ask(name) {
            Some(Value::Whole(number)) => u32::try_from(number).ok(),
            Some(Value::Variable(text)) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.fault(name, format!("un nombre entier de {} à {} est attendu", range.start(), range.end()));
        }
        number.unwrap_or(*range.start())
    }

    /// A list of texts; empty where nothing is given.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let texts = match self.ask(name) {
            None => return Vec::new(),
            Some(Value::Variable(text)) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Some(parts.map(str::to_owned).collect())
            }
            Some(Value::List(items)) => items
                .into_iter()
                .map(|item| match item {
                    Value::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
                    _ => None,
                })
                .collect(),
            Some(_) => None,
        };
        if texts.is_none() {
            self.fault(name, "une liste de textes est attendue, comme [\"un\", \"deux\"]");
        }
        texts.unwrap_or_default()
    }

    fn ask(&mut self, name: &str) -> Option<Value> {
        let name = (self.name.to_owned(), name.to_owned());
        let value = self.reader.values.get(&name).map(|given| given.value.clone());
        self.reader.asked.insert(name);
        value
    }
}
