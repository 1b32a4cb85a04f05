//! What breaks in real life, done to the real program and a real Redis while people book: processes that die, lines that are
//! cut, disks that are slow, memories that are full, data that are gone. Whatever happens, what was acknowledged is there,
//! once, and for whom it was said; what was unknown is resolved by the same key; and nobody sees a 500.

mod interruptions;
mod kills;
mod load;
mod refusals;
mod stand;
