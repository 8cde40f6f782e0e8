//! How the loss falls with the size of a model and with what it has read.

use std::fmt;

use crate::{RecipeError, Result};

/// A model that was trained, and how good it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainedSize {
    /// N, how many numbers its layers have: the tables of words and positions not counted.
    pub parameters: f64,
    /// D, how many tokens it was trained on, each once.
    pub tokens: f64,
    /// Its mean loss of a token that it was not trained on.
    pub loss: f64,
}

/// L(N, D) = E + A / N^α + B / D^β: what is left however large the model is and however much it
/// reads, what is lost because it is small, and what is lost because it has read little.
///
/// [Hoffmann et al. 2022](https://arxiv.org/abs/2203.15556), section 3.3, equation 2.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ScalingLaw {
    /// E.
    pub floor: f64,
    /// A.
    pub parameter_factor: f64,
    /// α.
    pub parameter_exponent: f64,
    /// B.
    pub token_factor: f64,
    /// β.
    pub token_exponent: f64,
}

/// Exponents are looked for between these, and to this distance.
const EXPONENTS: (f64, f64, f64) = (0.02, 1.5, 1e-3);

impl ScalingLaw {
    /// The law that is nearest to these losses: the sum of the squares of its errors, each as a
    /// share of the loss, is the smallest.
    ///
    /// For given exponents the law is linear in E, A and B, so that only the exponents have to be
    /// searched for: on a grid, which is made finer around its best point.
    ///
    /// ```
    /// use lt_recipes::{ScalingLaw, TrainedSize};
    /// let loss = |n: f64, d: f64| 1.5 + 8.0 / n.powf(0.3) + 40.0 / d.powf(0.4);
    /// let sizes = [1e4, 1e5, 1e6].into_iter().flat_map(|n| [1e5, 1e6, 1e7].map(|d| (n, d)));
    /// let sizes: Vec<TrainedSize> = sizes
    ///     .map(|(n, d)| TrainedSize { parameters: n, tokens: d, loss: loss(n, d) })
    ///     .collect();
    /// let law = ScalingLaw::fit(&sizes)?;
    /// assert!((law.parameter_exponent - 0.3).abs() < 0.01 && (law.token_exponent - 0.4).abs() < 0.01);
    /// # Ok::<(), lt_recipes::RecipeError>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer than three sizes of models or of data, or a number is not above 0.
    pub fn fit(sizes: &[TrainedSize]) -> Result<Self> {
        let refuse = |problem: &str| {
            Err(RecipeError::Row { row: "the trained sizes".into(), problem: problem.into() })
        };
        let is_sound = |x: f64| x.is_finite() && x > 0.0;
        let numbers = |size: &TrainedSize| [size.parameters, size.tokens, size.loss];
        if sizes.iter().flat_map(numbers).any(|x| !is_sound(x)) {
            return refuse("expected numbers above 0");
        }
        let different = |of: fn(&TrainedSize) -> f64| {
            let mut all: Vec<u64> = sizes.iter().map(|size| of(size).to_bits()).collect();
            all.sort_unstable();
            all.dedup();
            all.len()
        };
        if different(|size| size.parameters) < 3 || different(|size| size.tokens) < 3 {
            return refuse("expected at least three sizes of models, and three of data");
        }

        let (from, to, finest) = EXPONENTS;
        let mut step = 0.1;
        let (mut alphas, mut betas) = ((from, to), (from, to));
        loop {
            let mut best: Option<(f64, Self)> = None;
            for alpha in steps(alphas, step) {
                for beta in steps(betas, step) {
                    let found = linear(sizes, alpha, beta);
                    if best.is_none_or(|(error, _)| found.0 < error) {
                        best = Some(found);
                    }
                }
            }
            let Some((_, law)) = best else { return refuse("expected a law that fits them") };
            if step <= finest {
                return Ok(law);
            }
            let around = |x: f64, step: f64| ((x - 2.0 * step).max(from), (x + 2.0 * step).min(to));
            alphas = around(law.parameter_exponent, step);
            betas = around(law.token_exponent, step);
            step /= 4.0;
        }
    }

    /// The loss of a model of so many parameters that has read so many tokens.
    #[must_use]
    pub fn loss(&self, parameters: f64, tokens: f64) -> f64 {
        // formula: scaling-law
        self.floor
            + self.parameter_factor / parameters.powf(self.parameter_exponent)
            + self.token_factor / tokens.powf(self.token_exponent)
    }
}

impl fmt::Display for ScalingLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { floor, parameter_factor: a, parameter_exponent: alpha, .. } = self;
        let Self { token_factor: b, token_exponent: beta, .. } = self;
        write!(f, "L = {floor:.2} + {a:.3} / N^{alpha:.2} + {b:.3} / D^{beta:.2}")
    }
}

fn steps((from, to): (f64, f64), step: f64) -> impl Iterator<Item = f64> {
    let count = ((to - from) / step).floor() as usize;
    (0..=count).map(move |n| from + step * n as f64)
}

