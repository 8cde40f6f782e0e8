//! The lesson of `examples/warm_up.rs`, with half the layers and a fifth of the steps.

#![allow(clippy::unwrap_used)] // what fails here is the test

#[path = "../examples/warm_up.rs"]
mod lesson;

use lesson::{Setup, last_loss};
use lt_encoder::NormPlacement;

#[test]
fn without_a_warm_up_post_ln_learns_nothing_and_pre_ln_all() {
    let threads = lt_kernels::pool(2).unwrap();
    let loss = |placement, warmup| {
        let setup = Setup { placement, warmup, steps: 80, rate: 3e-3, layers: 6 };
        last_loss(setup, &threads).unwrap()
    };
    let nothing = 10.0_f64.ln();
    let post = loss(NormPlacement::Post, 0);
    assert!(post > nothing - 0.02, "post-LN learned something: {post}");
    assert!(
        loss(NormPlacement::Post, 26) < nothing - 0.05,
        "post-LN with a warm-up learned nothing"
    );
    assert!(loss(NormPlacement::Pre, 0) < 0.3, "pre-LN learned nothing");
}
