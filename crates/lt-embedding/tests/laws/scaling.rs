//! Rotations that were changed for longer texts: transformers' numbers, and the laws that remain.

use lt_embedding::lt_core::{self, Module, Ragged};
use lt_embedding::{Rotary, RotaryInput, RotaryLayout, RotaryScaling, YarnBorders};
use lt_laws::rotary;
use lt_laws::sample::rows;
use ndarray::{ArrayView2, s};

fn scaled(theta: f32, scaling: RotaryScaling) -> Rotary {
    Rotary::new(16, theta, RotaryLayout::Halves).unwrap().with_scaling(scaling).unwrap()
}

const LLAMA3: RotaryScaling = RotaryScaling::Llama3 {
    factor: 8.0,
    low_frequency_factor: 1.0,
    high_frequency_factor: 4.0,
    original: 64,
};

fn yarn(beta_fast: f32, beta_slow: f32, borders: YarnBorders, attention_factor: f32) -> Rotary {
    let (factor, original) = (4.0, 64);
    let scaling =
        RotaryScaling::Yarn { factor, original, beta_fast, beta_slow, borders, attention_factor };
    scaled(10_000.0, scaling)
}

fn dynamic() -> Rotary {
    scaled(10_000.0, RotaryScaling::Dynamic { factor: 2.0, original: 64 })
}

/// The cosines of the pairs at a position: a one in the first half of a head is turned to them.
fn cosines(rotary: &Rotary, position: usize) -> Vec<f32> {
    let mut row = ndarray::Array2::zeros((1, 16));
    row.slice_mut(s![.., ..8]).fill(1.0);
    rotary.rotate_after(row.view_mut(), &Ragged::single(1), &[position]).unwrap();
    row.slice(s![0, ..8]).to_vec()
}

/// Numbers of `LlamaRotaryEmbedding`, transformers 5.23, with `head_dim` 16 and
/// `max_position_embeddings` 64 (of the original model, where there are two).
#[test]
fn frequencies_and_cosines_are_those_of_transformers() {
    let linear = scaled(10_000.0, RotaryScaling::Linear { factor: 3.0 });
    let fast = (32.0, 1.0, YarnBorders::Whole, 1.138_629_4);
    let exact = (8.0, 2.0, YarnBorders::Exact, 1.064_821_5);
    let yarn = |(fast, slow, borders, factor)| yarn(fast, slow, borders, factor);
    #[rustfmt::skip]
    let cases = [
        (linear, [3.333333433e-01, 1.054092571e-01, 3.333333507e-02, 1.054092590e-02, 3.333333181e-03, 1.054092660e-03, 3.333333589e-04, 1.054092645e-04],
         100, [-3.397141993e-01, -4.391463697e-01, -9.816739559e-01, 4.940168262e-01, 9.449569583e-01, 9.944495559e-01, 9.994444847e-01, 9.999444485e-01]),
        (scaled(5e5, LLAMA3), [1.0, 7.940301299e-02, 4.700753838e-03, 9.115831344e-04, 1.767766807e-04, 3.428102355e-05, 6.647869668e-06, 1.289173156e-06],
         100, [8.623188734e-01, -8.621262759e-02, 8.915341496e-01, 9.958479404e-01, 9.998437762e-01, 9.999940991e-01, 9.999997616e-01, 1.0]),
        (yarn(fast), [1.0, 2.371708155e-01, 4.999999702e-02, 7.905694656e-03, 2.499999944e-03, 7.905694656e-04, 2.500000119e-04, 7.905694656e-05],
         5, [3.229861259e-01, 4.275617599e-01, 1.103232265, 1.137740016, 1.138540506, 1.138620496, 1.138628602, 1.138629317]),
        (yarn(exact), [1.0, 1.605891585e-01, 2.500000037e-02, 7.905694656e-03, 2.499999944e-03, 7.905694656e-04, 2.500000119e-04, 7.905694656e-05],
         100, [9.182157516e-01, -9.999159575e-01, -8.530749679e-01, 7.490388155e-01, 1.031718850, 1.061495781, 1.064488888, 1.064788342]),
        // Within the length of training nothing is changed; beyond it each length has its own θ.
        (dynamic(), [1.0, 3.162277639e-01, 1.000000015e-01, 3.162277862e-02, 9.999999776e-03, 3.162277862e-03, 1.000000047e-03, 3.162277862e-04],
         5, [2.836622000e-01, -1.034233812e-02, 8.775825500e-01, 9.875259995e-01, 9.987502694e-01, 9.998750091e-01, 9.999874830e-01, 9.999987483e-01]),
        (dynamic(), [1.0, 3.162277639e-01, 1.000000015e-01, 3.162277862e-02, 9.999999776e-03, 3.162277862e-03, 1.000000047e-03, 3.162277862e-04],
         100, [8.623188734e-01, -9.981384873e-01, -1.740523130e-01, -6.474459171e-01, 7.993183732e-01, 9.833639860e-01, 9.986608624e-01, 9.998924732e-01]),
    ];
    for (rotary, frequencies, position, expected) in cases {
        let scaling = rotary.scaling();
        let frequencies: [f64; 8] = frequencies;
        for (&ours, theirs) in rotary.frequencies().iter().zip(frequencies) {
            assert!(
                (f64::from(ours) - theirs).abs() <= 1.2e-7 * theirs,
                "{scaling:?}: {ours}, {theirs}"
            );
        }
        for (ours, theirs) in cosines(&rotary, position).into_iter().zip(expected) {
            assert!((f64::from(ours) - theirs).abs() <= 4e-6_f64, "{scaling:?}: {ours}, {theirs}");
        }
    }
}

