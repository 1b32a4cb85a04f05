//! What a world is, and what it is told from others by: its print, made of all that `Debug` shows. It must never leave out
//! anything that could make two worlds go on differently.

use std::fmt::{self, Debug};
use std::hash::{DefaultHasher, Hasher as _};
use std::rc::Rc;

/// Something large that is made once, shared, and told from others by its print.
#[derive(Clone)]
pub(super) struct Shared<T> {
    pub(super) print: u64,
    pub(super) it: Rc<T>,
}

impl<T: Debug> Shared<T> {
    pub(super) fn new(it: T) -> Self {
        Self { print: print(&it), it: Rc::new(it) }
    }
}

impl<T> Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.print)
    }
}

/// Of all that `Debug` shows.
pub(super) fn print(it: &impl Debug) -> u64 {
    struct Into(DefaultHasher);
    impl fmt::Write for Into {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut into = Into(DefaultHasher::new());
    fmt::Write::write_fmt(&mut into, format_args!("{it:?}")).expect("a hasher takes everything");
    into.0.finish()
}

/// Part of how a world came about, or what follows from the rest of it: not shown, so no part of its print.
#[derive(Clone, Copy)]
pub(super) struct Unshown<T>(pub(super) T);

impl<T> Debug for Unshown<T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
