//! The product of views and of numbers that are not the usual ones.

use lt_core::{Scratch, Weight};
use lt_kernels::{Instructions, Product, product, product_with, products_with};
use lt_laws::sample::{rows, weight};
use ndarray::{Array2, ArrayView2, s};

use crate::{has_the_bits_of_its_chain, in_every_way, two_threads};

/// Views of a square matrix that are not in one piece, `[17, 20]` each.
fn views(wide: &Array2<f32>) -> [(&'static str, ArrayView2<'_, f32>); 5] {
    [
        ("every second row and column", wide.slice(s![..34;2, ..;2])),
        ("transposed", wide.t().slice_move(s![3..20, ..20])),
        ("rows backwards", wide.slice(s![..17;-1, ..20])),
        ("both backwards", wide.slice(s![..17;-1, 20..;-1])),
        ("rows with a gap", wide.slice(s![..17, 7..27])),
    ]
}

#[test]
fn the_residual_may_have_any_strides() {
    let wide = rows(40, 40, 1);
    for (what, residual) in views(&wide) {
        let (x, w) = (rows(17, 3, 2), weight(&[20, 3], 3));
        has_the_bits_of_its_chain(&Product::new(x.view(), &w).residual(residual), what);
        // So few rows that the columns are shared out: a rectangle begins in a row's middle.
        let (x, w, residual) = (rows(3, 3, 2), weight(&[40, 3], 3), wide.t());
        let residual = residual.slice(s![..3, ..]);
        has_the_bits_of_its_chain(&Product::new(x.view(), &w).residual(residual), "transposed");
        let (x, w) = (rows(70, 3, 2), weight(&[20, 3], 3));
        let tall = rows(20, 70, 4);
        has_the_bits_of_its_chain(&Product::new(x.view(), &w).residual(tall.t()), "tall");
    }
}

/// Numbers that make trouble: the smallest, the largest, and those that are none.
const SPECIAL: [f32; 12] = [
    0.0,
    -0.0,
    f32::from_bits(1), // the smallest above zero
    -1e-40,
    f32::MIN_POSITIVE,
    1e-20, // its square is no normal number
    -3e19, // its square is one, but twice that is infinite
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
];

/// A row for each special number, among ordinary ones.
fn special(columns: usize, seed: u64) -> Array2<f32> {
    let mut some = rows(SPECIAL.len(), columns, seed);
    for (number, &special) in SPECIAL.iter().enumerate() {
        some[[number, number % columns]] = special;
    }
    some
}

#[test]
fn the_product_does_not_hide_infinities_or_nan() {
    for columns in [1, 4, 13] {
        let x = special(columns, 1);
        let w = weight(&[17, columns], 2);
        has_the_bits_of_its_chain(&Product::new(x.view(), &w), "special numbers on the left");
        let numbers = special(columns, 3).into_iter().collect();
        let special = Weight::new(&[SPECIAL.len(), columns], numbers).unwrap();
        let (y, bias) = (rows(70, columns, 4), Weight::new(&[12], SPECIAL.to_vec()).unwrap());
        has_the_bits_of_its_chain(&Product::new(y.view(), &special), "on the right");
        has_the_bits_of_its_chain(&Product::new(x.view(), &special), "on both sides");
        let problem = Product::new(x.view(), &special).bias(Some(&bias));
        has_the_bits_of_its_chain(&problem, "and in the bias");
        let residual = Array2::from_shape_fn((12, 12), |(i, j)| SPECIAL[(i + j) % 12]);
        has_the_bits_of_its_chain(&problem.residual(residual.view()), "and in the residual");
    }
}

/// Numbers whose products are no normal numbers: nothing is flushed to zero.
#[test]
fn the_product_of_small_numbers_keeps_their_last_bits() {
    for scale in [1e-19, 1e-22, 1e-38, 1e-44] {
        let (x, w) = (rows(9, 11, 1) * scale, weight(&[35, 11], 2));
        has_the_bits_of_its_chain(&Product::new(x.view(), &w), "small by usual");
        let small = w.f32().iter().map(|w| w * 1e-20).collect();
        let small = Weight::new(&[35, 11], small).unwrap();
        has_the_bits_of_its_chain(&Product::new(x.view(), &small), "small by small");
    }
}

/// The columns that fill up the last panel are multiplied too; what they give must go nowhere.
#[test]
fn infinite_rows_do_not_leak_out_of_a_panel_that_is_filled_up() {
    let mut x = rows(9, 3, 1);
    x.row_mut(4).fill(f32::INFINITY);
    for out in 1..=34 {
        let w = weight(&[out, 3], 2);
        let problem = Product::new(x.view(), &w);
        has_the_bits_of_its_chain(&problem, &format!("{out} columns"));
        let both = [problem, problem];
        for (_, got) in
            in_every_way("side by side", |set, scratch| products_with(set, both, scratch))
        {
            let finite = got.rows().into_iter().map(|row| row.iter().all(|y| y.is_finite()));
            assert_eq!(finite.filter(|finite| *finite).count(), 8);
        }
    }
}

#[test]
fn a_weight_of_zeros_that_takes_no_memory_is_multiplied_as_any() {
    let (x, w, b) = (rows(9, 5, 1), Weight::zeros(&[33, 5]), weight(&[33], 3));
    has_the_bits_of_its_chain(&Product::new(x.view(), &w), "zeros");
    has_the_bits_of_its_chain(&Product::new(x.view(), &w).bias(Some(&b)), "zeros and a bias");
}

#[test]
fn a_product_of_no_tokens_or_no_outputs_is_empty() {
    for (tokens, inner, out) in [(0, 4, 3), (0, 0, 0), (5, 4, 0), (0, 4, 0)] {
        let (x, w, three) =
            (rows(tokens, inner, 1), weight(&[out, inner], 2), weight(&[3, inner], 3));
        let problem = Product::new(x.view(), &w);
        has_the_bits_of_its_chain(&problem, "nothing");
        for set in Instructions::available() {
            let scratch = &mut Scratch::with_threads(two_threads());
            assert_eq!(product_with(set, &problem, scratch).dim(), (tokens, out));
            // One of them is as wide as any.
            let both = [problem, Product::new(x.view(), &three)];
            assert_eq!(products_with(set, both, scratch).dim(), (tokens, out + 3));
        }
    }
    assert_eq!(products_with(Instructions::best(), [], &mut Scratch::new()).dim(), (0, 0));
}

#[test]
#[should_panic(expected = "as many rows in all products")]
fn products_of_unequal_rows_are_refused() {
    let (x, y, w) = (rows(2, 3, 1), rows(3, 3, 1), weight(&[4, 3], 2));
    let problems = [Product::new(x.view(), &w), Product::new(y.view(), &w)];
    let _ = products_with(Instructions::best(), problems, &mut Scratch::new());
}

/// Scratch is given back all that was taken but the result.
#[test]
fn a_product_gives_back_what_it_took() {
    let (wide, w) = (rows(9, 40, 1), weight(&[18, 20], 2));
    let scratch = &mut Scratch::new();
    let y = product(&Product::new(wide.slice(s![.., ..;2]), &w), scratch);
    let kept = scratch.kept();
    scratch.give(y);
    for _ in 0..3 {
        let y = product(&Product::new(wide.slice(s![.., ..;2]), &w), scratch);
        assert_eq!(scratch.kept(), kept);
        scratch.give(y);
    }
}
