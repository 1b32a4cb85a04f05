//! P16: words only ever add. Whatever else a caller says, what was to be asked about is still asked about, and no level falls.

use std::ops::Range;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;

use crate::triage::{Pack, Suggester, Suggestion};

/// Texts tried.
const CASES: u32 = 2_000;

/// Words between the words that say something.
const BETWEEN: [&str; 44] = [
    "je",
    "il",
    "elle",
    "mon",
    "ma",
    "fils",
    "mère",
    "depuis",
    "ce",
    "matin",
    "hier",
    "très",
    "un",
    "peu",
    "pas",
    "pas de",
    "plus",
    "jamais",
    "sans",
    "aucune",
    "mais",
    "et",
    "ou",
    "en 2015",
    "il y a trois ans",
    "58",
    "ans",
    "38,5",
    "°C",
    "j'ai",
    "c'est",
    "bcp",
    "svp",
    "docteur",
    "bonjour",
    "peur",
    "enfant",
    "bébé",
    "prend",
    "médicament",
    "n'a",
    "ni",
    "voilà",
    "merci",
];

/// Everything the shipped pack listens for.
static PHRASES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let pack = Pack::general();
    let synonyms = pack.complaints.iter().flat_map(|complaint| complaint.synonyms.iter().cloned());
    synonyms.chain(pack.lexicon.phrases.iter().flat_map(|phrase| phrase.said.iter().cloned())).collect()
});

/// Words in French as they are said: phrases of the pack whole or in part, and what stands between them.
pub(super) fn said_words(count: Range<usize>) -> impl Strategy<Value = String> {
    let phrase = (0..PHRASES.len()).prop_map(|place| PHRASES[place].clone());
    let part = (0..PHRASES.len(), any::<prop::sample::Index>()).prop_map(|(place, word)| {
        let words: Vec<&str> = PHRASES[place].split_whitespace().collect();
        if words.is_empty() { String::new() } else { words[word.index(words.len())].to_owned() }
    });
    let one = prop_oneof![
        3 => phrase,
        2 => part,
        3 => select(&BETWEEN[..]).prop_map(str::to_owned),
        1 => "[a-zéèàç]{1,12}",
    ];
    let joint = select(&[" ", " ", " ", ", ", ". ", " : ", "\n", "… "][..]);
    prop::collection::vec((one, joint), count)
        .prop_map(|all| all.into_iter().fold(String::new(), |text, (words, joint)| text + &words + joint))
}

fn forced(suggestion: &Suggestion) -> Vec<(usize, usize)> {
    suggestion.forced.iter().map(|one| (one.block, one.question)).collect()
}

/// Two texts side by side. A number is one expression with what it counts and with its unit: it is not put between the two.
fn beside(text: &str, more: &str) -> String {
    let digit = |c: char| c.is_ascii_digit();
    if text.trim_end().ends_with(digit) || more.trim_start().starts_with(digit) {
        return format!("{}, {more}", text.trim_end());
    }
    format!("{text} {more}")
}

/// Every text of two parts, whole and each part alone.
fn more_is_heard(text: &str, more: &str, suggester: &Suggester) -> Result<usize, TestCaseError> {
    let alone = forced(&suggester.suggest(text));
    for both in [beside(text, more), beside(more, text), format!("{text}. {more}"), format!("{more}\n{text}")] {
        let heard = forced(&suggester.suggest(&both));
        for one in &alone {
            prop_assert!(heard.contains(one), "{text:?} forces {one:?}, and {both:?} does not");
        }
    }
    Ok(alone.len())
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<usize, TestCaseError>) -> usize {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let heard = std::cell::Cell::new(0);
    let counted = |value| {
        heard.set(heard.get() + usize::from(test(value)? > 0));
        Ok(())
    };
    if let Err(failed) = proptest::test_runner::TestRunner::new(config).run(strategy, counted) {
        panic!("{failed}");
    }
    heard.get()
}

#[test]
fn p16_words_added_before_or_after_never_take_a_forced_question_back() {
    let suggester = Suggester::of(Pack::general()).unwrap();
    let heard =
        run(CASES, &(said_words(1..8), said_words(1..20)), |(text, more)| more_is_heard(&text, &more, &suggester));
    println!("P16: {CASES} texts with words added, {heard} of which force something");
    assert!(heard > CASES as usize / 4, "{heard}");
}

#[test]
fn p16_what_is_said_at_the_end_of_all_the_api_takes_is_heard() {
    let suggester = Suggester::of(Pack::general()).unwrap();
    let alarm = "douleur dans la poitrine";
    let named = forced(&suggester.suggest(alarm));
    assert!(!named.is_empty());
    for before in ["a ", "je ne sais pas quoi dire ", "mal au genou. "] {
        let text = before.repeat((2_000 - alarm.len()) / before.len()) + alarm;
        assert!(text.chars().count() <= 2_000);
        let heard = forced(&suggester.suggest(&text));
        assert!(named.iter().all(|one| heard.contains(one)), "after {before:?} again and again");
    }
}
