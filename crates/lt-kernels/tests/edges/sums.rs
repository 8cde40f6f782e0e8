//! How the sums of a product are shared out, and what is done to them.

use lt_core::Scratch;
use lt_kernels::{Activation, Product, activate_with, product_with};
use lt_laws::sample::{rows, weight};
use ndarray::s;

use crate::{bits, chain, close_in_ulps, has_the_bits_of_its_chain, in_every_way, pool_of_two};

/// 64 rows are a task's most; two threads share out rows from 64 tokens on, and columns below.
#[test]
fn rows_beyond_a_task_and_columns_of_each_thread_have_the_bits_of_the_reference() {
    let shapes = [63, 64, 65, 127, 128, 129, 191, 193, 260].map(|tokens| (tokens, 3, 5));
    let columns = [95, 96, 97, 127, 129, 160, 161].map(|out| (2, 3, out));
    for (tokens, inner, out) in
        shapes.into_iter().chain(columns).chain([(63, 2, 161), (64, 2, 161)])
    {
        let (x, w, b) = (rows(tokens, inner, 1), weight(&[out, inner], 2), weight(&[out], 3));
        let problem = Product::new(x.view(), &w).bias(Some(&b));
        has_the_bits_of_its_chain(&problem, &format!("[{tokens}, {inner}] by [{out}, {inner}]"));
    }
}

/// Few tokens are shared out by columns, many by rows.
#[test]
fn a_row_has_the_same_bits_among_few_rows_and_among_many() {
    let (x, w, b) = (rows(200, 37, 1), weight(&[150, 37], 2), weight(&[150], 3));
    let first = |tokens: usize| {
        let x = x.slice(s![..tokens, ..]);
        let problem = Product::new(x, &w).bias(Some(&b)).activation(Activation::Silu);
        in_every_way("rows", |set, scratch| product_with(set, &problem, scratch))
    };
    let many = first(200);
    for tokens in [1, 2, 3, 5, 6, 7, 8, 63, 64, 65] {
        for ((set, few), (_, many)) in first(tokens).iter().zip(&many) {
            let many = many.slice(s![..tokens, ..]).to_owned();
            assert_eq!(bits(few), bits(&many), "{tokens} of 200 rows, {set:?}");
        }
    }
}
const CURVED: [Activation; 5] = [
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Silu,
    Activation::Tanh,
    Activation::QuickGelu,
];

/// 8 ulp is GELU's bound, see the tests of `vector_math`; 4 that of the others.
#[test]
fn an_activation_is_some_ulp_off_its_reference_and_has_the_bits_of_activate() {
    for (tokens, inner, out) in [(9, 6, 21), (1, 3, 100), (70, 2, 19)] {
        let (x, w) = (rows(tokens, inner, 1), weight(&[out, inner], 2));
        let (b, r) = (weight(&[out], 3), rows(tokens, out, 4));
        let sums = Product::new(x.view(), &w).bias(Some(&b));
        for activation in CURVED {
            let what = format!("{activation:?}");
            let problem = sums.activation(activation);
            for (set, got) in
                in_every_way(&what, |set, scratch| product_with(set, &problem, scratch))
            {
                let bound = if activation == Activation::Gelu { 8.0 } else { 4.0 };
                close_in_ulps(&got, &chain(set, &problem), bound, &format!("{what}, {set:?}"));
                let mut active = product_with(set, &sums, &mut Scratch::new());
                activate_with(set, activation, &mut active, &mut Scratch::new());
                assert_eq!(bits(&got), bits(&active), "{what}, {set:?}");
                let residual = problem.residual(r.view());
                let got = product_with(set, &residual, &mut Scratch::with_threads(pool_of_two()));
                assert_eq!(bits(&got), bits(&(active + &r)), "{what}, {set:?}, and a residual");
            }
        }
    }
}

/// `activate` has the bits of one number at a time, wherever a number lies: in a task of 2¹⁴, in a
/// register or the rest behind it, in a view that is not in one piece.
#[test]
fn an_activation_does_not_depend_on_where_a_number_lies() {
    let some = rows(1, 35_001, 1) * 9.0;
    for activation in CURVED.into_iter().chain([Activation::Identity, Activation::Relu]) {
        let all = in_every_way("activate", |set, scratch| {
            let mut some = some.clone();
            activate_with(set, activation, &mut some, scratch);
            some
        });
        for (set, all) in all {
            for place in [0, 1, 15, 16, 16_383, 16_384, 32_767, 34_991, 34_992, 35_000] {
                let mut one = some.slice(s![.., place..=place]).to_owned();
                activate_with(set, activation, &mut one, &mut Scratch::new());
                assert_eq!(
                    one[[0, 0]].to_bits(),
                    all[[0, place]].to_bits(),
                    "{activation:?}, {place}"
                );
            }
            let mut apart = some.slice(s![.., ..40]).to_owned();
            apart.slice_collapse(s![.., ..;2]);
            activate_with(set, activation, &mut apart, &mut Scratch::new());
            assert_eq!(bits(&apart), bits(&all.slice(s![.., ..40;2]).to_owned()));
        }
    }
}
