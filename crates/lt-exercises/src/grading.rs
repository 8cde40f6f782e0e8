//! What each exercise is held against. Reading it takes nothing away: the laws are in the chapters.

mod attention;
mod config;
mod core;
mod decoder;
mod embedding;
mod encoder;
mod generate;
mod kernels;
mod laws;
mod layers;
mod model;
mod recipes;
mod tasks;
mod tokenizer;
mod train;
mod weights;

use std::fmt::{self, Debug};
use std::panic::{AssertUnwindSafe, catch_unwind};

use lt_laws::Law;
use lt_laws::proptest::strategy::Strategy;

use crate::Exercise;

pub(crate) const CHAPTERS: &[&[Exercise]] = &[
    tokenizer::EXERCISES,
    embedding::EXERCISES,
    attention::EXERCISES,
    layers::EXERCISES,
    encoder::EXERCISES,
    model::EXERCISES,
    decoder::EXERCISES,
    generate::EXERCISES,
    tasks::EXERCISES,
    train::EXERCISES,
    recipes::EXERCISES,
    kernels::EXERCISES,
    weights::EXERCISES,
    config::EXERCISES,
    core::EXERCISES,
    laws::EXERCISES,
];

/// The exercises of a chapter: `Stars name ["hint", …]` for each. The test is the function of that
/// name in scope; it is put to the function of that name of the reader, and so on.
macro_rules! exercises {
    ($chapter:ident: $($stars:ident $name:ident [$($hint:literal),+ $(,)?])+) => {
        pub(super) const EXERCISES: &[crate::Exercise] = &[$(crate::Exercise {
            chapter: stringify!($chapter),
            name: stringify!($name),
            stars: crate::Stars::$stars,
            hints: &[$($hint),+],
            reader: || $name(crate::$chapter::$name),
            solution: || $name(crate::solutions::$chapter::$name),
            mistake: || $name(crate::mistakes::$chapter::$name),
        }),+];
    };
}
use exercises;

/// Holds an answer against what was computed.
#[track_caller]
fn is<T: PartialEq + Debug>(question: &str, answer: T, computed: T) {
    assert!(
        answer == computed,
        "{question}\n  your answer: {answer:?}, but the code gives something else"
    );
}

/// A case of which the verdict names every part. Below it the case is printed again as it was drawn, for a function
/// that panics gives no verdict.
#[derive(Clone)]
struct Told<T>(T);

impl<T: Debug> Debug for Told<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the one above, as it was drawn: {:?}", self.0)
    }
}

fn told<S: Strategy>(cases: S) -> impl Strategy<Value = Told<S::Value>> {
    cases.prop_map(Told)
}

/// A law, and how it is tried on an implementation.
type Tried<T> = (&'static Law, fn(&T));

/// Holds the laws against what is broken on purpose: this one must find it wrong, and no other.
#[track_caller]
fn breaks_only<T>(law: &Law, laws: &[Tried<T>], broken: &T) {
    for (tried, hold) in laws {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            if tried.name == law.name {
                lt_laws::catches(tried, || hold(broken));
            } else {
                hold(broken);
            }
        }));
        if let Err(panic) = outcome {
            let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            let expected =
                if tried.name == law.name { "must be broken" } else { "must still hold" };
            panic!("the law `{}` {expected}\n{said}", tried.name);
        }
    }
}

/// Of some laws, the one that catches a mutant must be the one that was named.
#[track_caller]
fn is_caught_by<T>(answer: &str, laws: &[Tried<T>], mutant: &T) {
    let named = laws.iter().find(|(law, _)| law.name == answer);
    let Some(&(law, hold)) = named else {
        let names: Vec<_> = laws.iter().map(|(law, _)| law.name).collect();
        panic!("no law is called `{answer}`; they are: {}", names.join("; "));
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| lt_laws::catches(law, || hold(mutant))));
    assert!(outcome.is_ok(), "the law `{answer}` holds for the changed line: try another");
    // If another one catches it too, the exercise has two answers: a fault of the exercise.
    breaks_only(law, laws, mutant);
}
