//! An encoder that gives a vector for each token, to be pooled.

use std::path::Path;

use lt_core::{Backward, Module, Params, Result, Scratch, Train, Trainable, Weight};
use lt_model::{LoadOptions, Model, ModelError, TextEncoder, TextEncoderCache, TokenIds};
use lt_weights::SaveError;
use ndarray::Array2;
use serde_json::{Value, json};

use crate::hf_folder::{Portable, write_json};
use crate::{PoolingName, RecipeError};

/// A [`TextEncoder`] that gives the vectors of all tokens, `[tokens, d]`, as training pools them.
#[derive(Debug, Clone)]
pub struct SentenceModel(pub TextEncoder);

impl Params for SentenceModel {
    fn visit<'a>(&'a self, path: &mut lt_core::Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        self.0.visit(path, visit);
    }

    fn visit_mut(&mut self, path: &mut lt_core::Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        self.0.visit_mut(path, visit);
    }
}

impl<'a> Module<TokenIds<'a>> for SentenceModel {
    type Output = Array2<f32>;

    fn forward(&self, input: TokenIds<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        self.0.hidden(input, scratch)
    }
}

impl Trainable for SentenceModel {
    type Cache = TextEncoderCache;
}

impl<'a> Backward<TokenIds<'a>> for SentenceModel {
    /// Ids have no gradient.
    type InputGrad = ();

    fn forward_cached(
        &self,
        input: TokenIds<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, TextEncoderCache)> {
        self.0.hidden_cached(input, train)
    }

    fn backward(
        &self,
        input: TokenIds<'a>,
        cache: &TextEncoderCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.0.hidden_backward(input, cache, d_output, &mut grads.0, scratch)
    }
}

impl Portable for SentenceModel {
    fn load_from(dir: &Path, options: &LoadOptions) -> Result<Self, ModelError> {
        Ok(Self(TextEncoder::from_dir(dir, options)?.model))
    }

    fn save_as(&self, path: &Path) -> Result<(), SaveError> {
        self.0.save(path)
    }

    fn class(&self) -> String {
        Model::Encoder(self.0.clone()).architecture()
    }
}

/// What sentence-transformers wants to know of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SentenceSettings {
    pub(crate) pooling: PoolingName,
    pub(crate) normalize: bool,
    pub(crate) max_length: usize,
    pub(crate) width: usize,
}

impl SentenceSettings {
    /// Writes `modules.json` and what it names.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), RecipeError> {
        let module = |number: usize, path: &str, kind: &str| {
            json!({"idx": number, "name": number.to_string(), "path": path,
                   "type": format!("sentence_transformers.models.{kind}")})
        };
        let mut modules = vec![module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling")];
        if self.normalize {
            modules.push(module(2, "2_Normalize", "Normalize"));
        }
        let mean = self.pooling == PoolingName::Mean;
        let pooling = json!({
            "word_embedding_dimension": self.width,
            "pooling_mode_cls_token": !mean,
            "pooling_mode_mean_tokens": mean,
            "pooling_mode_max_tokens": false,
            "pooling_mode_mean_sqrt_len_tokens": false,
        });
        let settings = json!({"max_seq_length": self.max_length, "do_lower_case": false});
        let dir = folder.join("1_Pooling");
        for dir in
            [dir.clone(), folder.join("2_Normalize")].iter().take(1 + usize::from(self.normalize))
        {
            std::fs::create_dir_all(dir)
                .map_err(|source| RecipeError::Write { path: dir.clone(), source })?;
        }
        write_json(&dir.join("config.json"), &pooling)?;
        write_json(&folder.join("sentence_bert_config.json"), &settings)?;
        write_json(&folder.join("modules.json"), &Value::Array(modules))
    }
}
