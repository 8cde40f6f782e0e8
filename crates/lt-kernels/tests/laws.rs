//! The kernels under the laws of softmax and attention.

use lt_core::Scratch;
use lt_kernels::{Attention, LayerNorm, attention, layer_norm, reference, softmax};
use lt_laws::attention::Inputs;
use ndarray::{Array2, ArrayView2};

fn problem<'a>(inputs: &Inputs<'a>) -> Attention<'a> {
    let Inputs { query, key, value, queries, keys, mask } = *inputs;
    Attention::new(query, key, value, queries, 1).keys(keys).mask(mask)
}

fn checked<'a>(inputs: &Inputs<'a>) -> lt_core::Result<Attention<'a>> {
    // The kernel trusts its callers; the layer above it asks this.
    inputs.mask.check("attention", inputs.queries, inputs.keys)?;
    Ok(problem(inputs))
}

#[test]
fn softmax_obeys_its_laws() {
    lt_laws::softmax::all(|rows: ArrayView2<'_, f32>| {
        let mut rows = rows.to_owned();
        softmax(rows.view_mut());
        rows
    });
}

#[test]
fn the_reference_softmax_obeys_its_laws() {
    lt_laws::softmax::all(|rows: ArrayView2<'_, f32>| {
        let probabilities = rows.rows().into_iter().flat_map(reference::softmax).collect();
        Array2::from_shape_vec(rows.raw_dim(), probabilities)
    });
}

#[test]
fn attention_obeys_its_laws() {
    lt_laws::attention::all(|inputs| {
        checked(&inputs).map(|problem| attention(&problem, &mut Scratch::new()))
    });
}

#[test]
fn the_reference_attention_obeys_its_laws() {
    lt_laws::attention::all(|inputs| checked(&inputs).map(|p| reference::attention(&p)));
}

#[test]
fn layer_norm_obeys_its_laws() {
    let unit =
        |x: ArrayView2<'_, f32>, epsilon: f32, run: &dyn Fn(&LayerNorm<'_>) -> Array2<f32>| {
            let d = x.ncols();
            let gain = lt_core::Weight::new(&[d], vec![1.0; d]).unwrap();
            run(&LayerNorm::new(x, &gain, epsilon))
        };
    lt_laws::layer_norm::all(|x, epsilon| {
        unit(x, epsilon, &|problem| layer_norm(problem, &mut Scratch::new()))
    });
    lt_laws::layer_norm::all(|x, epsilon| unit(x, epsilon, &reference::layer_norm));
}
