//! The derivatives against their forward passes.

use lt_layers::{Activation, FeedForward, LayerNorm, Linear};

lt_laws::conformance! {
    linear: Linear = Linear::zeros(7, 4).unwrap();
    inputs: [[5, 7]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 8]], [[5, 6]]];
}

lt_laws::conformance! {
    layer_norm: LayerNorm = LayerNorm::zeros(6, 1e-5).unwrap();
    inputs: [[4, 6]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[4, 5]]];
}

/// The activation between the two layers is what differs.
macro_rules! feed_forward {
    ($name:ident, $activation:expr) => {
        lt_laws::conformance! {
            $name: FeedForward = FeedForward::new(
                Linear::zeros(4, 9).unwrap(), $activation, Linear::zeros(9, 3).unwrap()).unwrap();
            inputs: [[5, 4]];
            input: |inputs| inputs[0].view();
            gradients: |grad| vec![grad];
            without_gradient: [];
            wrong: [[[5, 9]]];
        }
    };
}

feed_forward!(feed_forward_with_gelu, Activation::Gelu);
feed_forward!(feed_forward_with_gelu_tanh, Activation::GeluTanh);
feed_forward!(feed_forward_with_silu, Activation::Silu);
feed_forward!(feed_forward_with_tanh, Activation::Tanh);
feed_forward!(feed_forward_with_quick_gelu, Activation::QuickGelu);
