//! Packs, answers, files and words nobody would write: whatever comes, there is an answer or a refusal, and no panic.
//!
//! Some thousands by default. `AIGUILLEUR_FUZZ=1000000 cargo test --lib triage::tests::fuzz -- --nocapture` tries a million packs
//! with their answers, and a tenth as many files and texts.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;

use super::generated::{OwnedCall, call, pack};
use super::properties::evaluated;
use super::refused::sound;
use super::written::files_of;
use crate::domain::{Answer, Level, TriageStatus};
use crate::triage::pack::Files;
use crate::triage::{Pack, Suggester, shipped};

/// Packs tried when nobody says how many.
const PACKS: u32 = 5_000;

/// Of how many packs one is written to files and read again: what that takes is a hundred times an evaluation.
const WRITTEN: u32 = 10;

fn wanted() -> u32 {
    std::env::var_os("AIGUILLEUR_FUZZ").map_or(PACKS, |wanted| {
        wanted.to_str().and_then(|wanted| wanted.parse().ok()).expect("AIGUILLEUR_FUZZ is a number of packs")
    })
}

/// Tries so many, and says how many were tried.
fn tried<S: Strategy>(what: &str, cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config =
        ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() };
    let count = Cell::new(0);
    let counted = |value| {
        count.set(count.get() + 1);
        test(value)
    };
    if let Err(failed) = TestRunner::new(config).run(strategy, counted) {
        panic!("{failed}");
    }
    println!("fuzz: {} {what}", count.get());
    assert!(count.get() >= cases);
}

/// Answers to questions there are and are not, numbers of any size.
fn any_answers(pack: &Pack) -> impl Strategy<Value = OwnedCall> + use<> {
    let answer = prop_oneof![Just(Answer::Yes), Just(Answer::Unknown), any::<i64>().prop_map(Answer::Number)];
    let name = prop_oneof!["[a-z_]{0,12}\\.[a-z0-9_.]{0,12}", "\\PC{0,20}"];
    let strange = prop::collection::btree_map(name, answer, 0..4);
    let ages = prop_oneof![9 => 0u32..1_300, 1 => any::<u32>()];
    let complaints = prop::collection::vec(any::<usize>(), 0..2);
    (call(pack), strange, ages, complaints).prop_map(|(mut call, strange, age_months, complaints)| {
        call.age_months = age_months;
        call.complaints.extend(complaints);
        call.answers.extend(strange);
        call
    })
}

/// What every evaluation is, whatever it is of.
fn sound_evaluation(pack: &Pack, call: &OwnedCall) -> Result<(), TestCaseError> {
    let evaluation = evaluated(pack, call);
    let (status, level) = (evaluation.status, evaluation.urgency.level);
    prop_assert_eq!(status == TriageStatus::Incomplete, !evaluation.must_ask.is_empty());
    prop_assert!(status != TriageStatus::Stopped || level == Level::Immediate);
    prop_assert!(status != TriageStatus::Decided || level < Level::Immediate);
    prop_assert!(evaluation.entries.iter().all(|entry| entry.urgency.level <= level));
    Ok(())
}

#[test]
fn a_million_packs_and_answers_have_an_evaluation_written_to_files_or_not() {
    let turn = Cell::new(0u32);
    let packs = pack().prop_flat_map(|pack| {
        let call = any_answers(&pack);
        (Just(pack), call)
    });
    tried("packs with answers", wanted(), &packs, |(pack, call)| {
        sound_evaluation(&pack, &call)?;
        turn.set(turn.get() + 1);
        if turn.get().is_multiple_of(WRITTEN) {
            let read = Pack::read(&files_of(&pack));
            let read = read.map_err(|faults| TestCaseError::fail(format!("a sound pack is refused: {faults:?}")))?;
            prop_assert_eq!(evaluated(&read, &call), evaluated(&pack, &call), "the loader reads another pack");
        }
        Ok(())
    });
}

/// What is done to a file.
#[derive(Debug, Clone)]
enum Spoil {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index, usize),
    Insert(Index, Vec<u8>),
    Line(Index, Index),
    Number(Index, &'static str),
    Word(Index, Index),
}

/// Numbers, and what stands where a number should.
const NUMBERS: [&str; 14] = [
    "-1",
    "0",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "99999999999999999999999",
    "1e308",
    "-1e308",
    "inf",
    "nan",
    "0x7fffffffffffffff",
    "1979-05-27T07:32:00Z",
    "\"\"",
    "[]",
];

fn spoil() -> impl Strategy<Value = Spoil> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Spoil::Flip(at, byte)),
        at().prop_map(Spoil::Cut),
        (at(), 1usize..200).prop_map(|(at, count)| Spoil::Drop(at, count)),
        (at(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Spoil::Insert(at, bytes)),
        (at(), at()).prop_map(|(from, to)| Spoil::Line(from, to)),
        (at(), select(&NUMBERS[..])).prop_map(|(at, number)| Spoil::Number(at, number)),
        (at(), at()).prop_map(|(from, to)| Spoil::Word(from, to)),
    ]
}

