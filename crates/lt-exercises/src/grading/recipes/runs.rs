//! Runs of tiny models.

use std::cell::Cell;
use std::error::Error;
use std::{fs, io};

use lt_core::{Result, Scratch, Threads, Train, Weight};
use lt_laws::Law;
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::sample::select;
use lt_recipes::{Mlm, Resume, Session, Setting, TokenizerRecipe, Training, Unwatched, Watcher};
use lt_train::{Batches, Objective, Observer, Recipe, StepMetrics, Trainer};

/// Anything that can go wrong.
type Foreign = Box<dyn Error + Send + Sync>;

pub(super) fn decides_a_bit(answer: fn() -> [bool; 5]) {
    let answer = answer();
    let computed = differences().expect("tiny models can be trained");
    let changes = [
        "two threads",
        "one shard",
        "another `checkpoints.every`",
        "another seed",
        "a run that is killed and gone on with",
    ];
    for ((change, said), computed) in changes.iter().zip(answer).zip(computed) {
        let says = |other: bool| if other { "other bits" } else { "the same bits" };
        assert!(
            said == computed,
            "{change}: you say {}; two models were trained, and they have {}",
            says(said),
            says(computed)
        );
    }
}

/// Whether each of the changes gives another model.
fn differences() -> std::result::Result<[bool; 5], Foreign> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string().replace('\\', "/");
    let animals = ["cat", "dog", "hen", "fox", "owl"];
    let line = |n: usize| format!("the {} sees the {}\n", animals[n % 5], animals[n / 5 % 5]);
    fs::write(path("corpus.txt"), (0..25).map(line).collect::<String>())?;
    let words = format!(
        "out = \"{}\"\nkind = \"wordpiece\"\nvocab_size = 60\n[data]\nfiles = [\"{}\"]",
        path("words"),
        path("corpus.txt")
    );
    TokenizerRecipe::parse(&words, &[])?.run(&mut |_| ())?;

    let run = |changed: &Changed| -> std::result::Result<Vec<u8>, Foreign> {
        let mut settings: Vec<Setting> =
            changed.set.iter().map(|(key, value)| Setting::new(*key, *value)).collect();
        settings.push(Setting::new("out", path(changed.name)));
        let recipe: Training<Mlm> = Training::parse(&recipe(path), &settings)?;
        let threads = || match changed.threads {
            1 => Threads::single(),
            count => lt_laws::same_bits::threads(count),
        };
        if changed.is_killed {
            let (resume, watcher) = (Resume::Refuse, &mut Killer);
            let cut = recipe.run(Session { threads: threads(), resume, watcher });
            assert!(cut.is_err(), "the run was not cut off");
        }
        let (resume, watcher) = (Resume::GoOn, &mut Unwatched);
        let finished = recipe.run(Session { threads: threads(), resume, watcher })?;
        Ok(fs::read(finished.model.join("model.safetensors"))?)
    };
    let same = Changed { name: "same", set: &[], threads: 1, is_killed: false };
    let runs = [
        same,
        Changed { name: "threads", threads: 2, ..same },
        Changed { name: "shards", set: &[("data.shards", 1)], ..same },
        Changed { name: "every", set: &[("checkpoints.every", 1)], ..same },
        Changed { name: "seed", set: &[("seed", 1)], ..same },
        Changed { name: "killed", is_killed: true, ..same },
    ];
    // Side by side: most of the time is waiting for the disk.
    let models = std::thread::scope(|scope| {
        let runs = runs.each_ref().map(|changed| scope.spawn(|| run(changed)));
        runs.map(|run| run.join().unwrap_or_else(|_| Err("a run panicked".into())))
    });
    let [first, rest @ ..] = models;
    let first = first?;
    let mut differ = [false; 5];
    for (differs, model) in differ.iter_mut().zip(rest) {
        *differs = model? != first;
    }
    Ok(differ)
}

/// What is changed in a run.
#[derive(Clone, Copy)]
struct Changed {
    name: &'static str,
    set: &'static [(&'static str, i64)],
    threads: usize,
    is_killed: bool,
}

fn recipe(path: impl Fn(&str) -> String) -> String {
    format!(
        r#"
        out = "run"
        steps = 4
        [model]
        type = "bert"
        hidden_size = 16
        num_hidden_layers = 1
        num_attention_heads = 2
        intermediate_size = 32
        max_position_embeddings = 16
        [tokenizer]
        from = "{}"
        [data]
        files = ["{}"]
        examples_per_step = 8
        shards = 4
        [optimizer]
        rate = 0.01
        [checkpoints]
        every = 2
        "#,
        path("words"),
        path("corpus.txt")
    )
}

/// Stops a run in its third step.
struct Killer;

impl Observer for Killer {
    fn step(&mut self, metrics: &StepMetrics) -> io::Result<()> {
        if metrics.step == 2 { Err(io::Error::other("killed")) } else { Ok(()) }
    }
}

impl Watcher for Killer {}

/// See [`evaluations`].
const ENDS_IN_TIME: Law = Law {
    name: "a run ends when its patience does",
    statement: "evaluations(losses, patience) = those of the trainer",
    tolerance: "none: they are counted",
};

pub(super) fn evaluations(answer: fn(&[f64], usize) -> usize) {
    let losses = vec(select(vec![1.0, 2.0, 3.0, 4.0, f64::NAN]), 1..8);
    ENDS_IN_TIME.hold(&(losses, 1_usize..4), |(losses, patience)| {
        let mut recipe = Recipe::new(losses.len() as u64, 0.0);
        (recipe.evaluate_every, recipe.patience) = (Some(1), Some(patience as u64));
        let made = Cell::new(0);
        let evaluation = |_: &Weight| {
            made.set(made.get() + 1);
            Ok(losses[made.get() - 1])
        };
        let run = Trainer::new(recipe, &Nothing, &Nothing)
            .and_then(|run| run.evaluation(&evaluation).train(&mut Weight::zeros(&[1])));
        run.map_err(|error| error.to_string())?;
        let (expected, found) = (made.get(), answer(&losses, patience));
        if found == expected {
            return Ok(());
        }
        Err(format!(
            "the losses {losses:?} and the patience {patience}: {found}, but the trainer ends \
             behind evaluation {expected}"
        ))
    });
}

/// Nothing is learned, from one label that nobody reads.
struct Nothing;

impl Objective for Nothing {
    type Model = Weight;
    type Shard = ();

    fn labels(&self, (): &()) -> usize {
        1
    }

    fn gradient(&self, _: &Weight, (): &(), _: &mut Train, _: f32, _: &mut Weight) -> Result<f64> {
        Ok(0.0)
    }

    fn loss(&self, _: &Weight, (): &(), _: &mut Scratch) -> Result<f64> {
        Ok(0.0)
    }
}

impl Batches for Nothing {
    type Shard = ();

    fn shards(&self, _: u64) -> std::result::Result<Vec<()>, Foreign> {
        Ok(vec![()])
    }
}
