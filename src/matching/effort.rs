//! How far a plan may be pursued, as far as the thread it is made on goes.

use std::time::Duration;

use solver::Budget;

/// How far a piece of work may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Every rung of the ladder: it has the thread.
    Whole,
    /// The native rungs alone: others have the thread.
    Native,
}

impl Effort {
    /// What may be spent on a plan with so much time.
    pub fn within(self, wall: Duration) -> Budget {
        Budget { native: self == Self::Native, ..Budget::wall(wall) }
    }
}
