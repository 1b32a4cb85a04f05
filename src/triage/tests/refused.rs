//! What the loader refuses: one small sound pack, spoilt in one place after the other. Each fault names the file, the block and
//! the field (triage.md §3).

use crate::triage::Pack;
use crate::triage::pack::{Fault, Files};

const PACK: &str = r#"
pack_id = "essai"
version = "1.0.0"
schema = "triage-pack/1"
lang = "fr"
valid_from = "2026-01-01T00:00:00Z"
valid_to = "2026-12-31T23:59:59Z"
levels = ["programmed", "h48", "h24", "same_day", "immediate"]

[[flag]]
id = "enceinte"
label_fr = "Grossesse"

[[flag]]
id = "fragile"
label_fr = "Personne fragile"

[[modifier]]
id = "nourrisson"
label_fr = "Moins de 3 mois"
when = "age_months < 3 or flag.fragile"
applies_to = ["toux"]
effect = { floor = "same_day" }
source = "HAS-FIEVRE"

[[modifier]]
id = "grossesse"
label_fr = "Grossesse"
when = "flag.enceinte"
except = ["autre_motif"]
effect = { raise_by = 1, cap = "same_day" }
source = "CNGOF"
"#;

const GENERAL: &str = r#"
id = "signes_vitaux"
label_fr = "Signes vitaux"
hubsante_motif = "M01.00"
default_level = "programmed"
default_care_need = { profession = "" }
sources = ["HAS-REG"]
safety_net_fr = "Appelez le 15."

[[discriminator]]
id = "conscience"
question_fr = "Répond-elle quand on lui parle ?"
reason_fr = "Trouble de la conscience"
source = "HAS-REG"
red_flag = true
vital = true
level_if_yes = "immediate"
level_if_unknown = "immediate"
regulation_required = true
"#;

const COUGH: &str = r#"
id = "toux"
label_fr = "Toux"
synonyms = ["toux", "rhume"]
hubsante_motif = "M03.14"
applies = { sex = ["F", "M", "UN"], age_min_months = 1, age_max_years = 120 }
default_level = "h48"
default_delay = 2000
default_care_need = { profession = "medecin", speciality = "mg", modality = "cabinet" }
sources = ["SPLF"]
safety_net_fr = "Rappelez si la gêne augmente."
redirect_if = [{ when = "flag.enceinte", to = "autre_motif", mode = "also" }]

[[discriminator]]
id = "gene"
question_fr = "A-t-elle du mal à respirer ?"
reason_fr = "Détresse respiratoire"
source = "SPLF"
red_flag = true
level_if_yes = "immediate"
level_if_unknown = "same_day"
regulation_required = true
delay_if_unknown = 60

[[discriminator]]
id = "duree"
question_fr = "Tousse-t-elle depuis plus de trois semaines ?"
reason_fr = "Toux qui dure"
source = "SPLF"
level_if_yes = "same_day"
level_if_unknown = "same_day"
delay_if_yes = 120
delay_if_unknown = 240
applies = { age_min_years = 12, age_max_years = 90 }

[[discriminator]]
id = "sang"
question_fr = "Crache-t-elle du sang ?"
reason_fr = "Crachats de sang"
source = "SPLF"
level_if_yes = "h24"
level_if_unknown = "h48"
applies = { unless_no = ["duree"], with = ["toux"] }

[[discriminator]]
id = "temperature"
type = "number"
question_fr = "Quelle est sa température ?"
reason_fr = "Fièvre"
source = "SPILF"
unit = "°C"
plausible = [25.0, 45.0]
steps = [["lt", 36.0, "same_day"], ["ge", 38.5, "h24"], ["ge", 40.0, "same_day"]]
level_if_unknown = "h48"

[[discriminator]]
id = "gorge"
type = "ordered_choice"
question_fr = "Comment est sa gorge ?"
reason_fr = "Mal de gorge"
source = "TROD"
choices = [{ label_fr = "normale", level = "programmed" }, { label_fr = "rouge", level = "h48" }]
level_if_unknown = "h48"

[[discriminator]]
id = "travail"
question_fr = "A-t-elle besoin d'un arrêt de travail ?"
reason_fr = "Arrêt demandé"
source = "ADMIN"
level_if_yes = "h48"
level_if_unknown = "programmed"
phase = "pathway"

