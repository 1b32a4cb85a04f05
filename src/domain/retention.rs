//! How long what is kept of people is kept: one dated table (`fixtures/law/retention.toml`), where each duration says whether
//! it was published or is our assumption (domain.md §5.1).

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use serde::Deserialize;

use super::coding::coded;
use super::time::Zone;
use super::{CareRequest, Registration};

/// The table.
const TABLE: &str = include_str!("../../fixtures/law/retention.toml");

coded!(
    /// What is kept.
    KeptSubject {
        /// The patient of a request for unscheduled care.
        SnpRequest = "snp_request",
        /// The patient of a request for a médecin traitant.
        MtRequest = "mt_request",
        /// An event of the audit.
        AuditEvent = "audit_event",
    }
);

coded!(
    /// Where the time it is kept begins.
    CountedFrom {
        /// At the end of the contract year it falls in: the calendar year.
        ContractYearEnd = "contract_year_end",
        /// On its own day.
        Itself = "itself",
    }
);

coded!(
    /// How sure a duration is.
    Standing {
        /// A text says so.
        Published = "published",
        /// Our proposal.
        Assumed = "assumed",
    }
);

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// What is kept.
    pub subject: KeptSubject,
    /// For what was closed from this day on.
    pub from: NaiveDate,
    /// Where the time begins.
    pub counted_from: CountedFrom,
    /// How many months.
    pub months: u32,
    /// How sure that is.
    pub status: Standing,
    /// Who says so.
    pub source: String,
}

/// The table as one territory reads it: days are those of its calendar.
#[derive(Debug, Clone)]
pub struct Retention {
    zone: Zone,
    rules: Arc<[RetentionRule]>,
}

/// Why a table is none.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// Not in its form.
    #[error("not a retention table: {0}")]
    Form(#[from] toml::de::Error),
    /// Something is kept without a rule that ends it, or two rules begin on one day.
    #[error("retention table: {0} needs one rule a day of entry into force, and has none or two")]
    Subject(KeptSubject),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rule: Vec<RetentionRule>,
}

impl Retention {
    /// The table that comes with the service.
    pub fn of_the_table(zone: Zone) -> Self {
        static RULES: LazyLock<Arc<[RetentionRule]>> =
            LazyLock::new(|| read(TABLE).expect("the table that comes with the service is tested").into());
        Self { zone, rules: RULES.clone() }
    }

    /// Another table.
    ///
    /// # Errors
    /// [`RetentionError`].
    pub fn read(zone: Zone, table: &str) -> Result<Self, RetentionError> {
        Ok(Self { zone, rules: read(table)?.into() })
    }

    /// The rules.
    pub fn rules(&self) -> &[RetentionRule] {
        &self.rules
    }

    /// The first instant at which nothing may be kept any more of something that was over at `instant`; none when it was over
    /// before any rule.
    pub fn end(&self, subject: KeptSubject, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let day = self.zone.day(instant);
        let in_force = self.rules.iter().filter(|rule| rule.subject == subject && rule.from <= day);
        let rule = in_force.max_by_key(|rule| rule.from)?;
        let begins = match rule.counted_from {
            CountedFrom::ContractYearEnd => NaiveDate::from_ymd_opt(day.year() + 1, 1, 1),
            CountedFrom::Itself => day.succ_opt(),
        };
        let end = begins?.checked_add_months(Months::new(rule.months))?;
        Some(self.zone.midnight(end))
    }

    /// When everything personal about a request goes, as it stands: none while somebody still waits or comes for it, and once
    /// it is gone. An erasure that was begun goes on at once.
    pub fn end_of(&self, request: &CareRequest) -> Option<DateTime<Utc>> {
        match request.erased_at {
            Some(begun) => request.is_half_erased().then_some(begun),
            None => self.end(KeptSubject::SnpRequest, request.settled_at?),
        }
    }

