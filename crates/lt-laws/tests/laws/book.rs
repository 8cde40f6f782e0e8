//! What a law says when it is broken, and what stands in the law book.

use std::collections::BTreeSet;

use lt_laws::{Law, book, catches, softmax};
use ndarray::Array2;

use crate::{plain, wrong};

/// Not in the book: the report leaves out what these tests find.
const NO_LAW: Law = Law { name: "no law", statement: "", tolerance: "" };

#[test]
#[should_panic(expected = "the law `no law` let a wrong implementation pass")]
fn a_mutant_that_is_not_caught_is_reported() {
    catches(&NO_LAW, || softmax::rows_sum_to_one(plain::softmax));
}

#[test]
#[should_panic(expected = "law broken: softmax ignores a shift")]
fn a_mutant_caught_by_another_law_is_reported() {
    let wrong = || wrong::softmax_of(|x, _| x.abs(), |sum| sum + 1e-9);
    catches(&NO_LAW, || softmax::a_shift_changes_nothing(wrong()));
}

#[test]
fn a_counter_example_is_small_and_readable() {
    let wrong = || softmax::rows_sum_to_one(|rows| rows.mapv(|_| 1.0));
    let said = std::panic::catch_unwind(|| catches(&NO_LAW, wrong)).expect_err("another law");
    let said = said.downcast_ref::<String>().expect("a message");
    assert!(said.starts_with("law broken: softmax rows sum to one\n"), "{said}");
    assert!(said.ends_with("\n[[0.0, 0.0]]"), "{said}");
}

#[test]
fn a_layer_that_panics_breaks_the_law() {
    catches(&softmax::ROWS_SUM_TO_ONE, || {
        softmax::rows_sum_to_one(|rows| -> Array2<f32> { panic!("on {rows}") });
    });
}

#[test]
fn every_law_stands_on_the_front_page() {
    let page = include_str!("../../doc/01c-book.md");
    for law in book() {
        assert!(page.contains(&format!("| [{}](", law.name)), "`{}` is missing", law.name);
    }
    assert_eq!(page.matches("| [").count(), book().count());
}

/// The message that the front page prints is the one that its example gives.
#[test]
fn the_front_page_prints_what_a_broken_law_says() {
    let page = include_str!("../../doc/01-laws.md");
    let printed = page.find("law broken:").and_then(|at| page[at..].split("\n```").next());
    if std::env::var_os("LT_LAWS_SEED").is_some() {
        return; // other cases, another counter-example
    }
    let wrong = || {
        softmax::large_scores_survive(|scores: ndarray::ArrayView2<'_, f32>| {
            let e = scores.mapv(f32::exp);
            let sum = e.sum_axis(ndarray::Axis(1)).insert_axis(ndarray::Axis(1));
            e / sum
        });
    };
    let said = std::panic::catch_unwind(|| catches(&NO_LAW, wrong));
    let said = said.expect_err("e^10000 is infinite");
    assert_eq!(said.downcast_ref::<String>().map(String::as_str), printed);
}

#[test]
fn no_two_laws_have_the_same_name() {
    let names: BTreeSet<&str> = book().map(|law| law.name).collect();
    assert_eq!(names.len(), book().count());
}
