//! A conditional random field (条件随机场) over the labels of a sentence.

use lt_core::{Error, Ragged, Result, Weight, check_shape, dims, params};
use lt_kernels::math;
use ndarray::{Array2, ArrayView2, s};

/// Scores of labels that follow each other: with them a sentence has one score for all of its
/// labels together, and `I-PER` behind `B-LOC` can be unlikely whatever the words are.
///
/// ```text
/// score(y) = start[y_1] + Σ_t e_t[y_t] + Σ_t A[y_t−1, y_t] + end[y_n]
/// loss(y)  = ln Σ_z e^score(z) − score(y)      over all sequences of labels z
/// ```
///
/// [Lafferty, McCallum & Pereira 2001](https://repository.upenn.edu/cis_papers/159/), section 3;
/// on a network: [Lample et al. 2016](https://arxiv.org/abs/1603.01360), section 2.2.
///
/// By hand: with two labels whose scores are all 0, each of the 2³ sequences of three words is
/// equally likely.
///
/// ```
/// use lt_train::{lt_core::Ragged, objective::Crf};
/// let crf = Crf::zeros(2);
/// let logits = ndarray::Array2::zeros((3, 2));
/// let loss = crf.sum(logits.view(), &Ragged::single(3), &[0, 1, 1])?;
/// assert!((loss.sum - 8_f64.ln()).abs() < 1e-12);
/// assert_eq!(loss.d_logits.row(0).to_vec(), [-0.5, 0.5]);
/// # Ok::<(), lt_train::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Crf {
    transitions: Weight,
    start: Weight,
    end: Weight,
}

params!(Crf { transitions, start, end });

/// The loss of sentences, and its gradient.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CrfLoss {
    /// The sum over the sentences.
    pub sum: f64,
    /// With respect to the logits, `[words, n]`.
    pub d_logits: Array2<f32>,
    /// With respect to the scores of the field.
    pub d_crf: Crf,
}

impl Crf {
    /// Of `n` labels that may follow each other in any way.
    #[must_use]
    pub fn zeros(n: usize) -> Self {
        let [start, end] = [(); 2].map(|()| Weight::zeros(&[n]));
        Self { transitions: Weight::zeros(&[n, n]), start, end }
    }

    /// How many labels there are.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.start.len()
    }

    /// The loss of these sentences, summed, and its gradient.
    ///
    /// # Shapes
    /// logits `[words, n]`, labels `[words]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many rows as words; [`Error::Index`] for a label that
    /// is none.
    pub fn sum(
        &self,
        logits: ArrayView2<'_, f32>,
        sentences: &Ragged,
        labels: &[u32],
    ) -> Result<CrfLoss> {
        const AT: &str = "Crf::sum";
        let n = self.labels();
        check_shape(AT, dims![sentences.tokens(), n], logits.shape())?;
        check_shape(AT, dims![sentences.tokens()], &[labels.len()])?;
        if let Some(row) = labels.iter().position(|label| *label as usize >= n) {
            let (what, index) = ("label", labels[row] as usize);
            return Err(Error::Index { at: AT, what, index, row, len: n });
        }
        let scores = Scores::of(self);
        let mut found = Found::zeros(logits.nrows(), n);
        for range in sentences.ranges().filter(|range| !range.is_empty()) {
            let e = logits.slice(s![range.clone(), ..]).mapv(f64::from);
            scores.sentence(&e, &labels[range.clone()], range.start, &mut found);
        }
        let narrow = |values: &[f64]| values.iter().map(|x| *x as f32).collect::<Vec<f32>>();
        let d_crf = Self {
            transitions: Weight::new(&[n, n], narrow(&found.transitions))?,
            start: Weight::new(&[n], narrow(&found.start))?,
            end: Weight::new(&[n], narrow(&found.end))?,
        };
        Ok(CrfLoss { sum: found.sum, d_logits: found.logits.mapv(|x| x as f32), d_crf })
    }

    /// The likeliest labels of each sentence (Viterbi); of equally likely ones the first.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many rows as words.
    pub fn best(&self, logits: ArrayView2<'_, f32>, sentences: &Ragged) -> Result<Vec<u32>> {
        let n = self.labels();
        check_shape("Crf::best", dims![sentences.tokens(), n], logits.shape())?;
        let scores = Scores::of(self);
        let mut labels = Vec::with_capacity(logits.nrows());
        for range in sentences.ranges().filter(|range| !range.is_empty()) {
            labels.extend(scores.best(&logits.slice(s![range, ..]).mapv(f64::from)));
        }
        Ok(labels)
    }
}

/// The scores of a field, in f64.
struct Scores {
    transitions: Vec<f64>,
    start: Vec<f64>,
    end: Vec<f64>,
}

