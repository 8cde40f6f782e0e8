//! Distillation.

use lt_core::{Error, Result};
use lt_kernels::{Instructions, softmax_and_log_sum};
use ndarray::{Array2, ArrayView2};

use super::{Loss, check_same};

/// Distillation (蒸馏): a student learns the probabilities of a teacher, not one right answer.
///
/// KL(p‖q)·T², with p = softmax(teacher / T) and q = softmax(student / T). A temperature T above 1
/// shows what else the teacher held possible; T² keeps the gradient's size
/// ([Hinton et al. 2015](https://arxiv.org/abs/1503.02531), section 2). Each row is a label.
///
/// # Shapes
/// Logits of student and teacher, and the gradient (of the student's), `[rows, v]`.
///
/// PyTorch: `F.kl_div(log_softmax(s / T), softmax(t / T), reduction="sum") * T**2`.
///
/// ```
/// use lt_train::loss::Distillation;
/// let logits = ndarray::array![[1.0, 2.0]];
/// let loss = Distillation::new(2.0)?.sum(logits.view(), logits.view())?;
/// assert!(loss.sum.abs() < 1e-12); // the student says what the teacher says
/// # Ok::<(), lt_train::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distillation {
    temperature: f32,
}

impl Distillation {
    /// At this temperature.
    ///
    /// # Errors
    /// [`Error::Config`] unless it is positive and finite.
    pub fn new(temperature: f32) -> Result<Self> {
        if temperature > 0.0 && temperature.is_finite() {
            return Ok(Self { temperature });
        }
        let (got, expected) = (temperature.to_string(), "a positive number".into());
        Err(Error::Config { at: "Distillation::new", field: "temperature", got, expected })
    }

    /// The sum over all rows.
    ///
    /// # Errors
    /// [`Error::Shape`] if the teacher's logits have another shape than the student's.
    pub fn sum(&self, student: ArrayView2<'_, f32>, teacher: ArrayView2<'_, f32>) -> Result<Loss> {
        check_same("Distillation::sum", student, teacher)?;
        let t = self.temperature;
        let instructions = Instructions::best();
        let mut gradient = Array2::zeros(student.raw_dim());
        let mut p = vec![0.0; student.ncols()];
        let mut sum = 0.0;
        let rows = student.rows().into_iter().zip(teacher.rows());
        for ((student, teacher), mut d) in rows.zip(gradient.rows_mut()) {
            let Some(q) = d.as_slice_mut() else { continue };
            q.iter_mut().zip(student).for_each(|(q, z)| *q = z / t);
            p.iter_mut().zip(teacher).for_each(|(p, z)| *p = z / t);
            let normaliser =
                softmax_and_log_sum(instructions, q) - softmax_and_log_sum(instructions, &mut p);
            // forward: KL = Σ p·(ln p − ln q), with ln p − ln q = (z_t − z_s) / T + the
            // difference of the normalisers
            let mut divergence = 0.0;
            for ((p, z_s), z_t) in p.iter().zip(student).zip(teacher) {
                if *p > 0.0 {
                    let difference = f64::from(z_t / t) - f64::from(z_s / t);
                    divergence += f64::from(*p) * (difference + normaliser);
                }
            }
            sum += divergence * f64::from(t) * f64::from(t);
            // ⇒ backward: dz_s = T²·(q − p) / T
            q.iter_mut().zip(&p).for_each(|(q, p)| *q = t * (*q - p));
        }
        Ok(Loss { sum, labels: student.nrows(), gradient })
    }
}
