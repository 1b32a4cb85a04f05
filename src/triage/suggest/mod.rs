//! What a caller's own words suggest: complaints to open, and red flags that must be asked about. It never answers a question,
//! and never lowers anything: more words can only suggest more (triage.md §3, free text).
//!
//! The words are data of the pack: synonyms of complaints, and phrases that force a question. A text-search library finds the
//! phrases that share words with the text; [`words`] reads both alike (accents, elisions, plurals, misspellings); a phrase counts
//! where enough of its words stand close together. Denied (« pas de ») or told of the past (« en 2015 ») it still forces
//! its question, to be confirmed.

mod index;
mod temperature;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use self::index::Index;
use self::words::{Reader, Said, Words};
use super::pack::{GENERAL, Pack};

/// Complaints suggested at most.
const COMPLAINTS_MOST: usize = 5;

/// Least share of the best score: what is far behind is noise.
const SCORE_LEAST: f64 = 0.25;

/// Words of a text that are read, written out: more than 2 000 characters of everyday French hold, so that no alarm comes too late in it.
const WORDS_MOST: usize = 1_000;

/// A suggestion.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suggestion {
    /// Complaints by place in the pack, the likeliest first, with a score of 1 at most.
    pub complaints: Vec<(usize, f64)>,
    /// Red flags to ask about, by places of block and question, in their order.
    pub forced: Vec<Forced>,
}

/// A red flag to ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forced {
    /// Place of the block.
    pub block: usize,
    /// Place of the question.
    pub question: usize,
    /// The phrase of the pack that was heard.
    pub heard: String,
    /// Whether it was denied, or told of the past, wherever it was heard: it is asked to be confirmed.
    pub denied: bool,
}

/// Why there is nothing to suggest with: a fault of this module or of the library.
#[derive(Debug, thiserror::Error)]
#[error("the words of the pack cannot be indexed: {0}")]
pub struct SuggestError(#[from] tantivy::TantivyError);

/// The words of a pack, ready to be heard.
#[derive(Debug)]
pub struct Suggester {
    phrases: Vec<Phrase>,
    /// Signs that red-flag questions ask about, in the words they are asked in, by place of the block.
    signs: BTreeMap<usize, Vec<Sign>>,
    reader: Reader,
    index: Index,
}

/// One of the things a red-flag question asks about.
#[derive(Debug)]
struct Sign {
    question: usize,
    text: String,
    words: Words,
}

/// A way of saying something, and what it asks for.
#[derive(Debug)]
struct Phrase {
    text: String,
    words: Words,
    opens: Vec<usize>,
    forces: Vec<(usize, usize)>,
}

/// Packs whose words were read, by hash: every territory hears with the same.
static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Suggester>>>> = LazyLock::new(Mutex::default);

impl Suggester {
    /// The words of a pack, read once for everybody who uses it.
    ///
    /// # Errors
    /// [`SuggestError`].
    pub fn of(pack: &Pack) -> Result<Arc<Self>, SuggestError> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(suggester) = known.get(&pack.hash) {
            return Ok(Arc::clone(suggester));
        }
        let suggester = Arc::new(Self::new(pack)?);
        known.insert(pack.hash.clone(), Arc::clone(&suggester));
        Ok(suggester)
    }

    /// Reads the words of a pack.
    ///
    /// # Errors
    /// [`SuggestError`].
    pub fn new(pack: &Pack) -> Result<Self, SuggestError> {
        let mut reader = Reader::new(&pack.lexicon);
        let mut learned = Vec::new();
        let mut add = |text: &str, opens: Vec<usize>, forces: Vec<(usize, usize)>| {
            let words = if forces.is_empty() { reader.learn(text) } else { reader.learn_alarm(text) };
            if !words.is_empty() {
                learned.push((text.to_owned(), words, opens, forces));
            }
        };
        for (block, complaint) in pack.complaints.iter().enumerate().filter(|(_, one)| one.id.as_str() != GENERAL) {
            add(&complaint.label, vec![block], Vec::new());
            complaint.synonyms.iter().for_each(|synonym| add(synonym, vec![block], Vec::new()));
        }
        for phrase in &pack.lexicon.phrases {
            // A pack that was read has no name that leads nowhere.
            let forces: Vec<(usize, usize)> = phrase.forces.iter().filter_map(|name| pack.question(name)).collect();
            let named = phrase.opens.iter().filter_map(|name| pack.place(&name.parse().ok()?));
            let of_forced = forces.iter().map(|(block, _)| *block).filter(|block| *block != 0);
            let opens: Vec<usize> = named.chain(of_forced).collect();
            phrase.said.iter().for_each(|said| add(said, opens.clone(), forces.clone()));
        }
        let signs: Vec<_> = (0..pack.complaints.len()).map(|block| signs(pack, block, &mut reader)).collect();
        let weighed = |(question, text, words)| Sign { question, text, words: reader.weighed(words) };
        let signs = signs.into_iter().map(|of_block| of_block.into_iter().map(weighed).collect()).enumerate().collect();
        let weighed = |(text, words, opens, forces)| Phrase { text, words: reader.weighed(words), opens, forces };
        let phrases: Vec<Phrase> = learned.into_iter().map(weighed).collect();
        let index = Index::of(phrases.iter().map(|phrase| phrase.words.all.join(" ")))?;
        Ok(Self { phrases, signs, reader, index })
    }

    /// What a text suggests.
    pub fn suggest(&self, text: &str) -> Suggestion {
        let said = self.reader.read(text, WORDS_MOST);
        let mut scores: BTreeMap<usize, f64> = BTreeMap::new();
        let mut forced: BTreeMap<(usize, usize), Forced> = BTreeMap::new();
        // Complaints of which a phrase was heard whole: whatever else is said, they stay so.
        let mut heard_of: BTreeSet<usize> = BTreeSet::new();
        for (phrase, weight) in self.index.sharing(&said.distinct()) {
            let phrase = &self.phrases[phrase];
            let Some(heard) = heard(&phrase.words, &said) else { continue };
            // What is told of the past is asked about all the same: it may have come back.
            let doubtful = heard.denied || heard.past;
            let score = f64::from(weight) * heard.share * if doubtful { 0.3 } else { 1.0 };
            for &block in &phrase.opens {
                // The best way of saying it counts, and a little of every other.
                let known = scores.entry(block).or_default();
                *known = known.max(score) + 0.1 * known.min(score);
            }
            if heard.whole {
                heard_of.extend(&phrase.opens);
                for &(block, question) in &phrase.forces {
                    let new = || Forced { block, question, heard: phrase.text.clone(), denied: doubtful };
                    let known = forced.entry((block, question)).or_insert_with(new);
                    known.denied &= doubtful;
                }
            }
        }
        let best = scores.values().copied().fold(0.0, f64::max);
        let mut complaints: Vec<(usize, f64)> =
            scores.into_iter().map(|(block, score)| (block, score / best)).collect();
        complaints.retain(|(_, score)| *score >= SCORE_LEAST);
        complaints.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        complaints.truncate(COMPLAINTS_MOST);
        // What a question of a complaint that was heard asks about, in its own words.
        for (block, sign) in heard_of.iter().flat_map(|block| self.signs[block].iter().map(move |sign| (*block, sign)))
        {
            if let Some(heard) = heard(&sign.words, &said).filter(|heard| heard.whole) {
                let denied = heard.denied || heard.past;
                let new = || Forced { block, question: sign.question, heard: sign.text.clone(), denied };
                let known = forced.entry((block, sign.question)).or_insert_with(new);
                known.denied &= denied;
            }
        }
        Suggestion { complaints, forced: forced.into_values().collect() }
    }
}