[[question_group]]
id = "ensemble"
question_fr = "A-t-elle du mal à respirer ou crache-t-elle du sang ?"
members = ["gene", "sang"]
covers = true

[[pathway]]
id = "officine"
care_need = { profession = "pharmacien", modality = "officine" }
requires_level_at_most = "h48"
requires = { sex = "F", age_min_years = 16, age_max_years = 65 }
requires_no = ["gene", "sang", "travail"]
requires_no_flag = ["enceinte"]
legal_basis = "Arrêté"
advice_fr = "Repos."
safety_net_fr = "Consultez en 48 heures."
"#;

const OTHER: &str = r#"
id = "autre_motif"
label_fr = "Autre motif"
hubsante_motif = "M06.04"
default_level = "same_day"
default_care_need = { profession = "medecin" }
sources = ["HAS-REG"]
safety_net_fr = "Rappelez."
no_red_flag_reason = "Les questions générales les posent."
"#;

const LEXICON: &str = r#"
[[phrase]]
said = ["autre chose"]
opens = ["autre_motif"]

[[phrase]]
said = ["plus d'air"]
forces = ["toux.gene"]
"#;

const FILES: [(&str, &str); 5] = [
    ("pack.toml", PACK),
    ("complaints/a.toml", GENERAL),
    ("complaints/toux.toml", COUGH),
    ("complaints/z.toml", OTHER),
    ("lexicon.toml", LEXICON),
];

