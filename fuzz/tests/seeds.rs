//! The targets on the seeds, without a fuzzer: they go on building, and what they hold is true of
//! sound files.

use fuzz::{TARGETS, pass_over_caught_panics, seeds};

/// One test in one process: the ceiling counts what all threads allocate.
#[test]
fn every_seed_is_read_or_refused() {
    pass_over_caught_panics();
    for seeds in seeds() {
        let (_, target) = TARGETS.iter().find(|(name, _)| *name == seeds.target).expect("a target");
        assert!(!seeds.inputs.is_empty(), "{}", seeds.target);
        assert!(seeds.dictionary().lines().count() > 10, "{}", seeds.target);
        for input in &seeds.inputs {
            target(input);
        }
    }
}
