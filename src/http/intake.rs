//! Reads a request for unscheduled care from its JSON: every field parsed, the complaint known, the commune found.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};

use super::fields::{Fields, Item, boolean, parsed};
use crate::booking::{Booking, RequestOrder};
use crate::domain::{Age, Answer, CommuneCode, ComplaintId, Constraints, GeoPoint, PatientFacts, Sex};
use crate::geography::gazetteer::Gazetteer;

/// Oldest age taken.
const OLDEST_YEARS: u8 = 125;

/// Reads the whole order. `today` is the territory's calendar day.
pub(super) fn read_request(fields: &mut Fields<'_, '_>, booking: &Booking, today: NaiveDate) -> Option<RequestOrder> {
    let complaint = |item: &mut Item<'_, '_>| read_complaint(item, booking);
    let patient = fields.required("patient", |item| item.object(|f| read_patient(f, today)));
    let place = fields.required("place", |item| item.object(|f| read_place(f, booking)));
    let main = fields.required("complaint", complaint);
    let others = fields.optional("other_complaints", |item| item.list(0..=10, complaint));
    let answers = fields.required("answers", |item| read_answers(item, &|name| booking.pack.has_block_of(name)));
    let flags = fields.optional("flags", |item| read_flags(item, &|name| booking.knows_flag(name)));
    let note = fields.optional("note", |item| item.text(0..=2_000));
    let level = fields.optional("level", parsed);
    let regulation_reference = fields.optional("regulation_reference", parsed);
    let channel = fields.required("channel", parsed);
    let constraints = fields.optional("constraints", |item| item.object(read_constraints));
    let (age, sex) = patient?;
    let place = place?;
    let facts = PatientFacts {
        age,
        sex,
        point: place.point,
        point_is_exact: place.exact,
        complaint: main?,
        other_complaints: others.unwrap_or_default(),
        answers: answers?,
        flags: flags.unwrap_or_default(),
        note: note.filter(|note| !note.is_empty()),
        constraints: constraints.unwrap_or_default(),
    };
    Some(RequestOrder { facts, commune: place.commune, level, regulation_reference, channel: channel? })
}

fn read_patient(fields: &mut Fields<'_, '_>, today: NaiveDate) -> Option<(Age, Sex)> {
    let given = ["birth_date", "age_years", "age_months"].iter().filter(|name| fields.has(name)).count();
    let birth = fields.optional("birth_date", |item| read_birth(item, today)).map(Age::BirthDate);
    let years = fields.optional("age_years", |item| item.integer(0..=i64::from(OLDEST_YEARS))).map(Age::Years);
    let months = fields.optional("age_months", |item| item.integer(0..=23)).map(Age::Months);
    let sex = fields.required("sex", parsed);
    if given != 1 {
        fields.fault(
            "",
            "Donnez l'âge d'une seule façon : « birth_date », ou « age_years », ou « age_months » avant 2 ans.",
        );
    }
    Some((birth.or(years).or(months)?, sex?))
}

pub(super) fn read_birth(item: &mut Item<'_, '_>, today: NaiveDate) -> Option<NaiveDate> {
    let date = item.date()?;
    let oldest = today.checked_sub_months(Months::new(u32::from(OLDEST_YEARS) * 12)).unwrap_or(NaiveDate::MIN);
    if date > today {
        item.fault("Cette date de naissance est dans le futur : corrigez-la.")
    } else if date < oldest {
        item.fault("Cette date de naissance donne plus de 125 ans : corrigez-la.")
    } else {
        Some(date)
    }
}

/// Reads what triage needs of a patient, without a place: nobody is entered.
pub(super) fn read_case(fields: &mut Fields<'_, '_>, booking: &Booking, today: NaiveDate) -> Option<PatientFacts> {
    let complaint = |item: &mut Item<'_, '_>| read_complaint(item, booking);
    let patient = fields.required("patient", |item| item.object(|f| read_patient(f, today)));
    let main = fields.required("complaint", complaint);
    let others = fields.optional("other_complaints", |item| item.list(0..=10, complaint));
    let answers = fields.required("answers", |item| read_answers(item, &|name| booking.pack.has_block_of(name)));
    let flags = fields.optional("flags", |item| read_flags(item, &|name| booking.knows_flag(name)));
    let (age, sex) = patient?;
    Some(PatientFacts {
        age,
        sex,
        point: booking.territory.communes.first().map(|commune| commune.point)?,
        point_is_exact: false,
        complaint: main?,
        other_complaints: others.unwrap_or_default(),
        answers: answers?,
        flags: flags.unwrap_or_default(),
        note: None,
        constraints: Constraints::default(),
    })
}

