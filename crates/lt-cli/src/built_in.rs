//! The models that are built into the program.

use std::path::Path;

use lt_model::CausalLm;
use lt_tasks::{FillMask, SentenceEncoder, TextGenerator};
use lt_tokenizer::Tokenizer;

use crate::another_head::with_hint;
use crate::args::Common;
use crate::failure::{Failure, Result};
use crate::model_dir::Place;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    /// Guesses hidden words.
    Bert,
    /// Turns sentences into vectors.
    MiniLm,
    /// Goes on with texts.
    Gpt,
}

impl BuiltIn {
    const ALL: [Self; 3] = [Self::Bert, Self::MiniLm, Self::Gpt];

    /// Its name, that of its crate.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bert => "lt-tiny-bert",
            Self::MiniLm => "lt-tiny-minilm",
            Self::Gpt => "lt-tiny-gpt",
        }
    }

    /// The one of this name.
    pub(crate) fn named(path: &Path) -> Option<Self> {
        Self::ALL.into_iter().find(|model| Path::new(model.name()) == path)
    }

    /// The commands that use it, besides those that use all.
    fn commands(self) -> &'static str {
        match self {
            Self::Bert => "`lt fill-mask`",
            Self::MiniLm => "`lt encode`, `lt similarity` and `lt search`",
            Self::Gpt => "`lt generate`",
        }
    }

    fn refused(self) -> Failure {
        Failure::new(format!("the model `{}` is not made for this", self.name())).hint(format!(
            "it is for {}, `lt tour` and `lt tokenize`; without --model each command takes the \
             one that is made for it",
            self.commands()
        ))
    }

    /// The error of a command that reads files.
    pub(crate) fn has_no_files(self) -> Failure {
        Failure::new(format!("`{}` is built in, and this command reads files", self.name()))
            .hint(format!("it is for {}, `lt tour` and `lt tokenize`", self.commands()))
    }

    /// Its tokenizer.
    pub(crate) fn tokenizer(self) -> Result<Tokenizer> {
        Ok(match self {
            Self::Bert => lt_tiny_bert::tokenizer(),
            Self::MiniLm => lt_tiny_minilm::tokenizer(),
            Self::Gpt => lt_tiny_gpt::tokenizer(),
        }?)
    }
}

/// A model for what is to be done: that of a directory, or the one that is built in for it.
impl Common {
    /// One that turns sentences into vectors.
    pub(crate) fn sentence_encoder(&self) -> Result<SentenceEncoder> {
        match self.place(BuiltIn::MiniLm)? {
            Place::Dir(dir) => Ok(SentenceEncoder::from_dir(dir, &self.load_options())?),
            Place::BuiltIn(BuiltIn::MiniLm) => Ok(lt_tiny_minilm::sentence_encoder()?),
            Place::BuiltIn(other) => Err(other.refused()),
        }
    }

    /// One that guesses hidden words.
    pub(crate) fn fill_mask(&self) -> Result<FillMask> {
        match self.place(BuiltIn::Bert)? {
            Place::Dir(dir) => FillMask::from_dir(dir, &self.load_options()).map_err(with_hint),
            Place::BuiltIn(BuiltIn::Bert) => Ok(lt_tiny_bert::fill_mask()?),
            Place::BuiltIn(other) => Err(other.refused()),
        }
    }

    /// One that goes on with ids: it needs no tokenizer.
    pub(crate) fn causal_lm(&self) -> Result<CausalLm> {
        match self.place(BuiltIn::Gpt)? {
            Place::Dir(dir) => {
                let loaded = CausalLm::from_dir(dir, &self.load_options());
                Ok(loaded.map_err(|error| with_hint(error.into()))?.model)
            }
            Place::BuiltIn(BuiltIn::Gpt) => Ok(lt_tiny_gpt::model()?),
            Place::BuiltIn(other) => Err(other.refused()),
        }
    }

    /// One that goes on with texts.
    pub(crate) fn text_generator(&self) -> Result<TextGenerator> {
        match self.place(BuiltIn::Gpt)? {
            Place::Dir(dir) => {
                TextGenerator::from_dir(dir, &self.load_options()).map_err(with_hint)
            }
            Place::BuiltIn(BuiltIn::Gpt) => Ok(lt_tiny_gpt::text_generator()?),
            Place::BuiltIn(other) => Err(other.refused()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_one_model() {
        for model in BuiltIn::ALL {
            assert_eq!(BuiltIn::named(Path::new(model.name())), Some(model));
        }
        assert_eq!(BuiltIn::named(Path::new("lt-tiny")), None);
    }
}
