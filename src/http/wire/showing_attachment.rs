//! From a household, a proposal, a doctor's places to the wire. A doctor learns who somebody is only once they have accepted
//! (domain.md §4.7).

use super::Showing;
use super::attachment::{
    ContactShown, MemberShown, OpenPlacesShown, PersonShown, ProposalShown, RegistrationShown, ReservedShown,
};
use super::request::HistoryEntry;
use crate::booking::attachment::HouseholdCase;
use crate::domain::attachment::{DeclineReason, Member, OpenPlaces, Proposal, ProposalState, Tier};
use crate::domain::{CommuneCode, RegistrationId, Role};
use crate::geography::gazetteer::Gazetteer;

/// A tier as a number.
fn number(tier: Tier) -> u8 {
    match tier {
        Tier::First => 1,
        Tier::Second => 2,
        Tier::Third => 3,
        Tier::Fourth => 4,
    }
}

impl Showing<'_> {
    fn commune_name(&self, code: CommuneCode) -> Option<String> {
        let own = self.booking.territory.commune(code).map(|commune| commune.name.clone());
        own.or_else(|| Gazetteer::national().by_code(code).map(|commune| commune.name.to_string()))
    }

    /// A household, to itself or to the coordinator.
    pub fn household(&self, household: &HouseholdCase) -> RegistrationShown {
        let HouseholdCase { registration, facts, identity, proposals } = household;
        let members = registration.members.iter().enumerate();
        let member = |(place, member): (usize, &Member)| {
            let facts = facts.as_ref().and_then(|facts| facts.members.get(place));
            let name = identity.as_ref().and_then(|identity| identity.names.get(place));
            MemberShown {
                state: registration.state_of(member, self.now).code(),
                tier: facts.map(|facts| number(facts.tier(self.booking.territory.zone, self.now))),
                first_name: name.map(|(first, _)| first.as_str().to_owned()),
                last_name: name.map(|(_, last)| last.as_str().to_owned()),
                birth_date: facts.map(|facts| facts.birth_date),
                sex: facts.map(|facts| facts.sex.code()),
                ald: facts.and_then(|facts| facts.ald),
                c2s: facts.and_then(|facts| facts.c2s),
                home_visit_needed: facts.map(|facts| facts.home_visit_needed),
            }
        };
        let tier = facts.as_ref().map_or(registration.tier, |f| f.tier(self.booking.territory.zone, self.now));
        RegistrationShown {
            id: registration.id.to_string(),
            state: registration.state(self.now).code(),
            tier: number(tier),
            registered_at: self.instant(registration.registered_at),
            consent_until: self.instant(registration.consent.until()),
            keep_together: registration.keep_together,
            household: members.map(member).collect(),
            contact: identity.as_ref().map(|identity| ContactShown {
                phone: identity.phone.e164().to_owned(),
                phone_shown: identity.phone.display(),
                guardian: identity
                    .guardian
                    .as_ref()
                    .map(|(first, last)| format!("{} {}", first.as_str(), last.as_str())),
            }),
            commune: facts.as_ref().map(|facts| facts.commune.to_string()),
            commune_name: facts.as_ref().and_then(|facts| self.commune_name(facts.commune)),
            max_travel_minutes: facts.as_ref().and_then(|facts| facts.max_travel_minutes),
            languages: facts
                .as_ref()
                .map(|facts| facts.languages.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            usual_doctor: registration.usual_doctor.map(|rpps| rpps.to_string()),
            proposals: proposals.iter().map(|proposal| self.proposal(proposal, Some(household))).collect(),
            to_escalate: registration.is_to_escalate(self.now),
            escalated_at: registration.escalated_at.map(|at| self.instant(at)),
            news_due: registration.is_news_due(self.now),
            status_link: None,
            access_token: None,
            history: None,
        }
    }

    /// A proposal, as far as whoever asks may know who it is about.
    pub fn proposal(&self, proposal: &Proposal, household: Option<&HouseholdCase>) -> ProposalShown {
        let accepted = matches!(proposal.state, ProposalState::Accepted | ProposalState::PatientYes);
        let is_told_who = self.role() != Role::Practitioner || accepted;
        let facts = household.and_then(|household| household.facts.as_ref());
        let identity = household.and_then(|household| household.identity.as_ref()).filter(|_| is_told_who);
        let zone = self.booking.territory.zone;
        let persons = proposal.members.iter().zip(&proposal.places).map(|(&member, place)| {
            let facts = facts.and_then(|facts| facts.members.get(member));
            let name = identity.and_then(|identity| identity.names.get(member));
            PersonShown {
                member,
                tier: facts.map(|facts| number(facts.tier(zone, self.now))),
                age_band: facts.map(|facts| band(facts.years(zone, self.now))),
                home_visit_needed: facts.map(|facts| facts.home_visit_needed),
                place: place.code(),
                first_name: name.map(|(first, _)| first.as_str().to_owned()),
                last_name: name.map(|(_, last)| last.as_str().to_owned()),
                birth_date: facts.filter(|_| is_told_who).map(|facts| facts.birth_date),
            }
        });
        ProposalShown {
            id: proposal.id.to_string(),
            registration_id: proposal.registration.to_string(),
            rpps: proposal.practitioner.to_string(),
            state: proposal.state.code(),
            sent_at: self.instant(proposal.sent_at),
            expires_at: self.instant(proposal.expires_at),
            reminded_at: proposal.reminded_at.map(|at| self.instant(at)),
            decline_reason: proposal.declined.map(DeclineReason::code),
            run_id: proposal.run.map(|run| run.to_string()),
            travel_minutes: proposal.travel_minutes,
            commune: facts.map(|facts| facts.commune.to_string()),
            commune_name: facts.and_then(|facts| self.commune_name(facts.commune)),
            persons: persons.collect(),
            phone: identity.filter(|_| accepted).map(|identity| identity.phone.e164().to_owned()),
        }
    }

    /// What a doctor opens.
    pub fn open_places(&self, places: &OpenPlaces) -> OpenPlacesShown {
        let month = self.booking.month();
        OpenPlacesShown {
            rpps: places.practitioner.to_string(),
            open_places: places.per_month,
            reserved: ReservedShown {
                ald: places.reserved.ald,
                age70: places.reserved.age70,
                c2s: places.reserved.c2s,
            },
            home_visits: places.home_visits,
            visits_in: places.visits_in.iter().map(ToString::to_string).collect(),
            paused_until: places.paused_until.map(|until| self.instant(until)),
            month: month.to_string(),
            left: places.all_left(month),
        }
    }

    /// What happened to a household, as far as this node has it.
    pub fn history_of_household(&self, registration: RegistrationId) -> Vec<HistoryEntry> {
        let tells_actor = self.role() == Role::Coordinator;
        self.story(|histories| histories.of_household(registration), tells_actor)
    }
}

/// Tens of years; of children, those of the examinations they are due.
fn band(years: u32) -> String {
    match years {
        0..=2 => "0-2".to_owned(),
        3..=15 => "3-15".to_owned(),
        16..=19 => "16-19".to_owned(),
        90.. => "90+".to_owned(),
        _ => format!("{}-{}", years / 10 * 10, years / 10 * 10 + 9),
    }
}
