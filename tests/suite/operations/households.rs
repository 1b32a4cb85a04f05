//! A household that looked for a médecin traitant is found by what it says of itself, really forgotten when it asks, and stays
//! so when a backup brings it back.

use std::sync::Arc;

use aiguilleur::booking::attachment::RegistrationOrder;
use aiguilleur::booking::{Call, Failure, Sought};
use aiguilleur::domain::attachment::{HouseholdFacts, HouseholdIdentity, MemberFacts};
use aiguilleur::domain::decide::Milestone;
use aiguilleur::domain::{Actor, Erased, ErasureReason, GeoPoint, Refusal, RegistrationId, Role, Sex};
use aiguilleur::operations::backup::{back_up_all, restore_all};
use aiguilleur::operations::erasure::redo;
use aiguilleur::receipts::{Since, reconcile};
use aiguilleur::store::{EmbeddedStore, Store};

use super::world::*;
use crate::support::desk::{Desk, WICRES};

fn coordinator() -> Call {
    Call { actor: Actor { role: Role::Coordinator, id: "coord".to_owned() }, ..Call::of_service() }
}

/// Registers a household of one, and corrects it once: two of everything sealed.
async fn registered(desk: &Desk, last_name: &str) -> RegistrationId {
    let member = MemberFacts {
        birth_date: "1946-02-03".parse().unwrap(),
        sex: Sex::Female,
        ald: Some(true),
        c2s: None,
        recognised: false,
        home_visit_needed: true,
    };
    let order = RegistrationOrder {
        facts: HouseholdFacts {
            members: vec![member],
            commune: WICRES.parse().unwrap(),
            point: GeoPoint::new(50.56, 2.87).unwrap(),
            max_travel_minutes: Some(30),
            languages: Vec::new(),
        },
        identity: HouseholdIdentity {
            names: vec![("Zéphyrine".parse().unwrap(), last_name.parse().unwrap())],
            phone: "0639987654".parse().unwrap(),
            guardian: None,
        },
        guards: vec![format!("guard of {last_name}")],
        keep_together: false,
        usual_doctor: None,
    };
    let household = desk.booking.register(&coordinator(), order.clone()).await.unwrap().registration;
    desk.booking.correct_household(&coordinator(), household.id, order).await.unwrap();
    household.id
}

async fn blobs_of(store: &dyn Store, household: RegistrationId) -> Vec<String> {
    let names = holdings(store).await.blobs.into_keys();
    names.filter(|name| name.contains(&household.to_string())).collect()
}

#[tokio::test]
async fn a_household_is_found_erased_and_stays_so() {
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sealer = sealer_of(kept.path());
    let store = store_in(folder.path(), &nine());
    let (desk, journal) = desk_with_receipts(store.clone(), sealer.clone(), &kept.path().join("receipts")).await;
    let household = registered(&desk, "Quenouillard").await;
    let other = registered(&desk, "Martin").await;
    let find = async |last_name: &str, phone: &str, birth_date: &str| {
        let sought = Sought {
            last_name: last_name.parse().ok(),
            phone: phone.parse().ok(),
            birth_date: birth_date.parse().ok(),
        };
        let found = desk.booking.find(&coordinator(), &sought).await.unwrap();
        assert_eq!((found.requests.len(), found.unreadable), (0, 0));
        found.households
    };
    assert_eq!(find("QUENOUILLARD", "", "").await, [household]);
    assert_eq!(find("", "+33639987654", "1946-02-03").await, [household, other]);
    assert_eq!(find("Quenouillard", "", "1946-02-04").await, []);

    let call = coordinator();
    let erase = || desk.booking.erase_household(&call, household, ErasureReason::Asked);
    let still = erase().await.unwrap_err();
    assert!(matches!(still, Failure::Refused { refusal: Refusal::RegistrationNotThere { .. }, .. }), "{still}");
    desk.booking.note_milestone(&coordinator(), household, Vec::new(), Milestone::Withdrawn).await.unwrap();
    // The key, twice the facts, twice the identity.
    assert_eq!(blobs_of(&*store, household).await.len(), 5);
    let out = kept.path().join("today");
    back_up_all(&*store, &[weppes()], &out).await.unwrap();
    erase().await.unwrap();
    assert_eq!(blobs_of(&*store, household).await, Vec::<String>::new());
    assert_eq!(find("", "0639987654", "").await, [other]);
    let known = desk.booking.household(household).await.unwrap();
    assert!(known.facts.is_none() && known.identity.is_none() && known.registration.erased_at.is_some());

    let restored: Arc<dyn Store> = Arc::new(EmbeddedStore::in_memory(nine()).unwrap());
    restore_all(&*restored, &out, None).await.unwrap();
    assert!(!blobs_of(&*restored, household).await.is_empty(), "the household is back with the backup");
    let found = reconcile(&journal, &*restored, &[weppes()], Since::Ever).await.unwrap().remove(0);
    let desk = desk_over(restored.clone(), sealer).await;
    let redone = redo(&desk.booking, &found.missing).await;
    assert_eq!((redone.erased, redone.still_open), (vec![Erased::Household(household)], vec![]));
    assert_eq!(blobs_of(&*restored, household).await, Vec::<String>::new());
}
