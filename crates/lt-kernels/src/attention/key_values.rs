//! Keys and values that are kept from pass to pass.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2, ArrayViewMut1};

use super::block::{one_below_the_other, side_by_side};
use super::{KEY_BLOCK, Widths};
use crate::instructions::{Instructions, Work};
use crate::tile::{COLUMNS, Lanes};

/// The keys and values of one sequence, laid out as attention reads them: what a KV cache is made
/// of.
///
/// They lie in blocks of [`KEY_BLOCK`] tokens, counted from the first. So what is appended moves
/// nothing, clones share blocks, and a clone that grows copies the last block alone. What was
/// computed once is neither computed nor laid out again.
///
/// ```
/// use lt_kernels::KeyValues;
/// use ndarray::array;
/// // One head of width 1: keys [key tokens, 1], values [key tokens, 1].
/// let mut cache = KeyValues::new(1, 1, 1);
/// cache.append(array![[1.0], [2.0]].view(), array![[3.0], [5.0]].view());
/// let before = cache.clone(); // shares what there is
/// cache.append(array![[7.0]].view(), array![[9.0]].view());
/// assert_eq!(cache.rows(), (array![[1.0], [2.0], [7.0]], array![[3.0], [5.0], [9.0]]));
/// cache.truncate(2);
/// assert_eq!(cache.rows(), before.rows());
/// ```
///
/// [Kwon et al. 2023](https://arxiv.org/abs/2309.06180), section 4.1 (blocks that sequences
/// share). PyTorch: transformers' `DynamicCache` of one layer, which is copied as it grows.
#[derive(Debug, Clone)]
pub struct KeyValues {
    heads: usize,
    widths: Widths,
    blocks: Vec<Arc<Block>>,
    len: usize,
}

/// [`KEY_BLOCK`] keys and values, of which the last block may hold fewer.
#[derive(Debug, Clone)]
struct Block {
    /// As panels of 16 keys: `[key heads, 8, k, 16]`.
    keys: Vec<Lanes>,
    /// As panels of 16 columns: `[key heads, v / 16, 128, 16]`.
    values: Vec<Lanes>,
}

impl KeyValues {
    /// None yet, of so many heads (of keys), whose keys have width k and whose values width v.
    #[must_use]
    pub fn new(heads: usize, key: usize, value: usize) -> Self {
        Self { heads, widths: Widths { key, value }, blocks: Vec::new(), len: 0 }
    }

    /// For how many tokens there are keys and values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many heads there are, of keys.
    #[must_use]
    pub fn heads(&self) -> usize {
        self.heads
    }

    /// The widths of a head: of its keys, and of its values.
    #[must_use]
    pub fn widths(&self) -> (usize, usize) {
        (self.widths.key, self.widths.value)
    }

    /// The blocks that it holds, each as an address and its bytes: clones share blocks, which an
    /// account of memory should count once.
    pub fn blocks(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.blocks.iter().map(|block| {
            let lanes = block.keys.len() + block.values.len();
            (Arc::as_ptr(block).addr(), lanes * size_of::<Lanes>())
        })
    }

    /// Adds the keys `[n, h·k]` and the values `[n, h·v]` of the n tokens that follow.
    ///
    /// # Panics
    /// If the rows are of another width, or there are more keys than values.
    pub fn append(&mut self, keys: ArrayView2<'_, f32>, values: ArrayView2<'_, f32>) {
        let n = keys.nrows();
        assert_eq!(keys.dim(), (n, self.heads * self.widths.key), "keys [n, h·k]");
        assert_eq!(values.dim(), (n, self.heads * self.widths.value), "values [n, h·v]");
        let mut done = 0;
        while done < n {
            let from = self.len % KEY_BLOCK;
            let count = (KEY_BLOCK - from).min(n - done);
            if from == 0 {
                self.blocks.push(Arc::new(Block::new(self.heads, self.widths)));
            }
            let Some(last) = self.blocks.last_mut() else { return };
            // A block that another sequence has too is copied before it is written.
            let block = Arc::make_mut(last);
            let (rows, heads, widths) = (done..done + count, self.heads, self.widths);
            let laying = Laying { block, keys, values, rows, from, heads, widths };
            Instructions::best().run(laying);
            self.len += count;
            done += count;
        }
    }

    /// Forgets all but the first `len` tokens; nothing happens if there are no more.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.blocks.truncate(self.len.div_ceil(KEY_BLOCK));
    }

    /// The keys `[key tokens, h·k]` and the values `[key tokens, h·v]`, copied out.
    #[must_use]
    pub fn rows(&self) -> (Array2<f32>, Array2<f32>) {
        let Widths { key, value } = self.widths;
        let mut keys = Array2::zeros((self.len, self.heads * key));
        let mut values = Array2::zeros((self.len, self.heads * value));
        for token in 0..self.len {
            let (block, place) = (&self.blocks[token / KEY_BLOCK], token % KEY_BLOCK);
            for head in 0..self.heads {
                let columns = head * key..(head + 1) * key;
                for (column, number) in pick(keys.row_mut(token), columns) {
                    let panel = head * (KEY_BLOCK / COLUMNS) + place / COLUMNS;
                    *number = block.keys[panel * key + column][place % COLUMNS];
                }
                let columns = head * value..(head + 1) * value;
                for (column, number) in pick(values.row_mut(token), columns) {
                    let panel = head * value.div_ceil(COLUMNS) + column / COLUMNS;
                    *number = block.values[panel * KEY_BLOCK + place][column % COLUMNS];
                }
            }
        }
        (keys, values)
    }

    /// The keys and the values of a block, of all heads.
    pub(super) fn block(&self, number: usize) -> (&[Lanes], &[Lanes]) {
        let block = &self.blocks[number];
        (&block.keys, &block.values)
    }
}

/// Some columns of a row, with their numbers from 0.
fn pick(
    row: ArrayViewMut1<'_, f32>,
    columns: Range<usize>,
) -> impl Iterator<Item = (usize, &mut f32)> {
    row.into_iter().skip(columns.start).take(columns.len()).enumerate()
}

impl Block {
    /// Of zeros, which take no memory until they are written.
    fn new(heads: usize, widths: Widths) -> Self {
        let values = heads * widths.value.div_ceil(COLUMNS) * KEY_BLOCK;
        Self {
            keys: vec![[0.0; COLUMNS]; heads * KEY_BLOCK / COLUMNS * widths.key],
            values: vec![[0.0; COLUMNS]; values],
        }
    }
}

/// Rows that are laid out in a block, from a place in it on.
struct Laying<'a> {
    block: &'a mut Block,
    keys: ArrayView2<'a, f32>,
    values: ArrayView2<'a, f32>,
    rows: Range<usize>,
    from: usize,
    heads: usize,
    widths: Widths,
}

impl Work for Laying<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: crate::instructions::Arithmetic>(self) {
        let Self { block, keys, values, rows, from, heads, widths } = self;
        let heads = 0..heads;
        side_by_side::<A>(keys, &heads, rows.clone(), widths.key, from, &mut block.keys);
        one_below_the_other(values, &heads, rows, widths.value, from, &mut block.values);
    }
}
