//! The linear-chain conditional random field: tags that suit each other.

use lt_core::{Error, Ragged, Result, Weight, check_shape, dims, params};
use lt_kernels::math;
use ndarray::{Array2, ArrayView2};

use crate::loss::Loss;

/// A linear-chain conditional random field (CRF, 条件随机场): the score of a row of tags is the sum
/// of what the model says of each token (emissions, 发射分数) and of what is learned of neighbours
/// (transitions, 转移分数): `score(y) = start[y₁] + Σ e_t[y_t] + Σ transitions[y_t, y_t+1] + end[y_n]`.
///
/// Its probability is e^score, divided by the sum over all rows of tags, which the forward
/// algorithm takes in n·k² steps ([Lafferty et al. 2001](https://repository.upenn.edu/cis_papers/159/),
/// section 3; [Lample et al. 2016](https://arxiv.org/abs/1603.01360), section 2.2).
///
/// # Shapes
/// Emissions `[tokens, k]` for k tags; start and end `[k]`, transitions `[k, k]`, from row to column.
///
/// pytorch-crf: `CRF(k, batch_first=True)`.
///
/// ```
/// use lt_train::Crf;
/// use lt_train::lt_core::{Ragged, Weight};
/// use ndarray::array;
/// let transitions = Weight::new(&[2, 2], vec![0.0, 0.0, -9.0, 0.0])?; // never from 1 to 0
/// let crf = Crf::new(Weight::zeros(&[2]), transitions, Weight::zeros(&[2]))?;
/// let emissions = array![[0.0, 1.0], [2.0, 0.0]];
/// assert_eq!(crf.decode(emissions.view(), &Ragged::single(2))?, [0, 0]); // each alone: 1, 0
/// # Ok::<(), lt_train::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Crf {
    start: Weight,
    transitions: Weight,
    end: Weight,
}

params!(Crf { start, transitions, end });

impl Crf {
    /// A field with these scores.
    ///
    /// # Errors
    /// [`Error::Shape`] unless they are `[k]`, `[k, k]` and `[k]`; [`Error::Config`] if k is 0.
    pub fn new(start: Weight, transitions: Weight, end: Weight) -> Result<Self> {
        const AT: &str = "Crf::new";
        let tags = start.len();
        check_shape(AT, dims![tags], start.shape())?;
        check_shape(AT, dims![tags, tags], transitions.shape())?;
        check_shape(AT, dims![tags], end.shape())?;
        if tags == 0 {
            let (got, expected) = ("0".into(), "at least 1".into());
            return Err(Error::Config { at: AT, field: "tags", got, expected });
        }
        Ok(Self { start, transitions, end })
    }

    /// A field of this many tags that knows nothing: all scores are 0.
    ///
    /// # Errors
    /// [`Error::Config`] if there is no tag.
    pub fn zeros(tags: usize) -> Result<Self> {
        let zeros = |shape: &[usize]| Weight::zeros(shape);
        Self::new(zeros(&[tags]), zeros(&[tags, tags]), zeros(&[tags]))
    }

    /// How many tags there are, k.
    #[must_use]
    pub fn tags(&self) -> usize {
        self.start.len()
    }

    /// −ln of the probability of the right tags, summed over the sequences of a batch, each of
    /// which counts as one label; adds `scale` times the gradient of the field to `grads`. The
    /// gradient in the result is that of the emissions, not scaled.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many rows or labels as tokens, or the rows are not as
    /// wide as there are tags; [`Error::Index`] if a label is no tag.
    pub fn loss(
        &self,
        emissions: ArrayView2<'_, f32>,
        sequences: &Ragged,
        labels: &[u32],
        scale: f32,
        grads: &mut Self,
    ) -> Result<Loss> {
        const AT: &str = "Crf::loss";
        let k = self.tags();
        check_shape(AT, dims![sequences.tokens(), k], emissions.shape())?;
        check_shape(AT, dims![sequences.tokens()], &[labels.len()])?;
        if let Some(row) = labels.iter().position(|&label| label as usize >= k) {
            let (what, index) = ("label", labels[row] as usize);
            return Err(Error::Index { at: AT, what, index, row, len: k });
        }
        let scores = Scores::of(self);
        let mut found = Scores::zeros(k);
        let mut gradient = Array2::zeros(emissions.raw_dim());
        let (mut sum, mut count) = (0.0, 0);
        for range in sequences.ranges().filter(|range| !range.is_empty()) {
            let rows: Vec<Vec<f64>> = range
                .clone()
                .map(|row| emissions.row(row).iter().map(|&e| f64::from(e)).collect())
                .collect();
            let (loss, d_rows) = scores.loss(&rows, &labels[range.clone()], &mut found);
            sum += loss;
            count += 1;
            for (row, d) in range.zip(d_rows) {
                gradient.row_mut(row).iter_mut().zip(d).for_each(|(to, d)| *to = d as f32);
            }
        }
        let parts = [
            (&mut grads.start, found.start),
            (&mut grads.transitions, found.transitions),
            (&mut grads.end, found.end),
        ];
        for (weight, found) in parts {
            for (sum, found) in weight.make_mut().iter_mut().zip(found) {
                *sum += scale * found as f32;
            }
        }
        Ok(Loss { sum, labels: count, gradient })
    }

    /// The likeliest tags of each sequence, end to end, found by the Viterbi algorithm; of equally
    /// likely ones the lowest, from the last token on.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many rows as tokens, or they are not as wide as there
    /// are tags.
    pub fn decode(&self, emissions: ArrayView2<'_, f32>, sequences: &Ragged) -> Result<Vec<u32>> {
        check_shape("Crf::decode", dims![sequences.tokens(), self.tags()], emissions.shape())?;
        let scores = Scores::of(self);
        let mut tags = Vec::with_capacity(sequences.tokens());
        for range in sequences.ranges().filter(|range| !range.is_empty()) {
            let rows: Vec<Vec<f64>> = range
                .map(|row| emissions.row(row).iter().map(|&e| f64::from(e)).collect())
                .collect();
            tags.extend(scores.best(&rows));
        }
        Ok(tags)
    }
}

