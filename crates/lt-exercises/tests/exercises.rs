//! Every exercise can be done, and its test finds a mistake.

use std::collections::BTreeSet;

use lt_exercises::{Exercise, Outcome, Stars, chapters};

fn all() -> impl Iterator<Item = &'static Exercise> {
    chapters().into_iter().flat_map(|(_, exercises)| exercises)
}

#[test]
fn every_solution_holds() {
    for exercise in all() {
        let outcome = exercise.grade_solution();
        assert_eq!(outcome, Outcome::Done, "{} {}", exercise.chapter, exercise.name);
    }
}

#[test]
fn every_mistake_is_found() {
    for exercise in all() {
        let outcome = exercise.grade_mistake();
        let Exercise { chapter, name, .. } = exercise;
        assert!(matches!(outcome, Outcome::Wrong(_)), "{chapter} {name}: {outcome:?}");
    }
}

#[test]
fn a_chapter_has_five_exercises_at_least_from_easy_to_hard_with_hints() {
    for (chapter, exercises) in chapters() {
        assert!(exercises.len() >= 5, "{chapter}");
        let stars: BTreeSet<_> = exercises.iter().map(|exercise| exercise.stars as u8).collect();
        assert_eq!(stars.len(), 3, "{chapter}: from ★ to ★★★");
        let names: BTreeSet<_> = exercises.iter().map(|exercise| exercise.name).collect();
        assert_eq!(names.len(), exercises.len(), "{chapter}");
        assert!(exercises.iter().all(|of| of.chapter == chapter && !of.hints.is_empty()));
    }
    assert!(all().any(|exercise| exercise.stars == Stars::Three));
}
