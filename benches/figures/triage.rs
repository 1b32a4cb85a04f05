//! What triage takes: a call evaluated on the pack that is shipped, beside reading the same call from its JSON; and what a
//! caller's words suggest, beside looking for each phrase of the pack in them letter by letter. The aims are 100 µs and 2 ms.
//!
//! `cargo bench --bench figures -- triage`

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use aiguilleur::domain::{Answer, Sex};
use aiguilleur::triage::pack::Pack;
use aiguilleur::triage::{Answers, Call, Suggester, evaluate};

use crate::stage::times::Times;

/// Times each call and each text is measured.
const ROUNDS: usize = 200;

/// What callers say: a few words, and a whole story.
const TEXTS: [&str; 5] = [
    "oppression poitrine 58 ans",
    "mon fils de 4 ans a 39 de fièvre depuis hier, il vomit et il a des boutons sur le ventre, pas de mal à respirer",
    "je me suis tordu la cheville en descendant l'escalier, elle est gonflée et je ne peux plus poser le pied par terre",
    "ma mère de 82 ans est tombée cette nuit, elle est confuse, elle prend du previscan et elle a un bleu sur le front",
    "bjr je voudrais renouveler mon ordonnance pour la tension, mon medecin est parti a la retraite",
];

pub(crate) fn run() {
    let pack = Pack::general();
    let mut times = Vec::new();
    let mut peers = Vec::new();
    for block in 1..pack.complaints.len() {
        // Every question of the block and the general ones answered: the most there is to weigh.
        let answered = [0, block].into_iter().flat_map(|at| {
            let complaint = &pack.complaints[at];
            complaint.questions.iter().map(move |question| (format!("{}.{}", complaint.id, question.id), Answer::No))
        });
        let named: BTreeMap<String, Answer> = answered.collect();
        let body = serde_json::to_string(&named).expect("JSON");
        let flags = BTreeMap::new();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let answers = Answers::read(pack, &named);
            let call =
                Call { age_months: 420, sex: Sex::Female, flags: &flags, complaints: &[block], answers: &answers };
            black_box(evaluate(pack, &call));
            times.push(began.elapsed());
            let began = Instant::now();
            black_box(serde_json::from_str::<BTreeMap<String, Answer>>(&body).expect("JSON"));
            peers.push(began.elapsed());
        }
    }
    println!("| triage | p50 | p99 | share of the aim, p99 | ÷ peer, p50 | ÷ peer, p99 |\n|---|---|---|---|---|---|");
    line("evaluation, every question answered", times, peers, 100.0);
    let suggester = Suggester::of(pack).expect("words");
    let phrases: Vec<String> = pack
        .complaints
        .iter()
        .flat_map(|complaint| complaint.synonyms.iter())
        .chain(pack.lexicon.phrases.iter().flat_map(|phrase| phrase.said.iter()))
        .map(|phrase| phrase.to_lowercase())
        .collect();
    let (mut times, mut peers) = (Vec::new(), Vec::new());
    for text in TEXTS {
        for _ in 0..ROUNDS {
            let began = Instant::now();
            black_box(suggester.suggest(text));
            times.push(began.elapsed());
            let began = Instant::now();
            let lower = text.to_lowercase();
            black_box(phrases.iter().filter(|phrase| lower.contains(phrase.as_str())).count());
            peers.push(began.elapsed());
        }
    }
    line("suggestion", times, peers, 2_000.0);
}

fn line(what: &str, times: Vec<std::time::Duration>, peers: Vec<std::time::Duration>, aim: f64) {
    let (times, peers) = (Times::collect(times), Times::collect(peers));
    println!(
        "| {what} | {:.0} µs | {:.0} µs | {:.2} | {:.1} | {:.1} |",
        times.percentile(50),
        times.percentile(99),
        times.percentile(99) / aim,
        times.percentile(50) / peers.percentile(50),
        times.percentile(99) / peers.percentile(99),
    );
}