/// What sentences add up to.
struct Found {
    sum: f64,
    logits: Array2<f64>,
    transitions: Vec<f64>,
    start: Vec<f64>,
    end: Vec<f64>,
}

impl Found {
    fn zeros(words: usize, n: usize) -> Self {
        let [start, end] = [(); 2].map(|()| vec![0.0; n]);
        Self {
            sum: 0.0,
            logits: Array2::zeros((words, n)),
            transitions: vec![0.0; n * n],
            start,
            end,
        }
    }
}

impl Scores {
    fn of(crf: &Crf) -> Self {
        let wide = |weight: &Weight| weight.to_f32().into_iter().map(f64::from).collect();
        Self { transitions: wide(&crf.transitions), start: wide(&crf.start), end: wide(&crf.end) }
    }

    fn transition(&self, from: usize, to: usize) -> f64 {
        self.transitions[from * self.start.len() + to]
    }

    fn sentence(&self, e: &Array2<f64>, labels: &[u32], first: usize, found: &mut Found) {
        let (words, n) = e.dim();
        // forward: α_t[j] = ln Σ_i e^(α_t−1[i] + A[i, j]) + e_t[j], the score of all ways to j
        let mut alpha = Array2::zeros((words, n));
        for j in 0..n {
            alpha[[0, j]] = self.start[j] + e[[0, j]];
        }
        for t in 1..words {
            for j in 0..n {
                let ways = (0..n).map(|i| alpha[[t - 1, i]] + self.transition(i, j));
                alpha[[t, j]] = ln_sum_exp(ways) + e[[t, j]];
            }
        }
        let last = words - 1;
        let all = ln_sum_exp((0..n).map(|j| alpha[[last, j]] + self.end[j]));
        // and β_t[i] = ln Σ_j e^(A[i, j] + e_t+1[j] + β_t+1[j]), of all ways from i on
        let mut beta = Array2::zeros((words, n));
        for i in 0..n {
            beta[[last, i]] = self.end[i];
        }
        for t in (0..last).rev() {
            for i in 0..n {
                let ways = (0..n).map(|j| self.transition(i, j) + e[[t + 1, j]] + beta[[t + 1, j]]);
                beta[[t, i]] = ln_sum_exp(ways);
            }
        }
        // forward: loss = ln Σ_z e^score(z) − score(y)
        // ⇒ backward: d of each score = how likely it is in z, and 1 less where it is in y
        let mut score = 0.0;
        for t in 0..words {
            let label = labels[t] as usize;
            for j in 0..n {
                let own = if j == label { 1.0 } else { 0.0 };
                let d = math::exp_f64(alpha[[t, j]] + beta[[t, j]] - all) - own;
                found.logits[[first + t, j]] = d;
                if t == 0 {
                    found.start[j] += d;
                }
                if t == last {
                    found.end[j] += d;
                }
            }
            score += e[[t, label]];
            if t > 0 {
                let before = labels[t - 1] as usize;
                score += self.transition(before, label);
                found.transitions[before * n + label] -= 1.0;
                for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
                    let way = alpha[[t - 1, i]] + self.transition(i, j) + e[[t, j]] + beta[[t, j]];
                    found.transitions[i * n + j] += math::exp_f64(way - all);
                }
            }
        }
        score += self.start[labels[0] as usize] + self.end[labels[last] as usize];
        found.sum += all - score;
    }

    fn best(&self, e: &Array2<f64>) -> Vec<u32> {
        let (words, n) = e.dim();
        let mut scores: Vec<f64> = (0..n).map(|j| self.start[j] + e[[0, j]]).collect();
        let mut came_from = Vec::with_capacity(words);
        for t in 1..words {
            let way = |j: usize| largest((0..n).map(|i| scores[i] + self.transition(i, j)));
            let ways: Vec<(usize, f64)> = (0..n).map(way).collect();
            scores = (0..n).map(|j| ways[j].1 + e[[t, j]]).collect();
            came_from.push(ways);
        }
        let (mut label, _) = largest((0..n).map(|j| scores[j] + self.end[j]));
        let mut labels = vec![label as u32];
        for ways in came_from.iter().rev() {
            label = ways[label].0;
            labels.push(label as u32);
        }
        labels.reverse();
        labels
    }
}

/// The first of the largest numbers, with its place.
fn largest(numbers: impl Iterator<Item = f64>) -> (usize, f64) {
    let better = |best: (usize, f64), new: (usize, f64)| if new.1 > best.1 { new } else { best };
    numbers.enumerate().fold((0, f64::NEG_INFINITY), better)
}

fn ln_sum_exp(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = numbers.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + math::ln_f64(numbers.map(|x| math::exp_f64(x - largest)).sum())
}
