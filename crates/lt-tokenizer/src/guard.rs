//! The last line of defence against a hostile `tokenizer.json`.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Foreign;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread would be turned into an error: for a program whose panic hook
/// should not print what is no panic to its user.
#[doc(hidden)]
#[must_use]
pub fn panics_become_errors() -> bool {
    GUARDED.get()
}

/// Runs a piece of the `tokenizers` library and turns a panic into an error.
///
/// A `tokenizer.json` is a program for that library, and some programs crash it. The character map
/// of a `Precompiled` normaliser is an automaton whose states it follows unchecked (and one that it
/// cannot parse, it unwraps); merges may be shorter than the prefix it takes off them; a
/// `FixedLength` splitter may have length 0, a `Strip` decoder take more than there is.
/// [`check`](crate::check::check) refuses what can be recognised by looking; this catches what
/// cannot. The files of real models never get here.
///
/// `AssertUnwindSafe` is sound to say: all state that outlives the call is the library's cache of
/// words, behind a lock that it treats as empty once poisoned.
pub(crate) fn guard<T>(run: impl FnOnce() -> Result<T, Foreign>) -> Result<T, Foreign> {
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(before);
    result.unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(format!("the tokenizers library gave up on this tokenizer.json: {said}").into())
    })
}
