//! The médecin traitant, in the service's own description.

use super::{Description, PAGE};
use crate::http::problem::Slug::{
    AlreadyRegistered, ConsentRequired, Erased, MoreReservedThanOpen, NoMedecin, OtherMembers, ProposalOver,
    RegistrationNotThere,
};
use crate::http::rights::{Coordination, Household, Milestones, Practising, ProposalReading, Registering};
use crate::http::wire::attachment::{
    DeclineOrder, MilestoneOrder, NothingOrder, OpenPlacesShown, PatientAnswerOrder, PlacesOrder, ProposalList,
    ProposalShown, RegistrationList, RegistrationOrder, RegistrationShown,
};

pub(super) fn describe(d: &mut Description) {
    d.inside::<Registering>("post", "/mt/registrations", "Inscrit un foyer qui cherche un médecin traitant")
        .takes::<RegistrationOrder>()
        .gives::<RegistrationShown>(201)
        .refuses(&[ConsentRequired, AlreadyRegistered, NoMedecin]);
    let list = [PAGE.as_slice(), &[("state", "string", "États séparés par des virgules ; par défaut, tous.")]].concat();
    d.inside::<Coordination>("get", "/mt/registrations", "Les foyers inscrits, par ancienneté")
        .query(&list)
        .gives::<RegistrationList>(200);
    d.inside::<Household>("get", "/mt/registrations/{id}", "Un foyer et son histoire").gives::<RegistrationShown>(200);
    d.inside::<Household>("put", "/mt/registrations/{id}", "Corrige ce qu'on sait d'un foyer ; son rang est gardé")
        .takes::<RegistrationOrder>()
        .gives::<RegistrationShown>(200)
        .refuses(&[ConsentRequired, AlreadyRegistered, OtherMembers, RegistrationNotThere, Erased]);
    d.inside::<Household>(
        "post",
        "/mt/registrations/{id}/consent",
        "Renouvelle le consentement : le foyer cherche encore",
    )
    .takes::<NothingOrder>()
    .gives::<RegistrationShown>(200)
    .refuses(&[RegistrationNotThere, Erased]);
    d.inside::<Milestones>("post", "/mt/registrations/{id}/milestone", "Note une étape")
        .takes::<MilestoneOrder>()
        .gives::<RegistrationShown>(200)
        .refuses(&[RegistrationNotThere, Erased]);
    d.inside::<ProposalReading>(
        "get",
        "/mt/places/{id}",
        "Places ouvertes par un médecin, et ce qu'il en reste ce mois",
    )
    .gives::<OpenPlacesShown>(200);
    d.inside::<Practising>("put", "/mt/places/{id}", "Ouvre des places ; aucun critère d'exclusion n'existe")
        .takes::<PlacesOrder>()
        .gives::<OpenPlacesShown>(200)
        .refuses(&[MoreReservedThanOpen, NoMedecin]);
    let list = [PAGE.as_slice(), &[("state", "string", "États séparés par des virgules ; par défaut, tous.")]].concat();
    d.inside::<ProposalReading>("get", "/mt/proposals", "Propositions, les plus récentes d'abord")
        .query(&list)
        .gives::<ProposalList>(200);
    d.inside::<Practising>("post", "/mt/proposals/{id}/accept", "Accepte une proposition")
        .takes::<NothingOrder>()
        .gives::<ProposalShown>(200)
        .refuses(&[ProposalOver, Erased]);
    d.inside::<Practising>("post", "/mt/proposals/{id}/decline", "Décline une proposition")
        .takes::<DeclineOrder>()
        .gives::<ProposalShown>(200)
        .refuses(&[ProposalOver, Erased]);
    d.inside::<Household>("post", "/mt/proposals/{id}/patient-answer", "Réponse du patient")
        .takes::<PatientAnswerOrder>()
        .gives::<ProposalShown>(200)
        .refuses(&[ProposalOver, Erased]);
}
