//! LoRA: a large matrix is changed by the product of two thin ones.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use lt_core::{Params, Path, Result, Scratch, Train, Weight, weights, zeros_like};
use lt_kernels::math::scramble;
use lt_kernels::reference::matmul;
use ndarray::Array2;

use crate::{Objective, TrainError, pattern};

/// What is adapted, and how.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LoraSettings {
    /// r, how thin the two matrices are.
    pub rank: usize,
    /// α: the product is multiplied by s = α / r.
    pub alpha: f32,
    /// Patterns of the matrices that are adapted: `*.query.weight`.
    pub targets: Vec<String>,
    /// Patterns of the parameters that are trained themselves: those of a new head.
    pub full: Vec<String>,
    /// Where the numbers of A come from.
    pub seed: u64,
}

impl LoraSettings {
    /// These matrices with rank r, and s = 1.
    #[must_use]
    pub fn new(rank: usize, targets: &[&str]) -> Self {
        let targets = targets.iter().map(|&pattern| pattern.to_owned()).collect();
        Self { rank, alpha: rank as f32, targets, full: Vec::new(), seed: 0 }
    }
}

/// A model that is not trained itself, with low-rank adapters (LoRA, 低秩适配) that are: each adapted matrix is
/// W = W₀ + s·B·A, with A `[r, in]` random and B `[out, r]` zero at first
/// ([Hu et al. 2021](https://arxiv.org/abs/2106.09685), section 4.1).
///
/// The layers of the model do not know of it: W is put together once a step, and the gradient
/// of W is pulled back to A and B. So it works for every model and matrix, and what was trained
/// *is* the merged model, to the bit. What is saved on the way is the optimiser's memory, not time.
///
/// Its parameters are the adapters alone, `NAME.lora_A` and `NAME.lora_B`, and those trained in full.
///
/// PEFT: `get_peft_model(model, LoraConfig(r, lora_alpha, target_modules, modules_to_save))`.
///
/// ```
/// use lt_train::lt_core::{Weight, parameter_count};
/// use lt_train::{Adapted, LoraSettings};
/// let base = Weight::new(&[20, 30], (0..600).map(|x| x as f32).collect())?;
/// let adapted = Adapted::new(base.clone(), &LoraSettings::new(2, &["*"]))?;
/// assert_eq!(parameter_count(&adapted), 2 * 20 + 2 * 30);
/// assert_eq!(adapted.merged(), &base); // nothing is trained yet
/// # Ok::<(), lt_train::TrainError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Adapted<M> {
    base: Arc<M>,
    scale: f32,
    adapters: BTreeMap<String, Adapter>,
    full: BTreeMap<String, Weight>,
    merged: OnceLock<Arc<M>>,
}

/// B·A of one matrix.
#[derive(Debug, Clone)]
struct Adapter {
    /// `[r, in]`.
    a: Weight,
    /// `[out, r]`.
    b: Weight,
}

impl<M: Params + Clone> Adapted<M> {
    /// The model with fresh adapters: it computes what it computed without them.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if the rank is 0, a pattern matches nothing, or a target is no
    /// matrix.
    pub fn new(base: M, settings: &LoraSettings) -> crate::Result<Self> {
        if settings.rank == 0 {
            return Err(TrainError::setting("rank", 0, "at least 1"));
        }
        let list = weights(&base);
        let names: Vec<String> = list.iter().map(|(name, _)| name.clone()).collect();
        let targets = pattern::chosen("targets", &settings.targets, &names)?;
        let full = pattern::chosen("full", &settings.full, &names)?;
        let mut adapters = BTreeMap::new();
        for (number, ((name, weight), _)) in
            list.iter().zip(&targets).enumerate().filter(|(_, (_, target))| **target)
        {
            let &[out, inner] = weight.shape() else {
                let got = format!("`{name}`, which is {:?}", weight.shape());
                return Err(TrainError::setting("targets", got, "matrices [out, in]"));
            };
            let (rank, seed) = (settings.rank, scramble(settings.seed) ^ number as u64);
            let b = Weight::zeros(&[out, rank]);
            adapters.insert(name.clone(), Adapter { a: uniform(rank, inner, seed)?, b });
        }
        let full = list.iter().zip(&full).filter(|(_, full)| **full);
        let full = full.map(|((name, weight), _)| (name.clone(), (*weight).clone())).collect();
        let scale = settings.alpha / settings.rank as f32;
        Ok(Self { base: Arc::new(base), scale, adapters, full, merged: OnceLock::new() })
    }

