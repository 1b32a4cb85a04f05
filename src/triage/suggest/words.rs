//! Words as they are compared: without accents, elisions and endings, misspellings put right by the pack's own words.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use tantivy::tokenizer::{AsciiFoldingFilter, Language, LowerCaser, SimpleTokenizer, Stemmer, TextAnalyzer, Token};

use super::temperature;
use crate::triage::pack::form::LexiconForm;

/// Words that say nothing by themselves.
const EMPTY: [&str; 74] = [
    "a", "ai", "au", "aux", "avec", "c", "ca", "ce", "ces", "cet", "cette", "d", "dans", "de", "des", "du", "elle",
    "elles", "en", "est", "et", "etre", "fait", "il", "ils", "j", "je", "l", "la", "le", "les", "leur", "lui", "m",
    "ma", "me", "mes", "moi", "mon", "n", "ne", "nos", "notre", "on", "ou", "par", "pour", "qu", "que", "qui", "s",
    "sa", "se", "ses", "si", "son", "suis", "sur", "t", "ta", "te", "tes", "ton", "tu", "un", "une", "va", "vos",
    "votre", "vous", "y", "ont", "sont", "etait",
];

/// [`EMPTY`] as they are compared.
static EMPTY_STEMS: LazyLock<HashSet<String>> =
    LazyLock::new(|| stems(&analyzer(), &EMPTY.join(" ")).into_iter().collect());

fn is_empty(stem: &str) -> bool {
    EMPTY_STEMS.contains(stem)
}

/// Words that deny: a phrase that has one of its own means nothing without it. As they are compared.
const DENYING: [&str; 7] = ["pas", "plus", "san", "rien", "jam", "aucun", "ni"];

/// Words that say something and are none of a phrase's, between its first and its last at most; of a short phrase as many as
/// it has words, and one.
const SLACK: usize = 5;

/// How many words before a phrase a denial may stand.
const DENIES_WITHIN: usize = 5;

/// The words of a phrase that say something, and which of them it cannot do without.
#[derive(Debug)]
pub(super) struct Words {
    /// Each once, in their order.
    pub all: Vec<String>,
    /// Its own denial, and its most telling word.
    needed: Vec<String>,
    /// It denies something itself ("ne marche plus"): that is said in one part of a sentence.
    denies: bool,
}

impl Words {
    /// Whether words found together, by their places in [`Words::all`], are the whole phrase; of a long one a word may be missing.
    pub(super) fn are_whole(&self, found: &[Found]) -> bool {
        let missing = self.all.len() - found.len();
        let is_found = |word: &String| found.iter().any(|one| self.all[one.word] == *word);
        missing == 0 || missing == 1 && self.all.len() >= 4 && self.needed.iter().all(is_found)
    }
}

/// A word of a phrase that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Where in what was said.
    place: usize,
    /// Which of the phrase.
    word: usize,
}

/// What was said: words in order, with the part of a sentence each is in.
#[derive(Debug)]
pub(super) struct Said {
    words: Vec<Word>,
    /// Where each word that says something stands.
    places: BTreeMap<String, Vec<usize>>,
    denials: Vec<usize>,
    pasts: BTreeSet<usize>,
}

#[derive(Debug)]
struct Word {
    stem: String,
    /// Itself, and nothing that is heard as it.
    exact: String,
    clause: usize,
    /// How many words that say something stand before it.
    at: usize,
}

/// Reads texts and phrases alike.
pub(super) struct Reader {
    analyzer: TextAnalyzer,
    abbreviations: BTreeMap<String, String>,
    /// Stems that are heard as another.
    heard_as: HashMap<String, String>,
    negations: Vec<Vec<String>>,
    history: Vec<Vec<String>>,
    vocabulary: HashMap<String, u32>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("words", &self.vocabulary.len()).finish_non_exhaustive()
    }
}

impl Reader {
    pub(super) fn new(lexicon: &LexiconForm) -> Self {
        let mut reader = Self {
            analyzer: analyzer(),
            abbreviations: BTreeMap::new(),
            heard_as: HashMap::new(),
            negations: Vec::new(),
            history: Vec::new(),
            vocabulary: HashMap::new(),
        };
        let turns = |texts: &[String]| texts.iter().map(|text| reader.stems(text)).collect::<Vec<_>>();
        (reader.negations, reader.history) = (turns(&lexicon.negations), turns(&lexicon.history));
        for (word, others) in &lexicon.synonyms {
            let Some(heard) = reader.one_word(word) else { continue };
            for other in others.iter().filter_map(|other| reader.one_word(other)).collect::<Vec<_>>() {
                reader.heard_as.insert(other, heard.clone());
            }
        }
        reader.abbreviations =
            lexicon.abbreviations.iter().map(|(short, long)| (folded(short), long.clone())).collect();
        reader
    }

