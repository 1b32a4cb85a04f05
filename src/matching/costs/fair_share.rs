//! Fairness between practitioners: who already sees several unscheduled patients on a day costs a little more for the next
//! one. Per practitioner and day, so that the groups do not cross and the plan keeps its proof (solver.md §2).

use crate::matching::Reason;

/// Patients of a day, and points for each of them: two free, two at five minutes of travel, then a quarter of an hour each.
/// Our assumption.
const STEPS: [(usize, i64); 2] = [(2, 0), (2, 60)];
/// The dearest step.
pub const BEYOND: i64 = 180;

/// What the next patients of this practitioner on this day cost, when `taken` places are gone already: (width, points), the
/// last width none.
pub fn steps(taken: usize) -> Vec<(Option<usize>, i64)> {
    let mut gone = taken;
    let mut left = Vec::new();
    for (width, cost) in STEPS {
        let used = gone.min(width);
        gone -= used;
        if width > used {
            left.push((Some(width - used), cost));
        }
    }
    left.push((None, BEYOND));
    left
}

/// The sentence for a practitioner who already sees `taken` unscheduled patients that day.
pub fn sentence(taken: usize) -> Reason {
    let text = match taken {
        0 => "Premier patient non programmé de ce praticien ce jour-là.".to_owned(),
        n => format!("{}e patient non programmé de ce praticien ce jour-là.", n + 1),
    };
    Reason::new("fair_share", text)
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn patients_already_there_use_up_the_cheap_steps() {
        assert_eq!(steps(0), [(Some(2), 0), (Some(2), 60), (None, 180)]);
        assert_eq!(steps(1), [(Some(1), 0), (Some(2), 60), (None, 180)]);
        assert_eq!(steps(3), [(Some(1), 60), (None, 180)]);
        assert_eq!(steps(9), [(None, 180)]);
    }
}
