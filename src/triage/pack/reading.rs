//! Makes a [`Pack`] of its files, or says every fault at once, each with its file, its block and its field: a pack with a fault
//! is not loaded at all.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use super::care_need::care_need;
use super::form::{
    AppliesForm, ApprovalForm, ComplaintForm, DiscriminatorForm, EffectForm, FlagForm, LexiconForm, ModifierForm,
    PackForm, PathwayForm,
};
use super::{
    Applies, Approval, Complaint, Condition, Effect, FALLBACK, Flag, GENERAL, Group, Kind, Modifier, Pack, Pathway,
    Question, Urgency, check, hash,
};
use crate::domain::{CareNeed, ComplaintId, Level, Modality, Sex};

/// The files of a pack by their path within it.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What is wrong in a pack, for whoever writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Path of the file.
    pub file: String,
    /// Block, and what in it.
    pub block: String,
    /// Field.
    pub field: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = [&self.file, &self.block, &self.field].into_iter().filter(|part| !part.is_empty());
        let place: Vec<&str> = place.map(String::as_str).collect();
        write!(f, "{}: {}", place.join(": "), self.what)
    }
}

/// Where in a pack one looks, and what was found wrong so far.
pub(super) struct Reader {
    file: String,
    block: String,
    faults: Vec<Fault>,
}

impl Reader {
    pub(super) fn at(&mut self, file: impl Into<String>, block: impl Into<String>) {
        (self.file, self.block) = (file.into(), block.into());
    }

    pub(super) fn fault(&mut self, field: impl Into<String>, what: impl fmt::Display) {
        let (file, block) = (self.file.clone(), self.block.clone());
        self.faults.push(Fault { file, block, field: field.into(), what: what.to_string() });
    }

    fn parsed<T: std::str::FromStr<Err: fmt::Display>>(&mut self, field: &str, text: &str) -> Option<T> {
        text.parse().map_err(|error| self.fault(field, format!("{text:?}: {error}"))).ok()
    }

    fn form<T: DeserializeOwned>(&mut self, path: &str, bytes: &[u8]) -> Option<T> {
        self.at(path, "");
        let text = std::str::from_utf8(bytes).map_err(|error| self.fault("", error)).ok()?;
        toml::from_str(text).map_err(|error| self.fault("", error.to_string().trim_end())).ok()
    }
}

impl Pack {
    /// Reads a pack.
    ///
    /// # Errors
    /// Every fault found.
    pub fn read(files: &Files) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader { file: String::new(), block: String::new(), faults: Vec::new() };
        let pack = read(&mut reader, files);
        match pack {
            Some(pack) if reader.faults.is_empty() => Ok(pack),
            _ => Err(reader.faults),
        }
    }
}

fn read(reader: &mut Reader, files: &Files) -> Option<Pack> {
    let mut form: Option<PackForm> = None;
    let mut lexicon = LexiconForm::default();
    let mut blocks: Vec<(String, ComplaintForm)> = Vec::new();
    for (path, bytes) in files {
        match path.as_str() {
            "pack.toml" => form = reader.form(path, bytes),
            "lexicon.toml" => lexicon = reader.form(path, bytes).unwrap_or_default(),
            _ if path.starts_with("complaints/") && path.ends_with(".toml") => {
                blocks.extend(reader.form(path, bytes).map(|form: ComplaintForm| (path.clone(), form)));
            }
            // Golden cases and texts for people stand beside, and are read by whoever needs them.
            _ => {}
        }
    }
    if !files.contains_key("pack.toml") {
        reader.at("pack.toml", "");
        reader.fault("", "the file is missing");
    }
    let form = form?;
    // The general questions come first and the fallback last, whatever the files are called.
    let rank = |id: &str| (id == FALLBACK, id != GENERAL, id.to_owned());
    blocks.sort_by_key(|(_, block)| rank(&block.id));
    let mut by_id: HashMap<ComplaintId, usize> = HashMap::new();
    for (place, (path, block)) in blocks.iter().enumerate() {
        reader.at(path, &block.id);
        if let Some(id) = reader.parsed::<ComplaintId>("id", &block.id)
            && by_id.insert(id, place).is_some()
        {
            reader.fault("id", "another block has the same name");
        }
    }
    let places = Places { by_id: &by_id, form: &form };
    let complaints: Vec<Complaint> =
        blocks.iter().filter_map(|(path, block)| complaint(reader, path, block, &places)).collect();
    reader.at("pack.toml", "");
    let modifiers = form.modifiers.iter().filter_map(|one| modifier(reader, one, &places, blocks.len())).collect();
    let flags = form.flags.iter().map(|one| flag(reader, one, &places)).collect();
    reader.at("pack.toml", "");
    let ids: Vec<ComplaintForm> = blocks.iter().map(|(_, block)| block.clone()).collect();
    let hash = hash::of(&form, &ids, &lexicon);
    let (of_this, of_other): (Vec<&ApprovalForm>, _) = form.approved_by.iter().partition(|one| one.hash == hash);
    let approvals = of_this.into_iter().filter_map(|one| approval(reader, one)).collect();
    // Whoever signed other content said nothing about this one.
    let lapsed = of_other.into_iter().map(|one| one.name.clone()).collect();
    let pack = Pack {
        hash,
        valid_from: instant(reader, "valid_from", &form.valid_from)?,
        valid_to: instant(reader, "valid_to", &form.valid_to)?,
        approvals,
        lapsed,
        flags,
        modifiers,
        complaints,
        by_id: by_id.clone(),
        id: form.pack_id.clone(),
        version: form.version.clone(),
        changelog: form.changelog.clone(),
        notice: form.notice_fr.clone(),
        lexicon,
    };
    if reader.faults.is_empty() {
        check::rules(reader, &pack, &form, &blocks);
    }
    Some(pack)
}