/// Whatever the frequencies, only the distance counts; and a part of a head may be turned alone.
#[test]
fn scaled_and_partial_rotations_obey_the_laws() {
    let partial = |layout| Rotary::new(16, 100.0, layout).unwrap().turning(6).unwrap();
    for layer in [
        scaled(10_000.0, RotaryScaling::Linear { factor: 3.0 }),
        scaled(5e5, LLAMA3),
        partial(RotaryLayout::Halves),
        partial(RotaryLayout::Interleaved),
    ] {
        rotary::all(16, |rows: ArrayView2<'_, f32>, batch: &Ragged| {
            layer.forward(RotaryInput::new(rows, batch))
        });
    }
}

/// Turned at once, or in two parts of which the second knows what stood before it.
#[test]
fn a_text_may_come_in_parts() {
    let whole = rows(9, 32, 1);
    let (two, parts) = (Ragged::from_lengths([5, 4]), Ragged::from_lengths([2, 3]));
    for layer in [scaled(5e5, LLAMA3), yarn(32.0, 1.0, YarnBorders::Whole, 1.1), dynamic()] {
        let at_once = layer.forward(RotaryInput::new(whole.view(), &two)).unwrap();
        let last = ndarray::concatenate![
            ndarray::Axis(0),
            whole.slice(s![3..5, ..]),
            whole.slice(s![6..9, ..])
        ];
        let input = RotaryInput::new(last.view(), &parts).before(&[3, 1]);
        let turned = layer.forward(input).unwrap();
        assert_eq!(turned.slice(s![..2, ..]), at_once.slice(s![3..5, ..]));
        assert_eq!(turned.slice(s![2.., ..]), at_once.slice(s![6..9, ..]));
    }
}

#[test]
fn numbers_that_have_no_meaning_are_refused() {
    let plain = || Rotary::new(4, 10_000.0, RotaryLayout::Halves).unwrap();
    let refused = |scaling| plain().with_scaling(scaling).unwrap_err().to_string();
    assert_eq!(
        refused(RotaryScaling::Linear { factor: 0.0 }),
        "`Rotary::with_scaling`: factor is 0, expected a finite number above 0"
    );
    assert!(refused(RotaryScaling::Dynamic { factor: f32::NAN, original: 8 }).contains("NaN"));
    assert!(refused(RotaryScaling::Dynamic { factor: 2.0, original: 0 }).contains("original is 0"));
    let llama = |high_frequency_factor| RotaryScaling::Llama3 {
        factor: 8.0,
        low_frequency_factor: 1.0,
        high_frequency_factor,
        original: 8,
    };
    assert!(plain().with_scaling(llama(4.0)).is_ok());
    assert!(refused(llama(1.0)).contains("more than low_frequency_factor, 1"));
    for columns in [0, 3, 6] {
        assert!(plain().turning(columns).is_err(), "{columns}");
    }
    let grows = RotaryScaling::Dynamic { factor: 2.0, original: 8 };
    assert!(plain().turning(2).unwrap().with_scaling(grows).is_err(), "θ^(2/0)");
    assert!(plain().with_scaling(grows).unwrap().turning(2).is_err());
    let mut row = ndarray::Array2::zeros((1, 4));
    let error = plain().rotate_after(row.view_mut(), &Ragged::single(1), &[1, 2]).unwrap_err();
    assert!(matches!(error, lt_core::Error::Config { field: "before", .. }), "{error}");
}
