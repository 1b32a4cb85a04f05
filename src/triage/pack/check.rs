//! The rules a pack keeps to, beyond being readable (triage.md §3). It fails closed: whatever breaks one keeps the pack out.

use std::collections::HashSet;

use super::form::{ComplaintForm, PackForm};
use super::reading::Reader;
use super::{Complaint, FALLBACK, GENERAL, Kind, Pack, Question};
use crate::domain::Level;

/// Longest question, characters: it is read out, and understood at once.
const QUESTION_MAX: usize = 160;

/// The official reasons for a call to the SAMU-SAS (list `motif` of the Hub Santé, SAMU-Hub-Modeles of the ANS): chapters with
/// the number of their reasons.
const MOTIFS: [(&str, u8); 7] = [("M01", 3), ("M02", 10), ("M03", 22), ("M04", 4), ("M05", 2), ("M06", 4), ("M07", 0)];

pub(super) fn rules(reader: &mut Reader, pack: &Pack, form: &PackForm, files: &[(String, ComplaintForm)]) {
    reader.at("pack.toml", "");
    the_pack(reader, pack, form);
    for (place, ((path, _), complaint)) in files.iter().zip(&pack.complaints).enumerate() {
        reader.at(path, complaint.id.as_str());
        the_complaint(reader, pack, complaint);
        for question in &complaint.questions {
            reader.at(path, format!("{}.{}", complaint.id, question.id));
            the_question(reader, complaint, question);
        }
        reader.at(path, complaint.id.as_str());
        the_groups(reader, complaint);
        the_pathways(reader, complaint);
        if complaint.redirects.iter().any(|(_, to)| *to == place) {
            reader.fault("redirect_if.to", "a block does not lead to itself");
        }
    }
    reader.at("lexicon.toml", "");
    the_lexicon(reader, pack);
}

fn the_pack(reader: &mut Reader, pack: &Pack, form: &PackForm) {
    if form.schema != "triage-pack/1" {
        reader.fault("schema", format!("{:?}: this program reads \"triage-pack/1\"", form.schema));
    }
    if form.lang != "fr" {
        reader.fault("lang", format!("{:?}: fr", form.lang));
    }
    if form.levels.iter().map(String::as_str).ne(Level::ALL.iter().map(|level| level.code())) {
        reader.fault("levels", "programmed, h48, h24, same_day, immediate, in this order");
    }
    if version(&form.version).is_none() {
        reader.fault("version", format!("{:?}: three numbers, as 1.4.0", form.version));
    }
    if pack.valid_from >= pack.valid_to {
        reader.fault("valid_to", "it ends before it begins");
    }
    for name in [GENERAL, FALLBACK] {
        if !pack.complaints.iter().any(|complaint| complaint.id.as_str() == name) {
            reader.fault("complaints", format!("the block {name:?} is missing"));
        }
    }
    for flag in &pack.flags {
        named(reader, "flag.id", &flag.id);
    }
    unique(reader, "flag", pack.flags.iter().map(|flag| flag.id.as_str()));
    unique(reader, "modifier", pack.modifiers.iter().map(|modifier| modifier.id.as_str()));
    for modifier in pack.modifiers.iter().filter(|modifier| modifier.source.trim().is_empty()) {
        reader.fault("modifier.source", format!("{} has no source", modifier.id));
    }
}

/// Major, minor and patch.
pub(crate) fn version(text: &str) -> Option<[u32; 3]> {
    let parts: Vec<u32> = text.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    parts.try_into().ok()
}