/// What names in a block may refer to.
struct Places<'a> {
    by_id: &'a HashMap<ComplaintId, usize>,
    form: &'a PackForm,
}

impl Places<'_> {
    fn complaint(&self, reader: &mut Reader, field: &str, name: &str) -> Option<usize> {
        let found = name.parse().ok().and_then(|id: ComplaintId| self.by_id.get(&id).copied());
        if found.is_none() {
            reader.fault(field, format!("{name:?} is no complaint of the pack"));
        }
        found
    }

    fn condition(&self, reader: &mut Reader, field: &str, text: &str) -> Option<Condition> {
        let condition: Condition = reader.parsed(field, text)?;
        for flag in condition.flags() {
            self.flag(reader, field, flag);
        }
        Some(condition)
    }

    fn flag(&self, reader: &mut Reader, field: &str, name: &str) {
        if !self.form.flags.iter().any(|known| known.id == name) {
            reader.fault(field, format!("the flag {name:?} is not declared in pack.toml"));
        }
    }
}

fn instant(reader: &mut Reader, field: &str, text: &str) -> Option<DateTime<Utc>> {
    let read = DateTime::parse_from_rfc3339(text).map(|instant| instant.with_timezone(&Utc));
    read.map_err(|error| reader.fault(field, format!("{text:?}: {error}"))).ok()
}

fn approval(reader: &mut Reader, form: &ApprovalForm) -> Option<Approval> {
    Approval::read(form).map_err(|(field, what)| reader.fault(field, what)).ok()
}

fn level(reader: &mut Reader, field: &str, text: &str) -> Option<Level> {
    reader.parsed(field, text)
}

/// A level with its delay: the level's own, or a shorter one of its band.
fn urgency(reader: &mut Reader, field: &str, text: &str, delay: Option<u32>) -> Option<Urgency> {
    let level = level(reader, field, text)?;
    let (from, to) = band(level);
    if let Some(delay) = delay.filter(|delay| !(from..=to).contains(delay)) {
        let what = format!("a delay of {delay} min is not one of {level} ({from} to {to} min)");
        reader.fault(field.replace("level", "delay"), what);
    }
    let own = level.delay().and_then(|delay| u32::try_from(delay.num_minutes()).ok());
    Some(Urgency { level, delay: delay.or(own) })
}

/// The minutes a level may allow: no two bands overlap (triage.md §3).
pub(super) fn band(level: Level) -> (u32, u32) {
    match level {
        Level::Immediate => (0, 0),
        Level::SameDay => (60, 720),
        Level::H24 => (721, 1_440),
        Level::H48 => (1_441, 2_880),
        Level::Programmed => (u32::MAX, u32::MAX),
    }
}

fn sex(reader: &mut Reader, field: &str, words: &[String]) -> Option<Sex> {
    // Packs and the official list say UN or O where the API says U; who is unknown is asked as either would be.
    let known: Vec<&str> = words.iter().map(String::as_str).filter(|word| !matches!(*word, "UN" | "O")).collect();
    match known[..] {
        [] | ["F", "M"] | ["M", "F"] => None,
        ["F"] => Some(Sex::Female),
        ["M"] => Some(Sex::Male),
        _ => {
            reader.fault(field, format!("{known:?}: F, M, UN or O"));
            None
        }
    }
}

