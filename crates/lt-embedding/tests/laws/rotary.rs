//! Rotary positions: their laws, their derivative, and transformers' numbers.

use lt_embedding::lt_core::{self, Module, Ragged};
use lt_embedding::{Rotary, RotaryInput, RotaryLayout};
use lt_laws::sample::rows;
use lt_laws::{rotary, same_bits};
use ndarray::{Array2, ArrayView2, array, s};

const LAYOUTS: [RotaryLayout; 2] = [RotaryLayout::Halves, RotaryLayout::Interleaved];

fn rotary_of(width: usize, layout: RotaryLayout) -> Rotary {
    Rotary::new(width, 10_000.0, layout).unwrap()
}

#[test]
fn rotary_positions_obey_their_laws() {
    for layout in LAYOUTS {
        for width in [2, 6, 16] {
            let layer = rotary_of(width, layout);
            let rotate = |rows: ArrayView2<'_, f32>, batch: &Ragged| {
                layer.forward(RotaryInput::new(rows, batch))
            };
            let rotate_back = |rows: ArrayView2<'_, f32>, batch: &Ragged| {
                let mut rows = rows.to_owned();
                layer.rotate_back(rows.view_mut(), batch)?;
                Ok::<_, lt_core::Error>(rows)
            };
            rotary::all(width, rotate);
            rotary::turning_back_undoes(width, rotate, rotate_back);
        }
    }
}

#[test]
fn the_same_rows_have_the_same_bits_on_every_path() {
    for layout in LAYOUTS {
        let layer = rotary_of(6, layout);
        same_bits::same_rows_same_bits(
            12,
            |batch| layer.forward(RotaryInput::new(batch.rows, batch.sequences)),
            |batch, scratch| {
                layer.forward_in(RotaryInput::new(batch.rows, batch.sequences), scratch)
            },
        );
    }
}

/// Computed by PyTorch 2.15 in f32: x = (arange(8) − 3) / 4 at positions 1, 129 and 699;
/// `rotate_half` of transformers with θ = 160000, `rotate_every_two` of its GPT-J with θ = 10000.
#[test]
fn the_numbers_are_those_of_transformers() {
    let halves = array![
        [
            -0.615_594_5,
            -0.524_364_7,
            -0.251_874_2,
            -0.000_125,
            -0.496_027_65,
            0.474_385_56,
            0.749_372_66,
            1.0
        ],
        [
            0.784_197_45,
            -0.576_080_5,
            -0.474_815_52,
            -0.016_124_303,
            -0.100_171_33,
            0.410_038_1,
            0.632_099_87,
            0.999_87
        ],
        [
            -0.253_271_67,
            0.653_222_6,
            -0.694_375_04,
            -0.087_263_875,
            -0.748_901_5,
            -0.270_740_15,
            -0.377_946_26,
            0.996_185_24
        ],
    ];
    let interleaved = array![
        [
            0.015_508_711,
            -0.901_254_4,
            -0.248_751_04,
            -0.024_958_355,
            0.244_987_58,
            0.502_474_96,
            0.748_999_66,
            1.000_749_5
        ],
        [
            0.639_092_45,
            0.635_657_8,
            -0.236_214_97,
            -0.081_868_745,
            -0.411_137_28,
            0.378_769_22,
            0.615_125_8,
            1.088_172_9
        ],
        [
            0.496_721_18,
            -0.752_175_57,
            -0.176_853_58,
            -0.176_699_77,
            -0.134_598_72,
            0.542_570_9,
            -0.069_338_08,
            1.248_075_5
        ],
    ];
    let x = Array2::from_shape_fn((700, 8), |(_, column)| (column as f32 - 3.0) / 4.0);
    for (theta, layout, expected) in [
        (160_000.0, RotaryLayout::Halves, halves),
        (10_000.0, RotaryLayout::Interleaved, interleaved),
    ] {
        let layer = Rotary::new(8, theta, layout).unwrap();
        let turned = layer.forward(RotaryInput::new(x.view(), &Ragged::single(700))).unwrap();
        for (position, expected) in [1, 129, 699].into_iter().zip(expected.rows()) {
            for (got, expected) in turned.row(position).iter().zip(expected) {
                // The angles are the same f32; sines and products may be rounded otherwise.
                let difference: f32 = got - expected;
                assert!(difference.abs() < 3e-7, "{layout:?} {position}: {got} {expected}");
            }
        }
    }
}

