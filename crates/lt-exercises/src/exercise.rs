//! What an exercise is, and how it is graded.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How hard an exercise is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stars {
    /// ★: minutes, with the chapter open.
    One,
    /// ★★: a function to write.
    Two,
    /// ★★★: an evening.
    Three,
}

impl fmt::Display for Stars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::One => "★",
            Self::Two => "★★",
            Self::Three => "★★★",
        })
    }
}

/// An exercise: a function that the reader writes, and what holds it.
///
/// The same test is put to three functions of one name: the reader's, a solution, and a mistake that
/// is easily made. Tests of this crate see to it that the second passes and the third does not.
#[derive(Debug, Clone, Copy)]
pub struct Exercise {
    /// The chapter, and the file below `src/`.
    pub chapter: &'static str,
    /// The function.
    pub name: &'static str,
    /// How hard it is.
    pub stars: Stars,
    /// Hints, from a nudge to nearly the answer.
    pub hints: &'static [&'static str],
    pub(crate) reader: fn(),
    pub(crate) solution: fn(),
    pub(crate) mistake: fn(),
}

/// How an exercise went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Done,
    /// It is still `todo!()`.
    NotBegun,
    /// It does not hold: what was expected, what came, for which smallest case.
    Wrong(String),
}

impl Exercise {
    /// Puts the reader's function to the test.
    #[must_use]
    pub fn grade(&self) -> Outcome {
        outcome(self.reader)
    }

    /// Puts the solution to the test.
    #[must_use]
    pub fn grade_solution(&self) -> Outcome {
        outcome(self.solution)
    }

    /// Puts the mistake to the test.
    #[must_use]
    pub fn grade_mistake(&self) -> Outcome {
        outcome(self.mistake)
    }
}

fn outcome(test: fn()) -> Outcome {
    match catch_unwind(AssertUnwindSafe(test)) {
        Ok(()) => Outcome::Done,
        Err(panic) => {
            let said = message(&*panic);
            // `todo!()` says so itself, and a law passes on what it said.
            if said.contains("not yet implemented") {
                Outcome::NotBegun
            } else {
                Outcome::Wrong(said.to_owned())
            }
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it panicked without a message")
}
