//! Whatever happens to a run while it is saved, the run that takes it up ends with the same bits.

#![allow(clippy::unwrap_used)] // what fails here is the test

mod faulty;
mod tiny;

use std::path::{Path, PathBuf};

use faulty::{Fault, Faulty};
use lt_layers::Dropout;
use lt_train::checkpoint::{CheckpointError, Disk, ModelFiles, RunFolder, Storage, WithLayout};
use lt_train::lt_core::{NameMap, Weight};
use lt_train::{Keeping, Recipe, Schedule, TrainError, Trainer};
use lt_weights::Layout;
use tiny::{Endless, Numbers, Tiny, Topics, Unsynced, untrained};

const FILES: WithLayout = WithLayout(Layout::new(NameMap::new(&[])));

const DATA: Endless = Endless { shards: 2, examples: 100 };

fn recipe() -> Recipe {
    let mut recipe = Recipe::new(5, 0.05);
    recipe.schedule = Schedule::Cosine { warmup: 2, steps: 5 };
    recipe.clip = Some(0.5);
    recipe.evaluate_every = Some(3);
    recipe.seed = 9;
    recipe
}

/// Runs the recipe in a folder, saved every two steps.
fn run(folder: &Path, storage: &dyn Storage, recipe: Recipe) -> Result<Tiny, TrainError> {
    run_with(folder, storage, recipe, &Numbers)
}

fn run_with(
    folder: &Path,
    storage: &dyn Storage,
    recipe: Recipe,
    files: &dyn ModelFiles<Tiny>,
) -> Result<Tiny, TrainError> {
    let topics = Topics { dropout: Dropout::new(0.2)? };
    let folder = RunFolder::new(folder, storage);
    let mut model = untrained();
    // Better each time, and then worse: the best is not the last.
    let evaluation = |model: &Tiny| Ok(f64::from(model.words.f32()[0] - 0.01).abs());
    let keeping = Keeping { folder: &folder, files, every: 2, keep: 2 };
    let trainer = Trainer::new(recipe, &topics, &DATA)?;
    trainer.evaluation(&evaluation).keeping(keeping).train(&mut model)?;
    Ok(model)
}

fn never() -> Faulty {
    Faulty::new(Fault::Refused, usize::MAX)
}

/// The names in a folder, but those of the checkpoints' own files.
fn names(folder: &Path) -> Vec<String> {
    Disk.list(folder).unwrap()
}

fn uninterrupted() -> (tempfile::TempDir, PathBuf, Tiny, usize) {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let storage = never();
    let model = run(&folder, &storage, recipe()).unwrap();
    (dir, folder, model, storage.operations())
}

#[test]
fn whatever_fails_a_run_that_is_taken_up_ends_with_the_same_bits() {
    let (_dir, folder, expected, operations) = uninterrupted();
    assert!(operations > 60, "{operations} operations");
    let try_out = |fault| {
        for at in 0..operations {
            let dir = tempfile::tempdir().unwrap();
            let interrupted = dir.path().join("run");
            let result = run(&interrupted, &Faulty::new(fault, at), recipe());
            assert!(result.is_err(), "{fault:?} at {at} went unnoticed");
            let taken_up = run(&interrupted, &never(), recipe())
                .unwrap_or_else(|error| panic!("{fault:?} at {at}: {error}"));
            assert_eq!(taken_up, expected, "{fault:?} at {at}");
            // And leaves the same folder: nothing half-done, nothing too much.
            assert_eq!(names(&interrupted), names(&folder), "{fault:?} at {at}");
        }
    };
    std::thread::scope(|scope| {
        for fault in [Fault::Refused, Fault::KilledBefore, Fault::KilledAmid, Fault::PowerCut] {
            let try_out = &try_out;
            scope.spawn(move || try_out(fault));
        }
    });
}

#[test]
fn a_run_that_is_interrupted_twice_ends_with_the_same_bits() {
    let (_dir, _, expected, operations) = uninterrupted();
    for at in (0..operations).step_by(5) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("run");
        run(&folder, &Faulty::new(Fault::KilledAmid, at), recipe()).unwrap_err();
        let _ = run(&folder, &Faulty::new(Fault::KilledAmid, operations - at), recipe());
        assert_eq!(run(&folder, &never(), recipe()).unwrap(), expected, "at {at}");
    }
}