fn applies(reader: &mut Reader, field: &str, form: &AppliesForm, places: &Places<'_>, ids: &[&str]) -> Applies {
    let question = |reader: &mut Reader, name: &String| {
        let found = ids.iter().position(|id| id == name);
        if found.is_none() {
            reader.fault(format!("{field}.unless_no"), format!("{name:?} is no question of this block"));
        }
        found
    };
    let from = Bound::of(reader, &format!("{field}.age_min"), form.age_min_years, form.age_min_months, 0);
    let to = Bound::of(reader, &format!("{field}.age_max"), form.age_max_years, form.age_max_months, 11);
    somebody_is_between(reader, from.as_ref(), to.as_ref());
    let with = format!("{field}.with");
    Applies {
        sex: sex(reader, &format!("{field}.sex"), &form.sex),
        from_months: from.map(|from| from.months),
        to_months: to.map(|to| to.months),
        with: form.with.iter().filter_map(|name| places.complaint(reader, &with, name)).collect(),
        unless_no: form.unless_no.iter().filter_map(|name| question(reader, name)).collect(),
    }
}

/// The oldest anybody is, months: a bound beyond it was meant otherwise.
const OLDEST_MONTHS: u32 = 130 * 12;

/// One end of an age range, and the field it stands in.
struct Bound {
    months: u32,
    field: String,
}

impl Bound {
    /// From years or from months; the last year counts `rest` months more.
    fn of(reader: &mut Reader, field: &str, years: Option<u32>, months: Option<u32>, rest: u32) -> Option<Self> {
        let (field, count) = match (years, months) {
            (None, None) => return None,
            (Some(years), None) => (format!("{field}_years"), years.saturating_mul(12).saturating_add(rest)),
            (None, Some(months)) => (format!("{field}_months"), months),
            (Some(_), Some(months)) => {
                let field = format!("{field}_months");
                reader.fault(&field, "in years or in months, not in both");
                (field, months)
            }
        };
        Some(Self { months: count, field })
    }
}

/// An age range holds somebody: what is asked of nobody is asked of no one who needs it.
fn somebody_is_between(reader: &mut Reader, from: Option<&Bound>, to: Option<&Bound>) {
    let Some(from) = from else { return };
    if from.months > to.map_or(OLDEST_MONTHS, |to| to.months.min(OLDEST_MONTHS)) {
        reader.fault(&from.field, "it begins after it ends: it concerns nobody");
    }
}

fn need(reader: &mut Reader, field: &str, form: &super::form::CareNeedForm) -> Option<CareNeed> {
    care_need(form)
        .map_err(|(part, word)| reader.fault(format!("{field}.{part}"), format!("{word:?} has no national code")))
        .ok()
}

fn flag(reader: &mut Reader, form: &FlagForm, places: &Places<'_>) -> Flag {
    reader.at("pack.toml", format!("flag {}", form.id));
    Flag {
        id: form.id.clone(),
        label: form.label_fr.clone(),
        question: form.question_fr.clone(),
        applies: applies(reader, "applies", &form.applies, places, &[]),
    }
}

fn modifier(reader: &mut Reader, form: &ModifierForm, places: &Places<'_>, count: usize) -> Option<Modifier> {
    reader.at("pack.toml", format!("modifier {}", form.id));
    let when = places.condition(reader, "when", &form.when);
    let mut applies_to = vec![form.applies_to.is_empty(); count];
    for name in &form.applies_to {
        if let Some(place) = places.complaint(reader, "applies_to", name) {
            applies_to[place] = true;
        }
    }
    for name in &form.except {
        if let Some(place) = places.complaint(reader, "except", name) {
            applies_to[place] = false;
        }
    }
    let effect = match &form.effect {
        EffectForm { floor: Some(floor), raise_by: None, cap: None } => {
            level(reader, "effect.floor", floor).map(Effect::Floor)
        }
        EffectForm { floor: None, raise_by: Some(by @ 1..=4), cap } => {
            let cap = cap.as_deref().unwrap_or("same_day");
            level(reader, "effect.cap", cap).map(|cap| Effect::Raise { by: *by, cap })
        }
        _ => {
            reader.fault("effect", "either a floor, or raise_by (1 to 4) with a cap: a modifier only ever raises");
            None
        }
    };
    let modality = match form.care_modality.as_deref() {
        None => None,
        Some("cabinet") => Some(Modality::Ambulatory),
        Some("domicile") => Some(Modality::HomeVisit),
        Some("teleconsultation") => Some(Modality::Virtual),
        Some(other) => {
            reader.fault("care_modality", format!("{other:?}: cabinet, domicile or teleconsultation"));
            None
        }
    };
    Some(Modifier {
        id: form.id.clone(),
        label: form.label_fr.clone(),
        when: when?,
        applies_to,
        effect: effect?,
        regulation_required: form.regulation_required,
        modality,
        source: form.source.clone(),
    })
}

