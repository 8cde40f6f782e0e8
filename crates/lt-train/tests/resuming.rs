//! Whatever happens to a run while it is saved, the run that takes it up ends with the same bits.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod tiny;

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use lt_layers::Dropout;
use lt_train::checkpoint::{CheckpointError, Disk, ModelFiles, RunFolder, Storage, WithLayout};
use lt_train::lt_core::{self, NameMap, Params, Weight, weights};
use lt_train::{Keeping, Recipe, Schedule, TrainError, Trainer};
use lt_weights::Layout;
use tiny::{Endless, Tiny, Topics, untrained};

const FILES: WithLayout = WithLayout(Layout::new(NameMap::new(&[])));

/// The numbers of a model and nothing else, not brought to the disk: these tests save some
/// thousands of models.
struct Numbers;

impl ModelFiles<Tiny> for Numbers {
    fn save(&self, model: &Tiny, folder: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
        let all = weights(model).into_iter().flat_map(|(_, weight)| weight.to_f32());
        let bytes: Vec<u8> = all.flat_map(f32::to_le_bytes).collect();
        Ok(std::fs::write(folder.join("numbers"), bytes)?)
    }

    fn load(&self, model: &mut Tiny, folder: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
        let bytes = std::fs::read(folder.join("numbers"))?;
        let mut numbers = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        model.visit_mut(&mut lt_core::Path::new(), &mut |_, weight| {
            weight.make_mut().iter_mut().zip(&mut numbers).for_each(|(to, from)| *to = from);
        });
        Ok(())
    }
}
const DATA: Endless = Endless { shards: 2, examples: 100 };

fn recipe() -> Recipe {
    let mut recipe = Recipe::new(7, 0.05);
    recipe.schedule = Schedule::Cosine { warmup: 2, steps: 7 };
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

/// What goes wrong at the chosen operation.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// It is refused, and the program goes on: the disk is full.
    Refused,
    /// The program is killed before it.
    KilledBefore,
    /// The program is killed in the middle: half of the content is written, half of the files are
    /// removed.
    KilledAmid,
}

/// The disk, until the operation with this number.
struct Faulty {
    fault: Fault,
    at: usize,
    done: AtomicUsize,
}

impl Faulty {
    fn new(fault: Fault, at: usize) -> Self {
        Self { fault, at, done: AtomicUsize::new(0) }
    }

    /// How many operations were asked for.
    fn operations(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Does an operation, or what is left of it.
    fn operate<T>(
        &self,
        half: impl FnOnce() -> io::Result<()>,
        whole: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let number = self.done.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            _ if number < self.at => whole(),
            Fault::Refused if number > self.at => whole(),
            // Whoever was killed does nothing more.
            Fault::KilledAmid if number == self.at => half().and(Err(io::Error::other("killed"))),
            _ => Err(io::Error::other("refused")),
        }
    }
}

impl Storage for Faulty {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.operate(|| Ok(()), || Disk.create_folder(folder))
    }

    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let half = || Disk.write(path, &content[..content.len() / 2]);
        self.operate(half, || Disk.write(path, content))
    }

    fn let_write(
        &self,
        folder: &Path,
        write: &mut dyn FnMut(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let write = std::cell::RefCell::new(write);
        let half = || {
            (write.borrow_mut())(folder)?;
            for name in Disk.list(folder)? {
                let content = Disk.read(&folder.join(&name))?;
                Disk.write(&folder.join(&name), &content[..content.len() / 2])?;
            }
            Ok(())
        };
        self.operate(half, || (write.borrow_mut())(folder))
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        // The tests need no disk that survives a power cut.
        self.operate(|| Ok(()), || path.metadata().map(|_| ()))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate(|| Ok(()), || Disk.rename(from, to))
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        let half = || {
            let names = Disk.list(folder)?;
            names.iter().step_by(2).try_for_each(|name| std::fs::remove_file(folder.join(name)))
        };
        self.operate(half, || Disk.remove_folder(folder))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.operate(|| Ok(()), || Disk.read(path))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.operate(|| Ok(()), || Disk.list(folder))
    }
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
    for fault in [Fault::Refused, Fault::KilledBefore, Fault::KilledAmid] {
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
    }
}

#[test]
fn a_run_that_is_interrupted_twice_ends_with_the_same_bits() {
    let (_dir, _, expected, operations) = uninterrupted();
    for at in (0..operations).step_by(5) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("run");
        run(&folder, &Faulty::new(Fault::KilledAmid, at), recipe()).unwrap_err();
        let _ = run(&folder, &Faulty::new(Fault::KilledAmid, operations - at), recipe());
        assert_eq!(run(&folder, &Disk, recipe()).unwrap(), expected, "at {at}");
    }
}

#[test]
fn the_last_and_the_best_stay_and_a_finished_run_is_not_run_again() {
    let (_dir, folder, expected, operations) = uninterrupted();
    let names = names(&folder);
    let checkpoints: Vec<&String> = names.iter().filter(|name| name.starts_with("step-")).collect();
    assert_eq!(std::fs::read_to_string(folder.join("latest")).unwrap(), "step-000007\n");
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
    let file = folder.join("step-000007/model.safetensors");
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
        ("schedule.warmup", |recipe| recipe.schedule = Schedule::Cosine { warmup: 3, steps: 7 }),
        ("steps", |recipe| recipe.steps = 8),
        ("data", |recipe| recipe.data = serde_json::json!({"shards": 4})),
    ] {
        let mut other = recipe();
        change(&mut other);
        let error = run(&folder, &Disk, other).unwrap_err().to_string();
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
    let latest = folder.join("step-000007");
    for file in ["numbers", "optimizer.safetensors", "state.json"] {
        let path = latest.join(file);
        let whole = std::fs::read(&path).unwrap();
        let mut changed = whole.clone();
        let middle = whole.len() - 30;
        changed[middle] ^= 1;
        for content in [&whole[..whole.len() - 1], &changed[..], &[]] {
            std::fs::write(&path, content).unwrap();
            let error = run(&folder, &Disk, recipe()).unwrap_err().to_string();
            assert!(error.contains(file), "{file}: {error}");
        }
        std::fs::write(&path, whole).unwrap();
    }
    let state = std::fs::read_to_string(latest.join("state.json")).unwrap();
    let later = state.replace("\"format\": 1", "\"format\": 2");
    std::fs::write(latest.join("state.json"), later).unwrap();
    let error = run(&folder, &Disk, recipe()).unwrap_err().to_string();
    assert!(error.contains("format 2, expected 1"), "{error}");
}