#[test]
fn the_last_and_the_best_stay_and_a_finished_run_is_not_run_again() {
    let (_dir, folder, expected, operations) = uninterrupted();
    let names = names(&folder);
    let checkpoints: Vec<&String> = names.iter().filter(|name| name.starts_with("step-")).collect();
    assert_eq!(std::fs::read_to_string(folder.join("latest")).unwrap(), "step-000005\n");
    let best = std::fs::read_to_string(folder.join("best")).unwrap();
    assert!(checkpoints.iter().any(|name| format!("{name}\n") == best), "{names:?}");
    assert!((2..=3).contains(&checkpoints.len()), "{names:?}");
    assert_eq!(names.len(), checkpoints.len() + 2, "{names:?}");

    let storage = never();
    assert_eq!(run(&folder, &storage, recipe()).unwrap(), expected);
    assert!(storage.operations() < operations / 4);
}

#[test]
fn others_can_use_a_model_as_it_lies_in_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let expected = run_with(&folder, &Disk, recipe(), &FILES).unwrap();
    let file = folder.join("step-000005/model.safetensors");
    let file = lt_weights::SafetensorsFile::open(file, lt_weights::Reading::Copy).unwrap();
    let mut loaded = untrained();
    lt_weights::load(&mut loaded, &file, &FILES.0).unwrap();
    assert_eq!(loaded, expected);
}

#[test]
fn a_checkpoint_of_another_recipe_is_refused_by_the_field_that_differs() {
    let (_dir, folder, ..) = uninterrupted();
    for (field, change) in [
        ("clip", (|recipe| recipe.clip = Some(0.500_000_000_000_1)) as fn(&mut Recipe)),
        ("schedule.warmup", |recipe| recipe.schedule = Schedule::Cosine { warmup: 3, steps: 5 }),
        ("steps", |recipe| recipe.steps = 6),
        ("data", |recipe| recipe.data = serde_json::json!({"shards": 4})),
    ] {
        let mut other = recipe();
        change(&mut other);
        let error = run(&folder, &Unsynced, other).unwrap_err().to_string();
        assert!(error.contains(&format!("its {field} is ")), "{field}: {error}");
    }
}

#[test]
fn a_checkpoint_of_another_model_is_refused_by_the_first_parameter_that_differs() {
    let (_dir, path, ..) = uninterrupted();
    let folder = RunFolder::new(&path, &Disk);
    let mut other = Weight::zeros(&[3]);
    let error = folder.resume(&mut other, &FILES, &recipe()).unwrap_err();
    assert!(
        matches!(&error, CheckpointError::OtherModel { name, .. } if name.starts_with("judge"))
    );
}

#[test]
fn a_damaged_file_is_refused_by_name_and_nothing_is_trained() {
    let (_dir, folder, ..) = uninterrupted();
    let latest = folder.join("step-000005");
    for file in ["numbers", "optimizer.safetensors", "state.json"] {
        let path = latest.join(file);
        let whole = std::fs::read(&path).unwrap();
        let mut changed = whole.clone();
        let middle = whole.len() - 30;
        changed[middle] ^= 1;
        for content in [&whole[..whole.len() - 1], &changed[..], &[]] {
            std::fs::write(&path, content).unwrap();
            let error = run(&folder, &Unsynced, recipe()).unwrap_err().to_string();
            assert!(error.contains(file), "{file}: {error}");
        }
        std::fs::write(&path, whole).unwrap();
    }
    let state = std::fs::read_to_string(latest.join("state.json")).unwrap();
    let later = state.replace("\"format\": 1", "\"format\": 2");
    std::fs::write(latest.join("state.json"), later).unwrap();
    let error = run(&folder, &Unsynced, recipe()).unwrap_err().to_string();
    assert!(error.contains("format 2, expected 1"), "{error}");
}
