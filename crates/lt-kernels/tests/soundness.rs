//! Everything that stands on unsafe code, on shapes small enough for Miri, which watches each
//! access to memory: `cargo +nightly miri test -p lt-kernels --test soundness`.

#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::{Mask, Ragged, Scratch};
use lt_kernels::{
    Activation, Attention, FeedForward, Gather, Instructions, LayerNorm, Lookup, Product,
    WeightAndBias, attention, feed_forward, gather, layer_norm, pool, product, product_with,
    products_with, reference,
};
use lt_laws::same_bits::threads;
use lt_laws::sample::{rows, weight};

/// A scratch of this many plain threads.
fn scratch(count: usize) -> Scratch {
    Scratch::with_threads(threads(count))
}

#[test]
fn a_product_reads_inside_its_matrices_and_writes_rows_of_its_own() {
    // Below, at and above a tile of 4 rows, a task of 16 rows and a panel of 16 columns; no
    // columns at all; every second column of another matrix.
    for (tokens, inner, out) in [(1, 3, 1), (4, 1, 16), (5, 2, 17), (17, 2, 33), (2, 1, 3)] {
        let (wide, w) = (rows(tokens, 2 * inner, 1), weight(&[out, inner], 2));
        let x = wide.slice(ndarray::s![.., ..;2]);
        let problem = Product::new(x, &w);
        let expected = reference::product(&problem);
        let set = Instructions::portable();
        for count in [1, 3] {
            assert_eq!(product_with(set, &problem, &mut scratch(count)), expected);
        }
    }
    let (none, w) = (rows(0, 3, 1), weight(&[2, 3], 2));
    assert_eq!(product(&Product::new(none.view(), &w), &mut scratch(2)).dim(), (0, 2));
}

#[test]
fn rectangles_of_products_side_by_side_do_not_overlap() {
    let (x, v, w) = (rows(5, 3, 1), weight(&[37, 3], 2), weight(&[20, 3], 3));
    let problems = [Product::new(x.view(), &v), Product::new(x.view(), &w)];
    let [first, second] = problems.map(|problem| reference::product(&problem));
    for count in [1, 3] {
        let y = products_with(Instructions::portable(), problems, &mut scratch(count));
        assert_eq!(y.slice(ndarray::s![.., ..37]), first);
        assert_eq!(y.slice(ndarray::s![.., 37..]), second);
    }
}

#[test]
fn the_middle_of_a_feed_forward_layer_is_each_threads_own() {
    // Of two threads, 64 rows are shared out by rows.
    let (x, up, down) = (rows(66, 2, 1), weight(&[3, 2], 2), weight(&[2, 3], 3));
    let [up, down] = [&up, &down].map(|weight| WeightAndBias { weight, bias: None });
    let problem = FeedForward::new(x.view(), up, Activation::Relu, down);
    assert_eq!(feed_forward(&problem, &mut scratch(2)), feed_forward(&problem, &mut scratch(1)));
}

#[test]
fn gathered_rows_are_written_by_one_thread_each() {
    let (table, gain) = (weight(&[4, 3], 1), weight(&[3], 2));
    let lookups = [Lookup { table: &table, rows: &[0, 3, 1, 2, 2] }];
    let problem = Gather::new(&lookups, &gain, 1e-5);
    assert_eq!(gather(&problem, &mut scratch(3)), gather(&problem, &mut scratch(1)));
}

#[test]
fn a_pool_lends_a_task_and_takes_it_back() {
    let (x, w) = (rows(5, 2, 1), weight(&[40, 2], 2));
    let problem = Product::new(x.view(), &w);
    let expected = product(&problem, &mut scratch(1));
    for _ in 0..3 {
        let mut pooled = Scratch::with_threads(pool(3).unwrap());
        for _ in 0..3 {
            assert_eq!(product(&problem, &mut pooled), expected);
        }
    }
}

#[test]
fn a_norm_writes_rows_of_its_own() {
    let (x, gain) = (rows(35, 3, 1), weight(&[3], 2));
    let problem = LayerNorm::new(x.view(), &gain, 1e-5);
    assert_eq!(layer_norm(&problem, &mut scratch(3)), layer_norm(&problem, &mut scratch(1)));
}

#[test]
fn attention_writes_rows_and_work_of_its_own() {
    // A sequence longer than a task's 32 queries, an empty one, and one longer than a block of keys.
    let (queries, keys) = (Ragged::from_lengths([33, 0, 2]), Ragged::from_lengths([3, 1, 66]));
    let (q, k, v) = (rows(35, 4, 1), rows(70, 4, 2), rows(70, 2, 3));
    let mask = Mask::window(5, 60);
    let problem = Attention::new(q.view(), k.view(), v.view(), &queries, 2).keys(&keys).mask(&mask);
    assert_eq!(attention(&problem, &mut scratch(3)), attention(&problem, &mut scratch(1)));
}