impl Spoil {
    fn done(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Flip(at, byte) => bytes[at.index(length)] ^= byte,
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Drop(at, count) => {
                let from = at.index(length);
                bytes.drain(from..length.min(from + count));
            }
            Self::Insert(at, more) => {
                let at = at.index(length);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Line(from, to) => {
                let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
                let (line, to) = (lines[from.index(lines.len())], to.index(lines.len()));
                lines.insert(to, line);
                *bytes = lines.join(&b'\n');
            }
            Self::Number(at, number) => put_in_place(bytes, at, number.as_bytes(), u8::is_ascii_digit),
            Self::Word(from, to) => {
                let words: Vec<Vec<u8>> =
                    bytes.split(|byte| *byte == b'"').skip(1).step_by(2).map(<[u8]>::to_vec).collect();
                if !words.is_empty() {
                    let word = words[from.index(words.len())].clone();
                    put_in_place(bytes, to, &word, |byte| byte.is_ascii_lowercase() || *byte == b'_');
                }
            }
        }
    }
}

/// One run of bytes of a kind, put out for others.
fn put_in_place(bytes: &mut Vec<u8>, at: &Index, with: &[u8], of_kind: impl Fn(&u8) -> bool) {
    let starts: Vec<usize> =
        (0..bytes.len()).filter(|at| of_kind(&bytes[*at]) && (*at == 0 || !of_kind(&bytes[at - 1]))).collect();
    if starts.is_empty() {
        return;
    }
    let from = starts[at.index(starts.len())];
    let to = bytes[from..].iter().position(|byte| !of_kind(byte)).map_or(bytes.len(), |length| from + length);
    bytes.splice(from..to, with.iter().copied());
}

/// A pack that is refused names what is wrong, one that is read evaluates a call.
fn read_or_refused(files: &Files, call: &OwnedCall) -> Result<bool, TestCaseError> {
    match Pack::read(files) {
        Ok(pack) => {
            let call = OwnedCall { complaints: vec![1, 2], ..call.clone() };
            sound_evaluation(&pack, &call)?;
            Ok(true)
        }
        Err(faults) => {
            prop_assert!(
                !faults.is_empty() && faults.iter().all(|fault| !fault.what.is_empty() && !fault.file.is_empty())
            );
            Ok(false)
        }
    }
}

#[test]
fn spoilt_files_are_read_or_refused() {
    let (small, read) = (sound(), Cell::new(0));
    let names: Vec<String> = small.keys().cloned().collect();
    let pack = Pack::read(&small).unwrap();
    let spoilt = (prop::collection::vec((any::<Index>(), spoil()), 1..5), any_answers(&pack));
    let cases = (wanted() / 10).max(3_000);
    tried("spoilt files", cases, &spoilt, |(spoils, call)| {
        let mut files = small.clone();
        for (file, spoil) in spoils {
            spoil.done(files.get_mut(&names[file.index(names.len())]).unwrap());
        }
        read.set(read.get() + u32::from(read_or_refused(&files, &call)?));
        Ok(())
    });
    println!("fuzz: {} of them read all the same", read.get());
    assert!(read.get() > cases / 100 && read.get() < cases, "nothing is spoilt, or everything");
}

#[test]
fn spoilt_files_of_the_shipped_pack_are_read_or_refused() {
    let shipped = shipped::files();
    let names: Vec<String> = shipped.keys().cloned().collect();
    let spoilt = (prop::collection::vec((any::<Index>(), spoil()), 1..4), any_answers(Pack::general()));
    tried("spoilt files of the shipped pack", (wanted() / 1_000).max(100), &spoilt, |(spoils, call)| {
        let mut files = shipped.clone();
        for (file, spoil) in spoils {
            spoil.done(files.get_mut(&names[file.index(names.len())]).unwrap());
        }
        read_or_refused(&files, &call).map(drop)
    });
}

