//! A small model with every arrangement that a layout knows, and a checkpoint in memory.

use std::collections::BTreeMap;

use lt_core::{NameMap, Rule, Weight, params, weights};
use lt_weights::{Layout, ReadError, StoredDtype, TensorInfo, TensorSource};

#[derive(Clone)]
pub(crate) struct Linear {
    pub(crate) weight: Weight,
    pub(crate) bias: Weight,
}
params!(Linear { weight, bias });

#[derive(Clone)]
pub(crate) struct Layer {
    pub(crate) query: Linear,
    pub(crate) key: Linear,
    pub(crate) up: Linear,
    pub(crate) norm: Linear,
}
params!(Layer { query, key, up, norm });

#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) words: Weight,
    pub(crate) layers: Vec<Layer>,
    pub(crate) head: Option<Weight>,
}
params!(Model { words, layers, head });

/// Words are tied to the head's matrix, query and key are one tensor, `up` is transposed.
pub(crate) const LAYOUT: Layout = Layout {
    prefixes: &["model.", "bert."],
    aliases: &[("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")],
    ignored: &["position_ids", "cls.other.*"],
    tied: &[("cls.decoder.weight", "words.weight"), ("cls.decoder.bias", "cls.bias")],
    ..Layout::new(NameMap::new(&[
        Rule::Rename { ours: "words", theirs: "bert.words.weight" },
        Rule::Rename { ours: "head", theirs: "cls.bias" },
        Rule::Fuse {
            ours: &["layers.{}.query", "layers.{}.key"],
            theirs: "bert.layer.{}.query_key",
            transposed: false,
        },
        Rule::Transpose { ours: "layers.{}.up", theirs: "bert.layer.{}.up" },
        Rule::Rename { ours: "layers.{}.norm", theirs: "bert.layer.{}.LayerNorm" },
    ]))
};

impl Model {
    /// Parameters without numbers: what a model is before it is loaded.
    pub(crate) fn empty(layers: usize) -> Self {
        let linear = |out: usize, width: usize| Linear {
            weight: Weight::zeros(&[out, width]),
            bias: Weight::zeros(&[out]),
        };
        let norm = Linear { weight: Weight::zeros(&[2]), bias: Weight::zeros(&[2]) };
        let layer = Layer { query: linear(2, 2), key: linear(2, 2), up: linear(3, 2), norm };
        Self {
            words: Weight::zeros(&[4, 2]),
            layers: vec![layer; layers],
            head: Some(Weight::zeros(&[4])),
        }
    }

    /// The bits of all parameters, by name.
    pub(crate) fn bits(&self) -> Vec<(String, Vec<u32>)> {
        let bits = |weight: &Weight| weight.to_f32().iter().map(|x| x.to_bits()).collect();
        weights(self).into_iter().map(|(name, weight)| (name, bits(weight))).collect()
    }
}

/// Tensors in memory.
pub(crate) struct Memory {
    infos: Vec<TensorInfo>,
    weights: BTreeMap<String, Weight>,
}

impl Memory {
    /// The checkpoint of a model with one layer; its numbers count up, tensor after tensor.
    pub(crate) fn checkpoint() -> Self {
        let mut memory = Self { infos: Vec::new(), weights: BTreeMap::new() };
        let mut next = 0.0;
        for (name, shape) in [
            ("bert.words.weight", [4, 2].as_slice()),
            ("bert.layer.0.query_key.weight", &[4, 2]),
            ("bert.layer.0.query_key.bias", &[4]),
            ("bert.layer.0.up.weight", &[2, 3]),
            ("bert.layer.0.up.bias", &[3]),
            ("bert.layer.0.LayerNorm.weight", &[2]),
            ("bert.layer.0.LayerNorm.bias", &[2]),
            ("cls.bias", &[4]),
        ] {
            let len: usize = shape.iter().product();
            let numbers = (0..len).map(|i| next + i as f32).collect();
            next += len as f32;
            memory.insert(name, Weight::new(shape, numbers).unwrap());
        }
        memory
    }

    pub(crate) fn insert(&mut self, name: &str, weight: Weight) {
        let dtype = StoredDtype::Usable(weight.dtype());
        self.declare(name, dtype, weight.shape());
        self.weights.insert(name.into(), weight);
    }

    /// A tensor that is in the list, but cannot be read.
    pub(crate) fn declare(&mut self, name: &str, dtype: StoredDtype, shape: &[usize]) {
        self.infos.retain(|info| info.name != name);
        self.infos.push(TensorInfo { name: name.into(), dtype, shape: shape.into(), bytes: 0 });
        self.infos.sort_by(|a, b| a.name.cmp(&b.name));
        self.weights.remove(name);
    }

    pub(crate) fn remove(&mut self, name: &str) -> Weight {
        self.infos.retain(|info| info.name != name);
        self.weights.remove(name).unwrap()
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let weight = self.remove(from);
        self.insert(to, weight);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.infos.iter().map(|info| info.name.clone()).collect()
    }
}

impl TensorSource for Memory {
    fn tensors(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn weight(&self, name: &str) -> Result<Weight, ReadError> {
        self.weights.get(name).cloned().ok_or_else(|| ReadError::no_tensor(name))
    }
}
