//! Reads a JSON object, or a query string, field by field, and gathers **all** its faults, each with a pointer and what to do.
//! Every reader asks for all its fields before it looks at what came back: whatever nobody asked for is an unknown field.
//!
//! Nothing here knows a rule of the field; [`parsed`] leaves the form of codes to the domain's own types.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};

use super::wording::Worded;

/// One fault of one field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct FieldFault {
    /// JSON pointer to the field (RFC 6901); for a query string, a slash and the parameter's name.
    pub pointer: String,
    /// What is wrong and what to do, in French.
    pub detail: String,
}

/// Reads a whole JSON document that must be an object.
///
/// # Errors
/// Every fault found.
pub fn read<T>(document: &Value, reader: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>) -> Result<T, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let mut item = Item { value: document, pointer: String::new(), textual: false, faults: &mut faults };
    let read = item.object(reader);
    finish(read, faults)
}

/// Reads the parameters of a query string, each given once.
///
/// # Errors
/// Every fault found.
pub fn read_query<T>(
    pairs: impl IntoIterator<Item = (String, String)>,
    reader: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>,
) -> Result<T, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let mut map = Map::new();
    for (name, value) in pairs {
        if map.contains_key(&name) {
            let pointer = format!("/{}", escaped(&name));
            faults.push(FieldFault { pointer, detail: "Ce paramètre est donné deux fois.".to_owned() });
        }
        map.insert(name, Value::String(value));
    }
    let read = Fields::run(&map, String::new(), true, &mut faults, reader);
    finish(read, faults)
}

fn finish<T>(read: Option<T>, mut faults: Vec<FieldFault>) -> Result<T, Vec<FieldFault>> {
    match read {
        Some(read) if faults.is_empty() => Ok(read),
        _ => {
            if faults.is_empty() {
                faults.push(FieldFault { pointer: String::new(), detail: "Le contenu est incomplet.".to_owned() });
            }
            Err(faults)
        }
    }
}

/// The fields of one object.
pub struct Fields<'v, 'f> {
    map: &'v Map<String, Value>,
    pointer: String,
    textual: bool,
    known: Vec<&'static str>,
    faults: &'f mut Vec<FieldFault>,
}

impl<'v> Fields<'v, '_> {
    fn run<T>(
        map: &'v Map<String, Value>,
        pointer: String,
        textual: bool,
        faults: &mut Vec<FieldFault>,
        reader: impl FnOnce(&mut Fields<'v, '_>) -> Option<T>,
    ) -> Option<T> {
        let mut fields = Fields { map, pointer, textual, known: Vec::new(), faults };
        let read = reader(&mut fields);
        fields.refuse_unknown();
        read
    }

    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        reader: impl FnOnce(&mut Item<'v, '_>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(name) {
            self.known.push(name);
            self.fault(name, "Ce champ est obligatoire.");
            return None;
        }
        self.optional(name, reader)
    }

    /// A field that may be absent or null.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        reader: impl FnOnce(&mut Item<'v, '_>) -> Option<T>,
    ) -> Option<T> {
        self.known.push(name);
        let value = self.map.get(name).filter(|value| !value.is_null())?;
        let pointer = format!("{}/{}", self.pointer, escaped(name));
        reader(&mut Item { value, pointer, textual: self.textual, faults: self.faults })
    }

    /// Whether the field is there and not null.
    pub fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|value| !value.is_null())
    }

    /// Every field of the object, whatever its name.
    pub fn each<T>(&mut self, mut reader: impl FnMut(&'v str, &mut Item<'v, '_>) -> Option<T>) -> Vec<T> {
        let map = self.map;
        let read = map.iter().filter_map(|(name, value)| {
            let pointer = format!("{}/{}", self.pointer, escaped(name));
            reader(name, &mut Item { value, pointer, textual: self.textual, faults: self.faults })
        });
        let read = read.collect();
        self.known.extend([""]);
        read
    }

    /// Says what is wrong with a field; with the whole object when `name` is empty.
    pub fn fault(&mut self, name: &str, detail: impl Into<String>) {
        let pointer = match name {
            "" => self.pointer.clone(),
            name => format!("{}/{}", self.pointer, escaped(name)),
        };
        self.faults.push(FieldFault { pointer, detail: detail.into() });
    }

    fn refuse_unknown(&mut self) {
        // `each` reads whatever there is.
        if self.known.contains(&"") {
            return;
        }
        let map = self.map;
        let what = if self.textual { "Paramètre inconnu" } else { "Champ inconnu" };
        let known = if self.known.is_empty() { "aucun".to_owned() } else { self.known.join(", ") };
        let unknown: Vec<_> = map.keys().filter(|name| !self.known.contains(&name.as_str())).collect();
        for name in unknown {
            let shown: String = name.chars().take(60).collect();
            self.fault(name, format!("{what} : « {shown} ». Connus ici : {known}."));
        }
    }
}

