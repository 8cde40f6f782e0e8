//! Contrastive loss with the negatives of the batch.

use lt_core::{Error, Result, Shape, check_shape, dims, shape};
use lt_kernels::math;
use ndarray::{Array2, ArrayView2};

use super::cosine::dot;

/// How alike two vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Similarity {
    /// The cosine of the angle between them.
    #[default]
    Cosine,
    /// Their product.
    Dot,
}

/// `InfoNCE`: each query is to find its own document among those of the batch.
///
/// Query i and document i belong together; all other documents, also those behind the last
/// query's (hard negatives), are wrong answers. The loss is the cross-entropy of their
/// similarities divided by the temperature τ
/// ([van den Oord et al. 2018](https://arxiv.org/abs/1807.03748), equation 4;
/// [Gao et al. 2021](https://arxiv.org/abs/2104.08821), equation 1). Each query is a label.
///
/// A shard sees its own documents only: how a batch is cut decides who is a negative.
///
/// # Shapes
/// Queries `[n, d]`, documents `[m, d]` with m ≥ n; gradients likewise.
///
/// sentence-transformers: `MultipleNegativesRankingLoss(scale=1 / τ)`.
///
/// ```
/// use lt_train::loss::InfoNce;
/// use ndarray::array;
/// // Both documents are as like the first query: the right one has probability ½.
/// let queries = array![[1.0, 0.0]];
/// let loss = InfoNce::new(0.05)?.sum(queries.view(), array![[1.0, 0.0], [2.0, 0.0]].view())?;
/// assert!((loss.sum - 2.0_f64.ln()).abs() < 1e-9);
/// # Ok::<(), lt_train::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InfoNce {
    temperature: f64,
    similarity: Similarity,
}

/// A contrastive loss summed over queries, and the gradients of the sum.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Contrastive {
    /// The sum, in f64.
    pub sum: f64,
    /// How many queries there are.
    pub labels: usize,
    /// ∂sum/∂queries, `[n, d]`.
    pub d_queries: Array2<f32>,
    /// ∂sum/∂documents, `[m, d]`.
    pub d_documents: Array2<f32>,
}

impl InfoNce {
    /// With cosines, at this temperature τ.
    ///
    /// # Errors
    /// [`Error::Config`] unless it is positive and finite.
    pub fn new(temperature: f32) -> Result<Self> {
        if temperature > 0.0 && temperature.is_finite() {
            let similarity = Similarity::default();
            return Ok(Self { temperature: f64::from(temperature), similarity });
        }
        let (got, expected) = (temperature.to_string(), "a positive number".into());
        Err(Error::Config { at: "InfoNce::new", field: "temperature", got, expected })
    }

    /// With another similarity.
    #[must_use]
    pub fn similarity(self, similarity: Similarity) -> Self {
        Self { similarity, ..self }
    }

    /// The sum over all queries.
    ///
    /// # Errors
    /// [`Error::Shape`] if the vectors are not equally wide, or there are fewer documents than
    /// queries.
    pub fn sum(
        &self,
        queries: ArrayView2<'_, f32>,
        documents: ArrayView2<'_, f32>,
    ) -> Result<Contrastive> {
        const AT: &str = "InfoNce::sum";
        check_shape(AT, dims!["documents", queries.ncols()], documents.shape())?;
        if documents.nrows() < queries.nrows() {
            let expected = shape!["at least one for each query", queries.ncols()];
            return Err(Error::Shape { at: AT, expected, got: Shape::of(documents.shape()) });
        }
        let query_lengths = self.lengths(queries);
        let document_lengths = self.lengths(documents);
        let mut d_queries = Array2::<f64>::zeros(queries.raw_dim());
        let mut d_documents = Array2::<f64>::zeros(documents.raw_dim());
        let mut scores = vec![0.0; documents.nrows()];
        let mut sum = 0.0;
        for (i, query) in queries.rows().into_iter().enumerate() {
            // forward: s_j = q·d_j / (|q||d_j|·τ), loss = ln Σ e^s_j − s_i
            for ((score, document), length) in
                scores.iter_mut().zip(documents.rows()).zip(&document_lengths)
            {
                *score = dot(query, document) / (query_lengths[i] * length * self.temperature);
            }
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = scores.iter().map(|s| math::exp_f64(s - largest)).sum();
            sum += largest + math::ln_f64(total) - scores[i];
            // ⇒ backward: ds_j = p_j − [j = i], dq = Σ_j ds_j·∂s_j/∂q, dd_j = ds_j·∂s_j/∂d_j
            for (j, document) in documents.rows().into_iter().enumerate() {
                let own = if i == j { 1.0 } else { 0.0 };
                let d_score = math::exp_f64(scores[j] - largest) / total - own;
                // s·τ is the cosine; with lengths of 1 that are no lengths, nothing is taken off
                let cosine = match self.similarity {
                    Similarity::Cosine => scores[j] * self.temperature,
                    Similarity::Dot => 0.0,
                };
                let (a, b) = (query_lengths[i], document_lengths[j]);
                let d_cosine = d_score / self.temperature;
                let gradients = d_queries.row_mut(i).into_iter().zip(d_documents.row_mut(j));
                for ((dq, dd), (&q, &d)) in gradients.zip(query.iter().zip(document)) {
                    let (q, d) = (f64::from(q) / a, f64::from(d) / b);
                    *dq += d_cosine * (d - cosine * q) / a;
                    *dd += d_cosine * (q - cosine * d) / b;
                }
            }
        }
        let [d_queries, d_documents] = [d_queries, d_documents].map(|d| d.mapv(|x| x as f32));
        Ok(Contrastive { sum, labels: queries.nrows(), d_queries, d_documents })
    }

    /// What the vectors are divided by: their lengths, or 1 where products are compared. A vector
    /// of zeros counts as one of length 1: it is like nothing.
    fn lengths(&self, vectors: ArrayView2<'_, f32>) -> Vec<f64> {
        let length = |vector| match self.similarity {
            Similarity::Cosine => match dot(vector, vector).sqrt() {
                0.0 => 1.0,
                length => length,
            },
            Similarity::Dot => 1.0,
        };
        vectors.rows().into_iter().map(length).collect()
    }
}
