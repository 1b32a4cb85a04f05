//! A pack in memory, written as the files the loader reads.

use crate::domain::Level;
use crate::triage::pack::form::{
    AppliesForm, CareNeedForm, ChoiceForm, ComplaintForm, DiscriminatorForm, EffectForm, FlagForm, GroupForm,
    ModifierForm, PackForm, PathwayForm, RedirectForm, RequiresForm,
};
use crate::triage::pack::{Applies, Complaint, Effect, Files, Flag, Kind, Modifier, Pack, Pathway, Question, Urgency};

/// The files of a pack made of parts that have a place in files.
pub(super) fn files_of(pack: &Pack) -> Files {
    let form = PackForm {
        pack_id: pack.id.clone(),
        version: pack.version.clone(),
        schema: "triage-pack/1".to_owned(),
        lang: "fr".to_owned(),
        valid_from: "2026-01-01T00:00:00Z".to_owned(),
        valid_to: "2027-01-01T00:00:00Z".to_owned(),
        approved_by: Vec::new(),
        supersedes: None,
        changelog: pack.changelog.clone(),
        notice_fr: pack.notice.clone(),
        levels: Level::ALL.iter().map(|level| level.code().to_owned()).collect(),
        flags: pack.flags.iter().map(|one| flag(pack, one)).collect(),
        modifiers: pack.modifiers.iter().map(|one| modifier(pack, one)).collect(),
    };
    let mut files = Files::new();
    let mut add = |path: String, text: Result<String, toml::ser::Error>| files.insert(path, text.unwrap().into_bytes());
    add("pack.toml".to_owned(), toml::to_string(&form));
    for block in &pack.complaints {
        add(format!("complaints/{}.toml", block.id), toml::to_string(&complaint(pack, block)));
    }
    add("lexicon.toml".to_owned(), toml::to_string(&pack.lexicon));
    files
}

fn flag(pack: &Pack, one: &Flag) -> FlagForm {
    FlagForm {
        id: one.id.clone(),
        label_fr: one.label.clone(),
        question_fr: one.question.clone(),
        applies: applies(pack, &[], &one.applies),
    }
}

fn code(level: Level) -> String {
    level.code().to_owned()
}

/// A level's own delay is not written.
fn delay(urgency: Urgency) -> Option<u32> {
    let own = urgency.level.delay().and_then(|delay| u32::try_from(delay.num_minutes()).ok());
    urgency.delay.filter(|delay| Some(*delay) != own)
}

fn name(pack: &Pack, place: usize) -> String {
    pack.complaints[place].id.to_string()
}

fn modifier(pack: &Pack, one: &Modifier) -> ModifierForm {
    let named = |applies: bool| -> Vec<String> {
        (0..pack.complaints.len()).filter(|place| one.applies_to[*place] == applies).map(|at| name(pack, at)).collect()
    };
    // To apply to none is to except all.
    let (applies_to, except) = match named(true) {
        none if none.is_empty() => (none, named(false)),
        all if all.len() == pack.complaints.len() => (Vec::new(), Vec::new()),
        some => (some, Vec::new()),
    };
    let nothing = EffectForm { floor: None, raise_by: None, cap: None };
    ModifierForm {
        id: one.id.clone(),
        label_fr: one.label.clone(),
        when: one.when.to_string(),
        applies_to,
        except,
        effect: match one.effect {
            Effect::Floor(floor) => EffectForm { floor: Some(code(floor)), ..nothing },
            Effect::Raise { by, cap } => EffectForm { raise_by: Some(by), cap: Some(code(cap)), ..nothing },
        },
        regulation_required: one.regulation_required,
        care_modality: None,
        source: one.source.clone(),
        review: false,
    }
}

fn applies(pack: &Pack, questions: &[Question], one: &Applies) -> AppliesForm {
    AppliesForm {
        sex: one.sex.map(|sex| sex.code().to_owned()).into_iter().collect(),
        age_min_months: one.from_months,
        age_max_months: one.to_months,
        with: one.with.iter().map(|place| name(pack, *place)).collect(),
        unless_no: one.unless_no.iter().map(|place| questions[*place].id.clone()).collect(),
        ..AppliesForm::default()
    }
}

/// The profession of a need as packs say it: the two a generated one has.
fn care_need(profession: &str) -> CareNeedForm {
    let word = if profession == "21" { "pharmacien" } else { "medecin" };
    CareNeedForm { profession: word.to_owned(), speciality: "mg".to_owned(), modality: String::new() }
}