fn complaint(reader: &mut Reader, path: &str, form: &ComplaintForm, places: &Places<'_>) -> Option<Complaint> {
    let ids: Vec<&str> = form.discriminators.iter().map(|one| one.id.as_str()).collect();
    let mut questions = Vec::with_capacity(ids.len());
    for one in &form.discriminators {
        reader.at(path, format!("{}.{}", form.id, one.id));
        questions.push(question(reader, one, places, &ids));
    }
    let mut groups = Vec::with_capacity(form.groups.len());
    for one in &form.groups {
        reader.at(path, format!("{}.{}", form.id, one.id));
        let members = one.members.iter().filter_map(|name| named(reader, "members", name, &ids)).collect();
        groups.push(Group { id: one.id.clone(), text: one.question_fr.clone(), members, covers: one.covers });
    }
    let mut pathways = Vec::with_capacity(form.pathways.len());
    for one in &form.pathways {
        reader.at(path, format!("{}: pathway {}", form.id, one.id));
        pathways.push(pathway(reader, one, places, &ids));
    }
    reader.at(path, &form.id);
    let redirect = |reader: &mut Reader, one: &super::form::RedirectForm| {
        if one.mode != "also" {
            reader.fault("redirect_if.mode", format!("{:?}: only \"also\" is known, which evaluates both", one.mode));
        }
        let to = places.complaint(reader, "redirect_if.to", &one.to);
        Some((places.condition(reader, "redirect_if.when", &one.when)?, to?))
    };
    let redirects = form.redirect_if.iter().filter_map(|one| redirect(reader, one)).collect();
    Some(Complaint {
        id: form.id.parse().ok()?,
        label: form.label_fr.clone(),
        synonyms: form.synonyms.clone(),
        hubsante_motif: form.hubsante_motif.clone(),
        hubsante_motif_if_immediate: form.hubsante_motif_if_immediate.clone(),
        applies: applies(reader, "applies", &form.applies, places, &ids),
        default: urgency(reader, "default_level", &form.default_level, form.default_delay)?,
        care_need: need(reader, "default_care_need", &form.default_care_need)?,
        sources: form.sources.clone(),
        advice: form.advice_fr.clone(),
        safety_net: form.safety_net_fr.clone(),
        redirects,
        no_red_flag_reason: form.no_red_flag_reason.clone(),
        direct_osnp: form.direct_osnp.clone(),
        review: form.review,
        questions: questions.into_iter().collect::<Option<_>>()?,
        groups,
        pathways: pathways.into_iter().collect::<Option<_>>()?,
    })
}

fn named(reader: &mut Reader, field: &str, name: &str, ids: &[&str]) -> Option<usize> {
    let found = ids.iter().position(|id| *id == name);
    if found.is_none() {
        reader.fault(field, format!("{name:?} is no question of this block"));
    }
    found
}