/// The files of the sound pack.
pub(super) fn sound() -> Files {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// The sound pack with one text in place of another in one file.
fn with(file: &str, from: &str, to: &str) -> Files {
    let mut files = sound();
    let text = String::from_utf8(files[file].clone()).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    files.insert(file.to_owned(), text.replacen(from, to, 1).into_bytes());
    files
}

fn faults(files: &Files) -> Vec<Fault> {
    Pack::read(files).err().unwrap_or_default()
}

/// What stands, what is put in its place, and the block and the field the fault must name.
type Spoilt = (&'static str, &'static str, &'static str, &'static str);

fn each_is_refused(file: &str, cases: &[Spoilt]) {
    let mut wrong = Vec::new();
    for (from, to, block, field) in cases {
        let found = faults(&with(file, from, to));
        let named = |fault: &Fault| (&*fault.file, &*fault.block, &*fault.field) == (file, *block, *field);
        if !found.iter().any(named) || found.iter().any(|fault| fault.what.is_empty()) {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            wrong.push(format!("{from:?} → {to:?} must be refused at {file}: {block}: {field}; found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn the_sound_pack_is_sound() {
    assert_eq!(faults(&sound()), vec![]);
}

#[test]
fn a_pack_file_that_breaks_a_rule_is_refused() {
    each_is_refused(
        "pack.toml",
        &[
            ("triage-pack/1", "triage-pack/2", "", "schema"),
            ("lang = \"fr\"", "lang = \"en\"", "", "lang"),
            ("\"programmed\", \"h48\"", "\"h48\", \"programmed\"", "", "levels"),
            ("\"1.0.0\"", "\"1.0\"", "", "version"),
            ("\"1.0.0\"", "\"1.0.x\"", "", "version"),
            ("2026-01-01T00:00:00Z", "demain", "", "valid_from"),
            ("2026-12-31T23:59:59Z", "2025-12-31T23:59:59Z", "", "valid_to"),
            ("[[flag]]", "[[flag]]\nid = \"fragile\"\nlabel_fr = \"f\"\n[[flag]]", "", "flag"),
            ("[[flag]]", "[[flag]]\nid = \"très fragile\"\nlabel_fr = \"f\"\n[[flag]]", "", "flag.id"),
            ("id = \"grossesse\"", "id = \"nourrisson\"", "", "modifier"),
            ("source = \"CNGOF\"", "source = \" \"", "", "modifier.source"),
            ("flag.fragile", "flag.licorne", "modifier nourrisson", "when"),
            ("age_months < 3", "age_months = 3", "modifier nourrisson", "when"),
            ("age_months < 3", "age_months < 99999999999", "modifier nourrisson", "when"),
            ("[\"toux\"]", "[\"licorne\"]", "modifier nourrisson", "applies_to"),
            ("[\"autre_motif\"]", "[\"licorne\"]", "modifier grossesse", "except"),
            ("floor = \"same_day\"", "floor = \"urgent\"", "modifier nourrisson", "effect.floor"),
            ("floor = \"same_day\"", "floor = \"h24\", raise_by = 1", "modifier nourrisson", "effect"),
            ("{ floor = \"same_day\" }", "{}", "modifier nourrisson", "effect"),
            ("raise_by = 1", "raise_by = 0", "modifier grossesse", "effect"),
            ("raise_by = 1", "raise_by = 5", "modifier grossesse", "effect"),
            ("cap = \"same_day\"", "cap = \"h36\"", "modifier grossesse", "effect.cap"),
            (
                "source = \"CNGOF\"",
                "source = \"CNGOF\"\ncare_modality = \"lune\"",
                "modifier grossesse",
                "care_modality",
            ),
        ],
    );
}

#[test]
fn a_block_that_breaks_a_rule_is_refused() {
    each_is_refused(
        "complaints/toux.toml",
        &[
            ("id = \"toux\"", "id = \"mal de toux\"", "mal de toux", "id"),
            ("id = \"toux\"", "id = \"signes_vitaux\"", "signes_vitaux", "id"),
            ("label_fr = \"Toux\"", "label_fr = \" \"", "toux", "label_fr"),
            ("Rappelez si la gêne augmente.", " ", "toux", "safety_net_fr"),
            ("sources = [\"SPLF\"]", "sources = []", "toux", "sources"),
            ("sources = [\"SPLF\"]", "sources = [\" \"]", "toux", "sources"),
            ("M03.14", "M03.23", "toux", "hubsante_motif"),
            ("M03.14", "M08.01", "toux", "hubsante_motif"),
            ("M03.14", "M3.14", "toux", "hubsante_motif"),
            ("\"M03.14\"", "\"M03.14\"\nhubsante_motif_if_immediate = \"Z\"", "toux", "hubsante_motif"),
            ("[\"toux\", \"rhume\"]", "[]", "toux", "synonyms"),
            ("[\"toux\", \"rhume\"]", "[\" \", \"…\"]", "toux", "synonyms"),
            ("\"h48\"\ndefault_delay = 2000", "\"immediate\"", "toux", "default_level"),
            ("\"h48\"\ndefault_delay = 2000", "\"urgent\"", "toux", "default_level"),
            ("default_delay = 2000", "default_delay = 1440", "toux", "default_delay"),
            ("default_delay = 2000", "default_delay = 2881", "toux", "default_delay"),
            ("\"h48\"\ndefault_delay = 2000", "\"programmed\"\ndefault_delay = 9000", "toux", "default_delay"),
            ("profession = \"medecin\"", "profession = \"magicien\"", "toux", "default_care_need.profession"),
            ("speciality = \"mg\"", "speciality = \"magie\"", "toux", "default_care_need.speciality"),
            ("modality = \"cabinet\"", "modality = \"lune\"", "toux", "default_care_need.modality"),
            ("sex = [\"F\", \"M\", \"UN\"]", "sex = [\"X\"]", "toux", "applies.sex"),
            ("age_min_months = 1,", "age_min_months = 1452,", "toux", "applies.age_min_months"),
            ("age_min_months = 1,", "age_min_years = 121,", "toux", "applies.age_min_years"),
            ("age_min_months = 1, age_max_years = 120", "age_min_years = 4294967295", "toux", "applies.age_min_years"),
            ("age_min_months = 1,", "age_min_months = 1, age_min_years = 1,", "toux", "applies.age_min_months"),
            ("age_min_months = 1,", "unless_no = [\"licorne\"],", "toux", "applies.unless_no"),
            ("to = \"autre_motif\"", "to = \"licorne\"", "toux", "redirect_if.to"),
            ("to = \"autre_motif\"", "to = \"toux\"", "toux", "redirect_if.to"),
            ("mode = \"also\"", "mode = \"instead\"", "toux", "redirect_if.mode"),
            ("when = \"flag.enceinte\"", "when = \"flag.licorne\"", "toux", "redirect_if.when"),
            ("sources = [", "direct_osnp = \" \"\nsources = [", "toux", "direct_osnp"),
        ],
    );
    each_is_refused(
        "complaints/a.toml",
        &[("default_level = \"programmed\"", "default_level = \"h48\"", "signes_vitaux", "default_level")],
    );
    each_is_refused(
        "complaints/z.toml",
        &[
            ("Les questions générales les posent.", " ", "autre_motif", "discriminator"),
            ("no_red_flag_reason", "advice_fr", "autre_motif", "discriminator"),
        ],
    );
}

#[test]
fn a_question_that_breaks_a_rule_is_refused() {
    let long = format!("question_fr = \"Tousse-t-elle {}", "très ".repeat(30));
    let long: &'static str = Box::leak(long.into_boxed_str());
    each_is_refused(
        "complaints/toux.toml",
        &[
            ("id = \"temperature\"", "id = \"gorge\"", "toux", "id"),
            ("id = \"temperature\"", "id = \"sa.temperature\"", "toux.sa.temperature", "id"),
            ("id = \"temperature\"", "id = \"\"", "toux.", "id"),
            ("question_fr = \"Tousse-t-elle", long, "toux.duree", "question_fr"),
            ("Crache-t-elle du sang ?", " ", "toux.sang", "question_fr"),
            ("reason_fr = \"Toux qui dure\"", "reason_fr = \"\"", "toux.duree", "reason_fr"),
            ("source = \"TROD\"", "source = \" \"", "toux.gorge", "source"),
            // Not knowing is never worse than a yes, and leaves no less time.
            ("level_if_yes = \"h24\"", "level_if_yes = \"programmed\"", "toux.sang", "level_if_unknown"),
            ("delay_if_yes = 120", "delay_if_yes = 300", "toux.duree", "delay_if_yes"),
            ("delay_if_yes = 120", "delay_if_yes = 30", "toux.duree", "delay_if_yes"),
            ("delay_if_unknown = 240", "delay_if_unknown = 721", "toux.duree", "delay_if_unknown"),
            ("delay_if_unknown = 60", "delay_if_unknown = 59", "toux.gene", "delay_if_unknown"),
            // Red flags.
            ("level_if_yes = \"immediate\"", "level_if_yes = \"same_day\"", "toux.gene", "level_if_yes"),
            ("red_flag = true\n", "", "toux.gene", "red_flag"),
            ("regulation_required = true\n", "", "toux.gene", "regulation_required"),
            (
                "\"same_day\"\nregulation_required = true\ndelay_if_unknown = 60",
                "\"h24\"\nregulation_required = true",
                "toux.gene",
                "level_if_unknown",
            ),
            ("red_flag = true\n", "red_flag = true\nvital = true\n", "toux.gene", "level_if_unknown"),
            ("level_if_yes = \"h24\"", "vital = true\nlevel_if_yes = \"h24\"", "toux.sang", "vital"),
            // Kinds.
            ("type = \"number\"", "type = \"couleur\"", "toux.temperature", "type"),
            ("level_if_yes = \"h24\"\n", "", "toux.sang", "level_if_yes"),
            ("plausible = [25.0, 45.0]\n", "", "toux.temperature", "plausible"),
            ("unit = \"°C\"\n", "", "toux.temperature", "plausible"),
            ("[25.0, 45.0]", "[45.0, 25.0]", "toux.temperature", "plausible"),
            ("[25.0, 45.0]", "[25.0, inf]", "toux.temperature", "plausible"),
            ("[25.0, 45.0]", "[nan, 45.0]", "toux.temperature", "plausible"),
            ("[25.0, 45.0]", "[25.0, 1e300]", "toux.temperature", "plausible"),
            (
                "[[\"lt\", 36.0, \"same_day\"], [\"ge\", 38.5, \"h24\"], [\"ge\", 40.0, \"same_day\"]]",
                "[]",
                "toux.temperature",
                "steps",
            ),
            ("\"lt\", 36.0", "\"under\", 36.0", "toux.temperature", "steps"),
            ("\"ge\", 40.0", "\"ge\", 46.0", "toux.temperature", "steps"),
            ("38.5, \"h24\"", "38.5, \"tiède\"", "toux.temperature", "steps"),
            ("40.0, \"same_day\"", "40.0, \"immediate\"", "toux.temperature", "red_flag"),
            (", { label_fr = \"rouge\", level = \"h48\" }", "", "toux.gorge", "choices"),
            ("normale\", level = \"programmed\"", "normale\", level = \"h24\"", "toux.gorge", "choices"),
            // What nobody would read.
            (
                "level_if_yes = \"h24\"",
                "level_if_yes = \"h24\"\nsteps = [[\"ge\", 1.0, \"same_day\"]]",
                "toux.sang",
                "steps",
            ),
            ("unit = \"°C\"", "unit = \"°C\"\nlevel_if_yes = \"same_day\"", "toux.temperature", "level_if_yes"),
            ("unit = \"°C\"", "unit = \"°C\"\ndelay_if_yes = 60", "toux.temperature", "delay_if_yes"),
            ("choices = [", "plausible = [0.0, 1.0]\nchoices = [", "toux.gorge", "plausible"),
            // Who is asked, and when.
            (
                "age_min_years = 12, age_max_years = 90",
                "age_min_years = 91, age_max_years = 90",
                "toux.duree",
                "applies.age_min_years",
            ),
            (
                "age_min_years = 12, age_max_years = 90",
                "age_min_years = 12, age_max_months = 143",
                "toux.duree",
                "applies.age_min_years",
            ),
            ("unless_no = [\"duree\"]", "unless_no = [\"licorne\"]", "toux.sang", "applies.unless_no"),
            ("unless_no = [\"duree\"]", "unless_no = [\"sang\"]", "toux.sang", "applies.unless_no"),
            ("age_max_years = 90 }", "age_max_years = 90, unless_no = [\"sang\"] }", "toux.duree", "applies.unless_no"),
            ("with = [\"toux\"]", "with = [\"licorne\"]", "toux.sang", "applies.with"),
            ("phase = \"pathway\"", "phase = \"plus tard\"", "toux.travail", "phase"),
            ("red_flag = true\n", "red_flag = true\nphase = \"pathway\"\n", "toux.gene", "phase"),
        ],
    );
}

#[test]
fn a_group_or_a_pathway_that_breaks_a_rule_is_refused() {
    let long = format!("question_fr = \"A-t-elle {}du mal à respirer ou", "très ".repeat(40));
    let long: &'static str = Box::leak(long.into_boxed_str());
    each_is_refused(
        "complaints/toux.toml",
        &[
            ("id = \"ensemble\"", "id = \"gene\"", "toux", "id"),
            ("id = \"ensemble\"", "id = \"tout ensemble\"", "toux", "question_group.id"),
            ("question_fr = \"A-t-elle du mal à respirer ou", long, "toux", "question_group.question_fr"),
            ("members = [\"gene\", \"sang\"]", "members = [\"gene\"]", "toux", "question_group.members"),
            ("members = [\"gene\", \"sang\"]", "members = [\"gene\", \"gene\"]", "toux", "question_group.members"),
            ("members = [\"gene\", \"sang\"]", "members = [\"gene\", \"licorne\"]", "toux.ensemble", "members"),
            (
                "members = [\"gene\", \"sang\"]",
                "members = [\"gene\", \"temperature\"]",
                "toux",
                "question_group.members",
            ),
            (
                "requires_no = [\"gene\", \"sang\", \"travail\"]",
                "requires_no = [\"sang\", \"travail\"]",
                "toux",
                "pathway.requires_no",
            ),
            (
                "requires_no = [\"gene\", \"sang\", \"travail\"]",
                "requires_no = [\"gene\", \"sang\"]",
                "toux",
                "pathway.requires_no",
            ),
            ("\"sang\", \"travail\"]", "\"temperature\", \"travail\"]", "toux", "pathway.requires_no"),
            ("\"sang\", \"travail\"]", "\"licorne\", \"travail\"]", "toux: pathway officine", "requires_no"),
            (
                "requires_no_flag = [\"enceinte\"]",
                "requires_no_flag = [\"licorne\"]",
                "toux: pathway officine",
                "requires_no_flag",
            ),
            ("sex = \"F\", age_min", "sex = \"X\", age_min", "toux: pathway officine", "requires.sex"),
            (
                "age_min_years = 16, age_max_years = 65",
                "age_min_years = 66, age_max_years = 65",
                "toux: pathway officine",
                "requires.age_min_years",
            ),
            (
                "requires_level_at_most = \"h48\"",
                "requires_level_at_most = \"immediate\"",
                "toux",
                "pathway.requires_level_at_most",
            ),
            (
                "requires_level_at_most = \"h48\"",
                "requires_level_at_most = \"tard\"",
                "toux: pathway officine",
                "requires_level_at_most",
            ),
            (
                "profession = \"pharmacien\"",
                "profession = \"magicien\"",
                "toux: pathway officine",
                "care_need.profession",
            ),
            ("legal_basis = \"Arrêté\"", "legal_basis = \"\"", "toux", "pathway.legal_basis"),
            ("advice_fr = \"Repos.\"", "advice_fr = \" \"", "toux", "pathway.advice_fr"),
            ("\"Consultez en 48 heures.\"", "\"\"", "toux", "pathway.safety_net_fr"),
        ],
    );
    let text = format!("{COUGH}{}", &COUGH[COUGH.find("[[pathway]]").unwrap()..]);
    let mut files = sound();
    files.insert("complaints/toux.toml".to_owned(), text.into_bytes());
    assert!(faults(&files).iter().any(|fault| (&*fault.block, &*fault.field) == ("toux", "pathway")));
}

#[test]
fn words_that_lead_nowhere_are_refused() {
    each_is_refused(
        "lexicon.toml",
        &[
            ("said = [\"autre chose\"]", "said = []", "", "phrase.said"),
            ("said = [\"autre chose\"]", "said = [\" \"]", "", "phrase.said"),
            ("opens = [\"autre_motif\"]", "", "", "phrase"),
            ("opens = [\"autre_motif\"]", "opens = [\"licorne\"]", "", "phrase.opens"),
            ("forces = [\"toux.gene\"]", "forces = [\"toux.licorne\"]", "", "phrase.forces"),
            ("forces = [\"toux.gene\"]", "forces = [\"toux.sang\"]", "", "phrase.forces"),
        ],
    );
}

#[test]
fn what_cannot_be_read_is_refused_by_its_file_and_a_word_nobody_knows_by_its_name() {
    for (file, _) in FILES {
        let mut files = sound();
        files.insert(file.to_owned(), vec![0xff, 0xfe, 0x00]);
        assert!(faults(&files).iter().any(|fault| fault.file == file), "{file}");
        files.insert(file.to_owned(), b"licorne = 1".to_vec());
        let found = faults(&files);
        assert!(found.iter().any(|fault| fault.file == file && fault.what.contains("licorne")), "{file}: {found:?}");
    }
    // A modifier that lowers cannot even be written.
    let lowers = faults(&with("pack.toml", "{ floor = \"same_day\" }", "{ lower_by = 1 }"));
    assert!(lowers.iter().any(|fault| fault.file == "pack.toml" && fault.what.contains("lower_by")), "{lowers:?}");
}

#[test]
fn a_pack_without_its_general_questions_or_its_fallback_is_refused() {
    for (file, block) in [("complaints/a.toml", "signes_vitaux"), ("complaints/z.toml", "autre_motif")] {
        let mut files = sound();
        files.remove(file);
        files.insert("lexicon.toml".to_owned(), Vec::new());
        files.insert("pack.toml".to_owned(), PACK.replace("except = [\"autre_motif\"]", "").into_bytes());
        files.insert("complaints/toux.toml".to_owned(), COUGH.replace("redirect_if", "# redirect_if").into_bytes());
        let missing =
            |fault: &Fault| (&*fault.file, &*fault.field) == ("pack.toml", "complaints") && fault.what.contains(block);
        assert!(faults(&files).iter().any(missing), "{block}");
    }
    let mut files = sound();
    files.remove("pack.toml");
    assert!(faults(&files).iter().any(|fault| fault.file == "pack.toml"));
}

#[test]
fn a_signature_is_of_this_very_content() {
    let hash = Pack::read(&sound()).unwrap().hash;
    let signed = |rpps: &str, at: &str, hash: &str| {
        let approval = format!(
            "approved_by = [{{ name = \"Dr X\", rpps = \"{rpps}\", role = \"medecin_regulateur\", at = \"{at}\", hash = \"{hash}\" }}]"
        );
        with("pack.toml", "lang = \"fr\"", &format!("lang = \"fr\"\n{approval}"))
    };
    // One physician is not enough, and a signature of other content is none; neither makes the pack faulty.
    for hash in [hash.as_str(), "0"] {
        assert!(!Pack::read(&signed("19990000002", "2026-01-02T09:00:00Z", hash)).unwrap().is_signed());
    }
    let field = |files: &Files| faults(files).iter().map(|fault| fault.field.clone()).collect::<Vec<_>>();
    assert_eq!(field(&signed("19990000001", "2026-01-02T09:00:00Z", &hash)), ["approved_by.rpps"]);
    assert_eq!(field(&signed("1", "2026-01-02T09:00:00Z", &hash)), ["approved_by.rpps"]);
    assert_eq!(field(&signed("19990000002", "hier", &hash)), ["approved_by.at"]);
}
