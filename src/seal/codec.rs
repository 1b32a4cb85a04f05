//! Between what is known of a patient and sealed bytes. The readable form lives only inside these functions.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Aad, DataKey, FieldSet, SealError};
use crate::domain::attachment::HouseholdIdentity;
use crate::domain::{PatientIdentity, PersonName, TerritoryId};

/// Most payloads fit: a buffer that grows leaves copies behind.
const USUAL_BYTES: usize = 4_096;

/// The stored form of an identity. The domain's type has none on purpose: this is its only way to bytes.
#[derive(Serialize, Deserialize)]
struct StoredIdentity {
    first_name: Zeroizing<String>,
    last_name: Zeroizing<String>,
    phone: Zeroizing<String>,
}

/// Seals what triage and matching need of a patient, or a matching run of a household, for the blob `reference` of a territory.
pub fn seal_facts<T: Serialize>(
    key: &DataKey,
    territory: &TerritoryId,
    reference: &str,
    facts: &T,
) -> Result<Bytes, SealError> {
    seal(key, Aad { territory, reference, fields: FieldSet::Facts }, facts)
}

/// Opens what [`seal_facts`] made.
pub fn open_facts<T: DeserializeOwned>(
    key: &DataKey,
    territory: &TerritoryId,
    reference: &str,
    sealed: &[u8],
) -> Result<T, SealError> {
    open(key, Aad { territory, reference, fields: FieldSet::Facts }, sealed)
}

/// Seals an explanation of triage, whatever its form, for the blob `reference` of a territory.
pub fn seal_explanation<T: Serialize>(
    key: &DataKey,
    territory: &TerritoryId,
    reference: &str,
    explanation: &T,
) -> Result<Bytes, SealError> {
    seal(key, Aad { territory, reference, fields: FieldSet::Explanation }, explanation)
}

/// Opens what [`seal_explanation`] made.
pub fn open_explanation<T: DeserializeOwned>(
    key: &DataKey,
    territory: &TerritoryId,
    reference: &str,
    sealed: &[u8],
) -> Result<T, SealError> {
    open(key, Aad { territory, reference, fields: FieldSet::Explanation }, sealed)
}

/// Seals who the patient is, for the blob `reference` of a territory.
pub fn seal_identity(
    key: &DataKey,
    territory: &TerritoryId,
    reference: &str,
    identity: &PatientIdentity,
) -> Result<Bytes, SealError> {
    let stored = StoredIdentity {
        first_name: identity.first_name.as_str().to_owned().into(),
        last_name: identity.last_name.as_str().to_owned().into(),
        phone: identity.phone.e164().to_owned().into(),
    };
    seal(key, Aad { territory, reference, fields: FieldSet::Identity }, &stored)
}

/// Opens what [`seal_identity`] made.
pub fn open_identity(
    key: &DataKey,
    territory: &TerritoryId,
    reference: &str,
    sealed: &[u8],
) -> Result<PatientIdentity, SealError> {
    let stored: StoredIdentity = open(key, Aad { territory, reference, fields: FieldSet::Identity }, sealed)?;
    Ok(PatientIdentity {
        first_name: stored.first_name.parse().map_err(|_| SealError::Content)?,
        last_name: stored.last_name.parse().map_err(|_| SealError::Content)?,
        phone: stored.phone.parse().map_err(|_| SealError::Content)?,
    })
}

/// The stored form of who a household is.
#[derive(Serialize, Deserialize)]
struct StoredHousehold {
    names: Vec<StoredName>,
    phone: Zeroizing<String>,
    guardian: Option<StoredName>,
}

/// First and last name.
type StoredName = (Zeroizing<String>, Zeroizing<String>);

/// Seals who a household is, for the blob `reference` of a territory.
pub fn seal_household_identity(
    key: &DataKey,
    territory: &TerritoryId,
    reference: &str,
    identity: &HouseholdIdentity,
) -> Result<Bytes, SealError> {
    let text = |text: &str| Zeroizing::new(text.to_owned());
    let name = |(first, last): &(PersonName, PersonName)| (text(first.as_str()), text(last.as_str()));
    let stored = StoredHousehold {
        names: identity.names.iter().map(name).collect(),
        phone: text(identity.phone.e164()),
        guardian: identity.guardian.as_ref().map(name),
    };
    seal(key, Aad { territory, reference, fields: FieldSet::Identity }, &stored)
}

/// Opens what [`seal_household_identity`] made.
pub fn open_household_identity(
    key: &DataKey,
    territory: &TerritoryId,
    reference: &str,
    sealed: &[u8],
) -> Result<HouseholdIdentity, SealError> {
    let stored: StoredHousehold = open(key, Aad { territory, reference, fields: FieldSet::Identity }, sealed)?;
    let part = |text: &str| text.parse::<PersonName>().map_err(|_| SealError::Content);
    let name = |(first, last): &StoredName| Ok((part(first)?, part(last)?));
    Ok(HouseholdIdentity {
        names: stored.names.iter().map(name).collect::<Result<_, SealError>>()?,
        phone: stored.phone.parse().map_err(|_| SealError::Content)?,
        guardian: stored.guardian.as_ref().map(name).transpose()?,
    })
}