/// The field in f64: sums of many exponentials lose too much in f32.
struct Scores {
    k: usize,
    start: Vec<f64>,
    transitions: Vec<f64>,
    end: Vec<f64>,
}

impl Scores {
    fn of(crf: &Crf) -> Self {
        let [start, transitions, end] = [&crf.start, &crf.transitions, &crf.end]
            .map(|weight| weight.to_f32().into_iter().map(f64::from).collect());
        Self { k: crf.tags(), start, transitions, end }
    }

    fn zeros(k: usize) -> Self {
        Self { k, start: vec![0.0; k], transitions: vec![0.0; k * k], end: vec![0.0; k] }
    }

    /// The score of a step from tag i to tag j.
    fn step(&self, i: usize, j: usize) -> f64 {
        self.transitions[i * self.k + j]
    }

    /// The loss of one sequence and the gradient of its emissions; adds that of the field.
    fn loss(&self, rows: &[Vec<f64>], labels: &[u32], found: &mut Self) -> (f64, Vec<Vec<f64>>) {
        let (k, n) = (self.k, rows.len());
        // forward: α_1[j] = start[j] + e_1[j], α_t[j] = e_t[j] + ln Σ_i e^(α_t−1[i] + T[i, j]):
        // ln of the sum over all rows of tags that end with j at t
        let mut alpha: Vec<Vec<f64>> = Vec::with_capacity(n);
        for (t, row) in rows.iter().enumerate() {
            let at = |j: usize| match t.checked_sub(1) {
                None => self.start[j] + row[j],
                Some(before) => {
                    row[j] + ln_sum_exp((0..k).map(|i| alpha[before][i] + self.step(i, j)))
                }
            };
            let next = (0..k).map(at).collect();
            alpha.push(next);
        }
        let total = ln_sum_exp((0..k).map(|j| alpha[n - 1][j] + self.end[j]));

        let tag = |t: usize| labels[t] as usize;
        let mut score = self.start[tag(0)] + self.end[tag(n - 1)];
        score += (0..n).map(|t| rows[t][tag(t)]).sum::<f64>();
        score += (1..n).map(|t| self.step(tag(t - 1), tag(t))).sum::<f64>();

        // ⇒ backward: the derivative of ln Σ e^score with respect to a score is the probability
        // that it is used; that of the right row's score is 1 where it is used.
        // d_t[j] = P(y_t = j), from the last token back:
        //   d_n[j] = e^(α_n[j] + end[j] − total)
        //   P(y_t−1 = i, y_t = j) = d_t[j]·e^(α_t−1[i] + T[i, j] − (α_t[j] − e_t[j]))
        let mut d_rows = vec![vec![0.0; k]; n];
        for j in 0..k {
            d_rows[n - 1][j] = math::exp_f64(alpha[n - 1][j] + self.end[j] - total);
            found.end[j] += d_rows[n - 1][j];
        }
        for t in (1..n).rev() {
            for j in 0..k {
                let sum = alpha[t][j] - rows[t][j];
                for i in 0..k {
                    let share = math::exp_f64(alpha[t - 1][i] + self.step(i, j) - sum);
                    let both = d_rows[t][j] * share;
                    found.transitions[i * k + j] += both;
                    d_rows[t - 1][i] += both;
                }
            }
        }
        found.start.iter_mut().zip(&d_rows[0]).for_each(|(sum, d)| *sum += d);
        found.start[tag(0)] -= 1.0;
        found.end[tag(n - 1)] -= 1.0;
        for t in 0..n {
            d_rows[t][tag(t)] -= 1.0;
            if t > 0 {
                found.transitions[tag(t - 1) * k + tag(t)] -= 1.0;
            }
        }
        (total - score, d_rows)
    }

    /// The tags with the best score: `δ_t[j] = e_t[j] + max_i (δ_t−1[i] + T[i, j])`, and back along
    /// the i that were best.
    fn best(&self, rows: &[Vec<f64>]) -> Vec<u32> {
        let (k, n) = (self.k, rows.len());
        let mut delta: Vec<f64> = (0..k).map(|j| self.start[j] + rows[0][j]).collect();
        let mut came_from: Vec<Vec<usize>> = Vec::with_capacity(n);
        for row in &rows[1..] {
            let from: Vec<usize> =
                (0..k).map(|j| largest((0..k).map(|i| delta[i] + self.step(i, j)))).collect();
            delta = (0..k).map(|j| row[j] + delta[from[j]] + self.step(from[j], j)).collect();
            came_from.push(from);
        }
        let mut tag = largest((0..k).map(|j| delta[j] + self.end[j]));
        let mut tags = vec![tag as u32];
        for from in came_from.iter().rev() {
            tag = from[tag];
            tags.push(tag as u32);
        }
        tags.reverse();
        tags
    }
}

/// ln Σ eˣ, with the largest taken off before.
fn ln_sum_exp(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = numbers.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + math::ln_f64(numbers.map(|x| math::exp_f64(x - largest)).sum())
}

/// The place of the largest, of equal ones the first.
fn largest(numbers: impl Iterator<Item = f64>) -> usize {
    let larger = |(at, best), (i, x)| if x > best { (i, x) } else { (at, best) };
    numbers.enumerate().fold((0, f64::NEG_INFINITY), larger).0
}
