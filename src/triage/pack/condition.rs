//! When a rule of the pack applies: a small language over age, sex and the caller's flags, with `and` before `or`.
//!
//! A flag nobody asked about leaves a condition unasked, one that was asked about and is not known leaves it in doubt. What
//! follows from either is for whoever asks.

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::Answer;

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// It fails.
    No,
    /// Nobody asked.
    Unasked,
    /// Somebody asked, nobody knows.
    Doubtful,
    /// It holds.
    Yes,
}

/// Who is spoken of, as conditions see them.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Whole months.
    pub age_months: u32,
    /// By the name of the flag; one that is missing was not asked.
    pub flags: &'a BTreeMap<String, Answer>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(Vec<Vec<Term>>);

/// One thing said.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Flag(String),
    Months(Comparison, u32),
    Years(Comparison, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    AtLeast,
    More,
}

/// What is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said:?} is no condition: write `age_months < 3`, `age_years >= 75` or `flag.name`, joined by `and`, `or`")]
pub struct NoCondition {
    said: String,
}

impl Condition {
    /// Whether it holds for somebody.
    pub fn holds(&self, about: &About<'_>) -> Holds {
        let all = |terms: &Vec<Term>| terms.iter().map(|term| term.holds(about)).min().unwrap_or(Holds::Yes);
        self.0.iter().map(all).max().unwrap_or(Holds::No)
    }

    /// The flags it looks at.
    pub fn flags(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flatten().filter_map(|term| match term {
            Term::Flag(name) => Some(name.as_str()),
            Term::Months(..) | Term::Years(..) => None,
        })
    }
    /// Ages, in months, from which it may hold otherwise than just below them.
    pub fn turns(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flatten().flat_map(|term| match term {
            Term::Flag(_) => [0, 0],
            Term::Months(_, months) => [*months, months.saturating_add(1)],
            Term::Years(_, years) => [years.saturating_mul(12), years.saturating_add(1).saturating_mul(12)],
        })
    }
}

impl Term {
    fn holds(&self, about: &About<'_>) -> Holds {
        let said = |holds: bool| if holds { Holds::Yes } else { Holds::No };
        match self {
            Self::Flag(name) => match about.flags.get(name) {
                Some(Answer::Yes) => Holds::Yes,
                Some(Answer::No) => Holds::No,
                Some(Answer::Unknown | Answer::Number(_)) => Holds::Doubtful,
                None => Holds::Unasked,
            },
            Self::Months(comparison, months) => said(comparison.holds(about.age_months, *months)),
            Self::Years(comparison, years) => said(comparison.holds(about.age_months / 12, *years)),
        }
    }
}

impl Comparison {
    fn holds(self, left: u32, right: u32) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::AtLeast => left >= right,
            Self::More => left > right,
        }
    }
}

impl std::str::FromStr for Condition {
    type Err = NoCondition;

    fn from_str(text: &str) -> Result<Self, NoCondition> {
        let fault = || NoCondition { said: text.to_owned() };
        let term = |words: &[&str]| match *words {
            [flag] => {
                let name = flag.strip_prefix("flag.").filter(|name| !name.is_empty()).ok_or_else(fault)?;
                Ok(Term::Flag(name.to_owned()))
            }
            [subject, comparison, number] => {
                let comparison = match comparison {
                    "<" => Comparison::Less,
                    "<=" => Comparison::AtMost,
                    ">=" => Comparison::AtLeast,
                    ">" => Comparison::More,
                    _ => return Err(fault()),
                };
                let number = number.parse().map_err(|_| fault())?;
                match subject {
                    "age_months" => Ok(Term::Months(comparison, number)),
                    "age_years" => Ok(Term::Years(comparison, number)),
                    _ => Err(fault()),
                }
            }
            _ => Err(fault()),
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let alternatives = words.split(|word| *word == "or");
        let together = |words: &[&str]| words.split(|word| *word == "and").map(term).collect::<Result<Vec<_>, _>>();
        alternatives.map(together).collect::<Result<Vec<_>, _>>().map(Self)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, terms) in self.0.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { " or " })?;
            for (place, term) in terms.iter().enumerate() {
                f.write_str(if place == 0 { "" } else { " and " })?;
                match term {
                    Term::Flag(name) => write!(f, "flag.{name}")?,
                    Term::Months(comparison, number) => write!(f, "age_months {comparison} {number}")?,
                    Term::Years(comparison, number) => write!(f, "age_years {comparison} {number}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::More => ">",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(condition: &str, age_months: u32, flags: &[(&str, Answer)]) -> Holds {
        let flags = flags.iter().map(|(name, answer)| ((*name).to_owned(), *answer)).collect();
        condition.parse::<Condition>().unwrap().holds(&About { age_months, flags: &flags })
    }

    #[test]
    fn ages_are_in_whole_months_and_years_and_and_binds_more_than_or() {
        assert_eq!(holds("age_months < 3", 2, &[]), Holds::Yes);
        assert_eq!(holds("age_months < 3", 3, &[]), Holds::No);
        assert_eq!(holds("age_years >= 75", 75 * 12 - 1, &[]), Holds::No);
        let frail = "flag.alone and flag.frail or flag.no_transport";
        assert_eq!(holds(frail, 0, &[("no_transport", Answer::Yes)]), Holds::Yes);
        assert_eq!(
            holds(frail, 0, &[("alone", Answer::Yes), ("frail", Answer::No), ("no_transport", Answer::No)]),
            Holds::No
        );
    }

    #[test]
    fn what_nobody_knows_leaves_it_open_unless_the_rest_decides() {
        assert_eq!(holds("flag.pregnant", 0, &[]), Holds::Unasked);
        assert_eq!(holds("flag.pregnant", 0, &[("pregnant", Answer::Unknown)]), Holds::Doubtful);
        assert_eq!(holds("flag.pregnant and age_years < 10", 300, &[]), Holds::No);
        assert_eq!(holds("flag.pregnant or age_years > 10", 300, &[]), Holds::Yes);
    }

    #[test]
    fn it_is_written_as_it_is_read_and_nonsense_is_refused() {
        for text in ["age_months < 3 and flag.fever", "flag.a or flag.b and age_years <= 4", "age_years > 1"] {
            assert_eq!(text.parse::<Condition>().unwrap().to_string(), text);
        }
        for text in ["", "flag.", "flag.a and", "age < 3", "age_years = 3", "age_years < x", "flag.a flag.b", "or"] {
            assert!(text.parse::<Condition>().is_err(), "{text:?}");
        }
    }
}
