//! Every number of the generator, in one table: its default, the demo's value, the range it may be set in, and where it
//! comes from. README prints this table.

/// A number of the generator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Its name, as in domain.md §6.
    pub key: &'static str,
    /// Its value unless set.
    pub default: f64,
    /// Its value in the demo: more generous, so that a first minute shows choices.
    pub demo: f64,
    /// Lowest and highest value it may be set to.
    pub range: (f64, f64),
    /// Where the default comes from: published, or assumed by us.
    pub source: &'static str,
}

macro_rules! parameters {
    ($($variant:ident = $key:literal, $default:literal, demo $demo:literal, $low:literal..=$high:literal, $source:literal;)+) => {
        /// Which number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Key { $(#[doc = $source] $variant),+ }

        impl Key {
            /// Every key, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
        }

        /// The table, in the order of [`Key::ALL`].
        pub const TABLE: &[Parameter] = &[$(Parameter {
            key: $key,
            default: $default,
            demo: $demo,
            range: ($low, $high),
            source: $source,
        }),+];
    };
}

parameters! {
    MembersPer10k = "members.per_10k", 19.0, demo 19.0, 10.0..=60.0,
        "Weppes: 91 members for 48 000 inhabitants, published (CPAM Lille-Douai 2023); 35.9 and 40.8 in Côte-d'Or, published";
    GpSharePublishing = "gp.share_publishing", 0.25, demo 0.60, 0.10..=0.60,
        "Voironnais: a quarter of GPs in the SAS, published; the demo takes the top of the range";
    GpSlotsPerWeek = "gp.slots_per_week", 8.0, demo 20.0, 4.0..=20.0,
        "2 hours a week declared in the SAS, published; the demo takes the top of the range";
    GpSlotMinutes = "gp.slot_minutes", 15.0, demo 15.0, 10.0..=20.0, "15 to 17 minutes, DREES and Doctolib, published";
    NurseSharePublishing = "infirmier.share_publishing", 0.15, demo 0.50, 0.0..=1.0, "our assumption";
    PhysioSharePublishing = "masseur_kinesitherapeute.share_publishing", 0.10, demo 0.30, 0.0..=1.0, "our assumption";
    MidwifeSharePublishing = "sage_femme.share_publishing", 0.30, demo 1.0, 0.0..=1.0, "our assumption";
    DentistSharePublishing = "chirurgien_dentiste.share_publishing", 0.20, demo 0.50, 0.0..=1.0, "our assumption";
    PharmacistSharePublishing = "pharmacien.share_publishing", 0.20, demo 0.75, 0.0..=1.0, "our assumption";
    OtherSharePublishing = "other.share_publishing", 0.10, demo 0.50, 0.0..=1.0,
        "our assumption (specialists, biologists, orthophonistes, orthoptistes, pédicures-podologues)";
    OneOfEachKind = "publishing.one_of_each_kind", 0.0, demo 1.0, 0.0..=1.0,
        "our assumption: 1 lets at least one member of every kind publish";
    OtherSlotsPerWeek = "other.slots_per_week", 8.0, demo 10.0, 1.0..=20.0, "our assumption: as GPs by default";
    NurseSlotMinutes = "infirmier.slot_minutes", 15.0, demo 15.0, 10.0..=30.0, "our assumption";
    OtherSlotMinutes = "other.slot_minutes", 20.0, demo 20.0, 10.0..=45.0,
        "our assumption (kiné, sage-femme, dentiste 20; the others as they)";
    PublishedWeekly = "published.fixed_weekly", 0.60, demo 0.60, 0.0..=1.0, "our assumption: 11:30, 13:30, 18:00";
    PublishedDayBefore = "published.day_before", 0.30, demo 0.30, 0.0..=1.0,
        "our assumption; the rest appears the same morning, from cancellations";
    SaturdayShare = "saturday.share_open", 0.30, demo 0.50, 0.0..=1.0,
        "our assumption: publishers who also open on Saturday morning";
    VirtualShareGp = "gp.share_virtual", 0.10, demo 0.10, 0.0..=0.5, "our assumption";
    HomeShareNurse = "infirmier.share_home", 0.60, demo 0.60, 0.0..=1.0, "our assumption";
    HomeShareGp = "gp.share_home", 0.05, demo 0.08, 0.0..=0.3, "our assumption";
    WalkInShare = "slot.share_walk_in", 0.05, demo 0.05, 0.0..=0.5, "our assumption: an hour without appointment";
    WalkInPlaces = "slot.walk_in_places", 4.0, demo 4.0, 2.0..=12.0, "our assumption: places of such an hour";
    ExtraShare = "slot.share_extra", 0.10, demo 0.10, 0.0..=0.5, "our assumption: one place en sus, doctors only";
    AudienceAll = "audience.share_public", 0.55, demo 0.65, 0.0..=1.0, "our assumption: PUBLIC, PRO and SNP";
    AudienceSnp = "audience.share_snp_only", 0.30, demo 0.25, 0.0..=1.0,
        "our assumption: SNP alone; the rest is PRO and SNP";
    GroupShare = "practice.share_in_group", 0.40, demo 0.40, 0.0..=1.0, "our assumption: in the commune's maison de santé";
    AccessibleShare = "practice.share_accessible", 0.80, demo 0.80, 0.0..=1.0, "our assumption";
    EnglishShare = "language.share_english", 0.30, demo 0.30, 0.0..=1.0, "our assumption";
    OtherLanguageShare = "language.share_other", 0.15, demo 0.15, 0.0..=1.0, "our assumption";
    RequestsPer10k = "cpts.snp_requests_per_W", 3.0, demo 3.0, 1.0..=8.0,
        "our assumption, bracketed by Caen (0.8 to 2.2 and direct requests); a weekday 08:00–20:00, per 10 000 inhabitants";
    RequestsSaturday = "cpts.snp_requests_saturday_am", 1.5, demo 1.5, 0.5..=4.0, "our assumption; 08:00–12:00";
    EpidemicFactor = "epidemic_factor", 1.0, demo 1.0, 1.0..=2.0, "Rhône ×2, Haute-Garonne ×1.6, published";
    DayNoise = "arrivals.day_cv", 0.25, demo 0.25, 0.0..=1.0, "our assumption: gamma noise common to a day";
    InTerritory = "patient.in_territory", 0.90, demo 0.90, 0.7..=1.0, "our assumption";
    ExactPointShare = "patient.share_exact_point", 0.30, demo 0.30, 0.0..=1.0, "our assumption: an address was given";
    TravelLimitShare = "patient.share_travel_limit", 0.50, demo 0.50, 0.0..=1.0, "our assumption: says how far is too far";
    TravelMedianUrban = "patient.max_travel_median_urban", 20.0, demo 20.0, 10.0..=60.0,
        "our assumption, lognormal, minutes; France Santé aims at 30";
    TravelMedianRural = "patient.max_travel_median_rural", 30.0, demo 30.0, 10.0..=60.0, "our assumption, lognormal, minutes";
    TravelP95 = "patient.max_travel_p95", 45.0, demo 45.0, 31.0..=120.0, "our assumption, minutes";
    WheelchairShare = "patient.share_wheelchair", 0.03, demo 0.03, 0.0..=0.2, "our assumption";
    ForeignLanguageShare = "patient.share_other_language", 0.03, demo 0.03, 0.0..=0.3, "our assumption";
    PendingPer10k = "demo.pending_per_10k", 2.5, demo 2.5, 0.0..=20.0, "our assumption: requests waiting when the demo opens";
    PendingMinutes = "demo.pending_minutes", 90.0, demo 90.0, 1.0..=720.0, "our assumption: the oldest of them";
}