/// One value being read.
pub struct Item<'v, 'f> {
    value: &'v Value,
    pointer: String,
    textual: bool,
    faults: &'f mut Vec<FieldFault>,
}

impl<'v> Item<'v, '_> {
    /// Says what is wrong with this value. Always `None`, so that a reader may end with it.
    pub fn fault<T>(&mut self, detail: impl Into<String>) -> Option<T> {
        self.faults.push(FieldFault { pointer: self.pointer.clone(), detail: detail.into() });
        None
    }

    /// The raw value.
    pub fn value(&self) -> &'v Value {
        self.value
    }

    /// A text as it is.
    pub fn str(&mut self) -> Option<&'v str> {
        match self.value.as_str() {
            Some(text) => Some(text),
            None => self.fault("Un texte est attendu ici."),
        }
    }

    /// A text of a person: trimmed, of a bounded length, without control characters.
    pub fn text(&mut self, length: RangeInclusive<usize>) -> Option<String> {
        let text = self.str()?.trim();
        let (least, most) = (*length.start(), *length.end());
        if !length.contains(&text.chars().count()) {
            return self.fault(format!("Ce texte doit avoir de {least} à {most} caractères."));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return self.fault("Ce texte contient des caractères de contrôle : retirez-les.");
        }
        Some(text.to_owned())
    }

    /// A value of the domain, by its own rule.
    pub fn parsed<T: Worded>(&mut self) -> Option<T> {
        match self.str()?.parse() {
            Ok(value) => Some(value),
            Err(error) => self.fault(T::wording(&error)),
        }
    }

    /// A whole number.
    pub fn integer<T: TryFrom<i64>>(&mut self, range: RangeInclusive<i64>) -> Option<T> {
        let number = match self.value {
            Value::String(text) if self.textual => text.parse().ok(),
            // 60.0 is as whole as 60.
            Value::Number(number) => number.as_i64().or_else(|| {
                number
                    .as_f64()
                    .filter(|n| n.fract() == 0.0 && n.abs() < 1e15)
                    .and_then(|n| format!("{n:.0}").parse().ok())
            }),
            _ => None,
        };
        match number.filter(|number| range.contains(number)).and_then(|number| T::try_from(number).ok()) {
            Some(number) => Some(number),
            None => self.fault(format!("Un nombre entier de {} à {} est attendu ici.", range.start(), range.end())),
        }
    }

    /// A number, decimals allowed.
    pub fn number(&mut self, range: RangeInclusive<f64>) -> Option<f64> {
        let number = match self.value {
            Value::String(text) if self.textual => text.parse::<f64>().ok(),
            value => value.as_f64(),
        };
        match number.filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => self.fault(format!("Un nombre de {} à {} est attendu ici.", range.start(), range.end())),
        }
    }

    /// True or false.
    pub fn boolean(&mut self) -> Option<bool> {
        match self.value.as_bool() {
            Some(value) => Some(value),
            None => self.fault("Vrai ou faux est attendu ici (true ou false)."),
        }
    }

    /// An instant with its offset.
    pub fn instant(&mut self) -> Option<DateTime<Utc>> {
        let text = self.str()?;
        // The « + » of an offset that was not escaped in an address arrives as a space.
        let text = if self.textual { text.replace(' ', "+") } else { text.to_owned() };
        match DateTime::parse_from_rfc3339(&text) {
            Ok(instant) if (1900..=2200).contains(&chrono::Datelike::year(&instant)) => Some(instant.to_utc()),
            Ok(_) => self.fault("Cet instant est hors du calendrier : l'année doit être entre 1900 et 2200."),
            Err(_) if without_offset(&text) => {
                self.fault("Ajoutez le décalage horaire à cet instant : 2026-11-24T09:00:00+01:00.")
            }
            Err(error) if error.kind() == chrono::format::ParseErrorKind::OutOfRange => {
                self.fault("Cette date ou cette heure n'existe pas : corrigez-la.")
            }
            Err(_) => self.fault("Écrivez cet instant avec son décalage : 2026-11-24T09:00:00+01:00."),
        }
    }

    /// A day of the calendar.
    pub fn date(&mut self) -> Option<NaiveDate> {
        let text = self.str()?;
        let written = text.len() == 10
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        match text.parse::<NaiveDate>() {
            Ok(date) if written => Some(date),
            Err(_) if written => self.fault("Cette date n'existe pas : corrigez-la."),
            _ => self.fault("Écrivez cette date ainsi : 2019-05-04 (année-mois-jour)."),
        }
    }

    /// An object.
    pub fn object<T>(&mut self, reader: impl FnOnce(&mut Fields<'v, '_>) -> Option<T>) -> Option<T> {
        match self.value {
            Value::Object(map) => Fields::run(map, self.pointer.clone(), self.textual, self.faults, reader),
            _ => self.fault("Un objet JSON est attendu ici."),
        }
    }

    /// A list. Every item is read, so that all faults come at once; in a query string items stand between commas.
    pub fn list<T>(
        &mut self,
        length: RangeInclusive<usize>,
        mut reader: impl FnMut(&mut Item<'_, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let split: Vec<Value>;
        let items = match self.value {
            Value::Array(items) => items,
            Value::String(text) if self.textual => {
                split = text.split(',').map(|part| Value::String(part.trim().to_owned())).collect();
                &split
            }
            _ => return self.fault("Une liste est attendue ici."),
        };
        if !length.contains(&items.len()) {
            let (least, most) = (*length.start(), *length.end());
            return self
                .fault(format!("Cette liste doit avoir de {least} à {most} éléments ; elle en a {}.", items.len()));
        }
        let mut read = Vec::with_capacity(items.len());
        for (index, value) in items.iter().enumerate() {
            let pointer = if self.textual { self.pointer.clone() } else { format!("{}/{index}", self.pointer) };
            read.extend(reader(&mut Item { value, pointer, textual: self.textual, faults: self.faults }));
        }
        (read.len() == items.len()).then_some(read)
    }
}