/// Seals a free text, for the blob `reference` of a territory.
pub fn seal_text(key: &DataKey, territory: &TerritoryId, reference: &str, text: &str) -> Result<Bytes, SealError> {
    seal(key, Aad { territory, reference, fields: FieldSet::Text }, &text)
}

/// Opens what [`seal_text`] made.
pub fn open_text(key: &DataKey, territory: &TerritoryId, reference: &str, sealed: &[u8]) -> Result<String, SealError> {
    open(key, Aad { territory, reference, fields: FieldSet::Text }, sealed)
}

fn seal<T: Serialize>(key: &DataKey, aad: Aad<'_>, value: &T) -> Result<Bytes, SealError> {
    let mut plain = Zeroizing::new(Vec::with_capacity(USUAL_BYTES));
    serde_json::to_writer(&mut *plain, value).map_err(|_| SealError::Content)?;
    key.seal(aad, &plain)
}

fn open<T: DeserializeOwned>(key: &DataKey, aad: Aad<'_>, sealed: &[u8]) -> Result<T, SealError> {
    // serde's message would quote the content.
    serde_json::from_slice(&key.open(aad, sealed)?).map_err(|_| SealError::Content)
}

#[cfg(test)]
mod tests {
    use super::super::{Kek, Sealer};
    use super::*;
    use crate::domain::{Age, Answer, Constraints, GeoPoint, PatientFacts, Sex};

    fn facts() -> PatientFacts {
        PatientFacts {
            age: Age::BirthDate("2021-03-04".parse().unwrap()),
            sex: Sex::ALL[0],
            point: GeoPoint::new(50.613_141_592_653_59, 2.836_799_999_999_999_4).unwrap(),
            point_is_exact: true,
            complaint: "fievre_enfant".parse().unwrap(),
            other_complaints: vec!["toux".parse().unwrap()],
            answers: [("fievre_enfant.temperature".to_owned(), Answer::Number(38_500))].into(),
            flags: [("pregnant".to_owned(), Answer::Unknown)].into(),
            note: Some("ne boit plus depuis ce matin".to_owned()),
            constraints: Constraints::default(),
        }
    }

    fn identity() -> PatientIdentity {
        PatientIdentity {
            first_name: "Zoé".parse().unwrap(),
            last_name: "Vandamme".parse().unwrap(),
            phone: "0639981234".parse().unwrap(),
        }
    }

    fn contains(sealed: &[u8], text: &str) -> bool {
        sealed.windows(text.len()).any(|window| window == text.as_bytes())
    }

    #[test]
    fn a_patient_comes_back_as_entered_and_is_unreadable_in_between() {
        let weppes: TerritoryId = "weppes".parse().unwrap();
        let (key, _) = Sealer::new(Kek::generate().unwrap()).new_subject().unwrap();
        let (facts, identity) = (facts(), identity());
        let sealed = seal_facts(&key, &weppes, "r1", &facts).unwrap();
        assert!(open_facts::<PatientFacts>(&key, &weppes, "r1", &sealed).unwrap() == facts, "facts changed");
        assert!(!contains(&sealed, "fievre") && !contains(&sealed, "boit"));
        let sealed = seal_identity(&key, &weppes, "r1", &identity).unwrap();
        assert!(open_identity(&key, &weppes, "r1", &sealed).unwrap() == identity, "the identity changed");
        assert!(!contains(&sealed, "Vandamme") && !contains(&sealed, "639981234"));
    }

    #[test]
    fn facts_are_never_taken_for_an_identity() {
        let weppes: TerritoryId = "weppes".parse().unwrap();
        let (key, _) = Sealer::new(Kek::generate().unwrap()).new_subject().unwrap();
        let sealed = seal_facts(&key, &weppes, "r1", &facts()).unwrap();
        assert_eq!(open_identity(&key, &weppes, "r1", &sealed).err(), Some(SealError::NotAuthentic));
    }

    #[test]
    fn an_error_quotes_nothing() {
        let weppes: TerritoryId = "weppes".parse().unwrap();
        let (key, _) = Sealer::new(Kek::generate().unwrap()).new_subject().unwrap();
        let aad = Aad { territory: &weppes, reference: "r1", fields: FieldSet::Identity };
        for bad in
            [r#"{"first_name":"Vandamme"}"#, r#"{"first_name":"1","last_name":"Vandamme","phone":"x"}"#, "Vandamme"]
        {
            let sealed = key.seal(aad, bad.as_bytes()).unwrap();
            let error = open_identity(&key, &weppes, "r1", &sealed).err().unwrap();
            assert_eq!(error, SealError::Content);
            assert!(!format!("{error} {error:?}").contains("Vandamme"));
        }
    }
}
