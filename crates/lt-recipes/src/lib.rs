#![doc = concat!(
    include_str!("../doc/01-recipes.md"),
    include_str!("../doc/01b-sentence.md"),
    include_str!("../doc/01c-tasks.md"),
    include_str!("../doc/transfer.svg"),
    include_str!("../doc/02-scaling.md"),
    include_str!("../doc/scaling-law.mathml"),
    include_str!("../doc/03-scaling.md"),
    include_str!("../doc/scaling.svg"),
    include_str!("../doc/04-laws.md"),
)]

mod carry_out;
mod error;
mod hf_folder;
mod measure;
mod plot;
mod rows;
mod run_dir;
mod scaling;
mod sections;
mod start;
mod tasks;
mod texts;
mod toml_file;
mod vocabulary;

pub use carry_out::{Beginning, Finished, Session, Unwatched, Watcher};
pub use error::{RecipeError, Result};
pub use measure::{
    ClassScore, ClassifierScores, HiddenWordScores, HiddenWords, Likeness, measure_classifier,
    measure_hidden_words, measure_spread, measure_vectors,
};
pub use plot::{Metrics, PlotSettings, Point, Scale, plot, plot_scaling, plot_to};
pub use run_dir::Resume;
pub use scaling::{ScalingLaw, TrainedSize};
pub use sections::*;
pub use tasks::{SentenceModel, TokenizerKind, TokenizerRecipe, TrainedVocabulary};
pub use toml_file::Setting;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