/// A distribution over named values; its shares sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    /// Its name.
    pub key: &'static str,
    /// Values with their shares.
    pub shares: &'static [(&'static str, f64)],
    /// Where it comes from.
    pub source: &'static str,
}

/// Hours of a weekday, 08 to 19.
pub const HOURS: Mix = Mix {
    key: "arrivals.hour",
    shares: &[
        ("08", 0.09),
        ("09", 0.13),
        ("10", 0.12),
        ("11", 0.10),
        ("12", 0.06),
        ("13", 0.06),
        ("14", 0.08),
        ("15", 0.08),
        ("16", 0.09),
        ("17", 0.09),
        ("18", 0.07),
        ("19", 0.03),
    ],
    source: "our assumption (morning peak)",
};
/// Monday to Friday: each day's share of the five.
pub const WEEKDAYS: Mix = Mix {
    key: "arrivals.weekday",
    shares: &[("Mon", 0.26), ("Tue", 0.20), ("Wed", 0.18), ("Thu", 0.17), ("Fri", 0.19)],
    source: "our assumption: factors 1.30, 1.00, 0.90, 0.85, 0.95",
};
/// Channels.
pub const CHANNELS: Mix = Mix {
    key: "channel",
    shares: &[("sas", 0.45), ("professional", 0.25), ("widget", 0.15), ("operator", 0.15)],
    source: "our assumption; `operator` is a patient's own call",
};
/// Levels a person decides.
pub const LEVELS: Mix = Mix {
    key: "level",
    shares: &[("immediate", 0.05), ("same_day", 0.25), ("h24", 0.45), ("h48", 0.25)],
    source: "our assumption",
};
/// What becomes of a request once a person has qualified it.
pub const QUALIFICATION: Mix = Mix {
    key: "qualification",
    shares: &[("visit", 0.55), ("advice", 0.30), ("redirected", 0.15)],
    source: "our assumption; about half advice is published for SAMU 31",
};
/// Age bands: first and last year.
pub const AGES: Mix = Mix {
    key: "age",
    shares: &[("0-12", 0.22), ("13-24", 0.07), ("25-44", 0.26), ("45-69", 0.25), ("70-95", 0.20)],
    source: "22, 26 and 55 % under 45: DREES 2004, published; the split at 70 is our assumption",
};
/// Motifs of the Hub Santé.
pub const MOTIFS: Mix = Mix {
    key: "motif",
    shares: &[
        ("M03.14", 0.24),
        ("M03.12", 0.12),
        ("M03.21", 0.10),
        ("M03.20", 0.07),
        ("M03.22", 0.12),
        ("M02.06", 0.09),
        ("M02.07", 0.02),
        ("M03.05", 0.07),
        ("M03.15", 0.03),
        ("M03.11", 0.04),
        ("M03.13", 0.03),
        ("M03.17", 0.03),
        ("M06.02", 0.03),
        ("M06.04", 0.01),
    ],
    source: "our assumption; compatible with three quarters somatic and not traumatic, published",
};
/// Members by kind, for a territory whose file has none.
pub const MEMBER_KINDS: Mix = Mix {
    key: "members.kind",
    shares: &[
        ("medecin_generaliste", 0.14),
        ("medecin_specialiste", 0.02),
        ("biologiste", 0.01),
        ("pharmacien", 0.05),
        ("infirmier", 0.22),
        ("masseur_kinesitherapeute", 0.31),
        ("chirurgien_dentiste", 0.09),
        ("sage_femme", 0.01),
        ("orthophoniste", 0.11),
        ("orthoptiste", 0.01),
        ("pedicure_podologue", 0.03),
    ],
    source: "the Weppes' supply, INSEE BPE 2021, rounded",
};
/// Specialities of the specialist doctors, dealt in this order, over again.
pub const SPECIALITIES: &[&str] = &["SM40", "SM42", "SM20", "SM38", "SM15", "SM04"];
/// Languages besides French and English.
pub const OTHER_LANGUAGES: &[&str] = &["nl", "ar", "es", "pt", "pl", "it"];
/// Every mix, for whoever prints them.
pub const MIXES: &[Mix] = &[HOURS, WEEKDAYS, CHANNELS, LEVELS, QUALIFICATION, AGES, MOTIFS, MEMBER_KINDS];