fn the_complaint(reader: &mut Reader, pack: &Pack, complaint: &Complaint) {
    let general = complaint.id.as_str() == GENERAL;
    named(reader, "id", complaint.id.as_str());
    if complaint.label.trim().is_empty() {
        reader.fault("label_fr", "it is empty");
    }
    if complaint.safety_net.trim().is_empty() {
        reader.fault("safety_net_fr", "it is empty: everybody is told when to call again");
    }
    if complaint.sources.iter().all(|source| source.trim().is_empty()) {
        reader.fault("sources", "it is empty");
    }
    if complaint.direct_osnp.as_deref().is_some_and(|approval| approval.trim().is_empty()) {
        reader.fault("direct_osnp", "it is empty: it names the approval of the medical regulation");
    }
    for motif in [Some(&complaint.hubsante_motif), complaint.hubsante_motif_if_immediate.as_ref()].into_iter().flatten()
    {
        if !is_motif(motif) {
            reader.fault("hubsante_motif", format!("{motif:?} is not in the official list"));
        }
    }
    let opened = |name: &str| pack.lexicon.phrases.iter().any(|phrase| phrase.opens.iter().any(|open| open == name));
    let has_words = complaint.synonyms.iter().any(|words| words.chars().any(char::is_alphabetic));
    if !general && !has_words && !opened(complaint.id.as_str()) {
        reader.fault("synonyms", "no words lead to it");
    }
    let red_flags = complaint.questions.iter().filter(|question| question.red_flag).count();
    let reasoned = complaint.no_red_flag_reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
    if red_flags == 0 && !reasoned {
        reader.fault("discriminator", "no question is a red flag: say why in no_red_flag_reason");
    }
    if complaint.default.level == Level::Immediate {
        reader.fault("default_level", "with every answer no, nothing is for the 15");
    }
    if general && complaint.default.level != Level::Programmed {
        reader.fault("default_level", "the general questions add nothing by themselves: programmed");
    }
    for group in &complaint.groups {
        named(reader, "question_group.id", &group.id);
    }
    let names = complaint.questions.iter().map(|question| question.id.as_str());
    unique(reader, "id", names.chain(complaint.groups.iter().map(|group| group.id.as_str())));
    unique(reader, "pathway", complaint.pathways.iter().map(|pathway| pathway.id.as_str()));
}

fn is_motif(code: &str) -> bool {
    let known = |(chapter, reasons): &(&str, u8)| {
        let reason = code.strip_prefix(chapter).and_then(|rest| rest.strip_prefix('.'));
        reason
            .filter(|digits| digits.len() == 2)
            .and_then(|digits| digits.parse::<u8>().ok())
            .is_some_and(|n| n <= *reasons)
    };
    MOTIFS.iter().any(known)
}

fn the_question(reader: &mut Reader, complaint: &Complaint, question: &Question) {
    named(reader, "id", &question.id);
    spoken(reader, "question_fr", &question.text);
    for (field, text) in [("reason_fr", &question.reason), ("source", &question.source)] {
        if text.trim().is_empty() {
            reader.fault(field, "it is empty");
        }
    }
    let worst = question.worst();
    if question.unknown.level > worst_of_answers(question) {
        reader.fault("level_if_unknown", "not knowing is never worse than a yes");
    }
    if let (Some(yes), Some(unknown)) = (worst.delay, question.unknown.delay)
        && yes > unknown
    {
        reader.fault("delay_if_yes", "a yes leaves no more time than not knowing");
    }
    match (question.red_flag, worst.level) {
        (true, Level::Immediate) | (false, Level::Programmed | Level::H48 | Level::H24 | Level::SameDay) => {}
        (true, _) => reader.fault("level_if_yes", "a red flag is for the 15: immediate"),
        (false, Level::Immediate) => reader.fault("red_flag", "what is for the 15 is a red flag"),
    }
    if question.red_flag && !question.regulation_required {
        reader.fault("regulation_required", "a red flag nobody can answer is for the régulateur");
    }
    let least = if question.vital { Level::Immediate } else { Level::SameDay };
    if question.red_flag && question.unknown.level < least {
        reader.fault("level_if_unknown", format!("a red flag nobody can answer is {least} at least"));
    }
    if question.vital && !question.red_flag {
        reader.fault("vital", "only a red flag is vital");
    }
    if question.for_pathway && (question.red_flag || question.unknown.level > complaint.default.level) {
        reader.fault(
            "phase",
            "a question that is asked for a pathway alone may go unasked: it says little, or is asked first",
        );
    }
    if question.applies.unless_no.iter().any(|place| complaint.questions[*place].id == question.id) {
        reader.fault("applies.unless_no", "a question does not wait for itself");
    }
    if question.applies.unless_no.iter().any(|place| !complaint.questions[*place].applies.unless_no.is_empty()) {
        reader.fault("applies.unless_no", "it waits for a question that waits itself");
    }
    match &question.kind {
        Kind::Tri(_) => {}
        Kind::Number { plausible: (from, to), steps, .. } => {
            if from >= to {
                reader.fault("plausible", "the range is empty");
            }
            if steps.is_empty() {
                reader.fault("steps", "a number needs a table of steps");
            }
            if steps.iter().any(|(_, bound, _)| bound < from || bound > to) {
                reader.fault("steps", "a bound lies outside of what can be");
            }
        }
        Kind::Choice(choices) => {
            if choices.len() < 2 || !choices.is_sorted_by_key(|(_, urgency)| urgency.level) {
                reader.fault("choices", "two or more, the mildest first");
            }
        }
    }
}