    /// The words of a phrase of the pack that say something; they are known from now on.
    pub(super) fn learn(&mut self, phrase: &str) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let written = self.written_out(phrase);
        let stems = self.stems(&written).into_iter().map(|stem| self.as_heard(stem));
        for stem in stems.filter(|stem| !is_empty(stem)).collect::<Vec<_>>() {
            *self.vocabulary.entry(stem.clone()).or_default() += 1;
            if !words.contains(&stem) {
                words.push(stem);
            }
        }
        words
    }

    /// As [`Reader::learn`]; a phrase of one word stands for that word alone, not for all that are heard as it: "livide" is an
    /// alarm, "blanche" is none.
    pub(super) fn learn_alarm(&mut self, phrase: &str) -> Vec<String> {
        let words = self.learn(phrase);
        if words.len() != 1 {
            return words;
        }
        let stems = self.stems(&self.written_out(phrase)).into_iter();
        let own: Vec<String> = stems.filter(|stem| !is_empty(stem)).collect();
        for stem in &own {
            *self.vocabulary.entry(stem.clone()).or_default() += 1;
        }
        own.into_iter().take(1).map(|stem| exactly(&stem)).collect()
    }

    /// A phrase that was learned, once all are: how telling a word is shows in how many phrases it is of.
    pub(super) fn weighed(&self, all: Vec<String>) -> Words {
        let is_denying = |word: &&String| DENYING.contains(&word.as_str());
        let mut needed: Vec<String> = all.iter().filter(is_denying).cloned().collect();
        let denies = !needed.is_empty();
        let often = |word: &&String| self.vocabulary.get(*word).copied();
        needed.extend(all.iter().filter(|word| !is_denying(word)).min_by_key(often).cloned());
        Words { all, needed, denies }
    }

    fn stems(&self, text: &str) -> Vec<String> {
        stems(&self.analyzer, text)
    }

    /// A synonym is one word; the loader refuses any other.
    fn one_word(&self, text: &str) -> Option<String> {
        <[String; 1]>::try_from(self.stems(text)).ok().map(|[stem]| stem)
    }

    /// Reads a text, its first words at most.
    pub(super) fn read(&self, text: &str, most: usize) -> Said {
        let text = self.written_out(text);
        let mut words: Vec<Word> = Vec::new();
        let (mut clause, mut end, mut telling) = (0, 0, 0);
        for token in tokens(&self.analyzer, &text).into_iter().take(most) {
            let between = text.get(end..token.offset_from).unwrap_or_default();
            let digit = |c: char| c.is_ascii_digit();
            let in_a_number = [",", "."].contains(&between)
                && token.text.starts_with(digit)
                && text.get(..end).is_some_and(|before| before.ends_with(digit));
            let ends = between.contains(['.', ',', ';', ':', '!', '?', '\n', '(', ')']) && !in_a_number;
            if ends || token.text == "mais" {
                clause += 1;
            }
            end = token.offset_to;
            let own = self.known(token.text);
            words.push(Word { exact: exactly(&own), stem: self.as_heard(own), clause, at: telling });
            telling += usize::from(words.last().is_some_and(|word| !is_empty(&word.stem)));
        }
        let stems: Vec<&str> = words.iter().map(|word| word.stem.as_str()).collect();
        let turns = |turns: &[Vec<String>]| -> Vec<usize> {
            let begins =
                |at: &usize| turns.iter().any(|turn| !turn.is_empty() && stems[*at..].starts_with(&as_strs(turn)));
            (0..stems.len()).filter(begins).collect()
        };
        let denials = turns(&self.negations);
        let mut pasts: BTreeSet<usize> = turns(&self.history).into_iter().map(|at| words[at].clause).collect();
        // « en 2015 », and neither « née en 1950 » nor « depuis 2024 » nor a dose.
        let year = |three: &[&str]| {
            let is_year = matches!(three[2].parse::<u32>(), Ok(1_900..=2_099));
            is_year && three[1] == "en" && !three[0].starts_with("ne")
        };
        let stems: Vec<&str> = ["", ""].into_iter().chain(stems).collect();
        pasts.extend(stems.windows(3).zip(&words).filter(|(three, _)| year(three)).map(|(_, word)| word.clause));
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, word) in words.iter().enumerate().filter(|(_, word)| !is_empty(&word.stem)) {
            places.entry(word.stem.clone()).or_default().push(place);
            places.entry(word.exact.clone()).or_default().push(place);
        }
        Said { words, places, denials, pasts }
    }

    /// The text with what is abbreviated written out.
    fn written_out(&self, text: &str) -> String {
        let text = temperature::written_out(&text.replace(['œ', 'Œ'], "oe").replace('’', "'"));
        // Cut where any word ends, not only at spaces: what stands on the next line is abbreviated too.
        let word = |piece: &str| {
            let bare = piece.trim_matches(|c: char| !c.is_alphanumeric());
            match self.abbreviations.get(&folded(bare)) {
                Some(long) => piece.replacen(bare, long, 1),
                None => piece.to_owned(),
            }
        };
        text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '-').map(word).collect()
    }

    /// A word as the one it stands for.
    fn as_heard(&self, stem: String) -> String {
        self.heard_as.get(&stem).cloned().unwrap_or(stem)
    }

    /// A word as the pack writes it, if it is one of its words with a slip of the pen.
    fn known(&self, stem: String) -> String {
        let length = stem.chars().count();
        if length < 4 || self.vocabulary.contains_key(&stem) || self.heard_as.contains_key(&stem) || is_empty(&stem) {
            return stem;
        }
        let allowed = if length < 8 { 1 } else { 2 };
        let first = stem.chars().next();
        let near = self
            .vocabulary
            .iter()
            .filter(|(known, _)| known.chars().next() == first && known.chars().count().abs_diff(length) <= allowed);
        let distance = |known: &str| strsim::osa_distance(known, &stem);
        let found = near
            .map(|(known, often)| (distance(known), std::cmp::Reverse(*often), known))
            .filter(|(distance, _, _)| *distance <= allowed)
            .min();
        found.map_or(stem.clone(), |(_, _, known)| known.clone())
    }
}

