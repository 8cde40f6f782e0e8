//! From a Hugging Face directory to a model.

use std::path::Path;

use lt_config::{BertConfig, ModelConfig};
use lt_core::Params;
use lt_weights::{
    Checkpoint, Layout, Reading, Report, SaveError, TensorSource, Warning, load, save,
};

use crate::bert_names::{
    BARE, DECODER, DECODER_BIAS, MASKED_LM, MASKED_LM_CLASSES, MASKED_LM_TIED,
    MASKED_LM_TIED_DECODER_BIAS, MASKED_LM_UNTIED, POOLER,
};
use crate::masked_lm::Decoder;
use crate::{Bert, BertForMaskedLm, ModelError};

/// How a model is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Whether its files are mapped into memory or read.
    pub reading: Reading,
}

impl LoadOptions {
    /// With its files mapped into memory, or read.
    #[must_use]
    pub fn reading(self, reading: Reading) -> Self {
        Self { reading }
    }
}

/// A model, and what was learned about it on the way.
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded<M, C> {
    /// The model.
    pub model: M,
    /// What its directory says about it.
    pub config: C,
    /// What its files held.
    pub report: Report,
}

impl<M> Loaded<M, BertConfig> {
    /// The same, as a model of any family.
    pub(crate) fn into_any<N>(self, wrap: impl FnOnce(M) -> N) -> Loaded<N, ModelConfig> {
        let Self { model, config, report } = self;
        Loaded { model: wrap(model), config: ModelConfig::Bert(config), report }
    }
}

impl Bert {
    /// Loads the encoder of a BERT checkpoint, whatever head it has besides.
    ///
    /// The directory holds `config.json` and `model.safetensors`, or shards of it with an index.
    /// There is a pooler if the checkpoint has one. A `config.json` that does not say of which
    /// family it is, as the first ones did not, is taken for BERT's.
    ///
    /// # Errors
    /// If a file is absent, damaged, or does not hold exactly the tensors of the model.
    ///
    /// PyTorch: transformers' `BertModel.from_pretrained(dir)`, which makes up a pooler at random
    /// if there is none.
    pub fn from_dir(
        dir: impl AsRef<Path>,
        options: &LoadOptions,
    ) -> Result<Loaded<Self, BertConfig>, ModelError> {
        let (config, source) = open(dir.as_ref(), options)?;
        Self::from_source(config, &source)
    }

    /// As [`from_dir`](Self::from_dir), from tensors that lie anywhere.
    ///
    /// # Errors
    /// If the source does not hold exactly the tensors of the model.
    pub fn from_source(
        config: BertConfig,
        source: &dyn TensorSource,
    ) -> Result<Loaded<Self, BertConfig>, ModelError> {
        let with_pooler = stores(source, &BARE, |name| name == POOLER);
        fill(Self::zeros(&config, with_pooler)?, config, source, &BARE)
    }

    /// Saves the parameters as `BertModel` of transformers has them. The file is written beside
    /// and renamed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        save(self, &BARE, path)
    }
}

impl BertForMaskedLm {
    /// Loads a BERT checkpoint with its masked-LM head.
    ///
    /// The head's matrix is the table of token vectors, unless the configuration says otherwise
    /// or the checkpoint stores another matrix under its name; the report then warns of it.
    ///
    /// # Errors
    /// As for [`Bert::from_dir`], and [`ModelError::Head`] if there is no such head.
    ///
    /// PyTorch: transformers' `BertForMaskedLM.from_pretrained(dir)`.
    pub fn from_dir(
        dir: impl AsRef<Path>,
        options: &LoadOptions,
    ) -> Result<Loaded<Self, BertConfig>, ModelError> {
        let (config, source) = open(dir.as_ref(), options)?;
        Self::from_source(config, &source)
    }

    /// As [`from_dir`](Self::from_dir), from tensors that lie anywhere.
    ///
    /// # Errors
    /// If the source does not hold exactly the tensors of the model; [`ModelError::Head`] if it
    /// has no such head and does not say that it has.
    pub fn from_source(
        config: BertConfig,
        source: &dyn TensorSource,
    ) -> Result<Loaded<Self, BertConfig>, ModelError> {
        let says_so =
            config.architectures.iter().any(|class| MASKED_LM_CLASSES.contains(&class.as_str()));
        if !says_so && !stores(source, &MASKED_LM_TIED, |name| name.starts_with(MASKED_LM)) {
            let found = config.architectures.first().map_or("no head", String::as_str).to_owned();
            return Err(ModelError::Head { expected: "a masked-LM head", found });
        }
        let untied = |config: BertConfig| {
            let model = Self::zeros(&config, Decoder::Own)?;
            fill(model, config, source, &MASKED_LM_UNTIED)
        };
        if !config.tie_word_embeddings {
            return untied(config);
        }
        // The bias has two names. What transformers adds is what is stored by the decoder's.
        let layout = match stores(source, &MASKED_LM_TIED, |name| name == DECODER_BIAS) {
            true => &MASKED_LM_TIED_DECODER_BIAS,
            false => &MASKED_LM_TIED,
        };
        let loaded = fill(Self::zeros(&config, Decoder::Tied)?, config, source, layout)?;
        let Some(warning) = loaded.report.warnings.iter().find_map(not_tied) else {
            return Ok(loaded);
        };
        // The decoder that is stored is no copy: it is what was trained.
        let mut loaded = untied(loaded.config)?;
        loaded.report.warnings.push(warning);
        Ok(loaded)
    }

    /// Saves the parameters as `BertForMaskedLM` of transformers has them. The file is written
    /// beside and renamed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        let layout = match self.decoder() {
            Decoder::Tied => &MASKED_LM_TIED,
            Decoder::Own => &MASKED_LM_UNTIED,
        };
        save(self, layout, path)
    }
}

fn open(dir: &Path, options: &LoadOptions) -> Result<(BertConfig, Checkpoint), ModelError> {
    Ok((BertConfig::from_dir(dir)?, Checkpoint::open(dir, options.reading)?))
}

fn fill<M: Params>(
    mut model: M,
    config: BertConfig,
    source: &dyn TensorSource,
    layout: &Layout,
) -> Result<Loaded<M, BertConfig>, ModelError> {
    let report = load(&mut model, source, layout)?;
    Ok(Loaded { model, config, report })
}

/// Whether the checkpoint stores a tensor of such a name, in the layout's spelling.
fn stores(source: &dyn TensorSource, layout: &Layout, wanted: impl Fn(&str) -> bool) -> bool {
    source.tensors().iter().any(|tensor| wanted(&layout.canonical(&tensor.name)))
}

/// The warning that takes the place of "the decoder differs from the table": both are used.
fn not_tied(warning: &Warning) -> Option<Warning> {
    match warning {
        Warning::CopyDiffers { copy, original, .. }
            if MASKED_LM_TIED.canonical(copy) == DECODER =>
        {
            Some(Warning::NotTied { copy: copy.clone(), original: original.clone() })
        }
        _ => None,
    }
}