fn worst_of_answers(question: &Question) -> Level {
    match &question.kind {
        Kind::Tri(yes) => yes.level,
        Kind::Number { steps, .. } => {
            steps.iter().map(|(_, _, urgency)| urgency.level).max().unwrap_or(Level::Programmed)
        }
        Kind::Choice(choices) => choices.iter().map(|(_, urgency)| urgency.level).max().unwrap_or(Level::Programmed),
    }
}

fn spoken(reader: &mut Reader, field: &str, text: &str) {
    let length = text.chars().count();
    if text.trim().is_empty() || length > QUESTION_MAX {
        reader.fault(field, format!("{length} characters: 1 to {QUESTION_MAX}, to be understood at once"));
    }
}

fn the_groups(reader: &mut Reader, complaint: &Complaint) {
    let mut grouped = HashSet::new();
    for group in &complaint.groups {
        spoken(reader, "question_group.question_fr", &group.text);
        if group.members.len() < 2 {
            reader.fault("question_group.members", format!("{} stands for fewer than two", group.id));
        }
        for member in &group.members {
            let question = &complaint.questions[*member];
            if !grouped.insert(*member) {
                reader.fault("question_group.members", format!("{} is in two groups", question.id));
            }
            if !matches!(question.kind, Kind::Tri(_)) {
                reader.fault("question_group.members", format!("{} is not answered by yes or no", question.id));
            }
        }
    }
}

fn the_pathways(reader: &mut Reader, complaint: &Complaint) {
    for pathway in &complaint.pathways {
        let name = |place: usize| &complaint.questions[place].id;
        for (place, question) in complaint.questions.iter().enumerate() {
            if (question.red_flag || question.for_pathway) && !pathway.exclusions.contains(&place) {
                reader
                    .fault("pathway.requires_no", format!("{}: {} must be no for it as well", pathway.id, name(place)));
            }
        }
        if pathway.exclusions.iter().any(|place| !matches!(complaint.questions[*place].kind, Kind::Tri(_))) {
            reader.fault("pathway.requires_no", format!("{}: only yes-and-no questions can be denied", pathway.id));
        }
        for (field, text) in [
            ("pathway.legal_basis", &pathway.legal_basis),
            ("pathway.advice_fr", &pathway.advice),
            ("pathway.safety_net_fr", &pathway.safety_net),
        ] {
            if text.trim().is_empty() {
                reader.fault(field, format!("{}: it is empty", pathway.id));
            }
        }
        if pathway.at_most > Level::SameDay {
            reader.fault("pathway.requires_level_at_most", format!("{}: never for the 15", pathway.id));
        }
    }
}

fn the_lexicon(reader: &mut Reader, pack: &Pack) {
    let synonyms = pack.lexicon.synonyms.iter().flat_map(|(word, others)| others.iter().chain([word]));
    for several in synonyms.filter(|word| word.is_empty() || word.contains(|c: char| !c.is_alphabetic())) {
        reader.fault("synonyms", format!("{several:?} is not one word: an abbreviation, or a phrase"));
    }
    for phrase in &pack.lexicon.phrases {
        let said = phrase.said.first().map(String::as_str).unwrap_or_default();
        if phrase.said.iter().all(|said| said.trim().is_empty()) {
            reader.fault("phrase.said", "nothing is said");
        }
        if phrase.opens.is_empty() && phrase.forces.is_empty() {
            reader.fault("phrase", format!("{said:?} asks for nothing"));
        }
        for block in &phrase.opens {
            if block.parse().ok().and_then(|id| pack.place(&id)).is_none() {
                reader.fault("phrase.opens", format!("{said:?}: {block:?} is no complaint of the pack"));
            }
        }
        for name in &phrase.forces {
            match pack.question(name) {
                None => reader.fault("phrase.forces", format!("{said:?}: {name:?} is no question of the pack")),
                Some((block, question)) if !pack.complaints[block].questions[question].red_flag => {
                    reader.fault("phrase.forces", format!("{said:?}: {name:?} is no red flag"));
                }
                Some(_) => {}
            }
        }
    }
}

/// Longest name of a block, a question, a group or a flag.
const NAME_MAX: usize = 59;

/// The API names a question `block.question`, in 120 characters at most: by another name it could never be answered.
fn named(reader: &mut Reader, field: &str, name: &str) {
    let fits = (1..=NAME_MAX).contains(&name.len());
    if !fits || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        reader.fault(field, format!("{name:?}: 1 to {NAME_MAX} letters without accents, digits, - or _"));
    }
}

fn unique<'a>(reader: &mut Reader, field: &str, names: impl Iterator<Item = &'a str>) {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            reader.fault(field, format!("{name:?} is there twice"));
        }
    }
}