fn complaint(pack: &Pack, block: &Complaint) -> ComplaintForm {
    ComplaintForm {
        id: block.id.to_string(),
        label_fr: block.label.clone(),
        synonyms: block.synonyms.clone(),
        hubsante_motif: block.hubsante_motif.clone(),
        hubsante_motif_if_immediate: block.hubsante_motif_if_immediate.clone(),
        applies: applies(pack, &block.questions, &block.applies),
        default_level: code(block.default.level),
        default_delay: delay(block.default),
        default_care_need: care_need(block.care_need.profession.as_str()),
        sources: block.sources.clone(),
        advice_fr: block.advice.clone(),
        safety_net_fr: block.safety_net.clone(),
        redirect_if: block
            .redirects
            .iter()
            .map(|(when, to)| RedirectForm { when: when.to_string(), to: name(pack, *to), mode: "also".to_owned() })
            .collect(),
        no_red_flag_reason: Some("r".to_owned()),
        direct_osnp: block.direct_osnp.clone(),
        review: block.review,
        discriminators: block.questions.iter().map(|one| question(pack, &block.questions, one)).collect(),
        groups: block
            .groups
            .iter()
            .map(|one| GroupForm {
                id: one.id.clone(),
                question_fr: one.text.clone(),
                members: one.members.iter().map(|place| block.questions[*place].id.clone()).collect(),
                covers: one.covers,
            })
            .collect(),
        pathways: block.pathways.iter().map(|one| pathway(&block.questions, one)).collect(),
    }
}

fn question(pack: &Pack, questions: &[Question], one: &Question) -> DiscriminatorForm {
    let mut form = DiscriminatorForm {
        id: one.id.clone(),
        kind: None,
        question_fr: one.text.clone(),
        help_fr: one.help.clone(),
        reason_fr: one.reason.clone(),
        source: one.source.clone(),
        red_flag: one.red_flag,
        vital: one.vital,
        level_if_yes: None,
        level_if_unknown: code(one.unknown.level),
        delay_if_yes: None,
        delay_if_unknown: delay(one.unknown),
        regulation_required: one.regulation_required,
        advice_yes_fr: one.advice.clone(),
        applies: applies(pack, questions, &one.applies),
        phase: one.for_pathway.then(|| "pathway".to_owned()),
        unit: None,
        plausible: None,
        steps: Vec::new(),
        choices: Vec::new(),
        review: one.review,
    };
    #[expect(clippy::cast_precision_loss, reason = "a measure of a body")]
    let units = |thousandths: i64| thousandths as f64 / 1_000.0;
    match &one.kind {
        Kind::Tri(yes) => (form.level_if_yes, form.delay_if_yes) = (Some(code(yes.level)), delay(*yes)),
        Kind::Number { unit, plausible: (from, to), steps } => {
            form.kind = Some("number".to_owned());
            (form.unit, form.plausible) = (Some(unit.clone()), Some([units(*from), units(*to)]));
            let side = |below: bool| if below { "lt" } else { "ge" }.to_owned();
            form.steps = steps.iter().map(|(below, at, of)| (side(*below), units(*at), code(of.level))).collect();
        }
        Kind::Choice(choices) => {
            form.kind = Some("ordered_choice".to_owned());
            let choice =
                |(label, of): &(String, Urgency)| ChoiceForm { label_fr: label.clone(), level: code(of.level) };
            form.choices = choices.iter().map(choice).collect();
        }
    }
    form
}

fn pathway(questions: &[Question], one: &Pathway) -> PathwayForm {
    PathwayForm {
        id: one.id.clone(),
        care_need: care_need(one.care_need.profession.as_str()),
        requires_level_at_most: code(one.at_most),
        requires: RequiresForm {
            sex: one.sex.map(|sex| sex.code().to_owned()),
            age_min_years: one.from_years,
            age_max_years: one.to_years,
            structure_capability: one.capability.clone(),
        },
        requires_no: one.exclusions.iter().map(|place| questions[*place].id.clone()).collect(),
        requires_no_flag: one.no_flags.clone(),
        legal_basis: one.legal_basis.clone(),
        advice_fr: one.advice.clone(),
        safety_net_fr: one.safety_net.clone(),
        review: false,
    }
}
