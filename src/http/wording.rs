//! French sentences for texts that are not what they should be: what is wrong with the form, and how to write it.

use std::str::FromStr;

use crate::domain::attachment::{DeclineReason, ProposalState, RegistrationState};
use crate::domain::coding::UnknownCode;
use crate::domain::decide::Milestone;
use crate::domain::phone::PhoneError;
use crate::domain::{
    AppointmentId, Arrival, Audience, CancelledBy, Channel, CommuneCode, ComplaintId, HoldId, Language, Level,
    LocationId, Modality, PersonName, PhoneNumber, Profession, ProposalId, RegistrationId, RegulationReference,
    RequestId, RequestState, ReviewVerdict, Rpps, RunId, Sex, SlotId, SlotState, TerritoryId,
};

/// A type of the domain whose faults people read.
pub trait Worded: FromStr {
    /// What to tell whoever wrote it.
    fn wording(error: &Self::Err) -> String;
}

macro_rules! worded {
    ($sentence:literal: $($type:ty),+) => {
        $(impl Worded for $type {
            fn wording(_: &Self::Err) -> String {
                $sentence.to_owned()
            }
        })+
    };
}

worded!("Un identifiant de la forme 01890a5d-ac96-774b-bcce-b302099a8057 (UUID) est attendu ici.":
    SlotId, RequestId, AppointmentId, RegistrationId, ProposalId, RunId);
worded!("De 1 à 64 caractères parmi les lettres sans accent, les chiffres, « - », « _ » et « . ».":
    HoldId, LocationId, RegulationReference, ComplaintId);
worded!("De 1 à 40 caractères parmi a-z, 0-9 et « - ».": TerritoryId);
worded!("Un code commune INSEE a 5 caractères : 59653, 2A004, 97411. Le code postal n'en est pas un.": CommuneCode);
worded!("Un numéro RPPS a 11 chiffres.": Rpps);
worded!("Un nom a de 1 à 100 caractères, dont au moins une lettre.": PersonName);
worded!("Une profession est un code de TRE_G15 : 10 (médecin), 60 (infirmier)…": Profession);
worded!("Une langue s'écrit en deux lettres minuscules (ISO 639-1) : fr, ar…": Language);

impl Worded for PhoneNumber {
    fn wording(error: &PhoneError) -> String {
        match error {
            PhoneError::Unreadable => "Ce n'est pas un numéro de téléphone. Écrivez-le ainsi : 06 12 34 56 78.",
            PhoneError::Length => "Un numéro français a 10 chiffres, ou +33 suivi de 9 chiffres : comptez-les.",
        }
        .to_owned()
    }
}

macro_rules! closed_list {
    ($($type:ty),+ $(,)?) => {
        $(impl Worded for $type {
            fn wording(error: &UnknownCode) -> String {
                format!("Valeur inconnue. Choisissez parmi : {}.", error.allowed.join(", "))
            }
        })+
    };
}

closed_list!(
    Level,
    Modality,
    Audience,
    Arrival,
    Channel,
    Sex,
    SlotState,
    RequestState,
    CancelledBy,
    ReviewVerdict,
    RegistrationState,
    ProposalState,
    DeclineReason,
    Milestone,
);
