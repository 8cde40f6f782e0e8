//! Where a token stands, as a vector.

use lt_core::{Error, Ragged, Result, Weight, params};
use lt_kernels::math::{exp_f64, sin_cos};

use crate::Embedding;

/// Which number a position has: the row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PositionIds {
    /// 0, 1, 2, … (BERT).
    FromZero,
    /// p + 1, p + 2, …, where p is the id of the padding token; a padding token that stands inside
    /// a text has number p and is not counted (RoBERTa and its family).
    AfterPadding(u32),
}

/// A table of position vectors, and how positions are numbered.
///
/// The table is the one that the checkpoint stores, whatever formula it once came from; where it
/// stores none, [`Positions::stored_or_sinusoidal`] computes it.
///
/// PyTorch: `BertEmbeddings.position_embeddings`.
///
/// ```
/// use lt_embedding::{Embedding, PositionIds, Positions, lt_core::{Ragged, Weight}};
/// let table = Embedding::new(Weight::zeros(&[5, 2]))?;
/// let positions = Positions::new(table, PositionIds::AfterPadding(1))?;
/// assert_eq!(positions.limit(), 3); // rows 0 and 1 are not for text
/// assert_eq!(positions.numbers(&[7, 8, 9], 0).collect::<Vec<_>>(), [2, 3, 4]);
/// # Ok::<(), lt_embedding::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Positions {
    table: Embedding,
    numbering: PositionIds,
}

params!(Positions { table });

impl Positions {
    /// Positions that are looked up in this table.
    ///
    /// # Errors
    /// [`Error::Config`] if the numbering leaves no row of the table.
    pub fn new(table: Embedding, numbering: PositionIds) -> Result<Self> {
        let positions = Self { table, numbering };
        if positions.limit() > 0 {
            return Ok(positions);
        }
        Err(Error::Config {
            at: "Positions::new",
            field: "pad_token_id",
            got: format!("{numbering:?}"),
            expected: format!("less than the table's {} rows", positions.table.entries()),
        })
    }

    /// The stored table if there is one, else sines for `positions` tokens of width `d`.
    ///
    /// # Errors
    /// As for [`new`](Self::new) and [`sinusoidal_table`].
    pub fn stored_or_sinusoidal(
        stored: Option<Embedding>,
        positions: usize,
        d: usize,
        numbering: PositionIds,
    ) -> Result<Self> {
        match stored {
            Some(table) => Self::new(table, numbering),
            None => Self::new(Embedding::new(sinusoidal_table(positions, d)?)?, numbering),
        }
    }

    /// The table, `[rows, d]`.
    #[must_use]
    pub fn table(&self) -> &Embedding {
        &self.table
    }

    #[cfg(feature = "train")]
    pub(crate) fn table_mut(&mut self) -> &mut Embedding {
        &mut self.table
    }

    /// How many tokens the longest sequence may have.
    #[must_use]
    pub fn limit(&self) -> usize {
        match self.numbering {
            PositionIds::FromZero => self.table.entries(),
            PositionIds::AfterPadding(padding) => {
                self.table.entries().saturating_sub((padding as usize).saturating_add(1))
            }
        }
    }

    /// The number of each token of one sequence, `before` of whose tokens stand before these.
    pub fn numbers<'a>(&self, ids: &'a [u32], before: usize) -> impl Iterator<Item = usize> + 'a {
        let numbering = self.numbering;
        let first = match numbering {
            PositionIds::FromZero => 0,
            PositionIds::AfterPadding(padding) => (padding as usize).saturating_add(1),
        };
        let mut next = first.saturating_add(before);
        ids.iter().map(move |&id| {
            if numbering == PositionIds::AfterPadding(id) {
                return id as usize;
            }
            next += 1;
            next - 1
        })
    }

    /// Refuses sequences that are longer than [`limit`](Self::limit), with what stands `before`
    /// each.
    ///
    /// # Errors
    /// [`Error::TooLong`] for the first that is.
    pub fn check(&self, at: &'static str, sequences: &Ragged, before: &[usize]) -> Result<()> {
        let limit = self.limit();
        let mut lengths = sequences.ranges().enumerate().map(|(sequence, range)| {
            (sequence, range.len().saturating_add(before.get(sequence).copied().unwrap_or(0)))
        });
        lengths.find(|&(_, length)| length > limit).map_or(Ok(()), |(sequence, length)| {
            Err(Error::TooLong { at, sequence, length, limit })
        })
    }
}

/// The table of sines of the Transformer paper: row p, columns 2i and 2i + 1 are the sine and the
/// cosine of p / 10000^(2i/d).
///
/// # Errors
/// [`Error::Config`] if the table is empty, or of more than 2³⁰ numbers.
///
/// [Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), section 3.5.
///
/// ```
/// let table = lt_embedding::sinusoidal_table(2, 4)?;
/// assert_eq!(table.matrix().row(0), ndarray::array![0.0, 1.0, 0.0, 1.0]);
/// assert_eq!(table.matrix()[[1, 0]], 0.841_470_96); // sin 1
/// assert_eq!(table.matrix()[[1, 3]], 0.999_95); // cos 0.01
/// # Ok::<(), lt_embedding::lt_core::Error>(())
/// ```
pub fn sinusoidal_table(positions: usize, d: usize) -> Result<Weight> {
    const MOST: usize = 1 << 30;
    let size = positions.checked_mul(d).filter(|&size| 0 < size && size <= MOST);
    let Some(size) = size else {
        return Err(Error::Config {
            at: "sinusoidal_table",
            field: "size",
            got: format!("{positions} × {d}"),
            expected: format!("between 1 and {MOST} numbers"),
        });
    };
    let mut table = Vec::with_capacity(size);
    for position in 0..positions {
        for column in 0..d {
            // formula: sinusoidal
            let pair = (column / 2 * 2) as f64;
            let wavelength = exp_f64(pair / d as f64 * std::f64::consts::LN_10 * 4.0);
            let (sin, cos) = sin_cos(position as f64 / wavelength);
            table.push(if column % 2 == 0 { sin } else { cos } as f32);
        }
    }
    Weight::new(&[positions, d], table)
}
