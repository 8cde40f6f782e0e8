//! From a Hugging Face directory to a model.

mod language_models;

use std::path::Path;

use lt_config::{BertConfig, ModelConfig};
use lt_core::Params;
use lt_weights::{Checkpoint, Layout, Reading, Report, SaveError, TensorSource, load, save};

use crate::family::family;
use crate::head::Head;
use crate::{
    ModelError, QuestionAnswering, ReplacedTokens, SequenceClassifier, TextEncoder,
    TokenClassifier, Top,
};

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
pub struct Loaded<M> {
    /// The model.
    pub model: M,
    /// What its directory says about it.
    pub config: ModelConfig,
    /// What its files held.
    pub report: Report,
}

impl<M> Loaded<M> {
    /// The same with the model wrapped in another type.
    pub(crate) fn map<N>(self, wrap: impl FnOnce(M) -> N) -> Loaded<N> {
        let Self { model, config, report } = self;
        Loaded { model: wrap(model), config, report }
    }
}

impl TextEncoder {
    /// Loads the encoder of a checkpoint, whatever its family, and whatever head it has besides.
    ///
    /// The directory holds `config.json` and `model.safetensors`, or shards of it with an index.
    /// There is a pooler if the checkpoint has one. A `config.json` that does not say of which
    /// family it is, as the first ones did not, is taken for BERT's.
    ///
    /// # Errors
    /// If a file is absent, damaged, or does not hold exactly the tensors of the model.
    ///
    /// PyTorch: transformers' `AutoModel.from_pretrained(dir)`, which makes up a pooler at random
    /// if there is none.
    pub fn from_dir(
        dir: impl AsRef<Path>,
        options: &LoadOptions,
    ) -> Result<Loaded<Self>, ModelError> {
        let (config, source) = open(dir.as_ref(), options)?;
        Self::from_source(config, &source)
    }

    /// As [`from_dir`](Self::from_dir), from tensors that lie anywhere.
    ///
    /// # Errors
    /// If the source does not hold exactly the tensors of the model.
    pub fn from_source(
        config: ModelConfig,
        source: &dyn TensorSource,
    ) -> Result<Loaded<Self>, ModelError> {
        let names = family(&config)?.names();
        let has_pooler = stores(source, &names.encoder, |name| Some(name) == names.pooler);
        let top = if has_pooler { Top::Pooler } else { Top::Nothing };
        fill(Self::zeros(&config, top)?, config, source, &names.encoder)
    }

    /// Saves the parameters as the bare model of transformers has them. The file is written
    /// beside and renamed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        save(self, &self.names().encoder, path)
    }
}

/// The three ways to get a model with one of the simpler heads.
macro_rules! load_with_head {
    ($model:ident, $head:ident, $layout:ident, $what:literal, $class:literal) => {
        impl $model {
            #[doc = concat!("Loads a checkpoint with ", $what, ", whatever its family.")]
            ///
            /// # Errors
            /// As for [`TextEncoder::from_dir`], and [`ModelError::Head`] if there is no such head.
            ///
            #[doc = concat!("PyTorch: transformers' `", $class, ".from_pretrained(dir)`.")]
            pub fn from_dir(
                dir: impl AsRef<Path>,
                options: &LoadOptions,
            ) -> Result<Loaded<Self>, ModelError> {
                let (config, source) = open(dir.as_ref(), options)?;
                Self::from_source(config, &source)
            }

            /// As [`from_dir`](Self::from_dir), from tensors that lie anywhere.
            ///
            /// # Errors
            /// If the source does not hold exactly the tensors of the model; [`ModelError::Head`]
            /// if it has no such head and does not say that it has.
            pub fn from_source(
                config: ModelConfig,
                source: &dyn TensorSource,
            ) -> Result<Loaded<Self>, ModelError> {
                let layout = &family(&config)?.names().$layout;
                expect_head($what, &config, source, layout, Head::$head)?;
                fill(Self::zeros(&config)?, config, source, layout)
            }

            /// Saves the parameters as the class of transformers has them. The file is written
            /// beside and renamed.
            ///
            /// # Errors
            /// If the file cannot be written.
            pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
                save(self, &self.encoder().names().$layout, path)
            }
        }
    };
}

load_with_head!(
    SequenceClassifier,
    Sequences,
    sequences,
    "a head that sorts texts",
    "AutoModelForSequenceClassification"
);
load_with_head!(
    TokenClassifier,
    Tokens,
    tokens,
    "a head that sorts tokens",
    "AutoModelForTokenClassification"
);
load_with_head!(
    QuestionAnswering,
    Questions,
    questions,
    "a head that finds answers",
    "AutoModelForQuestionAnswering"
);
load_with_head!(
    ReplacedTokens,
    Replaced,
    replaced,
    "a head that finds replaced tokens",
    "ElectraForPreTraining"
);

/// Refuses a checkpoint that neither says that it has such a head nor stores one.
fn expect_head(
    expected: &'static str,
    config: &ModelConfig,
    source: &dyn TensorSource,
    layout: &Layout,
    wanted: Head,
) -> Result<(), ModelError> {
    let classes = config.architectures();
    let names = family(config)?.names();
    let heads: Vec<Head> = classes.iter().filter_map(|class| Head::of(class, names)).collect();
    // What is stored tells nothing if it may be that of another head, which is named.
    let shares_names =
        |head: &Head| names.own(*head).iter().any(|pattern| layout.own.contains(pattern));
    // A bare encoder has a pooler too, which some heads count as theirs.
    let layer = |name: &'static str| name.rsplit_once('.').map(|(layer, _)| layer);
    let pooler = names.pooler.and_then(layer);
    let is_pooler = |name: &str| pooler.is_some_and(|pooler| name.starts_with(pooler));
    let is_stored = || stores(source, layout, |name| layout.owns(name) && !is_pooler(name));
    if heads.contains(&wanted) || !heads.iter().any(shares_names) && is_stored() {
        return Ok(());
    }
    Err(no_head(expected, config, wanted))
}

/// Says which head there is in the place of the wanted one.
fn no_head(expected: &'static str, config: &ModelConfig, wanted: Head) -> ModelError {
    let found = config.architectures().first().map_or("no head", String::as_str).to_owned();
    ModelError::Head { expected, class: wanted.suffix(), found }
}

fn open(dir: &Path, options: &LoadOptions) -> Result<(ModelConfig, Checkpoint), ModelError> {
    let config = ModelConfig::from_dir(dir).or_else(|error| {
        // A file that names no family; if it names another one, or is broken, the first error says so.
        BertConfig::from_dir(dir).map(ModelConfig::Bert).map_err(|_| error)
    })?;
    Ok((config, Checkpoint::open(dir, options.reading)?))
}

fn fill<M: Params>(
    mut model: M,
    config: ModelConfig,
    source: &dyn TensorSource,
    layout: &Layout,
) -> Result<Loaded<M>, ModelError> {
    let report = load(&mut model, source, layout)?;
    Ok(Loaded { model, config, report })
}

/// Whether the checkpoint stores a tensor of such a name, in the layout's spelling.
fn stores(source: &dyn TensorSource, layout: &Layout, wanted: impl Fn(&str) -> bool) -> bool {
    source.tensors().iter().any(|tensor| wanted(&layout.canonical(&tensor.name)))
}
