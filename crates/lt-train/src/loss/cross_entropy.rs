//! Cross-entropy.

use lt_core::{Error, Result, check_shape, dims};
use lt_kernels::{Instructions, softmax_and_log_sum};
use ndarray::{Array2, ArrayView2};

use super::Loss;

/// Cross-entropy (交叉熵): −ln of the probability that the logits give to the label.
///
/// With label smoothing (标签平滑) ε, the label has the weight 1 − ε, and ε is spread over all
/// classes evenly: `−(1 − ε)·ln p_y − ε/v · Σⱼ ln pⱼ`
/// ([Szegedy et al. 2015](https://arxiv.org/abs/1512.00567), section 7).
///
/// # Shapes
/// Logits `[rows, v]`, labels `[rows]`, the gradient `[rows, v]`.
///
/// PyTorch: `F.cross_entropy(logits, labels, label_smoothing=ε, reduction="sum")`.
///
/// ```
/// use lt_train::loss::CrossEntropy;
/// // Two classes, equally likely: ln 2, and each logit is pulled by one half.
/// let loss = CrossEntropy::new().sum(ndarray::array![[0.0, 0.0]].view(), &[1_u32])?;
/// assert!((loss.sum - 2.0_f64.ln()).abs() < 1e-7);
/// assert_eq!(loss.gradient, ndarray::array![[0.5, -0.5]]);
/// # Ok::<(), lt_train::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CrossEntropy {
    smoothing: f32,
}

impl CrossEntropy {
    /// Without smoothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With label smoothing ε.
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 ≤ ε ≤ 1.
    pub fn smoothing(self, smoothing: f32) -> Result<Self> {
        if (0.0..=1.0).contains(&smoothing) {
            return Ok(Self { smoothing });
        }
        let (got, expected) = (smoothing.to_string(), "between 0 and 1".into());
        Err(Error::Config { at: "CrossEntropy::smoothing", field: "smoothing", got, expected })
    }

    /// The sum over all rows that have a label: `None` is a row that is passed over, which
    /// PyTorch writes as −100. Labels may be plain `u32` where every row has one.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is a label for each row; [`Error::Index`] if a label is no
    /// column of the logits.
    pub fn sum<L: Copy + Into<Option<u32>>>(
        &self,
        logits: ArrayView2<'_, f32>,
        labels: &[L],
    ) -> Result<Loss> {
        const AT: &str = "CrossEntropy::sum";
        check_shape(AT, dims![logits.nrows()], &[labels.len()])?;
        let classes = logits.ncols();
        let instructions = Instructions::best();
        let mut gradient = Array2::zeros(logits.raw_dim());
        let (mut sum, mut count) = (0.0, 0);
        for (row, (label, mut d)) in labels.iter().zip(gradient.rows_mut()).enumerate() {
            let Some(label) = (*label).into() else { continue };
            let label = label as usize;
            if label >= classes {
                let what = "label";
                return Err(Error::Index { at: AT, what, index: label, row, len: classes });
            }
            let Some(d) = d.as_slice_mut() else { continue };
            let logits = logits.row(row);
            d.iter_mut().zip(logits).for_each(|(to, from)| *to = *from);
            let normaliser = softmax_and_log_sum(instructions, d);
            let smoothing = f64::from(self.smoothing);
            // forward: loss = ln Σ e^z − (1 − ε)·z_y − ε·mean z
            // formula: cross-entropy
            sum += normaliser - (1.0 - smoothing) * f64::from(logits[label]);
            if self.smoothing > 0.0 {
                sum -=
                    smoothing * logits.iter().map(|&z| f64::from(z)).sum::<f64>() / classes as f64;
            }
            // ⇒ backward: dz = p − ε/v, and 1 − ε less at the label
            if self.smoothing > 0.0 {
                let share = self.smoothing / classes as f32;
                d.iter_mut().for_each(|p| *p -= share);
            }
            // formula: cross-entropy
            d[label] -= 1.0 - self.smoothing;
            count += 1;
        }
        Ok(Loss { sum, labels: count, gradient })
    }
}