    /// The same of a household that looks for a médecin traitant: none while somebody of it still looks.
    pub fn end_of_household(&self, registration: &Registration) -> Option<DateTime<Utc>> {
        match registration.erased_at {
            Some(begun) => registration.is_half_erased().then_some(begun),
            None => self.end(KeptSubject::MtRequest, registration.settled_at?),
        }
    }
}

fn read(table: &str) -> Result<Vec<RetentionRule>, RetentionError> {
    let Table { rule: rules } = toml::from_str(table)?;
    for subject in KeptSubject::ALL.iter().copied() {
        let mut days: Vec<_> = rules.iter().filter(|rule| rule.subject == subject).map(|rule| rule.from).collect();
        let all = days.len();
        days.sort();
        days.dedup();
        if days.is_empty() || days.len() < all {
            return Err(RetentionError::Subject(subject));
        }
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn snp(closed: &str) -> Option<DateTime<Utc>> {
        Retention::of_the_table(Zone::PARIS).end(KeptSubject::SnpRequest, utc(closed))
    }

    #[test]
    fn a_request_goes_three_months_after_the_end_of_the_year_it_was_closed_in() {
        let spring_2027 = Some(utc("2027-03-31T22:00:00Z"));
        assert_eq!(snp("2026-01-01T00:00:00Z"), spring_2027);
        assert_eq!(snp("2026-11-24T08:00:00Z"), spring_2027);
        // The year ends at midnight of the territory, an hour before that of Greenwich.
        assert_eq!(snp("2026-12-31T22:59:59Z"), spring_2027);
        assert_eq!(snp("2026-12-31T23:00:00Z"), Some(utc("2028-03-31T22:00:00Z")));
        // On Réunion the year ends three hours earlier than in Paris.
        let reunion: Zone = "Indian/Reunion".parse().unwrap();
        let end = Retention::of_the_table(reunion).end(KeptSubject::SnpRequest, utc("2026-12-31T20:30:00Z"));
        assert_eq!(end, Some(utc("2028-03-31T20:00:00Z")));
    }

    #[test]
    fn the_rule_in_force_on_the_day_counts_and_nothing_is_kept_by_a_rule_to_come() {
        let rule = |from: &str, months: u32| {
            format!(
                "[[rule]]\nsubject = \"snp_request\"\nfrom = \"{from}\"\ncounted_from = \"itself\"\nmonths = {months}\n\
                 status = \"assumed\"\nsource = \"s\"\n"
            )
        };
        let others: String =
            ["mt_request", "audit_event"].map(|subject| rule("2026-01-01", 1).replace("snp_request", subject)).concat();
        let read = |rules: &str| Retention::read(Zone::PARIS, &format!("{rules}{others}"));
        let table = read(&(rule("2027-06-01", 1) + &rule("2026-01-01", 2))).unwrap();
        let end = |closed: &str| table.end(KeptSubject::SnpRequest, utc(closed));
        assert_eq!(end("2027-05-31T12:00:00Z"), Some(utc("2027-07-31T22:00:00Z")));
        assert_eq!(end("2027-06-01T12:00:00Z"), Some(utc("2027-07-01T22:00:00Z")));
        assert_eq!(end("2025-12-31T12:00:00Z"), None);
        for bad in [String::new(), rule("2026-01-01", 1) + &rule("2026-01-01", 2)] {
            assert!(matches!(read(&bad), Err(RetentionError::Subject(KeptSubject::SnpRequest))), "{bad}");
        }
        assert!(matches!(read("months = 3"), Err(RetentionError::Form(_))));
        assert!(read(&rule("2026-01-01", 1).replace("months", "monhts")).is_err());
    }

    #[test]
    fn every_duration_of_the_table_has_a_source_and_says_how_sure_it_is() {
        for rule in Retention::of_the_table(Zone::PARIS).rules() {
            assert!(rule.source.len() > 10 && (1..=120).contains(&rule.months), "{rule:?}");
        }
    }
}
