//! Where in a batch something is to be predicted.

use lt_core::{Error, Result};

use crate::TokenIds;

/// Ids of a batch, and the rows of it for which a prediction is wanted.
///
/// In training only some tokens have a label: of masked words every seventh or so. A head over a
/// vocabulary is the widest layer of a model, so it is applied to those alone.
///
/// # Shapes
/// A head gives one row for each of `rows`, `[rows, v]`.
///
/// ```
/// use lt_embedding::{PredictAt, TokenIds, lt_core::Ragged};
/// let (ids, batch) = Ragged::concatenate(&[vec![101, 103, 102], vec![101, 103, 102]]);
/// let masked = PredictAt::new(TokenIds::new(&ids, &batch), &[1, 4])?;
/// assert_eq!(masked.rows().iter().map(|&row| ids[row as usize]).collect::<Vec<_>>(), [103, 103]);
/// assert!(PredictAt::new(TokenIds::new(&ids, &batch), &[1, 6]).is_err()); // rows are 0 to 5
/// # Ok::<(), lt_embedding::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PredictAt<'a> {
    tokens: TokenIds<'a>,
    rows: &'a [u32],
}

impl<'a> PredictAt<'a> {
    /// Predictions for these rows of the batch, ascending, each once.
    ///
    /// # Errors
    /// [`Error::Config`] if they do not ascend, or the batch has no such row.
    pub fn new(tokens: TokenIds<'a>, rows: &'a [u32]) -> Result<Self> {
        let tokens_in_all = tokens.sequences.tokens();
        let refuse = |got: String, expected: String| {
            Err(Error::Config { at: "PredictAt::new", field: "rows", got, expected })
        };
        if let Some(pair) = rows.windows(2).find(|pair| pair[0] >= pair[1]) {
            return refuse(format!("{} after {}", pair[1], pair[0]), "each once, ascending".into());
        }
        match rows.last() {
            Some(&last) if last as usize >= tokens_in_all => {
                refuse(last.to_string(), format!("less than the batch's {tokens_in_all} rows"))
            }
            _ => Ok(Self { tokens, rows }),
        }
    }

    /// The whole batch.
    #[must_use]
    pub fn tokens(&self) -> TokenIds<'a> {
        self.tokens
    }

    /// The rows of the batch whose predictions are wanted, ascending.
    #[must_use]
    pub fn rows(&self) -> &'a [u32] {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use lt_core::Ragged;

    use super::*;

    #[test]
    fn rows_ascend_and_are_there() {
        let batch = Ragged::from_lengths([2, 0, 1]);
        let tokens = TokenIds::new(&[7, 8, 9], &batch);
        for rows in [&[][..], &[0], &[2], &[0, 2], &[0, 1, 2]] {
            assert_eq!(PredictAt::new(tokens, rows).unwrap().rows(), rows);
        }
        let refused = |rows| PredictAt::new(tokens, rows).unwrap_err().to_string();
        assert!(refused(&[0, 2, 1]).contains("rows is 1 after 2, expected each once, ascending"));
        assert!(refused(&[1, 1]).contains("1 after 1"));
        assert!(refused(&[1, 3, 4]).contains("rows is 4, expected less than the batch's 3 rows"));
    }
}
