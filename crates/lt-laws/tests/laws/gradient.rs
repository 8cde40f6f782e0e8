//! The gradient check on layers whose derivative is right, and on layers where it is wrong.

use lt_laws::conformance;

use crate::toys::{KeyBias, Linear, Norm, RowsAndMemory, Slip};

conformance! {
    linear: Linear = Linear::new(Slip::None);
    inputs: [[4, 7]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[4, 6]], [[4, 8]], [[7, 4]]];
}

conformance! {
    a_layer_with_corners: Linear = Linear::with_relu();
    inputs: [[16, 7]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [];
}

conformance! {
    norm: Norm = Norm::new(Slip::None);
    inputs: [[3, 6]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[3, 5]]];
}

conformance! {
    a_key_bias: KeyBias = KeyBias { bias: lt_core::Weight::zeros(&[4]) };
    inputs: [[5, 4], [5, 3]];
    input: |inputs| RowsAndMemory { rows: inputs[0].view(), memory: inputs[1].view() };
    gradients: |grad| vec![grad.0, grad.1];
    without_gradient: ["bias"];
    wrong: [[[5, 3], [5, 3]], [[5, 4], [4, 3]]];
}
