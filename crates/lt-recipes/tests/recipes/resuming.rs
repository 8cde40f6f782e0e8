//! A run that is taken up again, and runs on more threads, have the same bits.

use std::fs;

use lt_recipes::{Clm, Mlm, RecipeError, Resume, Session, Training, Unwatched, Watcher};
use lt_train::{Observer, StepMetrics};

use crate::folder::{BERT, Folder, bytes, losses, refused, run, session};

fn recipe(folder: &Folder, out: &str) -> Training<Mlm> {
    folder.recipe(&format!(
        r#"
        out = "DIR/{out}"
        steps = 12
        seed = 7
        [model]
        {BERT}
        [tokenizer]
        from = "DIR/words"
        [data]
        files = ["DIR/corpus.txt"]
        examples_per_step = 10
        [optimizer]
        rate = 0.01
        [evaluation]
        files = ["DIR/corpus.txt"]
        every = 4
        [checkpoints]
        every = 3
        "#
    ))
}

/// Stops a run behind a step, as if it was killed there.
struct Killer(u64);

impl Observer for Killer {
    fn step(&mut self, metrics: &StepMetrics) -> std::io::Result<()> {
        if metrics.step == self.0 { Err(std::io::Error::other("killed")) } else { Ok(()) }
    }
}

impl Watcher for Killer {}

#[test]
fn a_run_that_was_cut_off_ends_as_one_that_was_not() {
    let folder = Folder::new();
    run(&recipe(&folder, "whole"));
    let cut = recipe(&folder, "cut");
    for step in [7, 10] {
        let threads = lt_core::Threads::single();
        let session = Session { threads, resume: Resume::GoOn, watcher: &mut Killer(step) };
        let error = cut.run(session).unwrap_err();
        assert!(matches!(error, RecipeError::Train(_)), "{error}");
    }
    cut.run(session(&mut Unwatched, 1, Resume::GoOn)).unwrap();
    for name in
        ["model/model.safetensors", "model/config.json", "step-000012/optimizer.safetensors"]
    {
        assert_eq!(
            bytes(folder.path("whole").join(name)),
            bytes(folder.path("cut").join(name)),
            "{name}"
        );
    }
    // Each step is told of once, and as in the run that was not cut off.
    assert_eq!(losses(&folder.path("whole")), losses(&folder.path("cut")));
    // A run that has ended ends at once.
    let again = cut.run(session(&mut Unwatched, 1, Resume::GoOn)).unwrap();
    assert_eq!(again.outcome.loss, None);
    assert_eq!(
        bytes(folder.path("whole/model/model.safetensors")),
        bytes(again.model.join("model.safetensors"))
    );
}

#[test]
fn threads_change_no_bit() {
    let folder = Folder::new();
    let one = recipe(&folder, "one").run(session(&mut Unwatched, 1, Resume::Refuse)).unwrap();
    let two = recipe(&folder, "two").run(session(&mut Unwatched, 2, Resume::Refuse)).unwrap();
    let weights = |dir: &std::path::Path| bytes(dir.join("model.safetensors"));
    assert!(weights(&one.model) == weights(&two.model));
    assert_eq!(losses(&folder.path("one")), losses(&folder.path("two")));
    let mut other = recipe(&folder, "other");
    other.seed = 8;
    assert!(weights(&run(&other).model) != weights(&one.model), "the seed is what decides");
}

#[test]
fn a_folder_with_a_run_is_not_written_over_by_a_slip() {
    let folder = Folder::new();
    run(&recipe(&folder, "run"));
    let (error, hint) = refused(&recipe(&folder, "run"));
    assert!(error.ends_with("run` holds a run already"), "{error}");
    assert!(hint.contains("--resume"), "{hint}");
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = Folder::new();
    run(&recipe(&folder, "run"));
    let go_on = |recipe: &Training<Mlm>| {
        let error = recipe.run(session(&mut Unwatched, 1, Resume::GoOn)).unwrap_err();
        (error.to_string(), error.hint().unwrap_or_default())
    };
    let mut other = recipe(&folder, "run");
    other.optimizer.rate = 0.5;
    let (error, hint) = go_on(&other);
    assert!(error.contains("is of another run: its peak is 0.01"), "{error}");
    assert!(hint.contains("config.toml"), "{hint}");
    // Other data is another run too, even if its files are called the same.
    let text = fs::read_to_string(folder.path("corpus.txt")).unwrap();
    folder.write("corpus.txt", &text.replace("owl", "cat"));
    let (error, _) = go_on(&recipe(&folder, "run"));
    assert!(error.contains("is of another run: its data"), "{error}");
    // The recipe of the run stays what it was.
    let kept = fs::read_to_string(folder.path("run/config.toml")).unwrap();
    assert!(kept.contains("rate = 0.01"), "{kept}");
    let read: Training<Mlm> = Training::read(folder.path("run/config.toml"), &[]).unwrap();
    assert_eq!(read, recipe(&folder, "run"));
}

#[test]
fn a_loss_that_explodes_stops_the_run_with_step_and_advice() {
    let folder = Folder::new();
    folder.tokenizer("bpe", "bytes");
    let recipe: Training<Clm> = folder.recipe(
        r#"
        out = "DIR/run"
        steps = 20
        [model]
        type = "gpt2"
        n_embd = 16
        n_layer = 1
        n_head = 2
        n_positions = 32
        [tokenizer]
        from = "DIR/bytes"
        [data]
        files = ["DIR/corpus.txt"]
        [optimizer]
        kind = "sgd"
        rate = 1e30
        clip = 0.0
        "#,
    );
    let (error, hint) = refused(&recipe);
    assert!(error.starts_with("step 1: the ") && error.contains("lower the learning"), "{error}");
    assert!(hint.contains("optimizer.rate"), "{hint}");
    let mut recipe = recipe;
    (recipe.optimizer.rate, recipe.optimizer.explodes_at) = (0.1, Some(1e-6));
    recipe.out = folder.path("other");
    let (error, _) = refused(&recipe);
    assert!(error.starts_with("step 0: the norm of the gradient is"), "{error}");
    assert!(error.contains("the largest part is that of `"), "{error}");
}

#[test]
fn the_recipe_of_a_run_is_written_down_as_the_chapter_shows_it() {
    let folder = Folder::new();
    let recipe: Training<Mlm> = folder.recipe(
        r#"
        out = "DIR/run"
        steps = 4
        [model]
        type = "bert"
        hidden_size = 16
        num_hidden_layers = 1
        num_attention_heads = 2
        intermediate_size = 32
        [tokenizer]
        from = "DIR/words"
        [data]
        files = ["DIR/corpus.txt"]
        [optimizer]
        rate = 0.01
        "#,
    );
    run(&recipe);
    let written = String::from_utf8(bytes(folder.path("run/config.toml"))).unwrap();
    let written = written.replace(&folder.path("").display().to_string(), "");
    let chapter = include_str!("../../doc/01-recipes.md");
    assert!(chapter.contains(&format!("```toml\n{written}```\n")), "{written}");
}
