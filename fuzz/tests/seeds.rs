//! The targets on the seeds, without a fuzzer: they go on building, and what they hold is true of
//! sound files.

use fuzz::{TARGETS, pass_over_caught_panics, seeds};

/// One test in one process: the ceiling counts what all threads allocate.
#[test]
fn the_targets_hold_on_the_seeds_and_read_most_of_them() {
    pass_over_caught_panics();
    for seeds in seeds() {
        let (_, target) = TARGETS.iter().find(|(name, _)| *name == seeds.target).expect("a target");
        assert!(!seeds.inputs.is_empty(), "{}", seeds.target);
        assert!(seeds.dictionary().lines().count() > 10, "{}", seeds.target);
        let read = seeds.inputs.iter().filter(|input| target(input)).count();
        println!("{}: {read} of {} are read", seeds.target, seeds.inputs.len());
        assert!(2 * read > seeds.inputs.len(), "{}: only {read} are read", seeds.target);
    }
}
