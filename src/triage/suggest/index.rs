//! Which phrases share words with a text, and how telling those words are (BM25), by a text-search library in memory.

use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{IndexReader, IndexWriter, TantivyDocument, Term};

/// Memory of the writer, bytes: the least the library takes.
const WRITER: usize = 15_000_000;

pub(super) struct Index {
    reader: IndexReader,
    text: Field,
    phrases: usize,
    /// Place of the phrase by segment and document.
    places: Vec<Vec<u64>>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

impl Index {
    /// An index of phrases, each as its words with spaces between.
    pub(super) fn of(phrases: impl Iterator<Item = String>) -> Result<Self, tantivy::TantivyError> {
        let mut schema = Schema::builder();
        // The words are read already: they are only to be taken apart again.
        let indexing =
            TextFieldIndexing::default().set_tokenizer("whitespace").set_index_option(IndexRecordOption::WithFreqs);
        let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
        let place = schema.add_u64_field("place", FAST);
        let index = tantivy::Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER)?;
        let mut count = 0;
        for (at, phrase) in (0u64..).zip(phrases) {
            count += 1;
            let mut document = TantivyDocument::default();
            document.add_text(text, phrase);
            document.add_u64(place, at);
            writer.add_document(document)?;
        }
        writer.commit()?;
        writer.wait_merging_threads()?;
        let reader = index.reader()?;
        let mut places = Vec::new();
        for segment in reader.searcher().segment_readers() {
            let column = segment.fast_fields().u64("place")?;
            places.push((0..segment.max_doc()).map(|document| column.first(document).unwrap_or_default()).collect());
        }
        Ok(Self { reader, text, phrases: count, places })
    }

    /// Phrases that share words, by place, with how telling the words are; the most telling first.
    pub(super) fn sharing(&self, words: &[&str]) -> Vec<(usize, f32)> {
        let term = |word: &&str| -> (Occur, Box<dyn Query>) {
            let term = Term::from_field_text(self.text, word);
            (Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)))
        };
        let query = BooleanQuery::new(words.iter().map(term).collect());
        let searcher = self.reader.searcher();
        let Ok(found) = searcher.search(&query, &TopDocs::with_limit(self.phrases.max(1)).order_by_score()) else {
            return Vec::new();
        };
        let place = |(score, address): (f32, tantivy::DocAddress)| {
            let segment = self.places.get(usize::try_from(address.segment_ord).ok()?)?;
            let place = segment.get(usize::try_from(address.doc_id).ok()?)?;
            Some((usize::try_from(*place).ok()?, score))
        };
        found.into_iter().filter_map(place).collect()
    }
}
