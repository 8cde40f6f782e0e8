//! A folder with tiny data and a tiny tokenizer.

use std::fs;
use std::path::{Path, PathBuf};

use lt_core::Threads;
use lt_recipes::{Finished, Resume, Session, TokenizerRecipe, Training, Unwatched};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

pub(crate) const ANIMALS: [&str; 6] = ["cat", "dog", "hen", "fox", "cow", "owl"];
const DOES: [&str; 5] = ["sees", "hears", "likes", "finds", "follows"];

/// Sentences of one pattern: what an animal does to another.
pub(crate) fn sentences() -> Vec<String> {
    let sentence = |n: usize| {
        let (who, does, whom) = (ANIMALS[n % 6], DOES[n / 6 % 5], ANIMALS[(n / 5 + 1) % 6]);
        format!("the {who} {does} the {whom} .")
    };
    (0..50).map(sentence).collect()
}

/// The folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// With `corpus.txt` and a WordPiece tokenizer of it.
    pub(crate) fn new() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        this.write("corpus.txt", &sentences().join("\n"));
        this.tokenizer("wordpiece", "words");
        this
    }

    pub(crate) fn tokenizer(&self, kind: &str, name: &str) {
        let recipe = format!(
            "out = {:?}\nkind = {kind:?}\nvocab_size = 300\n[data]\nfiles = [{:?}]",
            self.path(name),
            self.path("corpus.txt")
        );
        let recipe = TokenizerRecipe::parse(&recipe, &[]).unwrap();
        recipe.run(&mut |_| ()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// A recipe in which `DIR` stands for the folder.
    pub(crate) fn recipe<T: Default + DeserializeOwned>(&self, text: &str) -> Training<T> {
        let dir = self.0.path().to_str().unwrap();
        Training::parse(&text.replace("DIR", dir), &[]).unwrap()
    }
}

/// A tiny BERT.
pub(crate) const BERT: &str = r#"
    type = "bert"
    hidden_size = 32
    num_hidden_layers = 2
    num_attention_heads = 2
    intermediate_size = 48
    max_position_embeddings = 32
"#;

/// Nobody watches, with so many threads.
pub(crate) fn session(watcher: &mut Unwatched, threads: usize, resume: Resume) -> Session<'_> {
    let threads = match threads {
        1 => Threads::single(),
        count => lt_kernels::pool(count).unwrap(),
    };
    Session { threads, resume, watcher }
}

pub(crate) fn bytes(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The losses of the steps that the metrics of a run tell of.
pub(crate) fn losses(run: &Path) -> Vec<f64> {
    let text = String::from_utf8(bytes(run.join("metrics.jsonl"))).unwrap();
    let values = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    values.filter_map(|value| value.get("loss")?.as_f64()).collect()
}

/// Tasks that can be carried out.
pub(crate) trait Runs: Serialize {
    fn run_it(&self, session: Session<'_>) -> lt_recipes::Result<Finished>;
}

macro_rules! runs {
    ($($task:ident),*) => {$(
        impl Runs for Training<lt_recipes::$task> {
            fn run_it(&self, session: Session<'_>) -> lt_recipes::Result<Finished> {
                self.run(session)
            }
        }
    )*};
}

runs!(Mlm, Clm, Classify, Tag, Embed, Distill);

/// Carries a recipe out on one thread.
pub(crate) fn run(recipe: &impl Runs) -> Finished {
    recipe.run_it(session(&mut Unwatched, 1, Resume::Refuse)).unwrap()
}

/// What is said of a recipe that cannot be carried out, and the hint.
pub(crate) fn refused(recipe: &impl Runs) -> (String, String) {
    let error = recipe.run_it(session(&mut Unwatched, 1, Resume::Refuse)).unwrap_err();
    let hint = error.hint().unwrap_or_default();
    let mut said = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        said = format!("{said}: {error}");
        source = error.source();
    }
    (said, hint)
}