/// Takes texts apart into words without case, accents and endings.
fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        // Twice: without its accents a feminine participle ("etouffee") loses one ending at a time.
        .filter(Stemmer::new(Language::French))
        .filter(Stemmer::new(Language::French))
        .build()
}

fn tokens(analyzer: &TextAnalyzer, text: &str) -> Vec<Token> {
    let mut analyzer = analyzer.clone();
    let mut stream = analyzer.token_stream(text);
    let mut tokens = Vec::new();
    stream.process(&mut |token| tokens.push(token.clone()));
    tokens
}

fn stems(analyzer: &TextAnalyzer, text: &str) -> Vec<String> {
    tokens(analyzer, &text.replace('œ', "oe")).into_iter().map(|token| token.text).collect()
}

/// How a word that stands for itself alone is written: no stem holds this sign.
fn exactly(stem: &str) -> String {
    format!("={stem}")
}

fn folded(word: &str) -> String {
    word.to_lowercase()
}

fn as_strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

impl Said {
    /// The words that say something, each once.
    pub(super) fn distinct(&self) -> Vec<&str> {
        self.places.keys().map(String::as_str).collect()
    }

    /// How many words of a phrase were said, wherever they stand.
    pub(super) fn said_of(&self, phrase: &Words) -> usize {
        phrase.all.iter().filter(|word| self.places.contains_key(*word)).count()
    }

    /// Everywhere words of a phrase stand close together: those found, the fullest at each start.
    pub(super) fn windows(&self, phrase: &Words) -> Vec<Vec<Found>> {
        let places = phrase.all.iter().map(|word| self.places.get(word).map(Vec::as_slice).unwrap_or_default());
        let found = |(word, places): (usize, &[usize])| places.iter().map(|&place| Found { place, word }).collect();
        let mut at: Vec<Found> = places.enumerate().flat_map::<Vec<Found>, _>(found).collect();
        at.sort_unstable();
        let reach = phrase.all.len() + SLACK.min(phrase.all.len() + 1);
        let in_reach = |first: &Found, one: &Found| {
            let (first, one) = (&self.words[first.place], &self.words[one.place]);
            one.at < first.at + reach && !(phrase.denies && one.clause != first.clause)
        };
        let from = |(start, first): (usize, &Found)| {
            let mut seen = vec![false; phrase.all.len()];
            let near = at[start..].iter().take_while(|one| in_reach(first, one));
            near.filter(|one| !std::mem::replace(&mut seen[one.word], true)).copied().collect()
        };
        at.iter().enumerate().map(from).collect()
    }

    /// Whether anything that stands at these places is denied: by a turn shortly before it, in the same part of the sentence,
    /// that is not part of the phrase itself.
    pub(super) fn is_denied(&self, window: &[Found], phrase: &Words) -> bool {
        self.denials.iter().any(|&denial| {
            let of_this = |one: &Found| {
                let before = denial < one.place && one.place - denial <= DENIES_WITHIN;
                before && self.words[denial].clause == self.words[one.place].clause
            };
            !phrase.all.contains(&self.words[denial].stem) && window.iter().any(of_this)
        })
    }

    /// Whether what stands at these places is told of the past.
    pub(super) fn is_past(&self, window: &[Found]) -> bool {
        window.first().is_some_and(|first| self.pasts.contains(&self.words[first.place].clause))
    }
}