/// Something that looks like TOML, of the words packs are written with.
fn toml_shaped() -> impl Strategy<Value = String> {
    const KEYS: [&str; 22] = [
        "pack_id",
        "version",
        "levels",
        "valid_to",
        "flag",
        "modifier",
        "effect",
        "when",
        "id",
        "discriminator",
        "steps",
        "plausible",
        "choices",
        "applies",
        "unless_no",
        "question_group",
        "members",
        "pathway",
        "requires_no",
        "phrase",
        "said",
        "forces",
    ];
    let value = prop_oneof![
        3 => select(&NUMBERS[..]).prop_map(str::to_owned),
        2 => select(&KEYS[..]).prop_map(|word| format!("\"{word}\"")),
        1 => "\\PC{0,30}".prop_map(|text| format!("{text:?}")),
        1 => (1usize..400).prop_map(|deep| format!("{}{}", "[".repeat(deep), "]".repeat(deep))),
        1 => (1usize..400).prop_map(|deep| format!("{}1{}", "{ a = ".repeat(deep), " }".repeat(deep))),
        1 => (1usize..400).prop_map(|deep| "[".repeat(deep)),
    ];
    let line = prop_oneof![
        4 => (select(&KEYS[..]), value).prop_map(|(key, value)| format!("{key} = {value}")),
        1 => select(&KEYS[..]).prop_map(|key| format!("[[{key}]]")),
        1 => select(&KEYS[..]).prop_map(|key| format!("[{key}]")),
        1 => prop::collection::vec(select(&KEYS[..]), 1..60).prop_map(|keys| format!("{} = 1", keys.join("."))),
    ];
    prop::collection::vec(line, 0..30).prop_map(|lines| lines.join("\n"))
}

#[test]
fn bytes_that_are_no_pack_are_refused() {
    let names: Vec<String> = sound().keys().cloned().collect();
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..2_000),
        "\\PC{0,400}".prop_map(String::into_bytes),
        toml_shaped().prop_map(String::into_bytes),
    ];
    let some = prop::collection::vec((any::<Index>(), bytes, any::<bool>()), 1..4);
    tried("files of any bytes", (wanted() / 10).max(2_000), &some, |some| {
        let mut files = sound();
        for (file, bytes, after) in some {
            let there = files.get_mut(&names[file.index(names.len())]).unwrap();
            if !after {
                there.clear();
            }
            there.push(b'\n');
            there.extend(bytes);
        }
        // A file of comments or of nothing may be one: what is asked is an answer.
        match Pack::read(&files) {
            Ok(_) => Ok(()),
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                Ok(())
            }
        }
    });
}

#[test]
fn what_has_no_end_in_sight_is_refused_too() {
    let deep = 200_000;
    for value in [
        "[".repeat(deep),
        format!("{}{}", "[".repeat(deep), "]".repeat(deep)),
        "{a=".repeat(deep),
        format!("{}1{}", "{a=".repeat(deep), "}".repeat(deep)),
        format!("\"{}\"", "x".repeat(1_000_000)),
        "9".repeat(1_000_000),
    ] {
        let mut files = sound();
        files.get_mut("pack.toml").unwrap().extend(format!("\nsupersedes = {value}").bytes());
        let _ = Pack::read(&files);
        files.get_mut("lexicon.toml").unwrap().extend(format!("\nlicorne = {value}").bytes());
        assert!(Pack::read(&files).is_err());
    }
    let mut files = sound();
    files.insert("lexicon.toml".to_owned(), format!("{} = 1", vec!["a"; deep].join(".")).into_bytes());
    assert!(Pack::read(&files).is_err());
    files.insert("lexicon.toml".to_owned(), format!("[{}]", vec!["a"; deep].join(".")).into_bytes());
    assert!(Pack::read(&files).is_err());
}

/// What a caller may be written down to have said, by anybody, in any script.
pub(super) fn any_words() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        6 => super::words::said_words(1..4),
        2 => "\\PC{0,12}",
        1 => select(&["🤒", "👩‍👩‍👧‍👦", "\u{202e}txet", "\0", "e\u{301}\u{301}\u{301}", "ﬁèvre", "ŒŒ", "’", "…", "ß", "İ", "ｆｉèvre", "٣٨", "\u{feff}", "\r\n"][..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => ("[a-zé]", 1usize..300).prop_map(|(letter, times)| letter.repeat(times)),
    ];
    let joint = select(&[" ", "", "-", "'", ". ", "\n", ", "][..]);
    prop::collection::vec((pieces, joint), 0..60)
        .prop_map(|all| all.into_iter().fold(String::new(), |text, (piece, joint)| text + &piece + joint))
}

#[test]
fn any_words_are_heard_without_harm() {
    let pack = Pack::general();
    let suggester = Suggester::of(pack).unwrap();
    tried("texts", (wanted() / 50).max(1_000), &any_words(), |text| {
        let suggestion = suggester.suggest(&text);
        prop_assert!(
            suggestion.complaints.iter().all(|(block, score)| *block < pack.complaints.len() && score.is_finite())
        );
        prop_assert!(suggestion.forced.iter().all(|one| pack.complaints[one.block].questions[one.question].red_flag));
        Ok(())
    });
    for long in [
        "a".repeat(1_000_000),
        "douleur ".repeat(100_000),
        "é".repeat(500_000),
        "\0".repeat(1_000_000),
        ",".repeat(1_000_000),
    ] {
        let _ = suggester.suggest(&long);
    }
}
