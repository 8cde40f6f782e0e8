//! Threads, lent by whomever.

use std::sync::Arc;

use lt_core::{Mask, Ragged, Scratch, Threads, Workers};
use lt_kernels::{
    Activation, Attention, FeedForward, GatedFeedForward, Gather, LayerNorm, Lookup, Norm, Product,
    RmsNorm, RootMeanSquare, WeightAndBias, activate, attention, feed_forward, gated_feed_forward,
    gather, layer_norm, product, products, rms_norm,
};
use lt_laws::sample::{rows, weight};
use ndarray::Array2;

use crate::bits;

/// Some result of each kernel that shares out its work.
fn results(threads: &Threads) -> Vec<Array2<f32>> {
    let scratch = &mut Scratch::with_threads(threads.clone());
    let (x, w) = (rows(200, 5, 1), weight(&[70, 5], 2));
    let problem = Product::new(x.view(), &w).activation(Activation::Gelu);
    let few = x.slice(ndarray::s![..5, ..]);
    let few = Product::new(few, &w);
    let (gain, down) = (weight(&[5], 3), weight(&[5, 70], 4));
    let (up, down) =
        (WeightAndBias { weight: &w, bias: None }, WeightAndBias { weight: &down, bias: None });
    let ragged = Ragged::from_lengths([130, 0, 70]);
    let causal = Mask::causal();
    let self_attention = Attention::new(x.view(), x.view(), x.view(), &ragged, 5).mask(&causal);
    let numbers: Vec<u32> = (0..200).map(|i| i % 70).collect();
    let lookups = [Lookup { table: &w, rows: &numbers }];
    let mut active = rows(90, 501, 5);
    activate(Activation::Tanh, &mut active, scratch);
    vec![
        product(&problem, scratch),
        product(&few, scratch),
        products([problem, problem], scratch),
        feed_forward(&FeedForward::new(x.view(), up, Activation::Silu, down), scratch),
        layer_norm(&LayerNorm::new(x.view(), Norm::new(&gain, 1e-5)), scratch),
        gated_feed_forward(
            &GatedFeedForward::new(x.view(), up, Activation::Silu, up, down),
            scratch,
        ),
        gated_feed_forward(&GatedFeedForward::new(few.x, up, Activation::Silu, up, down), scratch),
        rms_norm(&RmsNorm::new(x.view(), RootMeanSquare::new(&gain, 1e-5)), scratch),
        attention(&self_attention, scratch),
        gather(&Gather::new(&lookups, Norm::new(&gain, 1e-5)), scratch),
        active,
    ]
}

#[test]
fn no_kernel_depends_on_how_many_threads_there_are() {
    let all = |threads: &Threads| results(threads).iter().map(bits).collect::<Vec<_>>();
    let single = all(&Threads::single());
    for count in [2, 3, 5, 16] {
        assert_eq!(all(&lt_laws::same_bits::threads(count)), single, "{count} plain threads");
        assert_eq!(all(&lt_kernels::pool(count).unwrap()), single, "a pool of {count}");
    }
}

/// Whoever lends threads may get it wrong; what a task writes is its own all the same.
#[test]
fn threads_that_run_a_task_twice_write_no_row_twice() {
    struct Twice;
    impl Workers for Twice {
        fn count(&self) -> usize {
            2
        }
        fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| (0..tasks).for_each(|_| task(0)));
                }
            });
        }
    }
    let all = |threads: &Threads| results(threads).iter().map(bits).collect::<Vec<_>>();
    assert_eq!(all(&Threads::with(Arc::new(Twice))), all(&Threads::single()));
}

/// A caller's threads need not be as many as they say: one that comes is enough.
#[test]
fn threads_of_which_only_one_comes_do_all_the_work() {
    struct Alone;
    impl Workers for Alone {
        fn count(&self) -> usize {
            4
        }
        fn run(&self, _: usize, task: &(dyn Fn(usize) + Sync)) {
            task(0);
        }
    }
    let all = |threads: &Threads| results(threads).iter().map(bits).collect::<Vec<_>>();
    assert_eq!(all(&Threads::with(Arc::new(Alone))), all(&Threads::single()));
}