/// Where somebody is.
pub(super) struct Place {
    /// The commune.
    pub commune: CommuneCode,
    /// The point given, or the commune's.
    pub point: GeoPoint,
    exact: bool,
}

/// Reads where somebody is.
pub(super) fn read_place(fields: &mut Fields<'_, '_>, booking: &Booking) -> Option<Place> {
    let known = Gazetteer::national();
    let commune = fields.optional("commune", |item| {
        let code = item.parsed::<CommuneCode>()?;
        if known.knows(code) || booking.territory.commune(code).is_some() {
            Some(code)
        } else {
            item.fault("Ce code INSEE n'est celui d'aucune commune : vérifiez-le (ce n'est pas le code postal).")
        }
    });
    let lat = fields.optional("lat", |item| item.number(-90.0..=90.0));
    let lon = fields.optional("lon", |item| item.number(-180.0..=180.0));
    match (fields.has("lat"), fields.has("lon")) {
        (true, false) => fields.fault("lon", "Donnez la longitude avec la latitude."),
        (false, true) => fields.fault("lat", "Donnez la latitude avec la longitude."),
        (false, false) if !fields.has("commune") => {
            fields.fault("", "Donnez « commune » (code INSEE), ou « lat » et « lon ».");
        }
        (true, true) | (false, false) => {}
    }
    if let (Some(lat), Some(lon)) = (lat, lon) {
        let point = GeoPoint::new(lat, lon)?;
        if fields.has("commune") {
            return Some(Place { commune: commune?, point, exact: true });
        }
        let nearest = known.nearest(point);
        if nearest.is_none() {
            fields.fault("", "Ce point n'est proche d'aucune commune française : vérifiez « lat » et « lon ».");
        }
        return Some(Place { commune: nearest?.code, point, exact: true });
    }
    let commune = commune?;
    let point = booking.territory.commune(commune).map(|own| own.point).or(known.by_code(commune)?.point);
    if point.is_none() {
        fields.fault("", "La position de cette commune n'est pas connue : ajoutez « lat » et « lon ».");
    }
    Some(Place { commune, point: point?, exact: false })
}

fn read_complaint(item: &mut Item<'_, '_>, booking: &Booking) -> Option<ComplaintId> {
    let complaint = item.parsed::<ComplaintId>()?;
    if booking.pack.complaint(&complaint).is_some() {
        Some(complaint)
    } else {
        item.fault("Motif inconnu : prenez l'un de ceux de « triage/protocol ».")
    }
}

/// Answers by `<block>.<question>`.
pub(super) fn read_answers(
    item: &mut Item<'_, '_>,
    is_known: &dyn Fn(&str) -> bool,
) -> Option<BTreeMap<String, Answer>> {
    item.object(|fields| {
        let answers = fields.each(|name, item| {
            if name.len() > 120 || name.split('.').filter(|part| !part.is_empty()).count() < 2 {
                return item.fault("Une réponse porte le nom de sa question : « motif.question ».");
            }
            if !is_known(name) {
                return item.fault("Motif inconnu : prenez l'une des questions de « triage/protocol ».");
            }
            let answer = match item.value().as_f64() {
                Some(_) => Answer::Number(thousandths(item.number(-1e6..=1e6)?)?),
                None => read_word(item, "yes, no, unknown, ou un nombre")?,
            };
            Some((name.to_owned(), answer))
        });
        Some(answers.into_iter().collect())
    })
}

/// Flags by name.
pub(super) fn read_flags(item: &mut Item<'_, '_>, is_known: &dyn Fn(&str) -> bool) -> Option<BTreeMap<String, Answer>> {
    item.object(|fields| {
        let flags = fields.each(|name, item| {
            if name.parse::<ComplaintId>().is_err() {
                return item.fault("Un nom de signal n'a que des lettres sans accent, des chiffres et « _ ».");
            }
            if !is_known(name) {
                return item.fault("Signal inconnu : prenez l'un de ceux de « triage/protocol ».");
            }
            Some((name.to_owned(), read_word(item, "yes, no ou unknown")?))
        });
        Some(flags.into_iter().collect())
    })
}

