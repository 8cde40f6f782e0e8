//! The derivative of a table of vectors.

use lt_core::{Backward, Module, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_kernels::{matmul, product_d_input};
use ndarray::{Array2, ArrayView2};

use crate::Embedding;

impl Trainable for Embedding {
    /// The ids are all that is needed.
    type Cache = ();
}

impl<'a> Backward<&'a [u32]> for Embedding {
    /// Ids have no gradient.
    type InputGrad = ();

    fn forward_cached(&self, ids: &'a [u32], train: &mut Train) -> Result<(Array2<f32>, ())> {
        Ok((self.forward_in(ids, &mut train.scratch)?, ()))
    }

    fn backward(
        &self,
        ids: &'a [u32],
        (): &(),
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<()> {
        check_shape("Embedding::backward", dims![ids.len(), self.width()], d_output.shape())?;
        self.check("Embedding::backward", "id", ids)?;
        // forward: y = T[id]  ⇒  backward: dT[id] = Σ dy over the tokens that have this id
        grads.add_by_id(ids, d_output.view(), 1.0, scratch);
        Ok(())
    }
}

impl Embedding {
    /// Adds to the row of each id what the tokens that have it send back, times `scale`. Rows of
    /// other ids are not touched, so that a gradient of zeros becomes one of a few rows.
    ///
    /// The tokens of an id are added up in their order, and the sum is added once.
    pub(crate) fn add_by_id(
        &mut self,
        ids: &[u32],
        d_rows: ArrayView2<'_, f32>,
        scale: f32,
        scratch: &mut Scratch,
    ) {
        let mut tokens = scratch.take_indices();
        tokens.extend(0..ids.len() as u32);
        tokens.sort_unstable_by_key(|&token| (ids[token as usize], token));
        let mut buffer = scratch.take(1, d_rows.ncols());
        let sum = buffer.as_slice_mut().unwrap_or_default();
        for same in tokens.chunk_by(|&a, &b| ids[a as usize] == ids[b as usize]) {
            sum.fill(0.0);
            // formula: embedding-backward
            for &token in same {
                sum.iter_mut().zip(d_rows.row(token as usize)).for_each(|(sum, d)| *sum += d);
            }
            sum.iter_mut().for_each(|sum| *sum *= scale);
            self.weight.add_row(ids[same[0] as usize] as usize, sum);
        }
        scratch.give(buffer);
        scratch.give_indices(tokens);
    }

    /// The derivative of scores of rows against every vector of the table, x·Tᵀ: the last layer of a
    /// model whose table is both its first and its last (tied weights, 权重共享). Returns dx.
    ///
    /// As a first layer the table has its [`Backward`] pass; the gradients of both add up.
    ///
    /// # Shapes
    /// x is `[rows, d]`, `d_scores` `[rows, v]`, dx `[rows, d]`.
    ///
    /// # Errors
    /// [`Error::Shape`](lt_core::Error::Shape) if x or `d_scores` has another.
    ///
    /// [Press & Wolf 2017](https://arxiv.org/abs/1608.05859), section 2.
    ///
    /// ```
    /// use lt_embedding::{Embedding, lt_core::{Backward, Scratch, Weight, zeros_like}};
    /// use ndarray::array;
    /// let table = Embedding::new(Weight::new(&[2, 1], vec![3.0, 5.0])?)?;
    /// let (mut grads, scratch) = (zeros_like(&table), &mut Scratch::new());
    /// let (x, d_scores) = (array![[2.0]], array![[1.0, 10.0]]);
    /// let d_x = table.scores_backward(x.view(), d_scores.view(), &mut grads, scratch)?;
    /// assert_eq!(d_x, array![[53.0]]); // 1·3 + 10·5
    /// table.backward(&[1], &(), &array![[0.5]], &mut grads, scratch)?;
    /// assert_eq!(grads.weight().f32(), [2.0, 20.5]); // dᵀ·x, and what id 1 sends back
    /// # Ok::<(), lt_embedding::lt_core::Error>(())
    /// ```
    pub fn scores_backward(
        &self,
        x: ArrayView2<'_, f32>,
        d_scores: ArrayView2<'_, f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        const AT: &str = "Embedding::scores_backward";
        check_shape(AT, dims!["rows", self.width()], x.shape())?;
        check_shape(AT, dims![x.nrows(), self.entries()], d_scores.shape())?;
        // forward: s = x·Tᵀ  ⇒  backward: dT = dsᵀ·x, dx = ds·T
        let d_table = matmul(d_scores.t(), x, scratch); // [v, d]
        grads.weight.add(d_table.as_slice().unwrap_or_default());
        scratch.give(d_table);
        Ok(product_d_input(d_scores, &self.weight, scratch)) // [rows, d]
    }
}
