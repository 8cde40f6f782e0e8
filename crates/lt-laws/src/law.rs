//! A law, how it is tried, and what is written down about it.

use std::any::Any;
use std::cell::Cell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::report::{self, Record};

/// What one case says about a law: it holds, or why it does not.
pub type Verdict = Result<(), String>;

/// A law, in words and as a formula.
///
/// The functions of this crate try its own laws. To try one of yours, say which cases there are
/// and what must hold for each:
///
/// ```
/// use lt_laws::Law;
/// const IDEMPOTENT: Law = Law {
///     name: "relu twice is relu once",
///     statement: "relu(relu(x)) = relu(x)",
///     tolerance: "none: no rounding happens",
/// };
/// IDEMPOTENT.hold(&(-3.0_f32..3.0), |x| {
///     let once = x.max(0.0);
///     if once.max(0.0) == once { Ok(()) } else { Err(format!("{once} became another")) }
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Law {
    /// The law in words: what a failing test says was broken.
    pub name: &'static str,
    /// The law as a formula.
    pub statement: &'static str,
    /// How far from it a right implementation may be, and why.
    pub tolerance: &'static str,
}

impl Law {
    /// Tries the law on as many cases as [`cases`] says.
    ///
    /// # Panics
    /// If a case breaks the law. The message holds the law's name and the smallest case that
    /// still breaks it.
    #[track_caller]
    pub fn hold<S: Strategy>(&self, strategy: &S, test: impl Fn(S::Value) -> Verdict) {
        self.hold_for(cases(), strategy, test);
    }

    /// Tries the law on this many cases: for laws of which one case is much work.
    ///
    /// # Panics
    /// As for [`hold`](Self::hold).
    #[track_caller]
    pub fn hold_for<S: Strategy>(
        &self,
        cases: u32,
        strategy: &S,
        test: impl Fn(S::Value) -> Verdict,
    ) {
        let seed = seed();
        // To find that a mutant is wrong takes more cases than a quick look at a right layer.
        let cases = if MUTANT_OF.get().is_some() { cases.max(CASES) } else { cases };
        let mut runner = TestRunner::new(Config {
            cases,
            rng_seed: seed,
            failure_persistence: None,
            max_shrink_iters: 4096,
            ..Config::default()
        });
        let tried = Cell::new(0_u32);
        let shrinking = Cell::new(false);
        let result = runner.run(strategy, |case| {
            if !shrinking.get() {
                tried.set(tried.get() + 1);
            }
            // A layer that panics breaks the law with this case: found here, so that it counts.
            let verdict = catch_unwind(AssertUnwindSafe(|| test(case)))
                .unwrap_or_else(|panic| Err(format!("it panicked: {}", message(&*panic))));
            verdict.map_err(|why| {
                shrinking.set(true);
                TestCaseError::fail(why)
            })
        });
        let broken = match result {
            Ok(()) => None,
            Err(TestError::Abort(why)) => Some((why.to_string(), String::from("none was drawn"))),
            Err(TestError::Fail(why, case)) => Some((why.to_string(), printed(&case))),
        };
        let result = match (MUTANT_OF.get(), broken.is_some()) {
            (None, false) => Some("holds"),
            (None, true) => Some("broken"),
            (Some(law), true) if law == self.name => Some("caught"),
            (Some(law), false) if law == self.name => Some("survived"),
            (Some(_), _) => None, // what other laws say of a mutant does not matter
        };
        if let Some(result) = result {
            let why = broken.as_ref().map(|(why, _)| why.as_str());
            let counter_example = broken.as_ref().map(|(_, case)| case.as_str());
            let (law, cases) = (self.name, tried.get());
            report::write(&Record { law, cases, result, why, counter_example });
        }
        if let Some((why, case)) = broken {
            let Self { name, statement, tolerance } = self;
            let tried = tried.get();
            panic!(
                "{BROKEN}{name}\n  it says: {statement}\n  tolerance: {tolerance}\n  but: {why}\n  \
                 for the smallest case found (case {tried}, seed {seed}):\n{case}"
            );
        }
    }
}

const BROKEN: &str = "law broken: ";

thread_local! {
    /// The law that is meant to catch what runs on this thread.
    static MUTANT_OF: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Says that a law must find this implementation wrong: for implementations that are kept wrong
/// on purpose, so that a law that cannot fail is found.
///
/// ```
/// use lt_laws::{catches, softmax};
/// // All alike: the rows sum to one, but the scores are not looked at.
/// catches(&softmax::RATIOS_ARE_EXPONENTIALS, || {
///     softmax::ratios_are_exponentials(|rows| rows.mapv(|_| 1.0 / rows.ncols() as f32));
/// });
/// ```
///
/// # Panics
/// If nothing is found wrong, or something else than this law.
#[track_caller]
pub fn catches(law: &Law, mutant: impl FnOnce()) {
    let name = law.name;
    let before = MUTANT_OF.replace(Some(name));
    let result = catch_unwind(AssertUnwindSafe(mutant));
    MUTANT_OF.set(before);
    match result {
        Ok(()) => panic!("the law `{name}` let a wrong implementation pass"),
        Err(panic) => {
            let said = message(&*panic);
            let by_this_law = said
                .strip_prefix(BROKEN)
                .and_then(|rest| rest.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with('\n'));
            if !by_this_law {
                eprintln!("expected the law `{name}` to catch this");
                resume_unwind(panic);
            }
        }
    }
}

/// A small case on one line, a large one on many.
fn printed(case: &impl Debug) -> String {
    let line = format!("{case:?}");
    if line.len() <= 100 { line } else { format!("{case:#?}") }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

/// On how many cases a law is tried: `LT_LAWS_CASES`, else `PROPTEST_CASES`, else 64.
///
/// # Panics
/// If the variable is set to something that is no number above 0: a run of no cases would prove
/// nothing.
#[must_use]
pub fn cases() -> u32 {
    for variable in ["LT_LAWS_CASES", "PROPTEST_CASES"] {
        if let Ok(value) = std::env::var(variable) {
            return value
                .parse()
                .ok()
                .filter(|&cases| cases > 0)
                .unwrap_or_else(|| panic!("{variable} is `{value}`, expected a number above 0"));
        }
    }
    CASES
}

/// On how many cases a law is tried if nobody says otherwise.
const CASES: u32 = 64;

/// Where the cases come from: the same each time, unless `LT_LAWS_SEED` is a number or `random`.
fn seed() -> RngSeed {
    match std::env::var("LT_LAWS_SEED") {
        Err(_) => RngSeed::Fixed(0),
        Ok(value) if value == "random" => {
            let nanoseconds = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_nanos() as u64);
            RngSeed::Fixed(nanoseconds) // a number, so that a failure can be repeated
        }
        Ok(value) => match value.parse() {
            Ok(number) => RngSeed::Fixed(number),
            Err(_) => panic!("LT_LAWS_SEED is `{value}`, expected a number or `random`"),
        },
    }
}