/// The numbers of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters(Vec<f64>);

/// A value outside its parameter's range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{key} goes from {low} to {high}, not {value}")]
pub struct OutOfRange {
    /// Which parameter.
    pub key: &'static str,
    /// Lowest value.
    pub low: f64,
    /// Highest value.
    pub high: f64,
    /// The value refused.
    pub value: f64,
}

impl Parameters {
    /// The defaults of the table.
    pub fn published() -> Self {
        Self(TABLE.iter().map(|parameter| parameter.default).collect())
    }

    /// The demo's values.
    pub fn demo() -> Self {
        Self(TABLE.iter().map(|parameter| parameter.demo).collect())
    }

    /// The same, with one value set.
    ///
    /// # Errors
    /// [`OutOfRange`] outside the parameter's range.
    pub fn with(mut self, key: Key, value: f64) -> Result<Self, OutOfRange> {
        let Parameter { key: name, range: (low, high), .. } = TABLE[key as usize];
        if !(low..=high).contains(&value) {
            return Err(OutOfRange { key: name, low, high, value });
        }
        self.0[key as usize] = value;
        Ok(self)
    }

    /// A value.
    pub fn get(&self, key: Key) -> f64 {
        self.0[key as usize]
    }

    /// A value that is a count, to the nearest whole.
    pub(super) fn count(&self, key: Key) -> u32 {
        rounded(self.get(key))
    }
}

/// The nearest whole number; 0 below, and a million above.
pub(super) fn rounded(number: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1e6 in the same line")]
    let whole = number.round().clamp(0.0, 1e6) as u32;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_range_and_has_a_source() {
        let mut keys = std::collections::BTreeSet::new();
        for Parameter { key, default, demo, range: (low, high), source } in TABLE {
            assert!(low <= default && default <= high && low <= demo && demo <= high, "{key}");
            assert!(!source.is_empty() && keys.insert(key), "{key}");
        }
        for Mix { key, shares, source } in MIXES {
            let sum: f64 = shares.iter().map(|(_, share)| share).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{key}: {sum}");
            assert!(!source.is_empty());
        }
        let published = Parameters::published().get(Key::TravelMedianRural);
        assert!(published < Parameters::published().get(Key::TravelP95));
    }

    #[test]
    fn a_value_outside_its_range_is_refused_by_name() {
        let error = Parameters::published().with(Key::EpidemicFactor, 3.0).unwrap_err();
        assert_eq!(error.to_string(), "epidemic_factor goes from 1 to 2, not 3");
        let set = Parameters::published().with(Key::EpidemicFactor, 1.6).unwrap().get(Key::EpidemicFactor);
        assert!((set - 1.6).abs() < f64::EPSILON);
    }
}
