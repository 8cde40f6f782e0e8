//! Everything that stands on unsafe code, on shapes small enough for Miri, which watches each
//! access to memory: `cargo +nightly miri test -p lt-kernels --test soundness`.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use lt_core::{Mask, Ragged, Scratch, Weight, f16_to_f32};
use lt_kernels::{
    Activation, Attention, FeedForward, GatedFeedForward, Gather, Instructions, LayerNorm, Lookup,
    Norm, Product, RootMeanSquare, WeightAndBias, activate, attention, feed_forward,
    gated_feed_forward, gather, layer_norm, pool, product, product_with, products_with, reference,
    rms_norm_in_place,
};
use lt_laws::same_bits::threads;
use lt_laws::sample::{rows, weight};

/// A scratch of this many plain threads.
fn scratch(count: usize) -> Scratch {
    Scratch::with_threads(threads(count))
}

#[test]
fn a_product_reads_inside_its_matrices_and_writes_rows_of_its_own() {
    // Below, at and above a tile of 2 rows and a panel of 16 columns; every second column of another
    // matrix.
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
fn what_goes_through_a_gate_is_each_threads_own() {
    // Cut by columns, and by rows.
    for (tokens, f) in [(2, 70), (66, 3)] {
        let (x, gate, up) = (rows(tokens, 2, 1), weight(&[f, 2], 2), weight(&[f, 2], 3));
        let down = weight(&[2, f], 4);
        let [gate, up, down] =
            [&gate, &up, &down].map(|weight| WeightAndBias { weight, bias: None });
        let problem = GatedFeedForward::new(x.view(), gate, Activation::Relu, up, down);
        let of = |count| gated_feed_forward(&problem, &mut scratch(count));
        assert_eq!(of(2), of(1));
    }
}

#[test]
fn gathered_rows_are_written_by_one_thread_each() {
    let (table, gain) = (weight(&[4, 3], 1), weight(&[3], 2));
    let lookups = [Lookup { table: &table, rows: &[0, 3, 1, 2, 2] }];
    let problem = Gather::new(&lookups, Norm::new(&gain, 1e-5));
    assert_eq!(gather(&problem, &mut scratch(3)), gather(&problem, &mut scratch(1)));
}

#[test]
fn heads_are_normalised_by_one_thread_each() {
    let (x, weight) = (rows(5, 7, 1), weight(&[2], 2));
    let normed = |count: usize| {
        let mut x = x.clone();
        let norm = RootMeanSquare::new(&weight, 1e-5);
        rms_norm_in_place(norm, &mut x, 1..5, &mut scratch(count));
        x
    };
    assert_eq!(normed(3), normed(1));
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
    let problem = LayerNorm::new(x.view(), Norm::new(&gain, 1e-5));
    assert_eq!(layer_norm(&problem, &mut scratch(3)), layer_norm(&problem, &mut scratch(1)));
}

#[test]
fn attention_writes_rows_and_work_of_its_own() {
    // More rows than a task's 128 queries, its border inside a sequence; a sequence without
    // queries, one without keys, and one with more than a block's 128 keys.
    let (queries, keys) =
        (Ragged::from_lengths([127, 0, 2, 1]), Ragged::from_lengths([1, 1, 130, 0]));
    let (q, k, v) = (rows(130, 2, 1), rows(132, 2, 2), rows(132, 2, 3));
    let mask = Mask::window(5, 128);
    let problem = Attention::new(q.view(), k.view(), v.view(), &queries, 2).keys(&keys).mask(&mask);
    assert_eq!(attention(&problem, &mut scratch(3)), attention(&problem, &mut scratch(1)));
    // Heads wider than a panel, taken out of one matrix, and values whose rows are in no piece.
    let (fused, five) = (rows(5, 34, 4), Ragged::single(5));
    let part = |number: usize| fused.slice(ndarray::s![.., number * 17..(number + 1) * 17]);
    let wide = rows(17, 5, 5);
    let problem = Attention::new(part(0), part(1), wide.t(), &five, 1);
    assert_eq!(attention(&problem, &mut scratch(3)), attention(&problem, &mut scratch(1)));
}

#[test]
fn a_weight_of_16_bits_is_packed_and_widened_inside_its_room() {
    for out in [1, 16, 33, 50] {
        let bits: Vec<u16> = (0..out as u16 * 3).map(|bits| 0x3c00 + bits).collect();
        let wide = bits.iter().map(|&bits| f16_to_f32(bits)).collect();
        let wide = Weight::new(&[out, 3], wide).unwrap();
        let half = Weight::shared_f16(&[out, 3], Arc::new(bits)).unwrap();
        let x = rows(3, 3, 1);
        let of = |weight, count| product(&Product::new(x.view(), weight), &mut scratch(count));
        assert_eq!(of(&half, 3), of(&wide, 1));
    }
}

/// Of what is asked of each number on its own, the parts that threads take do not overlap.
#[test]
fn an_activation_writes_parts_of_its_own() {
    // More than a task's 2¹⁴ numbers.
    let some = rows(3, 5500, 1);
    let activated = |count: usize| {
        let mut some = some.clone();
        activate(Activation::Relu, &mut some, &mut scratch(count));
        some
    };
    assert_eq!(activated(3), activated(1));
}

/// What a task borrows lives no longer than `run`: no thread of the pool may hold it after that.
#[test]
fn a_pool_lets_go_of_what_a_task_borrows() {
    let threads = pool(3).unwrap();
    for round in 0..if cfg!(miri) { 8 } else { 1000 } {
        let mut written = vec![0; 5];
        let slots: Vec<_> = written.iter_mut().map(Mutex::new).collect();
        threads.run(slots.len(), &|task| **slots[task].lock().unwrap() = round + task);
        drop(slots);
        assert!(written.into_iter().eq(round..round + 5));
    }
}

#[test]
fn a_pool_takes_tasks_of_tasks_and_of_two_threads_at_once() {
    let threads = pool(2).unwrap();
    let runs = AtomicUsize::new(0);
    let count = &|_| {
        runs.fetch_add(1, Ordering::Relaxed);
    };
    threads.run(3, &|_| threads.run(2, count));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| threads.run(4, count));
        }
    });
    assert_eq!(runs.into_inner(), 3 * 2 + 2 * 4);
}

/// The stack on which the task lies is unwound only when no thread is at it any more.
#[test]
fn a_pool_outlives_a_task_that_panics_on_either_thread() {
    let threads = pool(2).unwrap();
    let caller = std::thread::current().id();
    for [of_caller, of_other] in [[true, false], [false, true], [true, true]] {
        let panic = catch_unwind(AssertUnwindSafe(|| {
            let (both, borrowed) = (Barrier::new(2), vec![1; 3]);
            threads.run(2, &|_| {
                both.wait();
                let panics =
                    if std::thread::current().id() == caller { of_caller } else { of_other };
                assert!(!panics, "as the test wants it");
                assert_eq!(borrowed, [1; 3]);
            });
        }));
        assert!(panic.is_err());
        threads.run(2, &|_| {});
    }
}

#[test]
fn a_pool_that_was_never_used_ends() {
    drop(pool(3).unwrap());
}
