//! What a new model begins with.

mod models;

use lt_config::ModelConfig;
use lt_core::{Params, Path, Result, Weight, weights};
use lt_embedding::sinusoidal_table;
use lt_kernels::math::{ln_f64, scramble, sin_cos};

use crate::family::family;

/// What the numbers of a new parameter are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Initial {
    /// All 0: biases, and gains that are one more than what is stored.
    Zeros,
    /// All 1: gains.
    Ones,
    /// Drawn from a normal distribution around 0 with this standard deviation; beyond so many
    /// deviations they are drawn again.
    Normal { deviation: f64, cutoff: Option<f64> },
    /// The sines of positions.
    Sines,
}

/// A parameter of a new model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct New<'a> {
    /// Its name, as [`lt_core::weights`] lists it.
    pub(crate) name: &'a str,
    /// Its shape.
    pub(crate) shape: &'a [usize],
    /// `initializer_range`: the standard deviation of its matrices.
    pub(crate) range: f64,
}

impl New<'_> {
    /// What most families begin with: matrices at random, biases of 0, gains of 1.
    ///
    /// PyTorch: transformers' `PreTrainedModel._init_weights`.
    pub(crate) fn usual(self) -> Initial {
        match self.shape {
            [_, _] => Initial::Normal { deviation: self.range, cutoff: None },
            _ if self.name.ends_with("bias") => Initial::Zeros,
            _ => Initial::Ones,
        }
    }

    /// Whether it is a matrix whose outputs are added to the rows that pass a layer by.
    pub(crate) fn is_added_to_rows(self) -> bool {
        let ends = ["attention.output.weight", "feed_forward.down.weight"];
        ends.iter().any(|end| self.name.ends_with(end))
    }
}

/// Gives the parameters of these names what a new model begins with.
pub(crate) fn initialise(
    model: &mut impl Params,
    config: &ModelConfig,
    seed: u64,
    wanted: impl Fn(&str) -> bool,
) -> Result<()> {
    let (family, range) = (family(config)?, f64::from(config.shared().initializer_range));
    let mut result = Ok(());
    model.visit_mut(&mut Path::new(), &mut |name, weight| {
        if wanted(name) && result.is_ok() {
            let initial = family.initial(New { name, shape: weight.shape(), range });
            result = initial.draw(seed, name, weight.shape()).map(|drawn| *weight = drawn);
        }
    });
    result
}

/// The names of the parameters that the configuration says are computed, and that training leaves
/// as they are: the positions of a DistilBERT with `sinusoidal_pos_embds`. Whoever trains by hand
/// gives them to the optimiser as frozen; a recipe does.
///
/// # Errors
/// If the configuration is of a family that this crate does not have.
///
/// ```
/// use lt_model::lt_config::{DistilBertConfig, ModelConfig};
/// use lt_model::{Decoder, MaskedLm, computed_parameters};
/// let mut config = DistilBertConfig {
///     vocab_size: 9, dim: 4, n_layers: 1, n_heads: 2, hidden_dim: 8, ..DistilBertConfig::default()
/// };
/// config.sinusoidal_pos_embds = true;
/// let config = ModelConfig::DistilBert(config);
/// let model = MaskedLm::zeros(&config, Decoder::Tied)?;
/// assert_eq!(computed_parameters(&config, &model)?, ["encoder.embeddings.position.table.weight"]);
/// # Ok::<(), lt_model::lt_core::Error>(())
/// ```
pub fn computed_parameters(config: &ModelConfig, model: &impl Params) -> Result<Vec<String>> {
    let family = family(config)?;
    let names = weights(model).into_iter().map(|(name, _)| name);
    Ok(names.filter(|name| family.is_computed(name)).collect())
}

