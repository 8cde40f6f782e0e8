//! What laws are tried on: rows, batches, masks, orders and texts, as proptest strategies.
//!
//! A case shrinks to what a person can read: few short sequences, few columns, small numbers of
//! two decimals. Therefore sizes and contents are drawn apart: [`Numbers`], [`Masks`] and
//! [`Order`] say what will stand in an array of any size, so that a smaller array can be tried
//! with the same contents.

mod masks;

use lt_core::Ragged;
use ndarray::Array2;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::Rows;
pub use masks::{Masks, masks, masks_of_one_rule};

/// Numbers for arrays of any size.
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    seed: u64,
    hundredths: i16,
}

/// Numbers between −3 and 3 with two decimals: readable, and hardly any is exact in binary, so
/// that a sum in another order has other bits. One in ten times they are smaller, with equal ones
/// among them.
pub fn numbers() -> impl Strategy<Value = Numbers> {
    // The first branch is what the second shrinks to.
    let hundredths = prop_oneof![1 => 0..=300_i16, 9 => Just(300)];
    let draw = |(seed, hundredths)| Numbers { seed, hundredths };
    (any::<u64>().no_shrink(), hundredths).prop_map(draw)
}

impl Numbers {
    /// An array of these numbers.
    ///
    /// # Panics
    /// If it is too large for memory.
    #[must_use]
    pub fn rows(self, rows: usize, columns: usize) -> Rows {
        let span = 2 * u64::from(self.hundredths.unsigned_abs()) + 1;
        self.fill(rows, columns, |drawn| {
            let hundredths = (drawn >> 16) % span;
            (hundredths as f32 - f32::from(self.hundredths)) / 100.0
        })
    }

    /// An array of the numbers at which careless arithmetic breaks: ±10⁴, the smallest above
    /// zero, both zeros, and many that are equal.
    ///
    /// # Panics
    /// If it is too large for memory.
    #[must_use]
    pub fn extreme_rows(self, rows: usize, columns: usize) -> Rows {
        const EXTREMES: [f32; 9] =
            [0.0, 1.0, -1.0, 1e4, -1e4, 9999.0, f32::from_bits(1), -1e-38, -0.0];
        self.fill(rows, columns, |drawn| EXTREMES[(drawn >> 16) as usize % EXTREMES.len()])
    }

    fn fill(self, rows: usize, columns: usize, number: impl Fn(u64) -> f32) -> Rows {
        // A number depends on its row and column alone, so that it survives when others go.
        let at = |(row, column)| number(mix(mix(self.seed ^ row as u64) ^ column as u64));
        Rows(Array2::from_shape_fn((rows, columns), at))
    }
}

/// Scrambles a number (the finaliser of `SplitMix64`).
pub(crate) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A number of columns: 1 to 20, so that it is seldom a multiple of what a processor likes.
pub fn width() -> impl Strategy<Value = usize> {
    1..=20_usize
}

/// The length of a sequence, at least this: most are short, one in twenty is long enough to cross
/// the blocks that a kernel may work in.
pub fn length(least: usize) -> impl Strategy<Value = usize> {
    prop_oneof![19 => least..=7_usize.max(least), 1 => 60..=270_usize]
}

/// A batch of one to four sequences, none of them empty.
pub fn ragged() -> impl Strategy<Value = Ragged> {
    proptest::collection::vec(length(1), 1..=4).prop_map(Ragged::from_lengths)
}

/// A batch of one to four sequences, and as many rows as it has tokens.
pub fn batch_of_rows(width: usize) -> impl Strategy<Value = (Ragged, Rows)> {
    (ragged(), numbers()).prop_map(move |(batch, numbers)| {
        let rows = numbers.rows(batch.tokens(), width);
        (batch, rows)
    })
}

/// One of some things, of which there is at least one: chosen by [`Index::index`].
pub fn one() -> impl Strategy<Value = Index> {
    any::<Index>()
}

/// An order for any number of things.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    seed: u64,
}

/// Orders; they shrink to the one that changes nothing.
pub fn orders() -> impl Strategy<Value = Order> {
    prop_oneof![1 => Just(0), 19 => any::<u64>().no_shrink()].prop_map(|seed| Order { seed })
}

impl Order {
    /// 0, 1, …, `count` − 1 in this order.
    #[must_use]
    pub fn of(self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        if self.seed != 0 {
            order.sort_by_key(|&i| mix(self.seed ^ i as u64));
        }
        order
    }

    /// The rows of a batch in an order that leaves each in its sequence.
    #[must_use]
    pub fn within(self, batch: &Ragged) -> Vec<usize> {
        let order = |range: std::ops::Range<usize>| {
            self.of(range.len()).into_iter().map(move |position| range.start + position)
        };
        batch.ranges().flat_map(order).collect()
    }
}

/// A text of several scripts: Latin with accents composed and combining, Chinese, Arabic, Hebrew,
/// Cyrillic, emoji of one and of several characters, spaces and punctuation. May be empty.
pub fn text() -> impl Strategy<Value = String> {
    let pieces = vec![
        "a",
        "B",
        "word",
        "7",
        " ",
        "  ",
        ".",
        ",",
        "-",
        "é",
        "e\u{301}",
        "ñ",
        "ü",
        "中",
        "文字",
        "，",
        "。",
        "م",
        "رحبا",
        "ש",
        "לום",
        "Ж",
        "\u{1f600}",
        "\u{1f44d}\u{1f3fd}",
        "\u{1f469}\u{200d}\u{1f4bb}",
        "\u{1f1e8}\u{1f1f3}",
        "\u{2603}\u{fe0f}",
        "\n",
        "\t",
    ];
    proptest::collection::vec(select(pieces), 0..=24).prop_map(|pieces| pieces.concat())
}