/// The best law of these exponents, and the sum of the squares of its errors. None of E, A and B is
/// below 0: one that would be is left out.
fn linear(sizes: &[TrainedSize], alpha: f64, beta: f64) -> (f64, ScalingLaw) {
    let columns = |size: &TrainedSize| {
        let share = 1.0 / size.loss;
        [share, share / size.parameters.powf(alpha), share / size.tokens.powf(beta)]
    };
    let mut best = (f64::INFINITY, [0.0; 3]);
    for used in 1..8_u8 {
        let used: Vec<usize> = (0..3).filter(|column| used >> column & 1 == 1).collect();
        // Columns of one size, so that none is lost beside another: A may be a million times E.
        let sizes_of: Vec<f64> = used
            .iter()
            .map(|column| {
                sizes.iter().map(|size| columns(size)[*column].powi(2)).sum::<f64>().sqrt()
            })
            .collect();
        let row = |size: &TrainedSize| -> Vec<f64> {
            used.iter().zip(&sizes_of).map(|(column, of)| columns(size)[*column] / of).collect()
        };
        let Some(solution) = least_squares(sizes.iter().map(row), used.len()) else { continue };
        if solution.iter().any(|x| *x < 0.0) {
            continue;
        }
        let mut factors = [0.0; 3];
        for ((column, x), of) in used.iter().zip(solution).zip(&sizes_of) {
            factors[*column] = x / of;
        }
        let error = |size: &TrainedSize| {
            let found: f64 = columns(size).iter().zip(factors).map(|(x, factor)| x * factor).sum();
            (found - 1.0).powi(2)
        };
        let error = sizes.iter().map(error).sum();
        if error < best.0 {
            best = (error, factors);
        }
    }
    let [floor, parameter_factor, token_factor] = best.1;
    let (parameter_exponent, token_exponent) = (alpha, beta);
    let law =
        ScalingLaw { floor, parameter_factor, parameter_exponent, token_factor, token_exponent };
    (best.0, law)
}

/// x for which the rows times x are nearest to 1: the normal equations, by elimination. `None` if
/// they do not say.
fn least_squares(rows: impl Iterator<Item = Vec<f64>>, columns: usize) -> Option<Vec<f64>> {
    let mut equations = vec![vec![0.0; columns + 1]; columns];
    for row in rows {
        for (i, equation) in equations.iter_mut().enumerate() {
            for (j, sum) in equation.iter_mut().enumerate() {
                *sum += row[i] * row.get(j).copied().unwrap_or(1.0);
            }
        }
    }
    for pivot in 0..columns {
        let largest = (pivot..columns)
            .max_by(|a, b| equations[*a][pivot].abs().total_cmp(&equations[*b][pivot].abs()))?;
        equations.swap(pivot, largest);
        let equation = equations[pivot].clone();
        if equation[pivot].abs() < 1e-12 {
            return None;
        }
        for other in (0..columns).filter(|other| *other != pivot) {
            let times = equations[other][pivot] / equation[pivot];
            for (x, y) in equations[other].iter_mut().zip(&equation) {
                *x -= times * y;
            }
        }
    }
    Some((0..columns).map(|i| equations[i][columns] / equations[i][i]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(loss: impl Fn(f64, f64) -> f64) -> Vec<TrainedSize> {
        let all = [3e4, 1e5, 4e5, 2e6].into_iter();
        let all = all.flat_map(|n| [2e5, 5e5, 1e6, 2e6].map(|d| (n, d)));
        all.map(|(n, d)| TrainedSize { parameters: n, tokens: d, loss: loss(n, d) }).collect()
    }

    #[test]
    fn a_law_is_found_again() {
        let law = ScalingLaw::fit(&sizes(|n, d| 1.7 + 12.0 / n.powf(0.34) + 60.0 / d.powf(0.28)));
        let law = law.unwrap();
        assert!((law.parameter_exponent - 0.34).abs() < 0.01, "{law}");
        assert!((law.token_exponent - 0.28).abs() < 0.01, "{law}");
        assert!((law.floor - 1.7).abs() < 0.1, "{law}");
        assert!(
            (law.loss(1e5, 1e6) - (1.7 + 12.0 / 1e5_f64.powf(0.34) + 60.0 / 1e6_f64.powf(0.28)))
                .abs()
                < 1e-3
        );
    }

    #[test]
    fn where_the_size_does_not_matter_its_part_is_nothing() {
        let law = ScalingLaw::fit(&sizes(|_, d| 2.0 + 50.0 / d.powf(0.3))).unwrap();
        let part = law.parameter_factor / 3e4_f64.powf(law.parameter_exponent);
        assert!(part < 0.02 || law.parameter_exponent < 0.05, "{law}");
        assert!((law.token_exponent - 0.3).abs() < 0.05, "{law}");
    }

    #[test]
    fn too_few_sizes_and_numbers_that_are_none_are_refused() {
        let two: Vec<_> = sizes(|_, _| 1.0).into_iter().filter(|size| size.tokens < 6e5).collect();
        assert!(ScalingLaw::fit(&two).unwrap_err().to_string().contains("at least three sizes"));
        let nan = sizes(|n, _| if n > 1e6 { f64::NAN } else { 1.0 });
        assert!(ScalingLaw::fit(&nan).unwrap_err().to_string().contains("above 0"));
    }
}
