//! What is known of a household that looks for a médecin traitant. All of it is personal: sealed before it reaches the store,
//! in no event, log line or metric; `Debug` shows nothing of it.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::Tier;
use crate::domain::time::Zone;
use crate::domain::{Age, CommuneCode, GeoPoint, Language, PersonName, PhoneNumber, Sex};

/// One person, as far as the order of the list needs it. Whether there is a long-term illness, never which.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberFacts {
    /// Date of birth.
    pub birth_date: NaiveDate,
    /// Sex.
    pub sex: Sex,
    /// A long-term illness (ALD); none: not said.
    pub ald: Option<bool>,
    /// C2S or AME; none: not said.
    pub c2s: Option<bool>,
    /// A situation the bureau of the CPTS recognised in writing.
    #[serde(default)]
    pub recognised: bool,
    /// They cannot come to a practice.
    pub home_visit_needed: bool,
}

impl MemberFacts {
    /// From this age on somebody is of the second tier: texts say both "70 ans et plus" and "plus de 70 ans" (domain.md §4.6).
    pub const SENIOR_YEARS: u32 = 70;

    /// Below this age a parent signs or co-signs the declaration (domain.md §4.3).
    pub const ADULT_YEARS: u32 = 18;

    /// Whole years at `now`.
    pub fn years(&self, zone: Zone, now: DateTime<Utc>) -> u32 {
        Age::BirthDate(self.birth_date).years(zone, now)
    }

    /// Their tier at `now` (domain.md §4.6). What was not said counts as said: a box nobody ticked must never make somebody wait
    /// longer (domain.md §4.5, Québec).
    pub fn tier(&self, zone: Zone, now: DateTime<Utc>) -> Tier {
        if self.ald != Some(false) {
            Tier::First
        } else if self.years(zone, now) >= Self::SENIOR_YEARS || self.c2s != Some(false) {
            Tier::Second
        } else if self.recognised {
            Tier::Third
        } else {
            Tier::Fourth
        }
    }
}

/// What a matching run needs.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HouseholdFacts {
    /// The members, as in the registration.
    pub members: Vec<MemberFacts>,
    /// Where they live.
    pub commune: CommuneCode,
    /// Where exactly, or the commune's point.
    pub point: GeoPoint,
    /// At most this far, minutes from door to door.
    pub max_travel_minutes: Option<u16>,
    /// One of these languages; empty: any.
    pub languages: Vec<Language>,
}

impl HouseholdFacts {
    /// The strongest tier among the members.
    pub fn tier(&self, zone: Zone, now: DateTime<Utc>) -> Tier {
        self.members.iter().map(|member| member.tier(zone, now)).min().unwrap_or(Tier::Fourth)
    }
}

/// Who they are and how to reach them.
#[derive(Clone, PartialEq, Eq)]
pub struct HouseholdIdentity {
    /// First and last name of each member, as in the registration.
    pub names: Vec<(PersonName, PersonName)>,
    /// The number to call.
    pub phone: PhoneNumber,
    /// First and last name of the adult who answers for children who register alone.
    pub guardian: Option<(PersonName, PersonName)>,
}

impl fmt::Debug for MemberFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemberFacts(…)")
    }
}

impl fmt::Debug for HouseholdFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseholdFacts(…)")
    }
}

impl fmt::Debug for HouseholdIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseholdIdentity(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(birth_date: &str, ald: Option<bool>, c2s: Option<bool>) -> MemberFacts {
        let (birth_date, sex) = (birth_date.parse().unwrap(), Sex::Female);
        MemberFacts { birth_date, sex, ald, c2s, recognised: false, home_visit_needed: false }
    }

    fn tier(member: &MemberFacts) -> Tier {
        member.tier(Zone::PARIS, "2026-11-24T09:00:00Z".parse().unwrap())
    }

    #[test]
    fn tiers_are_those_of_the_published_order() {
        let no = Some(false);
        assert_eq!(tier(&born("1950-01-01", Some(true), Some(true))), Tier::First, "an illness counts before all else");
        assert_eq!(tier(&born("1956-11-24", no, no)), Tier::Second, "seventy today");
        assert_eq!(tier(&born("1956-11-25", no, no)), Tier::Fourth, "seventy tomorrow");
        assert_eq!(tier(&born("1990-01-01", no, Some(true))), Tier::Second);
        assert_eq!(tier(&MemberFacts { recognised: true, ..born("1990-01-01", no, no) }), Tier::Third);
        assert_eq!(tier(&born("1990-01-01", no, no)), Tier::Fourth);
    }

    #[test]
    fn what_nobody_said_never_lowers_a_tier() {
        for ald in [None, Some(false), Some(true)] {
            for c2s in [None, Some(false), Some(true)] {
                let said = tier(&born("1990-01-01", ald.or(Some(true)), c2s.or(Some(true))));
                assert_eq!(tier(&born("1990-01-01", ald, c2s)), said, "{ald:?} {c2s:?}");
            }
        }
    }

    #[test]
    fn nothing_of_a_household_shows_in_debug_output() {
        assert_eq!(format!("{:?}", born("1990-01-01", None, None)), "MemberFacts(…)");
    }
}