fn read_word(item: &mut Item<'_, '_>, allowed: &str) -> Option<Answer> {
    match item.value().as_str() {
        Some("yes") => Some(Answer::Yes),
        Some("no") => Some(Answer::No),
        Some("unknown") => Some(Answer::Unknown),
        _ => item.fault(format!("Valeur inconnue. Choisissez parmi : {allowed}.")),
    }
}

/// A measure in thousandths, as the domain keeps it.
fn thousandths(number: f64) -> Option<i64> {
    format!("{:.0}", number * 1_000.0).parse().ok()
}

fn read_constraints(fields: &mut Fields<'_, '_>) -> Option<Constraints> {
    let modality = fields.optional("modality", parsed);
    let profession = fields.optional("profession", parsed);
    let max_travel_minutes = fields.optional("max_travel_minutes", |item| item.integer(1..=240));
    let accessible = fields.optional("accessible", boolean);
    let languages = fields.optional("languages", |item| item.list(0..=10, parsed));
    let preferred = fields.optional("preferred_rpps", parsed);
    Some(Constraints {
        modality,
        profession,
        max_travel_minutes,
        accessible: accessible.unwrap_or(false),
        languages: languages.unwrap_or_default(),
        preferred,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fields::read;
    use serde_json::{Value, json};

    fn pointers<T>(result: Result<T, Vec<crate::http::fields::FieldFault>>) -> Vec<String> {
        result.err().unwrap_or_default().into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn an_age_is_given_one_way_and_is_a_humans() {
        let cases: [(Value, &[&str]); 12] = [
            (json!({"age_years": 34, "sex": "F"}), &[]),
            (json!({"age_years": 0, "sex": "U"}), &[]),
            (json!({"age_months": 23, "sex": "M"}), &[]),
            (json!({"birth_date": "2026-11-24", "sex": "M"}), &[]),
            (json!({"birth_date": "2026-11-25", "sex": "M"}), &["/birth_date"]),
            (json!({"birth_date": "1901-11-23", "sex": "M"}), &["/birth_date"]),
            (json!({"birth_date": "2025-02-29", "sex": "M"}), &["/birth_date"]),
            (json!({"age_years": 126, "sex": "M"}), &["/age_years"]),
            (json!({"age_months": 24, "sex": "M"}), &["/age_months"]),
            (json!({"age_years": 3, "age_months": 4, "sex": "M"}), &[""]),
            (json!({"sex": "M"}), &[""]),
            (json!({"age_years": -1, "sex": "X"}), &["/age_years", "/sex"]),
        ];
        for (patient, expected) in cases {
            let today = "2026-11-24".parse().unwrap();
            assert_eq!(pointers(read(&patient, |f| read_patient(f, today))), expected, "{patient}");
        }
    }

    #[test]
    fn an_answer_is_a_word_or_a_measure_under_the_name_of_its_question() {
        let body = json!({"answers": {
            "fievre.temperature": 38.5, "fievre.duree": "unknown", "sans_bloc": "yes", "fievre.x": "oui", "fievre.y": null,
        }});
        let found = pointers(read(&body, |f| f.required("answers", |item| read_answers(item, &|_| true))));
        assert_eq!(found, ["/answers/sans_bloc", "/answers/fievre.x", "/answers/fievre.y"]);
        let good = json!({"answers": {"fievre.temperature": 38.5, "fievre.duree": "unknown"}});
        let answers = read(&good, |f| f.required("answers", |item| read_answers(item, &|_| true))).unwrap();
        assert_eq!(answers["fievre.temperature"], Answer::Number(38_500));
        assert_eq!(answers["fievre.duree"], Answer::Unknown);
    }

    #[test]
    fn constraints_are_checked_field_by_field() {
        let body = json!({
            "modality": "XX", "profession": "médecin", "max_travel_minutes": 0, "accessible": "yes",
            "languages": ["fr", "français"], "preferred_rpps": "123",
        });
        let found = pointers(read(&body, read_constraints));
        let expected =
            ["/modality", "/profession", "/max_travel_minutes", "/accessible", "/languages/1", "/preferred_rpps"];
        assert_eq!(found, expected);
    }
}
