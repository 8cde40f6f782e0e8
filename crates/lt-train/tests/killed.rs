//! A run that is killed by the system, at any time, goes on with the same bits.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod tiny;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lt_train::checkpoint::{Disk, RunFolder, WithLayout};
use lt_train::lt_core::NameMap;
use lt_train::{Keeping, Recipe, Trainer};
use lt_weights::Layout;
use tiny::{Endless, Tiny, Topics, untrained};

const FILES: WithLayout = WithLayout(Layout::new(NameMap::new(&[])));
const FOLDER: &str = "LT_TRAIN_TEST_FOLDER";
const STEPS: u64 = 300;

fn run(folder: &Path) -> Tiny {
    let (topics, data) = (Topics::default(), Endless { shards: 2, examples: 1000 });
    let folder = RunFolder::new(folder, &Disk);
    let keeping = Keeping { folder: &folder, files: &FILES, every: 5, keep: 2 };
    let mut model = untrained();
    let trainer = Trainer::new(Recipe::new(STEPS, 0.01), &topics, &data).unwrap();
    trainer.keeping(keeping).train(&mut model).unwrap();
    model
}

/// What the other test starts as a process of its own; by itself it trains nothing.
#[test]
#[ignore = "started by a_run_that_is_killed_goes_on_with_the_same_bits"]
fn child() {
    run(&PathBuf::from(std::env::var_os(FOLDER).unwrap()));
}

/// The step that `latest` names; 0 if there is none.
fn latest(folder: &Path) -> u64 {
    let name = std::fs::read_to_string(folder.join("latest")).unwrap_or_default();
    name.trim().trim_start_matches("step-").parse().unwrap_or(0)
}

#[test]
fn a_run_that_is_killed_goes_on_with_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, whole) = (dir.path().join("killed"), dir.path().join("whole"));
    let (mut kills, mut before) = (0, 0);
    for attempt in 0..10_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--ignored"])
            .env(FOLDER, &folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Killed a moment, which differs each time, after it has come further than before.
        while latest(&folder) <= before && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(lt_kernels::math::scramble(attempt) % 9000));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap(); // SIGKILL
            kills += 1;
        }
        child.wait().unwrap();
        before = latest(&folder);
    }
    assert!(kills >= 5, "only {kills} of 10 were killed before they had finished");
    assert_eq!(run(&folder), run(&whole));
    assert_eq!(latest(&folder), STEPS);
}