    /// The model with its adapters merged into its matrices: what was trained.
    pub fn merged(&self) -> &M {
        self.merged.get_or_init(|| Arc::new(self.merge()))
    }

    fn merge(&self) -> M {
        let mut merged = (*self.base).clone();
        merged.visit_mut(&mut Path::new(), &mut |name, weight| {
            if let Some(full) = self.full.get(name) {
                *weight = full.clone();
            }
            if let Some(adapter) = self.adapters.get(name) {
                // forward: W = W₀ + s·B·A
                let product = matmul(adapter.b.matrix(), adapter.a.matrix()); // [out, in]
                for (w, change) in weight.make_mut().iter_mut().zip(&product) {
                    *w += self.scale * change;
                }
            }
        });
        merged
    }

    /// Adds to the gradient of the adapters what follows from that of the merged model.
    fn pull(&self, d_merged: &M, grads: &mut Self) {
        let scaled =
            |found: Array2<f32>| found.iter().map(|x| self.scale * x).collect::<Vec<f32>>();
        for (name, d_weight) in weights(d_merged) {
            if let (Some(adapter), Some(grads)) =
                (self.adapters.get(&name), grads.adapters.get_mut(&name))
            {
                // ⇒ backward: dA = s·Bᵀ·dW, dB = s·dW·Aᵀ
                let (a, b, d) = (adapter.a.matrix(), adapter.b.matrix(), d_weight.matrix());
                grads.a.add(&scaled(matmul(b.t(), d))); // [r, in]
                grads.b.add(&scaled(matmul(d, a.t()))); // [out, r]
            } else if let Some(grad) = grads.full.get_mut(&name) {
                grad.add_weight(d_weight);
            }
        }
    }
}

/// Numbers between −1/√in and 1/√in, as PEFT's A begins: each from the seed and its own place.
fn uniform(rank: usize, inner: usize, seed: u64) -> Result<Weight> {
    let bound = 1.0 / (inner as f32).sqrt();
    let number = |place: usize| {
        let bits = scramble(scramble(seed) ^ place as u64);
        ((bits >> 40) as f32 / 8_388_608.0 - 1.0) * bound // 2²³
    };
    Weight::new(&[rank, inner], (0..rank * inner).map(number).collect())
}

impl<M> Params for Adapted<M> {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        for (name, adapter) in &self.adapters {
            path.enter(format_args!("{name}.lora_A"), |path| visit(path.as_str(), &adapter.a));
            path.enter(format_args!("{name}.lora_B"), |path| visit(path.as_str(), &adapter.b));
        }
        for (name, weight) in &self.full {
            path.enter(name, |path| visit(path.as_str(), weight));
        }
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        self.merged = OnceLock::new();
        for (name, adapter) in &mut self.adapters {
            path.enter(format_args!("{name}.lora_A"), |path| visit(path.as_str(), &mut adapter.a));
            path.enter(format_args!("{name}.lora_B"), |path| visit(path.as_str(), &mut adapter.b));
        }
        for (name, weight) in &mut self.full {
            path.enter(name, |path| visit(path.as_str(), weight));
        }
    }
}

/// The objective of a model, for the adapters of that model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WithAdapters<O>(pub O);

impl<O: Objective> Objective for WithAdapters<O> {
    type Model = Adapted<O::Model>;
    type Shard = O::Shard;

    fn labels(&self, shard: &O::Shard) -> usize {
        self.0.labels(shard)
    }

    fn tokens(&self, shard: &O::Shard) -> usize {
        self.0.tokens(shard)
    }

    fn gradient(
        &self,
        model: &Self::Model,
        shard: &O::Shard,
        train: &mut Train,
        scale: f32,
        grads: &mut Self::Model,
    ) -> Result<f64> {
        let merged = model.merged();
        let mut d_merged = zeros_like(merged);
        let loss = self.0.gradient(merged, shard, train, scale, &mut d_merged)?;
        model.pull(&d_merged, grads);
        Ok(loss)
    }

    fn loss(&self, model: &Self::Model, shard: &O::Shard, scratch: &mut Scratch) -> Result<f64> {
        self.0.loss(model.merged(), shard, scratch)
    }
}