fn thousandths(reader: &mut Reader, field: &str, number: f64) -> Option<i64> {
    if !(-1e9..=1e9).contains(&number) {
        reader.fault(field, format!("{number} is beyond what can be measured"));
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within a billion, rounded")]
    let thousandths = (number * 1_000.0).round() as i64;
    Some(thousandths)
}

fn kind(reader: &mut Reader, form: &DiscriminatorForm) -> Option<Kind> {
    let name = form.kind.as_deref().unwrap_or("tri");
    nothing_overlooked(reader, form, name);
    match name {
        "tri" => {
            let Some(yes) = &form.level_if_yes else {
                reader.fault("level_if_yes", "the field is missing");
                return None;
            };
            urgency(reader, "level_if_yes", yes, form.delay_if_yes).map(Kind::Tri)
        }
        "number" => {
            let (Some([from, to]), Some(unit)) = (form.plausible, form.unit.clone()) else {
                reader.fault("plausible", "a number has a unit, and a range of what can be");
                return None;
            };
            let plausible = (thousandths(reader, "plausible", from)?, thousandths(reader, "plausible", to)?);
            let step = |reader: &mut Reader, (side, bound, level): &(String, f64, String)| {
                if !matches!(side.as_str(), "lt" | "ge") {
                    reader.fault("steps", format!("{side:?}: \"lt\" (below) or \"ge\" (from)"));
                }
                let urgency = urgency(reader, "steps", level, None)?;
                Some((side == "lt", thousandths(reader, "steps", *bound)?, urgency))
            };
            let steps = form.steps.iter().filter_map(|one| step(reader, one)).collect();
            Some(Kind::Number { unit, plausible, steps })
        }
        "ordered_choice" => {
            let choice = |reader: &mut Reader, one: &super::form::ChoiceForm| {
                Some((one.label_fr.clone(), urgency(reader, "choices", &one.level, None)?))
            };
            Some(Kind::Choice(form.choices.iter().filter_map(|one| choice(reader, one)).collect()))
        }
        other => {
            reader.fault("type", format!("{other:?}: tri, number or ordered_choice"));
            None
        }
    }
}

/// A level that stands where nobody reads it would be missed: each kind of question has its own fields.
fn nothing_overlooked(reader: &mut Reader, form: &DiscriminatorForm, kind: &str) {
    for (of, field, given) in [
        ("tri", "level_if_yes", form.level_if_yes.is_some()),
        ("tri", "delay_if_yes", form.delay_if_yes.is_some()),
        ("number", "unit", form.unit.is_some()),
        ("number", "plausible", form.plausible.is_some()),
        ("number", "steps", !form.steps.is_empty()),
        ("ordered_choice", "choices", !form.choices.is_empty()),
    ] {
        if given && of != kind {
            reader.fault(field, format!("only a question of type {of:?} has it: this one is {kind:?}"));
        }
    }
}

fn question(reader: &mut Reader, form: &DiscriminatorForm, places: &Places<'_>, ids: &[&str]) -> Option<Question> {
    let for_pathway = match form.phase.as_deref() {
        None => false,
        Some("pathway") => true,
        Some(other) => {
            reader.fault("phase", format!("{other:?}: only \"pathway\" is known"));
            false
        }
    };
    let applies = applies(reader, "applies", &form.applies, places, ids);
    let unknown = urgency(reader, "level_if_unknown", &form.level_if_unknown, form.delay_if_unknown);
    Some(Question {
        id: form.id.clone(),
        text: form.question_fr.clone(),
        help: form.help_fr.clone(),
        reason: form.reason_fr.clone(),
        source: form.source.clone(),
        red_flag: form.red_flag,
        vital: form.vital,
        kind: kind(reader, form)?,
        unknown: unknown?,
        regulation_required: form.regulation_required,
        advice: form.advice_yes_fr.clone(),
        applies,
        for_pathway,
        review: form.review,
    })
}

fn pathway(reader: &mut Reader, form: &PathwayForm, places: &Places<'_>, ids: &[&str]) -> Option<Pathway> {
    let exclusions = form.requires_no.iter().filter_map(|name| named(reader, "requires_no", name, ids)).collect();
    for flag in &form.requires_no_flag {
        places.flag(reader, "requires_no_flag", flag);
    }
    let sex = form.requires.sex.as_ref().and_then(|word| sex(reader, "requires.sex", std::slice::from_ref(word)));
    let from = Bound::of(reader, "requires.age_min", form.requires.age_min_years, None, 0);
    let to = Bound::of(reader, "requires.age_max", form.requires.age_max_years, None, 11);
    somebody_is_between(reader, from.as_ref(), to.as_ref());
    Some(Pathway {
        id: form.id.clone(),
        care_need: need(reader, "care_need", &form.care_need)?,
        at_most: level(reader, "requires_level_at_most", &form.requires_level_at_most)?,
        sex,
        from_years: form.requires.age_min_years,
        to_years: form.requires.age_max_years,
        capability: form.requires.structure_capability.clone(),
        exclusions,
        no_flags: form.requires_no_flag.clone(),
        legal_basis: form.legal_basis.clone(),
        advice: form.advice_fr.clone(),
        safety_net: form.safety_net_fr.clone(),
    })
}
