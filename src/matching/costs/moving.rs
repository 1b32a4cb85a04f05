//! Moving: whoever is being told of a slot keeps it, unless the whole gains more by another.

/// Points for moving somebody who is being told of a slot and has not confirmed it: twenty-five minutes of travel (the format of
/// instances).
pub const POINTS: i64 = 300;
