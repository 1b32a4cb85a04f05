//! The engine and the pack that is shipped.

mod compared;
mod fuzz;
mod generated;
mod heard;
mod properties;
mod references;
mod refused;
mod spoken;
mod words;
mod written;

use super::evaluation::Spoken;
use super::pack::Pack;
use super::shipped;

/// The name of a question as it is asked, in the API.
fn name_of(pack: &Pack, spoken: Spoken) -> String {
    match spoken {
        Spoken::Question(block, question) => {
            format!("{}.{}", pack.complaints[block].id, pack.complaints[block].questions[question].id)
        }
        Spoken::Group(block, group) => {
            format!("{}.{}", pack.complaints[block].id, pack.complaints[block].groups[group].id)
        }
    }
}

#[test]
fn the_pack_that_is_shipped_keeps_every_rule() {
    match Pack::read(&shipped::files()) {
        Ok(pack) => assert_eq!((pack.complaints.len(), pack.complaints[0].id.as_str()), (60, super::pack::GENERAL)),
        Err(faults) => {
            let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
            panic!("{} faults:\n{}", told.len(), told.join("\n"));
        }
    }
}

#[test]
fn p15_every_question_has_its_golden_cases_and_they_catch_every_mutant() {
    let files = shipped::files();
    let golden: super::golden::GoldenCases =
        toml::from_str(std::str::from_utf8(&files["golden.toml"]).unwrap()).unwrap();
    let pack = Pack::general();
    assert_eq!(golden.missed_by(pack), vec![]);
    for complaint in &pack.complaints {
        for question in &complaint.questions {
            let name = format!("{}.{}", complaint.id, question.id);
            assert!(golden.cases.iter().any(|case| case.question == name), "{name}");
        }
    }
    let (survivors, made) = (golden.survivors(pack), super::golden::mutants(pack).count());
    println!("P15: {made} mutants, {} golden cases", golden.cases.len());
    assert!(survivors.is_empty() && made > 2_000, "{} of {made}: {survivors:?}", survivors.len());
}
