//! The catalogue of texts, parsed once from `texts.fr.toml`. A template names a field, so a text it lacks does not compile;
//! a key the file lacks, or has for nothing, stops [`texts`] on first use and the test below.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const FRENCH: &str = include_str!("texts.fr.toml");

static TEXTS: LazyLock<Texts> = LazyLock::new(|| toml::from_str(FRENCH).expect("a test reads the catalogue"));

/// The texts of the pages, in French.
///
/// # Panics
/// When the catalogue compiled in lacks a key; call it once at start-up to know.
pub(crate) fn texts() -> &'static Texts {
    &TEXTS
}

macro_rules! catalogue {
    ($($section:ident: $name:ident { $($key:ident),+ $(,)? })+) => {
        /// Every text, by section.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct Texts {
            $(pub(crate) $section: $name,)+
            /// Professions an operator may ask for, by code of `TRE_G15`.
            pub(crate) professions: BTreeMap<String, String>,
            /// What the scripts say, by key.
            pub(crate) client: BTreeMap<String, String>,
        }
        $(
            #[derive(Debug, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub(crate) struct $name { $(pub(crate) $key: String),+ }
        )+
    };
}

catalogue! {
    frame: FrameTexts {
        service, skip, demo, demo_people, emergency, emergency_number, home, signed_in, sign_out, footer, unsigned, not_yet,
        expired, switched_off,
    }
    home: HomeTexts {
        title, lead, roles, operator, operator_does, open_console, regulator, regulator_does, demo_note, software, software_does, api_link,
        token_caption, token_role, token_value, token_operator, token_regulator, token_coordinator, token_system,
        token_practitioner,
    }
    sign_in: SignInTexts {
        title, error_title, lead, key, key_hint, submit, no_key, missing, unknown, elsewhere, no_page, too_many,
    }
    error: ErrorTexts {
        title, problem_status, go_home, not_found, not_found_advice, unavailable, unavailable_advice,
    }
    console: ConsoleTexts {
        title, demo_person, demo_regulator, keys_button, live_connecting, noscript_title, noscript_advice, call_title, call_new, age, age_hint, sex,
        sex_f, sex_m, sex_u, commune, commune_hint, complaint, complaint_hint, words, words_hint, ask, level, level_immediate,
        level_immediate_delay, level_same_day, level_same_day_delay, level_h24, level_h24_delay, level_h48,
        level_h48_delay, level_programmed, level_programmed_delay, constraints, max_travel, modality, any, modality_amb,
        modality_hh, modality_vr, profession, profession_usual, languages, languages_hint, accessible, search,
        offers_title, to_15, offers_empty, offers_empty_advice, board_title, board_shown, board_all, board_queue, reference, reference_hint, keys_title, keys_intro, keys_on, keys_close,
        key_new, key_words, key_answers, key_offers, key_board, key_queue, key_arrows, key_enter, key_digit, key_promise, key_extend, key_escape, key_help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::assets;
    use std::collections::BTreeSet;

    #[test]
    fn the_catalogue_has_every_text_and_no_other() {
        toml::from_str::<Texts>(FRENCH).unwrap();
    }

    /// The keys the scripts name: `say("key"` and `sayCount("key"`, the latter in two numbers. `say(KEYS.x` is not used:
    /// a key is always written out where it is said, or as a quoted `"prefix.name"`.
    #[test]
    fn scripts_and_catalogue_name_the_same_texts() {
        let scripts: String = assets::names()
            .filter(|name| name.ends_with(".js"))
            .map(|name| String::from_utf8(assets::find(&name).unwrap().bytes.into_owned()).unwrap())
            .collect();
        let client = &texts().client;
        let asked = |call: &str| -> BTreeSet<String> {
            let calls = scripts.split(call).skip(1).filter_map(|rest| rest.split_once('"'));
            calls.map(|(key, _)| key.to_owned()).collect()
        };
        for key in asked("say(\"") {
            assert!(client.contains_key(&key), "a script says {key}, which has no text");
        }
        let counted = asked("sayCount(\"");
        for key in &counted {
            for number in ["one", "many"] {
                assert!(client.contains_key(&format!("{key}_{number}")), "a script counts {key}");
            }
        }
        for key in client.keys() {
            let stem = key.trim_end_matches("_one").trim_end_matches("_many");
            let quoted = scripts.contains(&format!("\"{key}\"")) || counted.contains(stem);
            let (prefix, _) = key.split_once('.').unwrap();
            let by_code = matches!(prefix, "level") && scripts.contains("`level.${");
            assert!(quoted || by_code, "no script says {key}");
        }
    }
}
