//! From a Hugging Face directory to a model.

use std::path::Path;

use lt_config::{BertConfig, ModelConfig};
use lt_core::Params;
use lt_weights::{
    Checkpoint, Layout, Reading, Report, SaveError, TensorSource, Warning, load, save,
};

use crate::bert_names::{
    BARE, DECODER, MASKED_LM_HEAD, MASKED_LM_TIED, MASKED_LM_UNTIED, POOLER, TOKEN_VECTORS,
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
pub struct Loaded<M> {
    /// The model.
    pub model: M,
    /// What its directory says about it.
    pub config: BertConfig,
    /// What its files held.
    pub report: Report,
}

impl<M> Loaded<M> {
    pub(crate) fn map<N>(self, wrap: impl FnOnce(M) -> N) -> Loaded<N> {
        Loaded { model: wrap(self.model), config: self.config, report: self.report }
    }
}

impl Bert {
    /// Loads the encoder of a BERT checkpoint, whatever head it has besides.
    ///
    /// The directory holds `config.json` and `model.safetensors`, or shards of it with an index.
    /// There is a pooler if the checkpoint has one.
    ///
    /// # Errors
    /// If a file is absent, damaged, or does not hold exactly the tensors of the model.
    ///
    /// PyTorch: transformers' `BertModel.from_pretrained(dir)`, which makes up a pooler at random
    /// if there is none.
    pub fn from_dir(
        dir: impl AsRef<Path>,
        options: &LoadOptions,
    ) -> Result<Loaded<Self>, ModelError> {
        let (config, source) = open(dir.as_ref(), options)?;
        let with_pooler = stored_name(&source, &BARE, POOLER).is_some();
        fill(Self::zeros(&config, with_pooler)?, config, &source, &BARE)
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
    ) -> Result<Loaded<Self>, ModelError> {
        let (config, source) = open(dir.as_ref(), options)?;
        if stored_name(&source, &MASKED_LM_TIED, MASKED_LM_HEAD).is_none() {
            let found = config.architectures.first().map_or("no head", String::as_str).to_owned();
            return Err(ModelError::Head { expected: "a masked-LM head", found });
        }
        let tied = config.tie_word_embeddings;
        let warning = if tied { other_decoder(&source)? } else { None };
        let (decoder, layout) = match tied && warning.is_none() {
            true => (Decoder::Tied, &MASKED_LM_TIED),
            false => (Decoder::Own, &MASKED_LM_UNTIED),
        };
        let mut loaded = fill(Self::zeros(&config, decoder)?, config, &source, layout)?;
        loaded.report.warnings.extend(warning);
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
    Ok((configuration(dir)?, Checkpoint::open(dir, options.reading)?))
}

/// What the directory says about its model.
pub(crate) fn configuration(dir: &Path) -> Result<BertConfig, ModelError> {
    match ModelConfig::from_dir(dir)? {
        ModelConfig::Bert(config) => Ok(config),
        other => Err(ModelError::Family { found: other.family() }),
    }
}

fn fill<M: Params>(
    mut model: M,
    config: BertConfig,
    source: &Checkpoint,
    layout: &Layout,
) -> Result<Loaded<M>, ModelError> {
    let report = load(&mut model, source, layout)?;
    Ok(Loaded { model, config, report })
}

/// The name under which the checkpoint stores a tensor, if it does.
fn stored_name<'a>(source: &'a Checkpoint, layout: &Layout, canonical: &str) -> Option<&'a str> {
    let tensors = source.tensors().iter().map(|tensor| tensor.name.as_str());
    tensors.into_iter().find(|name| layout.canonical(name) == canonical)
}

/// Whether the checkpoint stores a matrix for the head that is not the table of token vectors,
/// although the configuration says that it is: what is stored is then what was trained.
fn other_decoder(source: &Checkpoint) -> Result<Option<Warning>, ModelError> {
    let stored = |canonical| stored_name(source, &MASKED_LM_TIED, canonical);
    let (Some(copy), Some(original)) = (stored(DECODER), stored(TOKEN_VECTORS)) else {
        return Ok(None);
    };
    let differs = source.weight(copy)? != source.weight(original)?;
    let warning = Warning::NotTied { copy: copy.to_owned(), original: original.to_owned() };
    Ok(differs.then_some(warning))
}
