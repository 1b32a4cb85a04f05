//! The files of a pack, as they are written: TOML for people, every field named, an unknown one refused. What they mean is
//! checked elsewhere ([`super::check`]); what is the same in them has the same hash, whatever the spelling of the TOML.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `pack.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackForm {
    /// Name of the pack.
    pub pack_id: String,
    /// Semantic version: major where a level falls or a discriminator goes, minor where one comes or rises, else patch.
    pub version: String,
    /// `triage-pack/1`.
    pub schema: String,
    /// `fr`.
    pub lang: String,
    /// From this instant.
    pub valid_from: String,
    /// Until this one.
    pub valid_to: String,
    /// Who signed the content, by its hash. Not part of the hash.
    #[serde(default, skip_serializing)]
    pub approved_by: Vec<ApprovalForm>,
    /// The version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// What changed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub changelog: String,
    /// What the pack is and is not, for whoever reads it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notice_fr: String,
    /// Levels, the least urgent first.
    pub levels: Vec<String>,
    /// What may be known of a patient besides answers.
    #[serde(default, rename = "flag")]
    pub flags: Vec<FlagForm>,
    /// What raises a level whatever the answers.
    #[serde(default, rename = "modifier")]
    pub modifiers: Vec<ModifierForm>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalForm {
    /// Name of the physician.
    pub name: String,
    /// RPPS number.
    pub rpps: String,
    /// `medecin_regulateur`…
    pub role: String,
    /// When.
    pub at: String,
    /// The hash of the content that was signed.
    pub hash: String,
}

/// A flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagForm {
    /// Its name, the key in the API.
    pub id: String,
    /// What it is called.
    pub label_fr: String,
    /// How it is asked; none: it is only noted when it is said or known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_fr: Option<String>,
    /// Whom it can concern.
    #[serde(default, skip_serializing_if = "AppliesForm::is_everybody")]
    pub applies: AppliesForm,
}

/// A modifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModifierForm {
    /// Its name.
    pub id: String,
    /// What it is called.
    pub label_fr: String,
    /// A condition.
    pub when: String,
    /// The complaints it applies to; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applies_to: Vec<String>,
    /// The complaints it does not apply to, where it applies to all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// What it does.
    pub effect: EffectForm,
    /// Whether a régulateur must agree then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub regulation_required: bool,
    /// Where the patient is to be seen then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub care_modality: Option<String>,
    /// Where the rule comes from.
    pub source: String,
    /// Whether a physician has still to decide on it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub review: bool,
}

/// What a modifier does: it only ever raises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectForm {
    /// At least this level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<String>,
    /// So many levels more…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raise_by: Option<u8>,
    /// …but not beyond this one by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<String>,
}

/// One file of `complaints/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComplaintForm {
    /// Its name, the block of the API.
    pub id: String,
    /// What it is called.
    pub label_fr: String,
    /// Other words callers use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// Official motif.
    pub hubsante_motif: String,
    /// Official motif where the level is `immediate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hubsante_motif_if_immediate: Option<String>,
    /// Whom it can concern.
    #[serde(default, skip_serializing_if = "AppliesForm::is_everybody")]
    pub applies: AppliesForm,
    /// The level when every answer is no.
    pub default_level: String,
    /// Minutes within which, where the level's own is too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_delay: Option<u32>,
    /// Who usually sees it.
    pub default_care_need: CareNeedForm,
    /// Guidance it comes from.
    pub sources: Vec<String>,
    /// Advice when it is decided.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub advice_fr: String,
    /// When to call again.
    pub safety_net_fr: String,
    /// Other blocks to evaluate as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_if: Vec<RedirectForm>,
    /// Why it has no red flag, where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_red_flag_reason: Option<String>,
    /// Whether the medical regulation may let an operator send such a call on without a doctor in the loop
    /// (D.6311-35 of the code de la santé publique): by a written approval, never by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_osnp: Option<String>,
    /// Whether a physician has still to decide on it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub review: bool,
    /// Its questions, the worst first.
    #[serde(default, rename = "discriminator")]
    pub discriminators: Vec<DiscriminatorForm>,
    /// Spoken questions that stand for several.
    #[serde(default, rename = "question_group", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupForm>,
    /// Lighter services.
    #[serde(default, rename = "pathway", skip_serializing_if = "Vec::is_empty")]
    pub pathways: Vec<PathwayForm>,
}

/// Whom something can concern.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliesForm {
    /// `F`, `M`, `UN`; none: everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sex: Vec<String>,
    /// From this age, years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_min_years: Option<u32>,
    /// Until this one, years, itself included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_max_years: Option<u32>,
    /// From this age, months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_min_months: Option<u32>,
    /// Until this one, months, itself included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_max_months: Option<u32>,
    /// Only where one of these complaints is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    /// Only where a question of the same complaint was not answered no.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless_no: Vec<String>,
}

