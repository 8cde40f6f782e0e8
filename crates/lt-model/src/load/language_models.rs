//! Models that predict words, whose last matrix may be the table of token vectors.

use std::path::Path;

use lt_config::ModelConfig;
use lt_core::{Params, Result as LayerResult};
use lt_weights::{Layout, SaveError, TensorSource, Warning, save};

use super::{LoadOptions, Loaded, expect_head, fill, no_head, open, stores};
use crate::family::{CausalLmLayouts, MaskedLmLayouts, family};
use crate::head::Head;
use crate::{CausalLm, Decoder, MaskedLm, ModelError};

impl MaskedLm {
    /// Loads a checkpoint with its masked-LM head, whatever its family.
    ///
    /// The head's matrix is the table of token vectors, unless the configuration says otherwise
    /// or the checkpoint stores another matrix under its name; the report then warns of it.
    ///
    /// # Errors
    /// As for [`TextEncoder::from_dir`](crate::TextEncoder::from_dir), and [`ModelError::Head`] if
    /// there is no such head.
    ///
    /// PyTorch: transformers' `AutoModelForMaskedLM.from_pretrained(dir)`.
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
    /// If the source does not hold exactly the tensors of the model; [`ModelError::Head`] if it
    /// has no such head and does not say that it has.
    pub fn from_source(
        config: ModelConfig,
        source: &dyn TensorSource,
    ) -> Result<Loaded<Self>, ModelError> {
        let names = family(&config)?.names();
        let what = "a masked-LM head";
        let Some(layouts) = &names.masked_lm else {
            return Err(no_head(what, &config, Head::MaskedLm));
        };
        let MaskedLmLayouts { tied, tied_with_decoder_bias, untied, .. } = layouts;
        expect_head(what, &config, source, tied, Head::MaskedLm)?;
        // The bias has two names. What transformers adds is what is stored by the decoder's.
        let tied = match stores(source, tied, |name| name == layouts.decoder_bias) {
            true => tied_with_decoder_bias,
            false => tied,
        };
        let stored = Stored { tied, own: untied, matrix: layouts.decoder };
        tied_or_own(config, source, &stored, Self::zeros)
    }

    /// Saves the parameters as the masked LM of transformers has them. The file is written
    /// beside and renamed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        let Some(layouts) = &self.encoder().names().masked_lm else {
            unreachable!("a family that makes the head has names for it")
        };
        match self.decoder() {
            Decoder::Tied => save(self, &layouts.tied, path),
            Decoder::Own => save(self, &layouts.untied, path),
        }
    }
}

impl CausalLm {
    /// Loads a checkpoint that predicts the next word, whatever its family.
    ///
    /// The head's matrix is the table of token vectors, unless the configuration says otherwise
    /// or the checkpoint stores another matrix under its name; the report then warns of it.
    ///
    /// # Errors
    /// As for [`TextEncoder::from_dir`](crate::TextEncoder::from_dir), and [`ModelError::Head`] if
    /// there is no such head.
    ///
    /// PyTorch: transformers' `AutoModelForCausalLM.from_pretrained(dir)`.
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
    /// If the source does not hold exactly the tensors of the model; [`ModelError::Head`] if its
    /// family has no such head, or it says that it has another.
    pub fn from_source(
        config: ModelConfig,
        source: &dyn TensorSource,
    ) -> Result<Loaded<Self>, ModelError> {
        let names = family(&config)?.names();
        let what = "a head that predicts the next word";
        let Some(CausalLmLayouts { tied, untied, .. }) = &names.causal_lm else {
            return Err(no_head(what, &config, Head::CausalLm));
        };
        // A tied head is not stored: that it is there is for the configuration to say.
        let is_other = |class: &String| Head::of(class, names) != Some(Head::CausalLm);
        if !config.architectures().is_empty() && config.architectures().iter().all(is_other) {
            return Err(no_head(what, &config, Head::CausalLm));
        }
        let stored = Stored { tied, own: untied, matrix: CausalLmLayouts::HEAD };
        tied_or_own(config, source, &stored, Self::zeros)
    }

    /// Saves the parameters as the class of transformers has them. The file is written beside and
    /// renamed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        let Some(layouts) = &self.encoder().names().causal_lm else {
            unreachable!("a family that makes the head has names for it")
        };
        match self.decoder() {
            Decoder::Tied => save(self, &layouts.tied, path),
            Decoder::Own => save(self, &layouts.untied, path),
        }
    }
}

/// How a checkpoint stores the matrix that turns vectors into scores of words.
struct Stored<'a> {
    /// Where that is the table of token vectors.
    tied: &'a Layout,
    /// Where it is a matrix of its own.
    own: &'a Layout,
    /// What it is called, as [`Layout::canonical`] writes it.
    matrix: &'a str,
}

/// Loads with a tied matrix where the configuration says so, unless another one is stored.
fn tied_or_own<M: Params>(
    config: ModelConfig,
    source: &dyn TensorSource,
    stored: &Stored<'_>,
    zeros: impl Fn(&ModelConfig, Decoder) -> LayerResult<M>,
) -> Result<Loaded<M>, ModelError> {
    if !config.shared().tie_word_embeddings {
        return fill(zeros(&config, Decoder::Own)?, config, source, stored.own);
    }
    let loaded = fill(zeros(&config, Decoder::Tied)?, config, source, stored.tied)?;
    let Some(warning) = loaded.report.warnings.iter().find_map(|it| not_tied(it, stored)) else {
        return Ok(loaded);
    };
    // The matrix that is stored is no copy: it is what was trained.
    let model = zeros(&loaded.config, Decoder::Own)?;
    let mut loaded = fill(model, loaded.config, source, stored.own)?;
    loaded.report.warnings.push(warning);
    Ok(loaded)
}

/// The warning that takes the place of "the matrix differs from the table": both are used.
fn not_tied(warning: &Warning, stored: &Stored<'_>) -> Option<Warning> {
    match warning {
        Warning::CopyDiffers { copy, original, .. }
            if stored.tied.canonical(copy) == stored.matrix =>
        {
            Some(Warning::NotTied { copy: copy.clone(), original: original.clone() })
        }
        _ => None,
    }
}