/// What each red-flag question of a block asks about: it is cut where it says "ou", and at its commas.
fn signs(pack: &Pack, block: usize, reader: &mut Reader) -> Vec<(usize, String, Vec<String>)> {
    let questions = pack.complaints[block].questions.iter().enumerate().filter(|(_, question)| question.red_flag);
    let mut signs = Vec::new();
    for (question, asked) in questions {
        for text in asked.text.split([',', ';', ':', '?']).flat_map(|part| part.split(" ou ")) {
            let text = text.trim().to_owned();
            let words = reader.learn(&text);
            // One word ("l'oreille", "un doigt") is a sign of nothing by itself.
            if words.len() > 1 {
                signs.push((question, text, words));
            }
        }
    }
    signs
}

/// Whether words are in what was said, and how.
fn heard(words: &Words, said: &Said) -> Option<Heard> {
    let mut best: Option<Heard> = None;
    // Most phrases share a word with what was said and no more: it does not matter where that stands.
    if said.said_of(words) * 2 <= words.all.len() {
        return None;
    }
    for window in said.windows(words) {
        let found = window.len();
        let whole = words.are_whole(&window);
        if !whole && found * 2 <= words.all.len() {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "a few words")]
        let share = (found as f64 / words.all.len() as f64).powi(2);
        let heard = Heard { whole, share, denied: said.is_denied(&window, words), past: said.is_past(&window) };
        best = Some(match best {
            Some(known) => known.or(heard),
            None => heard,
        });
    }
    best
}

/// How a phrase was heard.
#[derive(Debug, Clone, Copy)]
struct Heard {
    whole: bool,
    share: f64,
    denied: bool,
    past: bool,
}

impl Heard {
    /// Heard twice: what is said outright counts more than what is denied or past.
    fn or(self, other: Self) -> Self {
        let rank = |one: &Self| (one.whole, !one.past, !one.denied);
        let better = if rank(&other) > rank(&self) { other } else { self };
        Self { share: self.share.max(other.share), ..better }
    }
}