impl AppliesForm {
    fn is_everybody(&self) -> bool {
        *self == Self::default()
    }
}

/// Who sees it, in the pack's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CareNeedForm {
    /// Profession.
    pub profession: String,
    /// Speciality.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub speciality: String,
    /// Where.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub modality: String,
}

/// Another block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedirectForm {
    /// A condition.
    pub when: String,
    /// The block.
    pub to: String,
    /// `also`: both are evaluated, and the higher level stands.
    pub mode: String,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscriminatorForm {
    /// Its name within the block.
    pub id: String,
    /// `tri` (yes, no, don't know), `number` or `ordered_choice`; none: `tri`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// As it is asked.
    pub question_fr: String,
    /// How to ask it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_fr: Option<String>,
    /// What a yes says.
    pub reason_fr: String,
    /// Where it comes from.
    pub source: String,
    /// Whether a yes is for the 15.
    #[serde(default, skip_serializing_if = "is_false")]
    pub red_flag: bool,
    /// Whether not knowing is for the 15 as well.
    #[serde(default, skip_serializing_if = "is_false")]
    pub vital: bool,
    /// The level of a yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_if_yes: Option<String>,
    /// The level when nobody knows.
    pub level_if_unknown: String,
    /// Minutes within which after a yes, where the level's own is too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_if_yes: Option<u32>,
    /// Minutes within which when nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_if_unknown: Option<u32>,
    /// Whether a régulateur must agree after a yes, or when a red flag is not known.
    #[serde(default, skip_serializing_if = "is_false")]
    pub regulation_required: bool,
    /// Advice after a yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice_yes_fr: Option<String>,
    /// Whom it is asked of.
    #[serde(default, skip_serializing_if = "AppliesForm::is_everybody")]
    pub applies: AppliesForm,
    /// `pathway`: asked last, only to open a pathway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Of a number: what it is counted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Of a number: what can be; anything else counts as not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plausible: Option<[f64; 2]>,
    /// Of a number: `["lt" or "ge", bound, level]`; the highest that holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<(String, f64, String)>,
    /// Of an ordered choice: what can be chosen, the mildest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<ChoiceForm>,
    /// Whether a physician has still to decide on it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub review: bool,
}

/// One of an ordered choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceForm {
    /// What it is called.
    pub label_fr: String,
    /// Its level.
    pub level: String,
}

/// A spoken question for several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupForm {
    /// Its name within the block.
    pub id: String,
    /// As it is asked.
    pub question_fr: String,
    /// The questions it stands for.
    pub members: Vec<String>,
    /// Whether its words hold all that its members ask, so that a no is a no to each.
    pub covers: bool,
}

/// A lighter service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathwayForm {
    /// Its name.
    pub id: String,
    /// Who.
    pub care_need: CareNeedForm,
    /// Not above this level.
    pub requires_level_at_most: String,
    /// Whom it is open to.
    #[serde(default)]
    pub requires: RequiresForm,
    /// Every one of these answered no.
    pub requires_no: Vec<String>,
    /// Flags that must be known not to hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires_no_flag: Vec<String>,
    /// What allows it.
    pub legal_basis: String,
    /// What to tell.
    pub advice_fr: String,
    /// When to call again.
    pub safety_net_fr: String,
    /// Whether a physician has still to decide on it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub review: bool,
}

/// Whom a pathway is open to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiresForm {
    /// `F` or `M`, known as such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// From this age, years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_min_years: Option<u32>,
    /// Until this one, years, itself included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_max_years: Option<u32>,
    /// What the place must be able to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure_capability: Option<String>,
}

/// `lexicon.toml`: what callers say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexiconForm {
    /// Words written in another way: `bcp` for `beaucoup`.
    #[serde(default)]
    pub abbreviations: BTreeMap<String, String>,
    /// Words that stand for each other, under the one they are heard as: `tête` for `crâne`.
    #[serde(default)]
    pub synonyms: BTreeMap<String, Vec<String>>,
    /// Turns that deny: `pas de`.
    #[serde(default)]
    pub negations: Vec<String>,
    /// Turns that speak of the past: `en 2015`.
    #[serde(default)]
    pub history: Vec<String>,
    /// What is said, and what it asks for.
    #[serde(default, rename = "phrase")]
    pub phrases: Vec<PhraseForm>,
}

/// What is said, and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhraseForm {
    /// Ways of saying it.
    pub said: Vec<String>,
    /// Blocks it opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opens: Vec<String>,
    /// Questions that must be asked, `block.question`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forces: Vec<String>,
}

fn is_false(value: &bool) -> bool {
    !*value
}
