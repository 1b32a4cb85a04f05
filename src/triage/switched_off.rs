//! Complaints whoever runs the service switched off (triage.md §7): triage recommends nothing for a call one of them is part
//! of, and a régulateur decides. What stops stops all the same: the general questions are asked, and a red flag of any block
//! that was answered yes leads to the 15.

use super::evaluation::{Evaluation, Spoken};
use crate::domain::TriageStatus;

impl Evaluation {
    /// The same with these blocks, by place in the pack, switched off. Nothing of it is lower, nor later, than before: it is
    /// never decided.
    #[must_use]
    pub fn without(mut self, off: &[usize]) -> Self {
        self.switched_off = self.opened.iter().copied().filter(|block| off.contains(block)).collect();
        if self.switched_off.is_empty() || self.status == TriageStatus::Stopped {
            return self;
        }
        self.status = TriageStatus::Incomplete;
        self.regulation_required = true;
        let is_on = |spoken: &Spoken| match spoken {
            Spoken::Question(block, _) | Spoken::Group(block, _) => !self.switched_off.contains(block),
        };
        self.must_ask.retain(is_on);
        self.may_ask.clear();
        self.pathways.clear();
        self
    }

    /// Whether it recommends a level: not where a complaint of the call is switched off, but for a stop.
    pub fn recommends(&self) -> bool {
        self.switched_off.is_empty() || self.status == TriageStatus::Stopped
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::{Answer, Level, Sex};
    use crate::triage::{Answers, Call, Pack, evaluate};

    fn evaluated(complaints: &[&str], said: &dyn Fn(&str, bool) -> Answer) -> (Evaluation, Vec<usize>) {
        let pack = Pack::general();
        let places: Vec<usize> = complaints.iter().map(|id| pack.place(&id.parse().unwrap()).unwrap()).collect();
        let given: BTreeMap<String, Answer> = pack
            .complaints
            .iter()
            .filter(|block| block.id.as_str() == "signes_vitaux" || complaints.contains(&block.id.as_str()))
            .flat_map(|block| block.questions.iter().map(move |one| (format!("{}.{}", block.id, one.id), one.red_flag)))
            .map(|(name, red_flag)| (name.clone(), said(&name, red_flag)))
            .collect();
        let answers = Answers::read(pack, &given);
        let flags = BTreeMap::new();
        let call = Call { age_months: 480, sex: Sex::Male, flags: &flags, complaints: &places, answers: &answers };
        (evaluate(pack, &call), places)
    }

    #[test]
    fn a_complaint_that_is_off_is_for_the_regulation_and_asks_the_general_questions_alone() {
        let pack = Pack::general();
        let nothing = Answers::read(pack, &BTreeMap::new());
        let flags = BTreeMap::new();
        let off = pack.place(&"mal_de_gorge".parse().unwrap()).unwrap();
        let call = Call { age_months: 480, sex: Sex::Male, flags: &flags, complaints: &[off], answers: &nothing };
        let before = evaluate(pack, &call);
        let after = before.clone().without(&[off]);
        assert!(after.must_ask.len() < before.must_ask.len() && !after.must_ask.is_empty());
        let general = |one: &Spoken| matches!(one, Spoken::Question(0, _) | Spoken::Group(0, _));
        assert!(after.must_ask.iter().all(general), "{:?}", after.must_ask);
        assert_eq!((after.urgency, after.recommends()), (before.urgency, false));

        let (calm, places) = evaluated(&["mal_de_gorge"], &|_, _| Answer::No);
        assert_eq!(calm.status, TriageStatus::Decided);
        let off = calm.clone().without(&places);
        assert_eq!((off.status, off.regulation_required, off.must_ask.len()), (TriageStatus::Incomplete, true, 0));
        assert_eq!(calm.clone().without(&[places[0] + 1]), calm, "another one changes nothing");
    }

    #[test]
    fn a_red_flag_stops_whatever_is_off() {
        for stop in ["signes_vitaux.", "mal_de_gorge."] {
            let said = |name: &str, red: bool| if red && name.starts_with(stop) { Answer::Yes } else { Answer::No };
            let (stopped, places) = evaluated(&["mal_de_gorge"], &said);
            let off = stopped.clone().without(&places);
            assert_eq!((off.status, off.urgency.level), (TriageStatus::Stopped, Level::Immediate), "{stop}");
            assert!(off.recommends());
        }
    }

    #[test]
    fn one_of_two_complaints_is_enough() {
        let (decided, places) = evaluated(&["toux_rhume", "mal_de_gorge"], &|_, _| Answer::No);
        let off = decided.without(&places[1..]);
        assert_eq!((off.status, off.switched_off.as_slice()), (TriageStatus::Incomplete, &places[1..]));
    }
}