/// Reads a value of the domain: [`Item::parsed`] as a function.
pub fn parsed<T: Worded>(item: &mut Item<'_, '_>) -> Option<T> {
    item.parsed()
}

/// Reads an instant: [`Item::instant`] as a function.
pub fn instant(item: &mut Item<'_, '_>) -> Option<DateTime<Utc>> {
    item.instant()
}

/// Reads a day of the calendar: [`Item::date`] as a function.
pub fn date(item: &mut Item<'_, '_>) -> Option<NaiveDate> {
    item.date()
}

/// Reads true or false: [`Item::boolean`] as a function.
pub fn boolean(item: &mut Item<'_, '_>) -> Option<bool> {
    item.boolean()
}

fn without_offset(text: &str) -> bool {
    text.parse::<NaiveDate>().is_ok() || format!("{text}Z").parse::<DateTime<Utc>>().is_ok()
}

/// A name inside a JSON pointer (RFC 6901 §3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{HoldId, SlotId};
    use serde_json::json;

    fn faults<T>(document: &Value, reader: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>) -> Vec<(String, String)> {
        let faults = read(document, reader).err().unwrap_or_default();
        faults.into_iter().map(|fault| (fault.pointer, fault.detail)).collect()
    }

    fn pointers<T>(document: &Value, reader: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>) -> Vec<String> {
        faults(document, reader).into_iter().map(|(pointer, _)| pointer).collect()
    }

    #[test]
    fn all_faults_come_at_once_each_with_its_place() {
        let body = json!({
            "slot_id": "abc", "hold_id": 7, "nested": {"list": [1, "x", 3, 900], "odd": 1}, "when": "2026-02-31T10:00:00Z",
            "a/b": true,
        });
        let found = pointers(&body, |f| {
            let slot = f.required("slot_id", parsed::<SlotId>);
            let hold = f.required("hold_id", parsed::<HoldId>);
            let list = f.required("nested", |i| {
                i.object(|f| f.required("list", |i| i.list(1..=9, |i| i.integer::<u8>(0..=255))))
            });
            let when = f.required("when", instant);
            let missing = f.required("missing", boolean);
            Some((slot?, hold?, list?, when?, missing?))
        });
        let expected =
            ["/slot_id", "/hold_id", "/nested/list/1", "/nested/list/3", "/nested/odd", "/when", "/missing", "/a~1b"];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_unknown_field_is_named_with_those_that_are_known() {
        let found = faults(&json!({"reson": "x"}), |f| {
            f.optional("reason", |i| i.text(1..=500));
            Some(())
        });
        assert_eq!(found, [("/reson".into(), "Champ inconnu : « reson ». Connus ici : reason.".into())]);
    }

    #[test]
    fn an_instant_needs_its_offset_and_a_day_that_exists() {
        for (text, good) in [
            ("2026-11-24T09:00:00+01:00", true),
            ("2026-11-24T08:00:00Z", true),
            ("2026-11-24T09:00:00", false),
            ("2026-11-24", false),
            ("2026-02-31T09:00:00+01:00", false),
            ("2026-11-24T25:00:00+01:00", false),
            ("9999-11-24T09:00:00Z", false),
            ("demain", false),
            ("", false),
        ] {
            let found = faults(&json!({"at": text}), |f| f.required("at", instant));
            assert_eq!(found.is_empty(), good, "{text}: {found:?}");
        }
        let found = faults(&json!({"at": "2026-11-24T09:00:00"}), |f| f.required("at", instant));
        assert!(found[0].1.contains("décalage"), "{found:?}");
    }

    #[test]
    fn a_date_must_exist_and_be_written_whole() {
        for (text, good) in [
            ("2024-02-29", true),
            ("2025-02-29", false),
            ("2026-2-3", false),
            ("03/02/2026", false),
            ("+2026-02-03", false),
        ] {
            let found = faults(&json!({"d": text}), |f| f.required("d", date));
            assert_eq!(found.is_empty(), good, "{text}");
        }
    }

    type Reader = fn(&mut Item<'_, '_>) -> Option<()>;

    #[test]
    fn wrong_types_ranges_and_control_characters_are_refused() {
        let cases: [(Value, Reader, bool); 14] = [
            (json!("a"), |i| i.text(1..=3).map(drop), true),
            (json!("  "), |i| i.text(1..=3).map(drop), false),
            (json!("éèàù"), |i| i.text(1..=3).map(drop), false),
            (json!("a\u{7}b"), |i| i.text(1..=9).map(drop), false),
            (json!(60.0), |i| i.integer::<u16>(1..=90).map(drop), true),
            (json!(1.5), |i| i.integer::<u16>(1..=90).map(drop), false),
            (json!("60"), |i| i.integer::<u16>(1..=90).map(drop), false),
            (json!(91), |i| i.integer::<u16>(1..=90).map(drop), false),
            (json!(true), |i| i.boolean().map(drop), true),
            (json!("true"), |i| i.boolean().map(drop), false),
            (json!([]), |i| i.list(1..=2, boolean).map(drop), false),
            (json!({}), |i| i.list(1..=2, boolean).map(drop), false),
            (json!([1]), |i| i.object(|_| Some(())), false),
            (json!(50.62), |i| i.number(-90.0..=90.0).map(drop), true),
        ];
        for (value, reader, good) in cases {
            let found = faults(&json!({ "x": value }), |f| f.required("x", reader));
            assert_eq!(found.is_empty(), good, "{value}: {found:?}");
        }
        assert_eq!(pointers(&json!([]), |_| Some(())), [""], "the body itself must be an object");
        assert_eq!(pointers(&json!({"x": null}), |f| f.required("x", boolean)), ["/x"], "null is absent");
    }

    #[test]
    fn a_query_string_is_read_by_the_same_rules() {
        let pairs = |text: &str| -> Vec<(String, String)> {
            text.split('&').filter_map(|p| p.split_once('=')).map(|(a, b)| (a.into(), b.into())).collect()
        };
        let reader = |f: &mut Fields<'_, '_>| {
            let limit = f.optional("limit", |i| i.integer::<usize>(1..=1000));
            let from = f.optional("from", instant);
            Some((limit, from))
        };
        let read = read_query(pairs("limit=20&from=2026-11-24T09:00:00 01:00"), reader).unwrap();
        assert_eq!(read, (Some(20), Some("2026-11-24T08:00:00Z".parse().unwrap())));
        let faults = read_query(pairs("limit=0&form=x&limit=2&from=2026-11-24"), reader).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/limit", "/from", "/form"], "twice, without offset, unknown");
    }
}