/// Every head is turned alike, whichever way its rows lie in memory.
#[test]
fn heads_and_memory_make_no_difference() {
    let (x, batch) = (rows(9, 18, 1), Ragged::from_lengths([4, 0, 5]));
    for layout in LAYOUTS {
        let layer = rotary_of(6, layout);
        let all = layer.forward(RotaryInput::new(x.view(), &batch)).unwrap();
        for head in 0..3 {
            let columns = s![.., 6 * head..6 * (head + 1)];
            let one = layer.forward(RotaryInput::new(x.slice(columns), &batch)).unwrap();
            assert_eq!(one, all.slice(columns));
        }
        let mut by_columns = Array2::zeros((18, 9)).reversed_axes();
        by_columns.assign(&x);
        layer.rotate(by_columns.view_mut(), &batch).unwrap();
        assert_eq!(by_columns, all);
    }
}

/// Two threads that meet the same positions first, and clones, share one table.
#[test]
fn threads_see_the_same_angles() {
    let layer = rotary_of(8, RotaryLayout::Halves);
    let (x, batch) = (rows(1500, 8, 1), Ragged::single(1500));
    let run = || layer.clone().forward(RotaryInput::new(x.view(), &batch)).unwrap();
    let both = std::thread::scope(|scope| {
        [scope.spawn(run), scope.spawn(run)].map(|thread| thread.join().unwrap())
    });
    assert_eq!(both[0], both[1]);
    assert_eq!(both[0], run());
}

#[test]
fn what_cannot_be_turned_is_refused() {
    let message =
        |width, theta| Rotary::new(width, theta, RotaryLayout::Halves).unwrap_err().to_string();
    for width in [0, 1, 7] {
        let said = message(width, 10_000.0);
        assert_eq!(
            said,
            format!("`Rotary::new`: width is {width}, expected an even number above 0")
        );
    }
    for theta in [0.5, -1.0, f32::NAN, f32::INFINITY] {
        assert!(message(4, theta).contains("theta is"), "{theta}");
    }
    let layer = rotary_of(4, RotaryLayout::Halves);
    let mut wide = rows(2, 6, 1);
    let refused = layer.rotate(wide.view_mut(), &Ragged::single(2)).unwrap_err().to_string();
    assert_eq!(
        refused,
        "`Rotary::rotate`: columns is [6], expected a multiple of 4, the width of a head"
    );
    assert!(layer.rotate_back(rows(2, 4, 1).view_mut(), &Ragged::single(3)).is_err());
    assert_eq!(wide, rows(2, 6, 1)); // as it was
    let endless = 1 << 60; // no numbers, so no angles
    let mut nothing = Array2::zeros((endless, 0));
    assert!(layer.rotate(nothing.view_mut(), &Ragged::single(endless)).is_ok());
}

#[test]
fn a_rotation_tells_its_parts_and_is_equal_to_one_of_the_same() {
    let layer = Rotary::new(4, 160_000.0, RotaryLayout::Halves).unwrap();
    assert_eq!((layer.width(), layer.theta()), (4, 160_000.0));
    assert_eq!(layer.layout(), RotaryLayout::Halves);
    let other = |width, theta, layout| Rotary::new(width, theta, layout).unwrap();
    layer.rotate(rows(2, 4, 1).view_mut(), &Ragged::single(2)).unwrap();
    assert_eq!(layer, other(4, 160_000.0, RotaryLayout::Halves));
    assert_ne!(layer, other(6, 160_000.0, RotaryLayout::Halves));
    assert_ne!(layer, other(4, 10_000.0, RotaryLayout::Halves));
    assert_ne!(layer, other(4, 160_000.0, RotaryLayout::Interleaved));
    assert!(lt_core::weights(&layer).is_empty());
}