impl Initial {
    fn draw(self, seed: u64, name: &str, shape: &[usize]) -> Result<Weight> {
        let len: usize = shape.iter().product();
        match (self, shape) {
            (Self::Zeros, _) => Ok(Weight::zeros(shape)),
            (Self::Ones, _) => Weight::new(shape, vec![1.0; len]),
            (Self::Sines, &[positions, d]) => sinusoidal_table(positions, d),
            (Self::Sines, _) => Ok(Weight::zeros(shape)),
            (Self::Normal { deviation, cutoff }, _) => {
                let key = key(seed, name);
                let number = |index| (deviation * normal_within(key, index, cutoff)) as f32;
                Weight::new(shape, (0..len as u64).map(number).collect())
            }
        }
    }
}

/// Where the random numbers of a parameter begin.
fn key(seed: u64, name: &str) -> u64 {
    name.bytes().fold(scramble(seed), |state, byte| scramble(state ^ u64::from(byte)))
}

/// The number of this place, drawn again until it is within the cutoff.
fn normal_within(key: u64, index: u64, cutoff: Option<f64>) -> f64 {
    let first = normal(key, index);
    let Some(cutoff) = cutoff else { return first };
    // Of two deviations one in twenty is beyond; a cutoff near 0 would be drawn for ever.
    let again = (1..64).map(|attempt| normal(scramble(key ^ attempt), index));
    let within = std::iter::once(first).chain(again).find(|number| number.abs() <= cutoff);
    within.unwrap_or(0.0)
}

/// A number of the standard normal distribution, a function of key and index alone: the formula of
/// [Box & Muller 1958](https://doi.org/10.1214/aoms/1177706645), which makes two of two.
fn normal(key: u64, index: u64) -> f64 {
    let uniform = |n: u64| ((scramble(key ^ n) >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0; // 2⁵³
    let (radius, turn) = (uniform(index & !1), uniform(index | 1));
    let radius = (-2.0 * ln_f64(radius)).sqrt();
    let (sin, cos) = sin_cos(2.0 * std::f64::consts::PI * turn);
    radius * if index & 1 == 0 { cos } else { sin }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: u64 = 100_000;

    /// Of n numbers the mean is off by 1/√n, the variance by √(2/n), the fourth power by √(96/n),
    /// in standard deviations; here five of them.
    #[test]
    fn numbers_are_normal() {
        let key = key(7, "a name");
        let mean = |power| (0..N).map(|i| normal(key, i).powi(power)).sum::<f64>() / N as f64;
        let n = N as f64;
        assert!(mean(1).abs() < 5.0 / n.sqrt());
        assert!((mean(2) - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
        assert!(mean(3).abs() < 5.0 * (15.0 / n).sqrt());
        assert!((mean(4) - 3.0).abs() < 5.0 * (96.0 / n).sqrt());
        // The two of a pair have nothing to do with each other.
        let products = (0..N / 2).map(|pair| normal(key, 2 * pair) * normal(key, 2 * pair + 1));
        assert!(products.sum::<f64>().abs() < 5.0 * (n / 2.0).sqrt());
    }

    #[test]
    fn beyond_the_cutoff_none_is_drawn_and_within_it_nothing_changes() {
        let key = key(7, "a name");
        let mut redrawn = 0;
        for index in 0..N {
            let (free, within) = (normal(key, index), normal_within(key, index, Some(2.0)));
            assert!(within.abs() <= 2.0);
            redrawn += u64::from(free != within);
            assert!(free == within || free.abs() > 2.0);
        }
        // 4.55 % of them are beyond two deviations.
        assert!((redrawn as f64 / N as f64 - 0.0455).abs() < 5.0 * (0.0455 / N as f64).sqrt());
        assert_eq!(normal_within(key, 0, Some(0.0)), 0.0);
    }

    #[test]
    fn seed_and_name_change_all_numbers() {
        let first = |seed, name| normal(key(seed, name), 0);
        assert_ne!(first(1, "a"), first(2, "a"));
        assert_ne!(first(1, "a"), first(1, "b"));
        assert_ne!(first(1, "ab"), first(1, "ba"));
    }
}
